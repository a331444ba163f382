"""Plausibility: agreement with human rationales, span by span.

A *span* is a maximal run of selected words. Spans passed in place of masks are not merged if they
are adjacent or overlap, as in the released program of ERASER.
"""

from __future__ import annotations

from numbers import Real
from typing import overload

import numpy as np

from sklearn_irx.metrics._input import (
    Average,
    Masks,
    Span,
    averaged,
    check_same_documents,
    check_spans,
    ratio,
)

_NAMES = ("masks_true", "masks_pred")


def iou_f1_score(masks_true: Masks, masks_pred: Masks, *, threshold: float = 0.5) -> float:
    r"""Compute the F1 of spans that match approximately.

    A selected span is a hit if its intersection over union with some true span is at least
    `threshold`. With :math:`h_i` hits among the :math:`p_i` selected spans of document i, which has
    :math:`t_i` true spans,

    .. math:: P = \text{mean}_{i:\, p_i > 0}\, h_i / p_i, \quad
              R = \text{mean}_{i:\, t_i > 0}\, h_i / t_i, \quad
              F_1 = 2 P R / (P + R).

    It is the F1 of two means, not a mean of F1, so single documents have no value. As in the
    released program, P excludes documents without selected spans, R excludes those without true
    spans, and several selected spans may match the same true span.

    Parameters
    ----------
    masks_true, masks_pred : array of shape (n_samples, n_words), dtype bool, or lists of spans
        The true and the predicted rationales. Masks may differ in width. Or the spans
        (start, end) of each document in words, ends exclusive.
    threshold : float, default=0.5
        Above 0, at most 1.

    Returns
    -------
    score : float
        The higher, the better. 0 without hits; at most 1 with a `threshold` above 0.5, with which
        no true span is matched twice.

    Raises
    ------
    TypeError
        If an argument is neither boolean nor spans, or `threshold` is not a number.
    ValueError
        If one has no documents, the numbers of documents differ, or `threshold` is out of range.

    References
    ----------
    J. DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020, section
    4.1; macro scores of ``partial_match_score`` in its program.

    Examples
    --------
    >>> from sklearn_irx.metrics import iou_f1_score
    >>> truth = [[(0, 4), (8, 10)], [(3, 6)]]
    >>> predicted = [[(1, 4), (20, 22)], [(3, 5)]]  # 3/4 and nothing; 2/3
    >>> iou_f1_score(truth, predicted)
    0.75
    """
    if not isinstance(threshold, Real) or isinstance(threshold, bool):
        raise TypeError(f"threshold={threshold!r}: give a number above 0 and at most 1.")
    if not 0 < float(threshold) <= 1:
        raise ValueError(f"threshold={threshold!r}: give a number above 0 and at most 1.")
    truths, predictions = _checked(masks_true, masks_pred)
    hits = np.array(
        [
            sum(any(_iou(span, true) >= threshold for true in of_document) for span in predicted)
            for of_document, predicted in zip(truths, predictions, strict=True)
        ]
    )
    precision = _mean_ratio(hits, _counts(predictions))
    recall = _mean_ratio(hits, _counts(truths))
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


@overload
def span_precision_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average = ...
) -> float: ...
@overload
def span_precision_score(masks_true: Masks, masks_pred: Masks, *, average: None) -> np.ndarray: ...
def span_precision_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Compute the share of selected spans that equal a true span.

    Parameters
    ----------
    masks_true, masks_pred : array of shape (n_samples, n_words), dtype bool, or lists of spans
        The true and the predicted rationales. Masks may differ in width. Or the spans
        (start, end) of each document in words, ends exclusive.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the score of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between 0 and 1, the higher the better; 0 for a document without a selected span.

    Raises
    ------
    TypeError
        If an argument is neither boolean nor spans.
    ValueError
        If one has no documents, the numbers of documents differ, or `average` is unknown.

    References
    ----------
    J. DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020;
    ``rationale_prf`` in the scores of its program, which does not support documents without any
    span: here they count with 0.

    Examples
    --------
    >>> from sklearn_irx.metrics import span_precision_score
    >>> span_precision_score([[(0, 4), (8, 10)]], [[(0, 4), (8, 11)]])
    0.5
    """
    hits, _, n_pred = _hits(masks_true, masks_pred)
    return averaged(ratio(hits, n_pred), average)


@overload
def span_recall_score(masks_true: Masks, masks_pred: Masks, *, average: Average = ...) -> float: ...
@overload
def span_recall_score(masks_true: Masks, masks_pred: Masks, *, average: None) -> np.ndarray: ...
def span_recall_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Compute the share of true spans that were selected exactly.

    Parameters, return value and errors are those of :func:`span_precision_score`, with 0 for a
    document without a true span.

    Examples
    --------
    >>> from sklearn_irx.metrics import span_recall_score
    >>> span_recall_score([[(0, 4), (8, 10), (12, 13)]], [[(0, 4), (8, 11)]])
    0.33...
    """
    hits, n_true, _ = _hits(masks_true, masks_pred)
    return averaged(ratio(hits, n_true), average)


@overload
def span_f1_score(masks_true: Masks, masks_pred: Masks, *, average: Average = ...) -> float: ...
@overload
def span_f1_score(masks_true: Masks, masks_pred: Masks, *, average: None) -> np.ndarray: ...
def span_f1_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Compute F1, the harmonic mean of precision and recall of exact spans, for each document.

    Parameters, return value and errors are those of :func:`span_precision_score`, with 0 for a
    document in which no span is in both rationales, even if both are empty.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import span_f1_score
    >>> truth = np.array([[True, True, False, True], [False, True, True, False]])
    >>> predicted = np.array([[True, True, False, False], [False, True, True, True]])
    >>> span_f1_score(truth, predicted, average=None)
    array([0.666..., 0.        ])
    """
    hits, n_true, n_pred = _hits(masks_true, masks_pred)
    return averaged(ratio(2 * hits, n_true + n_pred), average)


def _checked(masks_true: Masks, masks_pred: Masks) -> tuple[list[set[Span]], list[set[Span]]]:
    check_same_documents(_NAMES, masks_true, masks_pred)
    return check_spans(_NAMES[0], masks_true), check_spans(_NAMES[1], masks_pred)


def _hits(masks_true: Masks, masks_pred: Masks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truths, predictions = _checked(masks_true, masks_pred)
    hits = [len(one & two) for one, two in zip(truths, predictions, strict=True)]
    return np.array(hits), _counts(truths), _counts(predictions)


def _counts(spans: list[set[Span]]) -> np.ndarray:
    return np.array([len(of_document) for of_document in spans])


def _iou(one: Span, two: Span) -> float:
    common = max(0, min(one[1], two[1]) - max(one[0], two[0]))
    return common / (one[1] - one[0] + two[1] - two[0] - common)


def _mean_ratio(part: np.ndarray, whole: np.ndarray) -> float:
    rows = whole > 0
    return float((part[rows] / whole[rows]).mean()) if rows.any() else 0.0
