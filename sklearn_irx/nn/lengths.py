"""Lengths of rationales as users give them: words, or a share of each document."""

from __future__ import annotations

import torch


def is_share(length: float) -> bool:
    """Tell whether a length is a share of the document's words: below 1, it is."""
    return length < 1


def n_allowed(length: float, words: torch.Tensor) -> torch.Tensor:
    """Give the number of words that `length` allows each document.

    Parameters
    ----------
    length : float
        Number of words, or below 1 a share. Shares are rounded, to one word at least.
    words : Tensor of shape (batch, length), dtype bool
        False past the end of a document.

    Returns
    -------
    n : Tensor of shape (batch,), dtype int64
        At most the words there are.
    """
    n_words = words.sum(dim=1)
    wanted = length * n_words if is_share(length) else torch.full_like(n_words, 1) * length
    return wanted.round().long().clamp(min=1).minimum(n_words)
