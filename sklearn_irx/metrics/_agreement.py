"""How far two models, or several trainings of one, select the same words."""

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
    """Words that both selected, as a share of those that either did: the Jaccard index.

    Parameters
    ----------
    masks_1, masks_2 : array of shape (n_samples, n_words), dtype bool, or lists of spans
        Rationales of the same documents. Masks may differ in width. Or the spans (start, end) of
        each document in words.
    average : {"samples"} or None, default="samples"
        "samples" gives the mean over documents, None the score of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between 0, no word in common, and 1, the same words. 1 for a document of which both
        selected nothing.

    Raises
    ------
    TypeError
        If an argument is neither boolean nor spans.
    ValueError
        If one has no document, they differ in the number of documents, or `average` is unknown.

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
    r"""Agreement on the words of all documents, beyond what chance would give: Cohen's κ.

    With :math:`p_o` the share of words that both selected or both left out, and :math:`p_e` that
    share if each selected as many words independently of the other,
    :math:`\kappa = (p_o - p_e) / (1 - p_e)`. Other than the IOU, it is about 0 for rationales that
    have nothing to do with each other, however long they are.

    Parameters
    ----------
    masks_1, masks_2 : array of shape (n_samples, n_words), dtype bool, or lists of spans
        Rationales of the same documents. Masks may differ in width. Or the spans (start, end) of
        each document in words.
    lengths : array-like of shape (n_samples,), dtype int, default=None
        Number of words of each document. None means that every column is a word: right for
        documents of equal length, and too high a κ else, since nobody selects what is not there.

    Returns
    -------
    score : float
        Between -1 and 1, the same words; 0 is chance. nan if both selected every word, or neither
        any: there is nothing to agree on.

    Raises
    ------
    TypeError
        If an argument is neither boolean nor spans, or `lengths` not of integers.
    ValueError
        If one has no document, they differ in the number of documents, or `lengths` does not fit.

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
    """Agree with oneself: the mean agreement of each two of several trainings.

    Parameters
    ----------
    masks : sequence of at least two masks
        The rationales of each training, with another seed for example, on the same documents.
        Each is an array of shape (n_samples, n_words) or a list of lists of spans.
    lengths : array-like of shape (n_samples,), dtype int, default=None
        As :func:`rationale_kappa_score` takes it; the IOU does not need it.
    agreement : {"iou", "kappa"}, default="iou"
        :func:`rationale_iou_score` or :func:`rationale_kappa_score`.

    Returns
    -------
    score : float
        1 if all selected the same words; see the two functions.

    Raises
    ------
    TypeError
        If one of the masks is neither boolean nor spans, or `lengths` not of integers.
    ValueError
        If there are fewer than two, they are not about the same documents, or `agreement` is
        unknown.

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
            f"masks holds {len(masks)} rationales: give those of two trainings or more."
        )
    scores = [
        rationale_iou_score(one, two)
        if agreement == "iou"
        else rationale_kappa_score(one, two, lengths)
        for one, two in combinations(masks, 2)
    ]
    return float(np.mean(scores))
