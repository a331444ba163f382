"""Ranking quality of word scores against true rationales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from sklearn.metrics import auc, average_precision_score, precision_recall_curve

from sklearn_irx.metrics._input import (
    Average,
    Masks,
    averaged,
    check_lengths,
    check_masks,
    check_same_documents,
    check_scores,
    first_past,
)

Area = Literal["trapezoid", "step"]


@overload
def auprc_score(
    masks_true: Masks, scores: Any, lengths: Sequence[int] | np.ndarray | None = ..., *,
    area: Area = ..., average: Average = ...,
) -> float: ...  # fmt: skip
@overload
def auprc_score(
    masks_true: Masks, scores: Any, lengths: Sequence[int] | np.ndarray | None = ..., *,
    area: Area = ..., average: None,
) -> np.ndarray: ...  # fmt: skip
def auprc_score(
    masks_true: Masks,
    scores: Any,
    lengths: Sequence[int] | np.ndarray | None = None,
    *,
    area: Area = "trapezoid",
    average: Average | None = "samples",
) -> float | np.ndarray:
    """Compute the area under the precision-recall curve of the words of each document.

    The curve has a point for each threshold: precision and recall of the words scored at least as
    high.

    Parameters
    ----------
    masks_true : array of shape (n_samples, n_words), dtype bool, or list of lists of spans
        The true rationales, or for each document its spans (start, end) in words.
    scores : array-like of shape (n_samples, n_words), dtype float
        Higher for words of the rationale: ``selection_scores`` of a classifier, for example. nan
        past the last scored word of a document.
    lengths : array-like of shape (n_samples,), dtype int, default=None
        Number of words of each document. Words without a score, such as those past the
        ``max_length`` of a model, then rank last. None means that only words with a score count.
    area : {"trapezoid", "step"}, default="trapezoid"
        "trapezoid" interpolates linearly between points, as the AUPRC of ERASER's released
        program, which is slightly optimistic if many words have equal scores. "step" is the
        average precision, as :func:`sklearn.metrics.average_precision_score`.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the score of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between 0 and 1, the higher the better; random scores achieve about the share of true words.
        nan for a document without a true word, which the mean excludes. (The released program
        counts it with 0.5, the area of a curve without recall, and excludes it from its average
        precision.)

    Raises
    ------
    TypeError
        If `masks_true` is neither boolean nor spans.
    ValueError
        If the numbers of documents differ, a true word has no score and `lengths` is None, or
        `area` or `average` is unknown.

    References
    ----------
    J. DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020, section
    4.1.

    Examples
    --------
    >>> from sklearn_irx.metrics import auprc_score
    >>> truth = [[(0, 1), (2, 3)]]
    >>> scores = [[0.9, 0.8, 0.7, 0.1]]  # right, wrong, right, wrong
    >>> round(auprc_score(truth, scores), 3), round(auprc_score(truth, scores, area="step"), 3)
    (0.792, 0.833)
    """
    if area not in ("trapezoid", "step"):
        raise ValueError(f'area={area!r} is unknown: give "trapezoid" or "step".')
    masks = check_masks("masks_true", masks_true)
    scores = check_scores(scores)
    check_same_documents(("masks_true", "scores"), masks, scores)
    n_scored = (~np.isnan(scores)).sum(axis=1)
    n_words = n_scored
    if lengths is not None:
        n_words = check_lengths(lengths, masks, "masks_true")
    _check_scored(masks, n_scored, n_words)
    values = np.full(len(masks), np.nan)
    for row in np.flatnonzero(masks.any(axis=1)):
        true, score = np.zeros(n_words[row], dtype=bool), np.zeros(n_words[row])
        mask = masks[row, : n_words[row]]
        true[: len(mask)] = mask
        score[: n_scored[row]] = scores[row, : n_scored[row]]
        score[n_scored[row] :] = score[: n_scored[row]].min(initial=0) - 1
        values[row] = _area(true, score, area)
    return averaged(values, average)


def _check_scored(masks: np.ndarray, n_scored: np.ndarray, n_words: np.ndarray) -> None:
    if (n_scored > n_words).any():
        row = int((n_scored > n_words).argmax())
        raise ValueError(
            f"lengths[{row}]={n_words[row]}, but scores[{row}] has {n_scored[row]} scores: give "
            "nan past the end of a document."
        )
    if (past := first_past(masks, n_words)) is not None:
        raise ValueError(
            f"masks_true[{past}] has a true word past the {n_scored[past]} words that have a "
            "score: give lengths, or masks without true words past the scores."
        )


def _area(true: np.ndarray, score: np.ndarray, area: Area) -> float:
    if area == "step":
        return float(average_precision_score(true, score))
    precision, recall, _ = precision_recall_curve(true, score)
    return float(auc(recall, precision))
