"""Whether confidence is how often a model is right."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


def expected_calibration_error(
    y_true: Any, probabilities: Any, *, labels: Any = None, n_bins: int = 15
) -> float:
    r"""Tell how far confidence is from accuracy.

    Documents are put into M bins of equal width by their confidence, the largest class
    probability: bin :math:`B_m` holds those with a confidence in :math:`((m-1)/M, m/M]`. With
    n documents in all,

    .. math:: \text{ECE} = \sum_{m=1}^M \frac{|B_m|}{n}
              \left| \text{accuracy}(B_m) - \text{mean confidence}(B_m) \right|.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    probabilities : array-like of shape (n_samples, n_classes)
        Class probabilities. Of equal ones, the first counts as the prediction.
    labels : array-like of shape (n_classes,), default=None
        The label of each column, ``classes_`` of a model. None means the sorted labels of `y_true`.
    n_bins : int, default=15
        M.

    Returns
    -------
    error : float
        Between 0, every bin is as often right as it is confident, and 1.

    Raises
    ------
    ValueError
        If there are not one label and one row of probabilities for each document, not one column
        for each of `labels`, an entry is no probability, `y_true` has other labels, or `n_bins` is
        no positive integer.

    References
    ----------
    M. Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, Equation 3.

    Examples
    --------
    >>> from sklearn_irx.metrics import expected_calibration_error
    >>> probabilities = [[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]]  # right, wrong, right
    >>> round(expected_calibration_error(["a", "b", "b"], probabilities), 3)
    0.4
    """
    return reliability(*judged(y_true, probabilities, labels, n_bins), n_bins).ece


class Reliability(NamedTuple):
    """Documents in bins of equal width by confidence; bins without a document are left out.

    Attributes
    ----------
    confidence : ndarray of shape (n_bins,)
        Mean confidence of the documents of a bin.
    accuracy : ndarray of shape (n_bins,)
        Share of them that are right.
    n_documents : ndarray of shape (n_bins,), dtype int
        How many they are.
    ece : float
        Expected calibration error: the mean distance of accuracy and confidence, each bin weighted
        by its `n_documents`.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    n_documents: np.ndarray
    ece: float


def reliability(confidence: np.ndarray, right: np.ndarray, n_bins: int) -> Reliability:
    """Put documents into bins by confidence.

    Parameters
    ----------
    confidence : array of shape (n_samples,)
        Largest class probability of each document.
    right : array of shape (n_samples,), dtype bool
        Whether its class is the true one.
    n_bins : int
        Number of bins between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics._calibration import reliability
    >>> reliability(np.array([0.75, 0.75, 0.5]), np.array([True, False, True]), 4)
    Reliability(confidence=array([0.5 , 0.75]), accuracy=array([1. , 0.5]),
                n_documents=array([1, 2]), ece=0.333...)
    """
    # To ten digits, so that 0.6 of 15 bins is the upper end of the ninth in floating point, too.
    bins = np.ceil(np.round(confidence * n_bins, 10)).astype(int)
    count = np.bincount(bins)
    there = count > 0
    sure = np.bincount(bins, weights=confidence)[there] / count[there]
    accuracy = np.bincount(bins, weights=right)[there] / count[there]
    gaps = np.bincount(bins, weights=right - confidence)
    return Reliability(sure, accuracy, count[there], float(np.abs(gaps).sum() / len(confidence)))


def judged(
    y_true: Any, probabilities: Any, labels: Any, n_bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give how sure each prediction is, and whether it is right.

    Parameters and errors are those of :func:`expected_calibration_error`.
    """
    y_true, probabilities = np.asarray(y_true), np.asarray(probabilities, dtype=float)
    labels = np.unique(y_true) if labels is None else np.asarray(labels)
    _check(y_true, probabilities, labels, n_bins)
    return probabilities.max(axis=1), labels[probabilities.argmax(axis=1)] == y_true


def _check(y_true: np.ndarray, probabilities: np.ndarray, labels: np.ndarray, n_bins: int) -> None:
    if not isinstance(n_bins, (int, np.integer)) or n_bins < 1:
        raise ValueError(f"n_bins={n_bins!r}: give an integer of at least 1.")
    if y_true.ndim != 1 or not len(y_true):
        raise ValueError(
            f"y_true has shape {y_true.shape}: give one label a document, for at least one."
        )
    if probabilities.shape != (len(y_true), len(labels)):
        raise ValueError(
            f"probabilities has shape {probabilities.shape}: give a row for each of the "
            f"{len(y_true)} labels of y_true and a column for each of the {len(labels)} classes "
            "(labels says which they are)."
        )
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError(
            f"probabilities goes from {probabilities.min()} to {probabilities.max()}: give numbers "
            "from 0 to 1, as predict_proba does."
        )
    strange = set(y_true.tolist()) - set(labels.tolist())
    if strange:
        raise ValueError(
            f"y_true has {sorted(map(str, strange))}, which labels lacks: give the classes_ of the "
            "model."
        )
