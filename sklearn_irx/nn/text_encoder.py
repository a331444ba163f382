"""From word ids to features of words in context."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.encoder import EncoderModule
from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.masking import masked_words
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.kernels.precision import product


class TextEncoder(nn.Module):
    """Word vectors, a dense layer where there is one, a mask, and an encoder.

    Selector and predictor have one each, or share one.

    Parameters
    ----------
    vectors : nn.Embedding
        Word vectors.
    projection : nn.Linear or None
        Dense layer between vectors and encoder. Without a bias, the encoder sees nothing of a word
        whose mask is 0; with one, it sees the bias.
    encoder : EncoderModule
        Maps vectors to features in context.
    dropout : float
        Share of the features dropped in training before the encoder, if there is a dense layer.
    precision : {"auto", "float32", "bfloat16"}
        Of matrix products, those of `encoder` included.
    """

    def __init__(
        self,
        vectors: nn.Embedding,
        projection: nn.Linear | None,
        encoder: EncoderModule,
        dropout: float,
        precision: str,
    ) -> None:
        super().__init__()
        self.precision = encoder.precision = precision
        self.vectors = vectors
        self.projection = projection
        self.encoder = encoder
        self.dropout = Dropout(dropout)

    def token_features(self, batch: PackedBatch) -> torch.Tensor:
        """Return the features of every word, (1 + n_words, output_size); row 0 must not be used."""
        if self.projection is None:
            return self.encoder.token_features(batch.vectors(self.vectors), batch)
        vectors, _ = self._masked(batch, (batch.inverse > 0).to(self.vectors.weight.dtype))
        return self.encoder.word_features(vectors, batch)

    def max_pooled(self, batch: PackedBatch, mask: torch.Tensor) -> torch.Tensor:
        """Return the largest value of each feature, (batch, output_size), under a packed mask."""
        vectors, kept = self._masked(batch, mask)
        return self.encoder.max_pooled(vectors, kept, batch)

    def _masked(self, batch: PackedBatch, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the masked vectors of the words, and which words the encoder sees."""
        if self.projection is None:
            raise TypeError("a text encoder without a dense layer takes no mask")
        # The dense layer is computed once for each unique word.
        table = batch.vectors(self.vectors)
        projected = product(table, self.projection.weight, self.precision)
        words = batch.inverse > 0
        has_bias = self.projection.bias is not None
        if not has_bias and mask.device.type == "cpu":
            dropout = self.dropout.share
            return masked_words(projected, mask, batch.inverse, dropout=dropout), mask != 0
        if not has_bias:
            seen = F.relu(projected).index_select(0, batch.inverse)
            return mask.unsqueeze(1) * self.dropout(seen), mask != 0
        seen = mask.unsqueeze(1) * projected.index_select(0, batch.inverse)
        seen = self.dropout(F.relu(seen + self.projection.bias))
        return seen * words.unsqueeze(1), words
