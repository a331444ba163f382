"""Reading words: their vectors, and features of them in context."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.components.encoders import Encoder
from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.masking import masked_words
from sklearn_irx.nn.kernels.packed_batch import Layout
from sklearn_irx.nn.kernels.precision import product_type


class Reader(nn.Module):
    """Word vectors, a dense layer where there is one, a mask, and an encoder.

    Selector and predictor have one each, or share one.

    Parameters
    ----------
    vectors : nn.Embedding
        Word vectors.
    projection : nn.Linear or None
        Dense layer between vectors and encoder. Without a bias, a word whose mask is 0 is nothing
        at all to the encoder; with one it is a word that says nothing.
    encoder : Encoder
        What sees the words in context.
    dropout : float
        Share of the features dropped in training before the encoder, if there is a dense layer.
    precision : {"auto", "float32", "bfloat16"}
        Of the products of the dense layer.
    """

    def __init__(
        self,
        vectors: nn.Embedding,
        projection: nn.Linear | None,
        encoder: Encoder,
        dropout: float,
        precision: str,
    ) -> None:
        super().__init__()
        self.precision = precision
        self.vectors = vectors
        self.projection = projection
        self.encoder = encoder
        self.dropout = Dropout(dropout)

    def of_each(self, layout: Layout) -> torch.Tensor:
        """Give the features of every word, (1 + n_words, output_size): row 0 means nothing."""
        if self.projection is None:
            return self.encoder.of_each(layout.vectors(self.vectors), layout)
        vectors, _ = self._masked(layout, (layout.which > 0).to(self.vectors.weight.dtype))
        return layout.packed(self.encoder(layout.padded(vectors), layout.words))

    def largest(self, layout: Layout, mask: torch.Tensor) -> torch.Tensor:
        """Give the largest value of each feature, (batch, output_size), under a packed mask."""
        vectors, kept = self._masked(layout, mask)
        return self.encoder.largest(vectors, kept, layout)

    def _masked(self, layout: Layout, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Give what the encoder sees of each word, and which words it sees anything of."""
        if self.projection is None:
            raise TypeError("a reader without a dense layer reads no masked words")
        # The dense layer reads each distinct word once.
        table, weight = layout.vectors(self.vectors), self.projection.weight
        dtype = product_type(self.precision, table.device)
        projected = F.linear(table.to(dtype), weight.to(dtype)).to(table.dtype)
        words = layout.which > 0
        has_bias = self.projection.bias is not None
        if not has_bias and mask.device.type == "cpu":
            return masked_words(projected, mask, layout.which, self.dropout.share), mask != 0
        if not has_bias:
            seen = F.relu(projected).index_select(0, layout.which)
            return mask.unsqueeze(1) * self.dropout(seen), mask != 0
        seen = mask.unsqueeze(1) * projected.index_select(0, layout.which)
        seen = self.dropout(F.relu(seen + self.projection.bias))
        return seen * words.unsqueeze(1), words
