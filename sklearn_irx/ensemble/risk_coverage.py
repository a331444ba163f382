"""How the share of errors falls as a classifier answers fewer documents."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class RiskCoverage(NamedTuple):
    """A risk–coverage curve, from the fewest documents answered to all of them.

    Attributes
    ----------
    coverage : ndarray of shape (n_thresholds,)
        Share of the documents that are answered.
    risk : ndarray of shape (n_thresholds,)
        Share of errors among these: the selective risk.
    thresholds : ndarray of shape (n_thresholds,)
        Documents with at least this score are answered. All scores there are, falling.
    """

    coverage: np.ndarray
    risk: np.ndarray
    thresholds: np.ndarray


def risk_coverage_curve(right: Any, scores: Any) -> RiskCoverage:
    """Compute the share of errors among the documents answered, for every threshold of a score.

    Parameters
    ----------
    right : array-like of shape (n_samples,), dtype bool
        Whether the prediction of each document is right.
    scores : array-like of shape (n_samples,)
        How sure the classifier is of it, on any scale. Documents of equal score are answered
        together or not at all.

    Returns
    -------
    curve : RiskCoverage
        ``coverage``, ``risk`` and ``thresholds``, each of shape (n_thresholds,).

    Raises
    ------
    ValueError
        If there are no documents, the shapes do not match, `right` is neither bool nor 0 and 1, or
        a score is not finite.

    References
    ----------
    R. El-Yaniv and Y. Wiener, "On the Foundations of Noise-free Selective Classification", JMLR
    2010. Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS
    2017.

    Examples
    --------
    >>> from sklearn_irx.metrics import risk_coverage_curve
    >>> curve = risk_coverage_curve([True, True, False, True], [0.9, 0.8, 0.6, 0.6])
    >>> curve.coverage, curve.risk
    (array([0.25, 0.5 , 1.  ]), array([0.  , 0.  , 0.25]))
    """
    right, scores = _checked(right, scores)
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    ends = np.flatnonzero(np.append(np.diff(falling) != 0, True))  # the last of each equal run
    n_answered = ends + 1
    n_errors = np.cumsum(~right[order])[ends]
    return RiskCoverage(n_answered / len(right), n_errors / n_answered, falling[ends])


def area_under_risk_coverage(right: Any, scores: Any) -> float:
    r"""Compute the area under the risk–coverage curve (AURC): the mean risk over all coverages.

    With :math:`r(t)` the share of errors among the documents that have a score of at least t, and
    :math:`s_1, …, s_n` the scores, it is :math:`\frac{1}{n} \sum_i r(s_i)`. It tells how well the
    scores put errors last; but it also falls with the number of errors, so it compares scores of
    one classifier, or classifiers on the same documents.

    Parameters
    ----------
    right : array-like of shape (n_samples,), dtype bool
        Whether the prediction of each document is right.
    scores : array-like of shape (n_samples,)
        How sure the classifier is of it.

    Returns
    -------
    area : float
        From 0, no error, to 1, nothing but errors. Scores that know nothing have the error rate.

    Raises
    ------
    ValueError
        As :func:`risk_coverage_curve` does.

    References
    ----------
    Y. Geifman, G. Uziel and R. El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep Neural
    Classifiers", ICLR 2019.

    Examples
    --------
    >>> from sklearn_irx.metrics import area_under_risk_coverage
    >>> right = [True, True, True, False]
    >>> area_under_risk_coverage(right, [0.9, 0.8, 0.7, 0.6])  # the error is last
    0.0625
    >>> area_under_risk_coverage(right, [0.5, 0.5, 0.5, 0.5])
    0.25
    """
    coverage, risk, _ = risk_coverage_curve(right, scores)
    return float(np.diff(coverage, prepend=0) @ risk)


def _checked(right: Any, scores: Any) -> tuple[np.ndarray, np.ndarray]:
    right, scores = np.asarray(right), np.asarray(scores, dtype=float)
    if right.ndim != 1 or not len(right):
        raise ValueError(
            f"right has shape {right.shape}: give whether each of one or more predictions is right."
        )
    if not np.isin(right, [0, 1]).all():
        raise ValueError(
            "right holds other values than True and False: give y_true == y_pred, for example."
        )
    if scores.shape != right.shape:
        raise ValueError(f"scores has shape {scores.shape}: give one for each of {len(right)}.")
    if not np.isfinite(scores).all():
        row = int((~np.isfinite(scores)).argmax())
        raise ValueError(f"scores[{row}] is {scores[row]}: give finite numbers.")
    return right.astype(bool), scores
