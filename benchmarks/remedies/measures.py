"""What a run reached, and whether a method differs from another: pure functions on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import permutation_test
from sklearn.metrics import log_loss

from benchmarks.paper.measures import DIGITS, Reading, measure_model
from sklearn_irx.metrics import n_transitions, token_f1_score


def measure_run(
    y: np.ndarray, reading: Reading, lengths: np.ndarray, marks: np.ndarray | None
) -> dict[str, float]:
    """Measure what a model made of test texts.

    Parameters
    ----------
    y : ndarray of shape (n_documents,)
        Class numbers.
    reading : Reading
        Probabilities and rationales.
    lengths : ndarray of shape (n_documents,)
        Words of each document.
    marks : ndarray of shape (n_documents, n_words), dtype bool, or None
        The words that are the reason for the label, where they are known.

    Returns
    -------
    found : dict of str to float
        ``token_f1`` is nan if the words are not known.
    """
    found = measure_model(y, reading, lengths)
    labels = np.arange(reading.probabilities.shape[1])
    f1 = np.nan if marks is None else token_f1_score(*_of_one_width(marks, reading.masks))
    more = {
        "log_loss": log_loss(y, reading.probabilities, labels=labels),
        "spans": spans_of(reading.masks).mean(),
        "token_f1": f1,
    }
    return {
        **{name: found[name] for name in ("accuracy", "words", "share", "empty")},
        "transitions": found["borders"],
        **{name: round(float(value), DIGITS) for name, value in more.items()},
    }


def spans_of(masks: np.ndarray) -> np.ndarray:
    """Count the runs of selected words of each document."""
    around = np.pad(masks, ((0, 0), (1, 1)))
    return np.asarray(n_transitions(around, average=None)) / 2


def _of_one_width(*masks: np.ndarray) -> list[np.ndarray]:
    width = max(mask.shape[1] for mask in masks)
    return [np.pad(mask, ((0, 0), (0, width - mask.shape[1]))) for mask in masks]


def collapse_threshold(chance: float, full_text: float) -> float:
    """Give the accuracy below which a run has collapsed.

    It is half-way between `chance`, what the largest class alone reaches, and `full_text`, what a
    linear model of all words reaches.
    """
    return (chance + full_text) / 2


class Comparison(NamedTuple):
    """Differences of a figure between two methods, in runs of the same seeds.

    Attributes
    ----------
    n : int
        Seeds that both have.
    mean, least, most : float
        Of the differences, nan without any.
    p_value : float
        As :func:`sign_flip_p_value` gives it.
    """

    n: int
    mean: float
    least: float
    most: float
    p_value: float


def compare(
    rows: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]], figure: str
) -> Comparison:
    """Compare a figure of two methods, seed by seed; runs without it are left out."""
    first, second = (
        {row["seed"]: row[figure] for row in of if not np.isnan(row[figure])}
        for of in (rows, others)
    )
    differences = np.array([first[seed] - second[seed] for seed in first if seed in second])
    if not len(differences):
        return Comparison(0, np.nan, np.nan, np.nan, np.nan)
    return Comparison(
        len(differences), float(differences.mean()), float(differences.min()),
        float(differences.max()), sign_flip_p_value(differences),
    )  # fmt: skip


def sign_flip_p_value(differences: Sequence[float] | np.ndarray) -> float:
    """Test whether differences of pairs are symmetric around 0.

    The exact permutation test of the mean: of all ways to flip the signs of the differences, the
    share that has a mean at least as far from 0. It is two-sided.

    Parameters
    ----------
    differences : array-like of shape (n_pairs,)
        At most about 20: there are ``2 ** n_pairs`` ways.

    Returns
    -------
    p_value : float
        At least ``2 / 2 ** n_pairs``; nan without a pair.

    References
    ----------
    R. A. Fisher, "The Design of Experiments", 1935, section 21.
    """
    values = np.asarray(differences, dtype=float)
    if len(values) < 2:  # which scipy refuses
        return 1.0 if len(values) else np.nan
    found = permutation_test(
        (values,), lambda x, axis: x.mean(axis=axis), permutation_type="samples",
        n_resamples=np.inf, vectorized=True,
    )  # fmt: skip
    return float(found.pvalue)


def least_p_value(n_pairs: int) -> float:
    """Give the least that :func:`sign_flip_p_value` may say of so many pairs."""
    return min(1.0, 2.0 / 2**n_pairs)
