"""Lengths of rationales: numbers of words, or shares of a document."""

from __future__ import annotations

import torch


def is_share(length: float) -> bool:
    """Return whether a length is a share of the document's words: below 1."""
    return length < 1


def n_allowed(length: float, words: torch.Tensor) -> torch.Tensor:
    """Return the number of words that `length` allows each document: (batch,), dtype int64.

    A share is rounded. The number is at least 1, and at most the words (batch, length) there are.
    """
    n_words = words.sum(dim=1)
    wanted = length * n_words if is_share(length) else torch.full_like(n_words, 1) * length
    return wanted.round().long().clamp(min=1).minimum(n_words)


def mean_share(n: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return the mean of `n` (batch,) as shares of the words of each document that has some."""
    n_words = words.sum(dim=1)
    return (n / n_words.clamp(min=1)).sum() / (n_words > 0).sum().clamp(min=1)
