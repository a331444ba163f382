"""Reading words: their vectors, and features of them in context."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.encoders import Encoder


class Reader(nn.Module):
    """Word vectors times a mask, a dense layer where there is one, and an encoder.

    Selector and predictor have one each, or share one.

    Parameters
    ----------
    vectors : nn.Embedding
        Word vectors.
    projection : nn.Linear or None
        Dense layer between vectors and encoder.
    encoder : Encoder
        What sees the words in context.
    dropout : float
        Share of the features dropped in training before the encoder, if there is a dense layer.
    """

    def __init__(
        self,
        vectors: nn.Embedding,
        projection: nn.Linear | None,
        encoder: Encoder,
        dropout: float,
    ) -> None:
        super().__init__()
        self.vectors = vectors
        self.projection = projection
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Map ids, mask and words (False: padding), all (batch, length), to features."""
        x = self.vectors(ids) * mask.unsqueeze(-1)
        if self.projection is not None:
            # The bias of the layer would reach past the end of a document.
            x = self.dropout(F.relu(self.projection(x)) * words.unsqueeze(-1))
        return self.encoder(x, words)
