"""Lengths of rationales: numbers of words, or shares of a document."""

from __future__ import annotations

from typing import TypeAlias

import torch

Length: TypeAlias = float | str
"""A number of words, below 1 a share of the document, or "auto"."""
_SHARE, _LEAST, _SHARE_OF_FEW, _MOST = 1 / 6, 5, 1 / 3, 30


def is_share(length: Length) -> bool:
    """Return whether a length is a share of the document's words: below 1."""
    return not isinstance(length, str) and length < 1


def auto_length(n_words: torch.Tensor) -> torch.Tensor:
    """Return the lengths that "auto" stands for, for documents with these numbers of words.

    A sixth of the words, but at least 5 and at most 30; a third of fewer than 15 words.
    """
    least = (_SHARE_OF_FEW * n_words).clamp(max=_LEAST)
    return (_SHARE * n_words).maximum(least).clamp(max=_MOST)


def n_allowed(length: Length, words: torch.Tensor) -> torch.Tensor:
    """Return the number of words that `length` allows each document: (batch,), dtype int64.

    A share is rounded. The number is at least 1, and at most the words (batch, length) there are.
    """
    n_words = words.sum(dim=1)
    if isinstance(length, str):
        wanted = auto_length(n_words)
    else:
        wanted = length * n_words if is_share(length) else torch.full_like(n_words, 1) * length
    return wanted.round().long().clamp(min=1).minimum(n_words)


def mean_share(n: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return the mean of `n` (batch,) as shares of the words of each document that has some."""
    n_words = words.sum(dim=1)
    return (n / n_words.clamp(min=1)).sum() / (n_words > 0).sum().clamp(min=1)
