"""Plausibility: agreement with human rationales, word by word.

The scores of ERASER (DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models",
2020) under "hard rationale predictions": each document has its precision, recall and F1, and the
score is the mean over documents. As in the released program, a ratio with a zero denominator is 0:
the precision of an empty prediction, the recall of an empty truth, and F1 with either. Documents in
which both are empty, which that program does not support, count with 0.
"""

from __future__ import annotations

from typing import overload

import numpy as np

from sklearn_irx.metrics._input import Average, Masks, averaged, check_pair, ratio


@overload
def token_precision_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average = ...
) -> float: ...
@overload
def token_precision_score(masks_true: Masks, masks_pred: Masks, *, average: None) -> np.ndarray: ...
def token_precision_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Compute the share of selected words that belong to the true rationale.

    Parameters
    ----------
    masks_true, masks_pred : array of shape (n_samples, n_words), dtype bool, or lists of spans
        True for the words of the true and of the predicted rationale. Widths may differ: missing
        columns count as False. Or the spans (start, end) of each document in words.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the score of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between 0 and 1; 0 for a document without a selected word.

    Raises
    ------
    TypeError
        If an argument is neither boolean nor spans.
    ValueError
        If one is not two-dimensional or has no documents, the numbers of documents differ, or
        `average` is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import token_precision_score
    >>> token_precision_score(np.array([[True, False, True]]), np.array([[True, True]]))
    0.5
    """
    hits, _, n_pred = _counts(masks_true, masks_pred)
    return averaged(ratio(hits, n_pred), average)


@overload
def token_recall_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average = ...
) -> float: ...
@overload
def token_recall_score(masks_true: Masks, masks_pred: Masks, *, average: None) -> np.ndarray: ...
def token_recall_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Compute the share of the true rationale that was selected.

    Parameters, return value and errors are those of :func:`token_precision_score`, with 0 for a
    document without a true rationale.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import token_recall_score
    >>> token_recall_score(np.array([[True, False, True, True]]), np.array([[True, True, True]]))
    0.66...
    """
    hits, n_true, _ = _counts(masks_true, masks_pred)
    return averaged(ratio(hits, n_true), average)


@overload
def token_f1_score(masks_true: Masks, masks_pred: Masks, *, average: Average = ...) -> float: ...
@overload
def token_f1_score(masks_true: Masks, masks_pred: Masks, *, average: None) -> np.ndarray: ...
def token_f1_score(
    masks_true: Masks, masks_pred: Masks, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Compute F1, the harmonic mean of precision and recall of words, for each document.

    Parameters, return value and errors are those of :func:`token_precision_score`, with 0 for a
    document in which no word is in both rationales, even if both are empty. The mean of F1 over
    documents is not the F1 of the mean precision and recall.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import token_f1_score
    >>> truth = np.array([[True, True, False], [False, True, False]])
    >>> token_f1_score(truth, np.array([[True, True, False], [True, True, True]]), average=None)
    array([1. , 0.5])
    """
    hits, n_true, n_pred = _counts(masks_true, masks_pred)
    return averaged(ratio(2 * hits, n_true + n_pred), average)


def _counts(masks_true: Masks, masks_pred: Masks) -> tuple[np.ndarray, ...]:
    true, predicted = check_pair(("masks_true", "masks_pred"), masks_true, masks_pred)
    return (true & predicted).sum(axis=1), true.sum(axis=1), predicted.sum(axis=1)
