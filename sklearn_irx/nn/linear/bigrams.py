"""The linear path of bigrams, for whole documents only."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.linear.path import logits_of
from sklearn_irx.nn.linear.weights import BigramWeights
from sklearn_irx.text import UNKNOWN


class BigramPath(nn.Module):
    """Logits from the TF-IDF of pairs of neighbouring known words; nothing in it is trained."""

    bigrams: torch.Tensor
    weights: torch.Tensor
    idf: torch.Tensor
    word_factor: torch.Tensor

    def __init__(self, n_bigrams: int, n_words: int, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("bigrams", torch.zeros(n_bigrams, dtype=torch.int64))
        self.register_buffer("weights", torch.zeros(n_bigrams, n_classes))
        self.register_buffer("idf", torch.ones(n_bigrams))
        self.register_buffer("word_factor", torch.tensor(1.0))
        self.n_words = n_words

    def initialize(self, linear: BigramWeights) -> None:
        """Take the weights of a fitted classifier, with those fitted without each fold."""
        self.bigrams = torch.from_numpy(linear.bigrams)
        self.weights = torch.from_numpy(linear.weights.reshape(-1, linear.weights.shape[2]))
        self.idf = torch.from_numpy(linear.idf)
        self.word_factor = torch.tensor(linear.word_factor)

    def forward(
        self, word_logits: torch.Tensor, ids: torch.Tensor, fold: torch.Tensor
    ) -> torch.Tensor:
        """Return the logits (batch, n_classes) of words and bigrams together.

        `word_logits` (batch, n_classes) are those of the words `ids` (batch, length) alone; `fold`
        (batch,) is the fold whose weights apply, 0 for those fitted on all documents.
        """
        known = (ids > UNKNOWN) & (ids < self.n_words)
        sought = ids[:, :-1] * self.n_words + ids[:, 1:]
        index = torch.searchsorted(self.bigrams, sought).clamp_(max=len(self.bigrams) - 1)
        found = known[:, :-1] & known[:, 1:] & (self.bigrams[index] == sought)
        # Sorted, equal bigrams are neighbours, and those not found come last.
        index = torch.where(found, index, len(self.bigrams)).sort(dim=1).values
        previous = F.pad(index, (1, 0), value=-1)[:, :-1]
        once = (index != previous) & (index < len(self.bigrams))
        index = index.clamp_(max=len(self.bigrams) - 1)
        weights = F.embedding(index + len(self.bigrams) * fold.unsqueeze(1), self.weights)
        return self.word_factor * word_logits + logits_of(once * self.idf[index], weights)

    def drop_fold_weights(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: len(self.bigrams)].clone()
