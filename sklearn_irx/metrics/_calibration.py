"""Calibration: how far confidence deviates from accuracy."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sklearn_irx._validation import check_labels, labels_array


def expected_calibration_error(
    y_true: Any, probabilities: Any, *, labels: Any = None, n_bins: int = 15
) -> float:
    r"""Compute the expected calibration error.

    Documents are grouped into M bins of equal width by their confidence, the largest class
    probability: bin :math:`B_m` contains those with a confidence in :math:`((m-1)/M, m/M]`. With
    n documents in total,

    .. math:: \text{ECE} = \sum_{m=1}^M \frac{|B_m|}{n}
              \left| \text{accuracy}(B_m) - \text{mean confidence}(B_m) \right|.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    probabilities : array-like of shape (n_samples, n_classes)
        Class probabilities. Ties go to the first class.
    labels : array-like of shape (n_classes,), default=None
        The label of each column: ``classes_`` of the model. None means the sorted labels of
        `y_true`.
    n_bins : int, default=15
        Number of bins M.

    Returns
    -------
    error : float
        From 0, the accuracy of each bin equals its mean confidence, to 1.

    Raises
    ------
    ValueError
        If the shapes do not match, a value is not a probability, `y_true` has a label that is not
        in `labels`, or `n_bins` is not a positive integer.

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
    """Accuracy and mean confidence per bin of equal width, without empty bins, and the ECE.

    Arrays have shape (n_bins,). `ece` is the mean absolute difference of accuracy and confidence,
    bins weighted by `n_documents`.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    n_documents: np.ndarray
    ece: float


def reliability(confidence: np.ndarray, right: np.ndarray, n_bins: int) -> Reliability:
    """Group documents into bins by confidence: two arrays of shape (n_samples,), `right` of bool.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics._calibration import reliability
    >>> reliability(np.array([0.75, 0.75, 0.5]), np.array([True, False, True]), 4)
    Reliability(confidence=array([0.5 , 0.75]), accuracy=array([1. , 0.5]),
                n_documents=array([1, 2]), ece=0.333...)
    """
    # Rounded, so that a confidence of 0.6 with 15 bins falls into the ninth despite float error.
    bins = np.ceil(np.round(confidence * n_bins, 10)).astype(int)
    count = np.bincount(bins)
    filled = count > 0
    mean = np.bincount(bins, weights=confidence)[filled] / count[filled]
    accuracy = np.bincount(bins, weights=right)[filled] / count[filled]
    gaps = np.bincount(bins, weights=right - confidence)
    return Reliability(mean, accuracy, count[filled], float(np.abs(gaps).sum() / len(confidence)))


def judged(
    y_true: Any, probabilities: Any, labels: Any, n_bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return confidence and correctness, of shape (n_samples,), after checking the arguments."""
    y_true = check_labels(y_true, name="y_true")
    probabilities = np.asarray(probabilities, dtype=float)
    labels = np.unique(y_true) if labels is None else labels_array(labels, "labels")
    _check(y_true, probabilities, labels, n_bins)
    return probabilities.max(axis=1), labels[probabilities.argmax(axis=1)] == y_true


def _check(y_true: np.ndarray, probabilities: np.ndarray, labels: np.ndarray, n_bins: int) -> None:
    if not isinstance(n_bins, (int, np.integer)) or n_bins < 1:
        raise ValueError(f"n_bins={n_bins!r}: give an integer of at least 1.")
    if y_true.ndim != 1 or not len(y_true):
        raise ValueError(
            f"y_true has shape {y_true.shape}: give one label for each of one or more documents."
        )
    if probabilities.shape != (len(y_true), len(labels)):
        raise ValueError(
            f"probabilities has shape {probabilities.shape}: give a row for each of the "
            f"{len(y_true)} labels of y_true and a column for each of the {len(labels)} classes "
            "in labels."
        )
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError(
            f"probabilities has values from {probabilities.min()} to {probabilities.max()}: give "
            "values from 0 to 1, as predict_proba returns."
        )
    unknown = set(y_true.tolist()) - set(labels.tolist())
    if unknown:
        raise ValueError(
            f"y_true has {sorted(map(str, unknown))}, which labels lacks: give the classes_ of the "
            "model."
        )
