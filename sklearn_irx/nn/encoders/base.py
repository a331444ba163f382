"""What every encoder is: from the vectors of words to features of words in their context."""

from __future__ import annotations

import torch
from torch import nn


class Encoder(nn.Module):
    """Base of encoders. A subclass takes `input_size`, and parameters of its own, by name.

    Attributes
    ----------
    output_size : int
        Features of a word.
    """

    output_size: int

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
