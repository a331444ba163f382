"""Convolutions over the words of a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx._compat import Interval
from sklearn_irx.components.encoders.base import Encoder
from sklearn_irx.nn.encoder import EncoderModule
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.kernels.precision import product_type
from sklearn_irx.nn.kernels.remembered import Remembered
from sklearn_irx.nn.kernels.windows import (
    Windows,
    convolution,
    max_pooled_convolution,
    with_bias,
)

_MAX_WIDTHS, _MAX_WIDTH = 100, 1000  # so that a file cannot ask for any memory


class CNN(Encoder):
    """Convolutional filters of several widths.

    Parameters
    ----------
    filter_sizes : sequence of int, default=(3, 4, 5)
        Widths of the filters in words.
    n_filters : int, default=100
        Filters of each width.

    References
    ----------
    Y. Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import CNN
    >>> SelectiveRationaleClassifier(encoder=CNN(n_filters=50))
    SelectiveRationaleClassifier(encoder=CNN(n_filters=50))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "filter_sizes": ["array-like"],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, filter_sizes: Sequence[int] = (3, 4, 5), n_filters: int = 100) -> None:
        self.filter_sizes = filter_sizes
        self.n_filters = n_filters

    def check(self) -> None:
        """Check the parameters, and raise ValueError if one is out of range."""
        super().check()
        sizes = tuple(self.filter_sizes)
        in_range = all(isinstance(size, Integral) and 1 <= size <= _MAX_WIDTH for size in sizes)
        if not 1 <= len(sizes) <= _MAX_WIDTHS or not in_range:
            raise ValueError(
                f"filter_sizes={str(self.filter_sizes)[:80]}: give 1 to {_MAX_WIDTHS} widths of "
                f"1 to {_MAX_WIDTH} words."
            )

    def shaping_params(self) -> dict[str, Any]:
        """Return the parameters, the widths as a tuple."""
        return {**super().shaping_params(), "filter_sizes": tuple(map(int, self.filter_sizes))}

    def build(self, input_size: int) -> ConvolutionalModule:
        """Build the module for word vectors of a size."""
        return ConvolutionalModule(
            input_size, filter_sizes=tuple(map(int, self.filter_sizes)), n_filters=self.n_filters
        )


class ConvolutionalModule(EncoderModule):
    """Filters of several widths, each with a value at every word; see :class:`CNN`.

    Attributes
    ----------
    plain : bool
        Whether to compute every convolution at every position, as on devices other than the CPU:
        the reference for tests and benchmarks.
    """

    plain = False

    def __init__(self, input_size: int, *, filter_sizes: tuple[int, ...], n_filters: int) -> None:
        super().__init__()
        self.filter_sizes = filter_sizes
        self.filters = nn.ModuleList(nn.Conv1d(input_size, n_filters, k) for k in filter_sizes)
        self.output_size = n_filters * len(self.filters)
        self.windows = Windows(filter_sizes)
        self.half_width = self.windows.half_width
        self._biased, self._unbiased = Remembered(), Remembered()

    def train(self, mode: bool = True) -> ConvolutionalModule:
        """Set training or evaluation mode; training will change the weights."""
        if mode:
            self._biased.forget()
            self._unbiased.forget()
        return super().train(mode)

    def forward(self, vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        dtype = product_type(self.precision, vectors.device)
        x = vectors.transpose(1, 2).to(dtype)
        features = []
        for width, filters in zip(self.filter_sizes, self.filters, strict=True):
            x_padded = F.pad(x, ((width - 1) // 2, width // 2))
            products = F.conv1d(x_padded, filters.get_parameter("weight").to(dtype))
            features.append(products.float() + filters.get_parameter("bias").unsqueeze(-1))
        return F.relu(torch.cat(features, dim=1)).transpose(1, 2) * words.unsqueeze(-1)

    def empty_features(self) -> torch.Tensor:  # noqa: D102
        return F.relu(self._bias().flatten())

    def token_features(self, table: torch.Tensor, batch: PackedBatch) -> torch.Tensor:  # noqa: D102
        if self._is_plain(table):
            return super().token_features(table, batch)
        dtype = product_type(self.precision, table.device)
        weight = self._at_inference(
            self._biased, lambda: with_bias(self._weight(), self._bias(), self.windows), dtype
        )
        return convolution(table, weight, batch=batch, windows=self.windows, dtype=dtype)

    def max_pooled(  # noqa: D102
        self, vectors: torch.Tensor, kept: torch.Tensor, batch: PackedBatch
    ) -> torch.Tensor:
        if self._is_plain(vectors):
            return super().max_pooled(vectors, kept, batch)
        dtype = product_type(self.precision, vectors.device)
        weight = self._at_inference(self._unbiased, self._weight, dtype)
        above = max_pooled_convolution(
            vectors, weight, kept, batch=batch, windows=self.windows, dtype=dtype
        )
        return F.relu(above + self._bias().flatten())

    def _is_plain(self, vectors: torch.Tensor) -> bool:
        return self.plain or vectors.device.type != "cpu"

    def _at_inference(
        self, remembered: Remembered, make: Callable[[], torch.Tensor], dtype: torch.dtype
    ) -> torch.Tensor:
        """Return weights, at inference those made before, as the factors of products are."""
        if torch.is_grad_enabled():  # gradients have 32 bits
            return make()
        return remembered(list(self.filters.parameters()), lambda: make().to(dtype), dtype)

    def _weight(self) -> torch.Tensor:
        """Return the weights of all filters by slot, (input_size, n_slots, n_filters)."""
        return torch.cat([f.get_parameter("weight").permute(1, 2, 0) for f in self.filters], dim=1)

    def _bias(self) -> torch.Tensor:
        return torch.stack([f.get_parameter("bias") for f in self.filters])
