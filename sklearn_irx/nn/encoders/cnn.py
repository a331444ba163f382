"""Convolutions over the words of a document."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.encoders.base import Encoder


class ConvolutionalEncoder(Encoder):
    """Filters of several widths, each with a value at every word (Kim, 2014).

    Parameters
    ----------
    input_size : int
        Length of a word's vector.
    filter_sizes : sequence of int
        Widths of the filters, in words.
    n_filters : int
        Number of filters of each width.
    """

    def __init__(self, input_size: int, *, filter_sizes: Sequence[int], n_filters: int) -> None:
        super().__init__()
        self.filter_sizes = tuple(filter_sizes)
        self.filters = nn.ModuleList(nn.Conv1d(input_size, n_filters, k) for k in filter_sizes)
        self.output_size = n_filters * len(self.filter_sizes)

    def forward(self, vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        x = vectors.transpose(1, 2)
        features = []
        for width, convolution in zip(self.filter_sizes, self.filters, strict=True):
            features.append(convolution(F.pad(x, ((width - 1) // 2, width // 2))))
        return F.relu(torch.cat(features, dim=1)).transpose(1, 2) * words.unsqueeze(-1)
