"""The network that marks words."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from sklearn_irx.nn.encoder import ConvolutionalEncoder
from sklearn_irx.nn.linear import WordRanking

_FIRST_LOGIT = 1.0  # without a ranking, training begins with most words selected


class Selector(nn.Module):
    """A selection logit for every word: frozen vectors, convolutions, and a ranking of words.

    Parameters
    ----------
    vectors : Tensor of shape (n_words, size)
        Word vectors. They are read, not trained.
    filter_sizes, n_filters : sequence of int, int
        See :class:`~sklearn_irx.nn.encoder.ConvolutionalEncoder`.
    dropout : float
        Share of features dropped in training.
    ranking : WordRanking or None
        Added to what the convolutions say. With it, the convolutions begin with saying nothing.
    """

    def __init__(
        self,
        vectors: torch.Tensor,
        filter_sizes: Sequence[int],
        n_filters: int,
        dropout: float,
        ranking: WordRanking | None,
    ) -> None:
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(vectors, freeze=True)
        self.encoder = ConvolutionalEncoder(vectors.shape[1], filter_sizes, n_filters)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(self.encoder.output_size, 1)
        self.ranking = ranking
        if ranking is None:
            nn.init.constant_(self.output.bias, _FIRST_LOGIT)
        else:
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def forward(self, ids: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Map ids (batch, length), and their rows in the ranking, to logits (batch, length)."""
        features = self.encoder(self.vectors(ids)).transpose(1, 2)
        logits = self.output(self.dropout(features)).squeeze(-1)
        return logits if self.ranking is None else logits + self.ranking(rows)
