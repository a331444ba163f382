"""How long and how broken-up rationales are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np

Average = Literal["samples"]


@overload
def rationale_length(masks: np.ndarray, *, average: Average = ...) -> float: ...
@overload
def rationale_length(masks: np.ndarray, *, average: None) -> np.ndarray: ...
def rationale_length(
    masks: np.ndarray, *, average: Average | None = "samples"
) -> float | np.ndarray:
    """Count the selected words.

    Parameters
    ----------
    masks : array of shape (n_samples, n_words), dtype bool
        True for selected words, False past the end of a document.
    average : {"samples"} or None, default="samples"
        "samples" gives the mean over documents, None the number for each.

    Returns
    -------
    length : float, or ndarray of shape (n_samples,), dtype float
        In words.

    Raises
    ------
    TypeError
        If `masks` is not boolean.
    ValueError
        If `masks` is not two-dimensional or has no document, or `average` is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import rationale_length
    >>> rationale_length(np.array([[True, True, False], [False, False, True]]))
    1.5
    """
    return averaged(check_masks("masks", masks).sum(axis=1), average)


@overload
def n_transitions(
    masks: np.ndarray, lengths: Sequence[int] | np.ndarray | None = ..., *, average: Average = ...
) -> float: ...
@overload
def n_transitions(
    masks: np.ndarray, lengths: Sequence[int] | np.ndarray | None = ..., *, average: None
) -> np.ndarray: ...
def n_transitions(
    masks: np.ndarray,
    lengths: Sequence[int] | np.ndarray | None = None,
    *,
    average: Average | None = "samples",
) -> float | np.ndarray:
    """Count the borders between selected and unselected words: few, if rationales cohere.

    For each document, the sum of ``|m_t - m_{t-1}|`` over its words from the second to the last.
    Where a document begins and where it ends is no border.

    Parameters
    ----------
    masks : array of shape (n_samples, n_words), dtype bool
        True for selected words, False past the end of a document.
    lengths : array of shape (n_samples,), dtype int, default=None
        Number of words of each document. None means that every column is a word: right for
        documents of equal length, one border too many for a shorter one whose last word is
        selected, since a mask alone does not show where its document ends.
    average : {"samples"} or None, default="samples"
        "samples" gives the mean over documents, None the number for each.

    Returns
    -------
    n_transitions : float, or ndarray of shape (n_samples,), dtype float
        In borders.

    Raises
    ------
    TypeError
        If `masks` is not boolean or `lengths` not of integers.
    ValueError
        If `masks` is not two-dimensional or has no document, if `lengths` does not fit it or a
        word past the end of a document is selected, or if `average` is unknown.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022: the
    regularizer of contiguity.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import n_transitions
    >>> masks = np.array([[False, True, True, False], [False, False, True, False]])
    >>> n_transitions(masks, lengths=[4, 3], average=None)  # document 2 ends selected
    array([2., 1.])
    """
    masks = check_masks("masks", masks)
    borders = masks[:, 1:] != masks[:, :-1]
    if lengths is not None:
        lengths = _check_lengths(lengths, masks)
        borders &= np.arange(1, masks.shape[1]) < lengths[:, None]
    return averaged(borders.sum(axis=1), average)


def check_masks(name: str, masks: Any) -> np.ndarray:
    """Give `masks` as an array, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the caller calls it.
    masks : object
        What the caller gave.

    Returns
    -------
    masks : ndarray of shape (n_samples, n_words), dtype bool
    """
    array = np.asarray(masks)
    if array.dtype != bool:
        raise TypeError(
            f"{name} has dtype {array.dtype}: give a boolean array, for example {name} > 0."
        )
    if array.ndim != 2 or not len(array):
        raise ValueError(
            f"{name} has shape {array.shape}: give (n_samples, n_words) with at least one document."
        )
    return array


def averaged(values: np.ndarray, average: str | None) -> Any:
    """Give the mean of one value a document, or the values.

    Parameters
    ----------
    values : array of shape (n_samples,)
        A number for each document.
    average : {"samples"} or None
        As the metrics take it.

    Returns
    -------
    value : float, or ndarray of shape (n_samples,), dtype float
    """
    if average is None:
        return values.astype(float)
    if average == "samples":
        return float(values.mean())
    raise ValueError(f'average={average!r} is unknown: give "samples" or None.')


def _check_lengths(lengths: Any, masks: np.ndarray) -> np.ndarray:
    lengths = np.asarray(lengths)
    n_samples, width = masks.shape
    if not np.issubdtype(lengths.dtype, np.integer):
        raise TypeError(
            f"lengths has dtype {lengths.dtype}: give integers, a number of words each."
        )
    if lengths.shape != (n_samples,):
        raise ValueError(
            f"lengths has shape {lengths.shape}: give one number for each of the {n_samples} rows "
            "of masks."
        )
    if lengths.min() < 0 or lengths.max() > width:
        raise ValueError(
            f"lengths goes from {lengths.min()} to {lengths.max()}: give numbers of words from 0 "
            f"to {width}, the width of masks."
        )
    past = (masks & (np.arange(width) >= lengths[:, None])).any(axis=1)
    if past.any():
        row = int(past.argmax())
        raise ValueError(
            f"lengths[{row}]={lengths[row]}, but masks[{row}] selects a word past it: give masks "
            "that are False past the end of a document."
        )
    return lengths
