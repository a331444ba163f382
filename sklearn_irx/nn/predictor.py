"""The network that sees the selected words only and gives the class."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.encoder import ConvolutionalEncoder
from sklearn_irx.nn.linear import LinearPath
from sklearn_irx.text import PADDING


class Predictor(nn.Module):
    """Convolutions over the selected words in their places, and a linear path beside them.

    Parameters
    ----------
    vectors : Tensor of shape (n_words, size)
        Word vectors to start from. A copy of them is trained.
    n_classes : int
        Number of classes.
    filter_sizes, n_filters : sequence of int, int
        See :class:`~sklearn_irx.nn.encoder.ConvolutionalEncoder`.
    hidden_size : int
        Units of the layer between the convolutions and the classes.
    dropout : float
        Share of features dropped in training, before each layer.
    linear : LinearPath or None
        Added to what the convolutions say. With it, the convolutions begin with saying nothing.
    """

    def __init__(
        self,
        vectors: torch.Tensor,
        n_classes: int,
        filter_sizes: Sequence[int],
        n_filters: int,
        hidden_size: int,
        dropout: float,
        linear: LinearPath | None,
    ) -> None:
        super().__init__()
        size = vectors.shape[1]
        self.vectors = nn.Embedding.from_pretrained(vectors.clone(), freeze=False)
        self.project = nn.Linear(size, size)
        self.encoder = ConvolutionalEncoder(size, filter_sizes, n_filters)
        self.hidden = nn.Linear(self.encoder.output_size, hidden_size)
        self.output = nn.Linear(hidden_size, n_classes)
        self.dropout = nn.Dropout(dropout)
        self.linear = linear
        if linear is not None:
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Read ids (batch, length) under a mask of the same shape: logits (batch, n_classes)."""
        words = (ids != PADDING).unsqueeze(-1)
        # Past the end of a document all is zero, before the convolutions (the bias of the
        # projection is not) and after: so padding leaves no trace.
        projected = F.relu(self.project(self.vectors(ids) * mask.unsqueeze(-1))) * words
        features = self.encoder(self.dropout(projected)) * words.transpose(1, 2)
        pooled = features.amax(dim=2)
        logits = self.output(self.dropout(F.relu(self.hidden(self.dropout(pooled)))))
        return logits if self.linear is None else logits + self.linear(ids, mask, rows)
