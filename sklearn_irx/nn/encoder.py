"""The base of encoder modules: from vectors of words to features of words in context."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import PackedBatch


class EncoderModule(nn.Module):
    """Base of encoder modules: a subclass has :meth:`forward` and `output_size`.

    The selector uses the :meth:`token_features` of every word, the predictor the :meth:`max_pooled`
    features of a document. Both come from :meth:`forward`; a subclass may compute them faster.

    Attributes
    ----------
    output_size : int
        Features of a word.
    half_width : int
        Words to either side that a feature depends on, if there is such a number; else 0.
    precision : {"auto", "float32", "bfloat16"}
        Of matrix products. The :class:`TextEncoder` sets it.
    """

    output_size: int
    half_width = 0
    precision = "auto"

    def forward(self, vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Map vectors to features.

        Parameters
        ----------
        vectors : Tensor of shape (batch, length, input_size)
            Zero past the end of a document.
        words : Tensor of shape (batch, length), dtype bool
            False past the end of a document.

        Returns
        -------
        features : Tensor of shape (batch, length, output_size)
            At least zero, and zero past the end of a document. Must not depend on the amount of
            padding.
        """
        raise NotImplementedError

    def empty_features(self) -> torch.Tensor | float:
        """Return the features of no word: 0, or a Tensor of shape (output_size,)."""
        return 0.0

    def token_features(self, table: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
        """Return the features of every word.

        Parameters
        ----------
        table : Tensor of shape (n_unique, input_size)
            The vector of each unique word of `batch`, zeros for padding.
        batch : PackedBatch
            The words.

        Returns
        -------
        features : Tensor of shape (1 + n_words, output_size)
            Of any floating-point type; negative values count as 0. Row 0 must not be used.
        """
        return batch.packed(self(F.embedding(batch.padded_inverse, table), batch.words))

    def word_features(self, vectors: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
        """Return the features of every word, as :meth:`token_features`, by a vector for each.

        Parameters
        ----------
        vectors : Tensor of shape (1 + n_words, input_size)
            Of each word of `batch`.
        batch : PackedBatch
            The words.
        """
        return batch.packed(self(batch.padded(vectors), batch.words))

    def max_pooled(
        self,
        vectors: torch.Tensor,
        kept: torch.Tensor,  # noqa: ARG002
        batch: PackedBatch,
    ) -> torch.Tensor:
        """Return the largest value of each feature in each document.

        The features of no word always take part, so a document whose words are all selected looks
        like one that goes on with unselected words.

        Parameters
        ----------
        vectors : Tensor of shape (1 + n_words, input_size)
            Of each word of `batch`, zeros where it is not kept.
        kept : Tensor of shape (1 + n_words,), dtype bool
            Words that are kept; not row 0.
        batch : PackedBatch
            The words.

        Returns
        -------
        features : Tensor of shape (batch, output_size)
        """
        pooled = self(batch.padded(vectors), batch.words).amax(dim=1)
        empty = pooled.new_zeros(1) + self.empty_features()
        return torch.where(pooled > empty, pooled, empty)  # no gradient to empty windows
