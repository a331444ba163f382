"""Length and contiguity of rationales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from sklearn_irx.metrics._input import Average, Masks, averaged, check_masks, check_words


@overload
def rationale_length(masks: Masks, *, average: Average = ...) -> float: ...
@overload
def rationale_length(masks: Masks, *, average: None) -> np.ndarray: ...
def rationale_length(masks: Masks, *, average: Average | None = "samples") -> float | np.ndarray:
    """Count the selected words.

    Parameters
    ----------
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of (start, end)
        True for selected words, False past the end of a document. Or the spans of each document
        in words, ends exclusive.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the number of each.

    Returns
    -------
    length : float, or ndarray of shape (n_samples,), dtype float
        In words.

    Raises
    ------
    TypeError
        If `masks` is neither boolean nor spans.
    ValueError
        If `masks` is not two-dimensional or has no documents, or `average` is unknown.

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
    masks: Masks, lengths: Sequence[int] | np.ndarray | None = ..., *, average: Average = ...
) -> float: ...
@overload
def n_transitions(
    masks: Masks, lengths: Sequence[int] | np.ndarray | None = ..., *, average: None
) -> np.ndarray: ...
def n_transitions(
    masks: Masks,
    lengths: Sequence[int] | np.ndarray | None = None,
    *,
    average: Average | None = "samples",
) -> float | np.ndarray:
    """Count the transitions between selected and unselected words: few if contiguous.

    For each document, the sum of ``|m_t - m_{t-1}|`` over its words from the second to the last.
    The beginning and the end of a document are no transitions.

    Parameters
    ----------
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of (start, end)
        True for selected words, False past the end of a document. Or the spans of each document
        in words, ends exclusive.
    lengths : array of shape (n_samples,), dtype int, default=None
        Number of words of each document. None means that every column is a word, which counts one
        transition too many for a shorter document whose last word is selected.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the number of each.

    Returns
    -------
    n_transitions : float, or ndarray of shape (n_samples,), dtype float
        Number of transitions.

    Raises
    ------
    TypeError
        If `masks` is neither boolean nor spans, or `lengths` not of integers.
    ValueError
        If `masks` is not two-dimensional or has no documents, `lengths` does not match it, a word
        past the end of a document is selected, or `average` is unknown.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022: the
    contiguity regularizer.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.metrics import n_transitions
    >>> masks = np.array([[False, True, True, False], [False, False, True, False]])
    >>> n_transitions(masks, lengths=[4, 3], average=None)  # document 2 ends selected
    array([2., 1.])
    """
    masks, lengths = check_words("masks", masks, lengths)
    transitions = masks[:, 1:] != masks[:, :-1]
    transitions &= np.arange(1, masks.shape[1]) < lengths[:, None]
    return averaged(transitions.sum(axis=1), average)
