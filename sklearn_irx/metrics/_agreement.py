"""Agreement of rationales between two models or several trainings of one model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, overload

import numpy as np

from sklearn_irx.metrics._input import Average, Masks, averaged, check_lengths, check_pair

_NAMES = ("masks_1", "masks_2")
Agreement = Literal["iou", "kappa"]


@overload
def rationale_iou_score(masks_1: Masks, masks_2: Masks, *, average: Average = ...) -> float: ...
@overload
def rationale_iou_score(masks_1: Masks, masks_2: Masks, *, average: None) -> np.ndarray: ...
def rationale_iou_score(
    masks_1: Masks, masks_2: Masks, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Compute the intersection over union of selected words: the Jaccard index.

    Parameters
    ----------
    masks_1, masks_2 : array of shape (n_samples, n_words), dtype bool, or lists of spans
        Rationales of the same documents. Masks may differ in width. Or the spans (start, end) of
        each document in words.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the score of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        From 0, no word in common, to 1, the same words. 1 for a document in which both are empty.

    Raises
    ------
    TypeError
        If an argument is neither boolean nor spans.
    ValueError
        If one has no documents, the numbers of documents differ, or `average` is unknown.

    References
    ----------
    P. Jaccard, "The Distribution of the Flora in the Alpine Zone", New Phytologist, 1912.

    Examples
    --------
    >>> from sklearn_irx.metrics import rationale_iou_score
    >>> rationale_iou_score([[(0, 3)], []], [[(1, 4)], []], average=None)
    array([0.5, 1. ])
    """
    one, two = check_pair(_NAMES, masks_1, masks_2)
    common, either = (one & two).sum(axis=1), (one | two).sum(axis=1)
    score = np.divide(common, either, out=np.ones(len(one)), where=either > 0)
    return averaged(score, average)


def rationale_kappa_score(
    masks_1: Masks, masks_2: Masks, lengths: Sequence[int] | np.ndarray | None = None
) -> float:
    r"""Compute the agreement on the words of all documents beyond chance: Cohen's κ.

    With :math:`p_o` the share of words that both or neither selected, and :math:`p_e` the expected
    share for independent selections of the same sizes, :math:`\kappa = (p_o - p_e) / (1 - p_e)`.
    Unlike the IOU, it is about 0 for unrelated rationales, regardless of their length.

    Parameters
    ----------
    masks_1, masks_2 : array of shape (n_samples, n_words), dtype bool, or lists of spans
        Rationales of the same documents. Masks may differ in width. Or the spans (start, end) of
        each document in words.
    lengths : array-like of shape (n_samples,), dtype int, default=None
        Number of words of each document. None means that every column is a word, which makes κ too
        high unless all documents have the same length: padding is never selected by either.

    Returns
    -------
    score : float
        At least -1; 0 is chance, 1 the same words. nan if both selected all words, or both none.

    Raises
    ------
    TypeError
        If an argument is neither boolean nor spans, or `lengths` not of integers.
    ValueError
        If one has no documents, the numbers of documents differ, or `lengths` does not fit.

    References
    ----------
    J. Cohen, "A Coefficient of Agreement for Nominal Scales", 1960.

    Examples
    --------
    >>> from sklearn_irx.metrics import rationale_kappa_score
    >>> round(rationale_kappa_score([[(0, 3)], [(1, 2)]], [[(1, 4)], [(1, 2)]], [6, 4]), 3)
    0.583
    """
    one, two = check_pair(_NAMES, masks_1, masks_2)
    n_words = one.size
    if lengths is not None:
        check_lengths(lengths, one, _NAMES[0])
        n_words = int(check_lengths(lengths, two, _NAMES[1]).sum())
    if not n_words:
        return float("nan")
    share_1, share_2 = one.sum() / n_words, two.sum() / n_words
    by_chance = share_1 * share_2 + (1 - share_1) * (1 - share_2)
    if by_chance == 1:
        return float("nan")
    observed = 1 - (one ^ two).sum() / n_words
    return float((observed - by_chance) / (1 - by_chance))


def rationale_stability_score(
    masks: Sequence[Masks],
    lengths: Sequence[int] | np.ndarray | None = None,
    *,
    agreement: Agreement = "iou",
) -> float:
    """Compute the mean pairwise agreement of several trainings of one model.

    Parameters
    ----------
    masks : sequence of at least two masks
        The rationales of each training, for example with different seeds, on the same documents.
        Each is an array of shape (n_samples, n_words) or a list of lists of spans.
    lengths : array-like of shape (n_samples,), dtype int, default=None
        As in :func:`rationale_kappa_score`; unused by the IOU.
    agreement : {"iou", "kappa"}, default="iou"
        :func:`rationale_iou_score` or :func:`rationale_kappa_score`.

    Returns
    -------
    score : float
        1 if all trainings selected the same words; see the two functions.

    Raises
    ------
    TypeError
        If one of the masks is neither boolean nor spans, or `lengths` not of integers.
    ValueError
        If there are fewer than two, the numbers of documents differ, or `agreement` is unknown.

    Examples
    --------
    >>> from sklearn_irx.metrics import rationale_stability_score
    >>> rationale_stability_score([[[(0, 2)]], [[(0, 2)]], [[(1, 3)]]])  # 1, 1/3 and 1/3
    0.55...
    """
    if agreement not in ("iou", "kappa"):
        raise ValueError(f'agreement={agreement!r} is unknown: give "iou" or "kappa".')
    if len(masks) < 2:
        raise ValueError(
            f"masks holds {len(masks)} rationales: give those of two or more trainings."
        )
    scores = [
        rationale_iou_score(one, two)
        if agreement == "iou"
        else rationale_kappa_score(one, two, lengths)
        for one, two in combinations(masks, 2)
    ]
    return float(np.mean(scores))
