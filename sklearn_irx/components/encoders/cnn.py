"""Convolutions over the words of a document."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.encoder import Encoder
from sklearn_irx.nn.kernels.packed_batch import Layout
from sklearn_irx.nn.kernels.precision import product_type
from sklearn_irx.nn.kernels.windows import Windows, convolution, largest_convolution


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
    precision : {"auto", "float32", "bfloat16"}
        Of matrix products.

    Attributes
    ----------
    plain : bool
        Whether to compute every convolution at every position, as other devices than the CPU do:
        the yardstick for tests and benchmarks.
    """

    plain = False

    def __init__(
        self,
        input_size: int,
        *,
        filter_sizes: Sequence[int],
        n_filters: int,
        precision: str = "auto",
    ) -> None:
        super().__init__()
        self.filter_sizes = tuple(filter_sizes)
        self.filters = nn.ModuleList(nn.Conv1d(input_size, n_filters, k) for k in filter_sizes)
        self.output_size = n_filters * len(self.filters)
        self.windows = Windows(filter_sizes)
        self.reach = self.windows.reach
        self.precision = precision

    def forward(self, vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        dtype = product_type(self.precision, vectors.device)
        x = vectors.transpose(1, 2).to(dtype)
        features = []
        for width, filters in zip(self.filter_sizes, self.filters, strict=True):
            x_padded = F.pad(x, ((width - 1) // 2, width // 2))
            products = F.conv1d(x_padded, filters.get_parameter("weight").to(dtype))
            features.append(products.float() + filters.get_parameter("bias").unsqueeze(-1))
        return F.relu(torch.cat(features, dim=1)).transpose(1, 2) * words.unsqueeze(-1)

    def of_nothing(self) -> torch.Tensor:  # noqa: D102
        return F.relu(self._bias().flatten())

    def of_each(self, table: torch.Tensor, layout: Layout) -> torch.Tensor:  # noqa: D102
        if self._is_plain(table):
            return super().of_each(table, layout)
        dtype = product_type(self.precision, table.device)
        return convolution(table, self._weight(), self._bias(), layout, self.windows, dtype)

    def largest(  # noqa: D102
        self, vectors: torch.Tensor, kept: torch.Tensor, layout: Layout
    ) -> torch.Tensor:
        if self._is_plain(vectors):
            return super().largest(vectors, kept, layout)
        dtype = product_type(self.precision, vectors.device)
        above = largest_convolution(vectors, self._weight(), kept, layout, self.windows, dtype)
        return F.relu(above + self._bias().flatten())

    def _is_plain(self, vectors: torch.Tensor) -> bool:
        return self.plain or vectors.device.type != "cpu"

    def _weight(self) -> torch.Tensor:
        """Give what a word adds to each filter, by its place in the window, a slot."""
        return torch.cat([f.get_parameter("weight").permute(1, 2, 0) for f in self.filters], dim=1)

    def _bias(self) -> torch.Tensor:
        return torch.stack([f.get_parameter("bias") for f in self.filters])
