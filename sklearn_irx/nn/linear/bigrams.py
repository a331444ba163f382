"""Weights of bigrams: pairs of neighbouring known words."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import first_alike, left_of_one
from sklearn_irx.nn.linear.weights import BigramWeights
from sklearn_irx.text import UNKNOWN


class _BigramTable(nn.Module):
    """The weights of bigrams, found by their words; nothing in it is trained."""

    bigrams: torch.Tensor
    weights: torch.Tensor
    idf: torch.Tensor

    def __init__(self, n_bigrams: int, n_words: int, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("bigrams", torch.zeros(n_bigrams, dtype=torch.int64))
        self.register_buffer("weights", torch.zeros(n_bigrams, n_classes))
        self.register_buffer("idf", torch.ones(n_bigrams))
        self.n_words = n_words

    def initialize(self, linear: BigramWeights) -> None:
        """Take the weights of a fitted classifier, with those fitted without each fold."""
        self.bigrams = torch.from_numpy(linear.bigrams)
        self.weights = torch.from_numpy(linear.weights.reshape(-1, linear.weights.shape[2]))
        self.idf = torch.from_numpy(linear.idf)

    def drop_fold_weights(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: len(self.bigrams)].clone()

    def _find(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the positions in `bigrams` of the pairs in ids (batch, length), and which exist.

        Both are (batch, length - 1).
        """
        known = (ids > UNKNOWN) & (ids < self.n_words)
        sought = ids[:, :-1] * self.n_words + ids[:, 1:]
        index = torch.searchsorted(self.bigrams, sought).clamp_(max=len(self.bigrams) - 1)
        return index, known[:, :-1] & known[:, 1:] & (self.bigrams[index] == sought)

    def _weights_at(self, index: torch.Tensor, fold: torch.Tensor) -> torch.Tensor:
        return F.embedding(index + len(self.bigrams) * fold.unsqueeze(1), self.weights)


class BatchBigrams(NamedTuple):
    """The bigrams of a batch.

    Attributes
    ----------
    bigram_ids : Tensor of shape (batch, length - 1)
        Of the pairs of neighbours; the number of bigrams where a pair is none.
    weights : Tensor of shape (batch, length - 1, n_classes)
        Times idf; zeros where a pair is none.
    """

    bigram_ids: torch.Tensor
    weights: torch.Tensor

    def sums(self, mask: torch.Tensor) -> torch.Tensor:
        """Sum the weights of the bigrams under a mask (batch, length): (batch, n_classes).

        A bigram counts as much as both its words are selected, and once in a document.
        """
        selected = mask[:, :-1] * mask[:, 1:]
        once = selected * _left_of_one(self.bigram_ids, selected)
        return (once.unsqueeze(-1) * self.weights).sum(dim=1)

    def of_words(self) -> torch.Tensor:
        """Return the summed weights of both bigrams of each word: (batch, length, n_classes)."""
        return F.pad(self.weights, (0, 0, 0, 1)) + F.pad(self.weights, (0, 0, 1, 0))


class BigramPath(_BigramTable):
    """The weights of the bigrams in a linear path."""

    def forward(self, ids: torch.Tensor, fold: torch.Tensor) -> BatchBigrams:
        """Look up the bigrams of ids (batch, length).

        `fold` (batch,) is the fold whose weights apply, 0 for those fitted on all documents.
        """
        index, found = self._find(ids)
        idf = (found * self.idf[index]).unsqueeze(-1)
        weights = idf * self._weights_at(index, fold)
        # Those not found must not take the part of the bigram whose id they have.
        return BatchBigrams(torch.where(found, index, len(self.bigrams)), weights)


class WholeBigramPath(_BigramTable):
    """Logits of whole documents from words and bigrams, whose TF-IDF are normalized each."""

    word_factor: torch.Tensor

    def __init__(self, n_bigrams: int, n_words: int, n_classes: int) -> None:
        super().__init__(n_bigrams, n_words, n_classes)
        self.register_buffer("word_factor", torch.tensor(1.0))

    def initialize(self, linear: BigramWeights) -> None:
        """Take the weights and the factor of a fitted classifier."""
        super().initialize(linear)
        self.word_factor = torch.tensor(linear.word_factor)

    def forward(
        self, word_logits: torch.Tensor, ids: torch.Tensor, fold: torch.Tensor
    ) -> torch.Tensor:
        """Return the logits (batch, n_classes) of words and bigrams together.

        `word_logits` (batch, n_classes) are those of the words `ids` (batch, length) alone; `fold`
        is as for :class:`BigramPath`.
        """
        index, found = self._find(ids)
        once = found * _left_of_one(index, found.to(word_logits.dtype))
        tfidf = once * self.idf[index]
        logits = (tfidf.unsqueeze(-1) * self._weights_at(index, fold)).sum(dim=1)
        # At least 1, the smallest idf, where no bigram is known.
        norm = tfidf.square().sum(dim=1, keepdim=True).clamp(min=1.0).sqrt()
        return self.word_factor * word_logits + logits / norm


@torch.no_grad()
def _left_of_one(ids: torch.Tensor, selected: torch.Tensor) -> torch.Tensor:
    """Return what equal entries of a row, up to each, have left of 1: so that they count once.

    `ids`, of what the entries are, and `selected`, between 0 and 1, are (batch, n).
    """
    if not ids.numel():
        return torch.ones_like(selected)
    lines = torch.arange(len(ids), device=ids.device).unsqueeze(1)
    found, order = (ids + lines * (ids.max() + 1)).flatten().sort(stable=True)
    left = left_of_one(selected.flatten(), order, first_alike(found[1:] != found[:-1]))
    return left.view_as(selected)
