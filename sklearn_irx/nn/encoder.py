"""What every encoder is: from the vectors of words to features of words in their context."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import Layout


class Encoder(nn.Module):
    """Base of encoders. A subclass takes `input_size`, and parameters of its own, by name.

    :meth:`forward` says what an encoder computes. The selector asks for :meth:`of_each` word and
    the predictor for the :meth:`largest` of each feature; here they come from :meth:`forward`,
    and a subclass may know a faster way to the same.

    Attributes
    ----------
    output_size : int
        Features of a word.
    reach : int
        Words to either side that a feature depends on, where there is such a number; else 0.
    """

    output_size: int
    reach = 0

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
            At least zero, and zero past the end of a document. Those of a document do not depend
            on how much of such padding there is.
        """
        raise NotImplementedError

    def of_nothing(self) -> torch.Tensor | float:
        """Give the features where there is nothing to see: 0, or a Tensor (output_size,)."""
        return 0.0

    def of_each(self, table: torch.Tensor, layout: Layout) -> torch.Tensor:
        """Give the features of every word.

        Parameters
        ----------
        table : Tensor of shape (n_distinct, input_size)
            The vector of each distinct word of `layout`, zeros for padding.
        layout : Layout
            The words.

        Returns
        -------
        features : Tensor of shape (1 + n_words, output_size)
            Of any floating-point type; what is negative stands for 0. Row 0 stands for padding and
            must not be used.
        """
        return layout.packed(self(F.embedding(layout.numbers, table), layout.words))

    def largest(
        self,
        vectors: torch.Tensor,
        kept: torch.Tensor,  # noqa: ARG002
        layout: Layout,
    ) -> torch.Tensor:
        """Give the largest value of each feature in each document.

        What there is to see of no word is always among the values: a document whose words are all
        selected tells nothing else than one that goes on with words that are not.

        Parameters
        ----------
        vectors : Tensor of shape (1 + n_words, input_size)
            Of each word of `layout`, zeros where it is not kept.
        kept : Tensor of shape (1 + n_words,), dtype bool
            Which words those are; row 0 is not.
        layout : Layout
            The words.

        Returns
        -------
        features : Tensor of shape (batch, output_size)
        """
        largest = self(layout.padded(vectors), layout.words).amax(dim=1)
        nothing = largest.new_zeros(1) + self.of_nothing()
        return torch.where(largest > nothing, largest, nothing)  # no gradient to empty windows
