"""How sure a model is of its predictions, by what can be seen of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sklearn_irx._pipelines import final_estimator
from sklearn_irx.ensemble.result import Exchange, exchange_of, exchanges

SIGNALS = ("confidence", "agreement", "case")
"""The signals by which documents can be rejected: of what is no ensemble, the first alone."""


class Reading(NamedTuple):
    """What a model predicts of documents, and how sure it is by each signal."""

    labels: np.ndarray
    signals: dict[str, np.ndarray]


def signals_of(estimator: Any) -> tuple[str, ...]:
    """Return the names of the signals that an estimator has, fitted or not."""
    return SIGNALS if exchanges(estimator) else SIGNALS[:1]


def has_rationales(estimator: Any) -> bool:
    """Return whether ``exchange_of`` takes an estimator, or the one at the end of a pipeline."""
    return exchanges(estimator) or hasattr(final_estimator(estimator), "predict_with_masks")


def read_signals(estimator: Any, X: Any) -> Reading:
    """Predict documents, and compute all signals there are, reading each once."""
    if has_rationales(estimator):
        exchange = exchange_of(estimator, X, spans=False)
        return Reading(exchange.labels, signals_in(exchange))
    confidence = np.asarray(estimator.predict_proba(X)).max(axis=1, initial=0)
    return Reading(np.asarray(estimator.predict(X)), {"confidence": confidence})


def signals_in(exchange: Exchange) -> dict[str, np.ndarray]:
    """Compute all signals of documents from the result of an exchange, each of shape (n_samples,).

    They are between 0 and 1. Where no word is selected they are 0, because such a prediction says
    nothing of the document.
    """
    confidence = exchange.probabilities.max(axis=1)
    signals = {"confidence": confidence}
    if exchange.cases:
        signals["agreement"] = _agreement(exchange)
        signals["case"] = (_rank(exchange.case) + confidence) / 3
    some = exchange.kept(exchange.masks).any(axis=1)
    return {name: np.where(some, signal, 0.0) for name, signal in signals.items()}


def _agreement(exchange: Exchange) -> np.ndarray:
    """Mean probability of the label over all predictions that the exchange has made."""
    labels, disputed = exchange.probabilities.argmax(axis=1), exchange.disputed
    mean = exchange.own_probabilities.mean(axis=0)
    mean[disputed] = exchange.cross_probabilities.mean(axis=(0, 1))
    agreement: np.ndarray = np.take_along_axis(mean, labels[:, None], axis=1)[:, 0]
    return agreement


def _rank(case: np.ndarray) -> np.ndarray:
    """Return 2 where all agree, 1 where the exchange decided, 0 where confidence did."""
    by_confidence = np.char.startswith(case.astype(str), "confidence")
    return np.select([case == "agree", by_confidence], [2, 0], default=1)
