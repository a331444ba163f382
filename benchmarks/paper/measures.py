"""What models and pairs of models did, in numbers: pure functions on arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sklearn_irx import Exchange
from sklearn_irx.exchange import CASES, chosen, decide
from sklearn_irx.metrics import (
    exchange_table,
    expected_calibration_error,
    n_transitions,
    rationale_length,
)

DIGITS = 5


class Reading(NamedTuple):
    """What a model made of documents.

    Attributes
    ----------
    probabilities : ndarray of shape (n_documents, n_classes)
        Of the classes.
    masks : ndarray of shape (n_documents, max_length), dtype bool
        Its rationales.
    """

    probabilities: np.ndarray
    masks: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """Class numbers, (n_documents,)."""
        return self.probabilities.argmax(axis=1)


class CrossReading(NamedTuple):
    """The readings of two models, and class probabilities of each given the other's rationales."""

    one: Reading
    two: Reading
    one_given_two: np.ndarray
    two_given_one: np.ndarray


def measure_model(y: np.ndarray, reading: Reading, lengths: np.ndarray) -> dict[str, float]:
    """Measure what a model made of documents of so many words: `lengths`, (n_documents,)."""
    n_selected = rationale_length(reading.masks, average=None)
    return _rounded({
        "accuracy": np.mean(reading.labels == y), "words": n_selected.mean(),
        "borders": n_transitions(reading.masks, lengths),
        "share": n_selected.sum() / lengths.sum(), "empty": np.mean(n_selected == 0),
        "ece": _ece(y, reading.probabilities),
    })  # fmt: skip


def measure_pair(y: np.ndarray, given: CrossReading, lengths: np.ndarray) -> dict[str, float]:
    """Measure what comes of an exchange of rationales, by Algorithm 1 and by soft voting."""
    one, two = given.one, given.two
    exchange = settle(given)
    kept = exchange.kept(exchange.masks)
    left = exchange.kept(exchange.masks[::-1])
    votes = (one.probabilities + two.probabilities) / 2
    disputed = exchange.case != "agree"
    return _rounded({
        "accuracy_1": np.mean(one.labels == y), "accuracy_2": np.mean(two.labels == y),
        "accuracy": np.mean(exchange.labels == y),
        "soft_voting": np.mean(votes.argmax(axis=1) == y), "agreement": np.mean(~disputed),
        "accuracy_1_given_2": np.mean(given.one_given_two.argmax(axis=1) == y),
        "accuracy_2_given_1": np.mean(given.two_given_one.argmax(axis=1) == y),
        "ece_1": _ece(y, one.probabilities),
        "ece_2": _ece(y, two.probabilities),
        "ece": _ece(y, exchange.probabilities),
        "ece_soft_voting": _ece(y, votes),
        "share": kept.sum() / lengths.sum(),
        **_shape("1", one.masks, lengths), **_shape("2", two.masks, lengths),
        **_shape("kept", kept, lengths),
        **_shape("disputed_kept", kept[disputed], lengths[disputed]),
        **_shape("disputed_left", left[disputed], lengths[disputed]),
        **_cases(exchange, y),
    })  # fmt: skip


def settle(given: CrossReading) -> Exchange:
    """Run Algorithm 1 as ``InteractiveEnsemble.exchange`` does, with class numbers as labels."""
    own = np.stack([given.one.probabilities, given.two.probabilities])
    (label_1, label_2), (confidence_1, confidence_2) = own.argmax(axis=2), own.max(axis=2)
    case = decide(
        label_1=label_1,
        label_2=label_2,
        label_1_given_2=given.one_given_two.argmax(axis=1),
        label_2_given_1=given.two_given_one.argmax(axis=1),
        confidence_1=confidence_1,
        confidence_2=confidence_2,
    )
    kept = chosen(case) - 1
    disputed = np.flatnonzero(label_1 != label_2)
    cross = np.stack([[own[0], given.one_given_two], [given.two_given_one, own[1]]])
    return Exchange(
        members=(1, 2),
        classes=np.arange(own.shape[2]),
        cases=CASES,
        own_probabilities=own,
        masks=np.stack([given.one.masks, given.two.masks]),
        disputed=disputed,
        cross_probabilities=cross[:, :, disputed],
        chosen=kept,
        case=case,
        probabilities=own[kept, np.arange(len(kept))],
    )


def _cases(exchange: Exchange, y: np.ndarray) -> dict[str, float]:
    """Count the cases of Algorithm 1, with the accuracy of each."""
    table = exchange_table(exchange, y)
    return {
        f"{name}_in_{case}": table[name][row]
        for row, case in enumerate(table["case"])
        for name in ("count", "accuracy", "accuracy_1", "accuracy_2")
    }


def _ece(y: np.ndarray, probabilities: np.ndarray) -> float:
    return expected_calibration_error(y, probabilities, labels=np.arange(probabilities.shape[1]))


def _shape(whose: str, masks: np.ndarray, lengths: np.ndarray) -> dict[str, float]:
    """Give length and transitions of rationales, nan of none."""
    there = len(masks) > 0
    return {
        f"words_{whose}": rationale_length(masks) if there else np.nan,
        f"borders_{whose}": n_transitions(masks, lengths) if there else np.nan,
    }


def _rounded(found: dict[str, Any]) -> dict[str, float]:
    return {name: round(float(value), DIGITS) for name, value in found.items()}
