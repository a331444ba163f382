"""What models and pairs of models did, in numbers: pure functions on arrays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from sklearn_irx import exchange
from sklearn_irx.metrics import (
    expected_calibration_error,
    interaction_table,
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


class Exchange(NamedTuple):
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


def measure_pair(y: np.ndarray, given: Exchange, lengths: np.ndarray) -> dict[str, float]:
    """Measure what comes of an exchange of rationales, by Algorithm 1 and by soft voting."""
    one, two = given.one, given.two
    happened = settle(given)
    first = happened["chosen"] == 1
    probabilities = np.where(first[:, None], one.probabilities, two.probabilities)
    kept = np.where(first[:, None], one.masks, two.masks)
    left = np.where(first[:, None], two.masks, one.masks)
    votes = (one.probabilities + two.probabilities) / 2
    disputed = happened["case"] != "agree"
    return _rounded({
        "accuracy_1": np.mean(one.labels == y), "accuracy_2": np.mean(two.labels == y),
        "accuracy": np.mean(happened["label"] == y),
        "soft_voting": np.mean(votes.argmax(axis=1) == y), "agreement": np.mean(~disputed),
        "accuracy_1_given_2": np.mean(given.one_given_two.argmax(axis=1) == y),
        "accuracy_2_given_1": np.mean(given.two_given_one.argmax(axis=1) == y),
        "ece_1": _ece(y, one.probabilities),
        "ece_2": _ece(y, two.probabilities),
        "ece": _ece(y, probabilities),
        "ece_soft_voting": _ece(y, votes),
        "share": kept.sum() / lengths.sum(),
        **_shape("1", one.masks, lengths), **_shape("2", two.masks, lengths),
        **_shape("kept", kept, lengths),
        **_shape("disputed_kept", kept[disputed], lengths[disputed]),
        **_shape("disputed_left", left[disputed], lengths[disputed]),
        **_cases(happened, y),
    })  # fmt: skip


def settle(given: Exchange) -> dict[str, np.ndarray]:
    """Run Algorithm 1: as ``InteractiveEnsemble.interact`` tells it, with class numbers."""
    label_1, label_2 = given.one.labels, given.two.labels
    confidence_1, confidence_2 = (of.probabilities.max(axis=1) for of in (given.one, given.two))
    case = exchange.decide(
        label_1, label_2, given.one_given_two.argmax(axis=1), given.two_given_one.argmax(axis=1),
        confidence_1, confidence_2,
    )  # fmt: skip
    chosen = exchange.chosen(case)
    return {
        "label_1": label_1, "label_2": label_2, "confidence_1": confidence_1,
        "confidence_2": confidence_2, "case": case, "chosen": chosen,
        "label": np.where(chosen == 1, label_1, label_2),
    }  # fmt: skip


def _cases(happened: dict[str, np.ndarray], y: np.ndarray) -> dict[str, float]:
    """Count the cases of Algorithm 1, and say how often each ended well."""
    told = SimpleNamespace(interact=lambda _: happened, cases_=exchange.CASES)
    table = interaction_table(told, None, y)
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
