"""Convolutions that skip padding, repeated words and values that max pooling would drop.

Both operations compute the same as convolutions at every position, for the predictor followed by
max pooling (:class:`~sklearn_irx.nn.encoder.EncoderModule`). They are matrix products for all
slots of a window at once, followed by sums of rows: a repeated word, or a position without a word,
takes next to no time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from sklearn_irx.nn.kernels.dropout import INTEGERS
from sklearn_irx.nn.kernels.packed_batch import PackedBatch, look_up
from sklearn_irx.nn.kernels.precision import rounded_up

_BLOCK = 2048  # windows


class Windows:
    """Windows of several widths: their positions, called slots, one width after the other.

    Parameters
    ----------
    widths : sequence of int
        In words.

    Attributes
    ----------
    shifts : Tensor of shape (n_slots,), dtype int64
        Position of each slot relative to the middle of the window.
    width_of : Tensor of shape (n_slots,), dtype int64
        Index of the width that a slot belongs to.
    first, middle : Tensor of shape (n_widths,), dtype int64
        The first slot of each width, and the one whose shift is 0.
    half_width : int
        The largest shift to either side.
    reach : list of int
        All shifts, each once.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        # On the CPU even where a network is built on torch's "meta" device.
        sizes = torch.tensor(list(widths), device="cpu")
        self.width_of = torch.arange(len(sizes), device="cpu").repeat_interleave(sizes)
        self.first = sizes.cumsum(0) - sizes
        self.middle = self.first + (sizes - 1) // 2
        slots = torch.arange(len(self.width_of), device="cpu")
        self.shifts = slots - self.middle[self.width_of]
        self.half_width = int(self.shifts.abs().max())
        self.reach = sorted(set(self.shifts.tolist()))

    def __len__(self) -> int:
        return len(self.shifts)

    def sums(self, products: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Sum the products (n_rows, n_slots * n_filters) over the slots of each window.

        `rows` (n_windows, n_slots) has the row in each slot. Returns (n_windows, n_widths *
        n_filters).
        """
        n_slots = len(self)
        starts = n_slots * torch.arange(len(rows)).unsqueeze(1) + self.first
        return F.embedding_bag(
            rows.mul(n_slots).add_(torch.arange(n_slots)).flatten(),
            products.view(len(products) * n_slots, -1),
            starts.flatten(),
            mode="sum",
        ).view(len(rows), -1)

    def around(self, middles: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Look up `values` (size of the frame,) in the slots of windows with these `middles`.

        Returns (n_windows, n_slots).
        """
        return look_up(values, middles.unsqueeze(1) + self.shifts)


class _Convolution(torch.autograd.Function):
    """See :func:`convolution`."""

    @staticmethod
    def forward(
        ctx: Any,
        table: torch.Tensor,
        weight: torch.Tensor,
        batch: PackedBatch,
        windows: Windows,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        table, weight = rounded_up(table.to(dtype)), weight.to(dtype)
        index_at = batch.inverse.index_select(0, batch.row_at)
        ctx.save_for_backward(table, weight)
        ctx.batch, ctx.windows = batch, windows
        return windows.sums(table @ weight.flatten(1), windows.around(batch.positions, index_at))

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        table, weight = ctx.saved_tensors
        batch, windows = ctx.batch, ctx.windows
        n_slots, n_filters = len(windows), weight.shape[2]
        # A word's product in a slot went to the window whose middle is `shifts` before the word.
        rows, starts, counts = batch.occurrences
        positions = batch.positions.index_select(0, rows).unsqueeze(1) - windows.shifts
        sources = look_up(batch.row_at, positions).mul_(len(windows.first)).add_(windows.width_of)
        # A bag of sources for each word and slot: together, the rows of `product_gradient`.
        rank = torch.arange(len(rows)) - starts.repeat_interleave(counts)
        bags = n_slots * starts.unsqueeze(1) + counts.unsqueeze(1) * torch.arange(n_slots)
        order = bags.repeat_interleave(counts, dim=0).add_(rank.unsqueeze(1))
        sorted_sources = torch.empty(sources.numel(), dtype=sources.dtype)
        sorted_sources[order.flatten()] = sources.flatten()
        n_empty = n_slots * (len(table) - 1 - len(starts))
        product_gradient = F.embedding_bag(
            sorted_sources,
            gradient.to(table.dtype).reshape(-1, n_filters),
            F.pad(bags.flatten(), (0, n_empty), value=len(sorted_sources)),
            mode="sum",
        ).view(-1, n_slots * n_filters)
        weight_gradient = (table[1:].T @ product_gradient).float().view(weight.shape)
        table_gradient = None
        if ctx.needs_input_grad[0]:
            table_gradient = (product_gradient[: len(starts)] @ weight.flatten(1).T).float()
            table_gradient = F.pad(table_gradient, (0, 0, 1, 0))
        return table_gradient, weight_gradient, None, None, None


def with_bias(weight: torch.Tensor, bias: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Return the weights of filters with their biases (n_widths, n_filters) as a last row."""
    # Every window has a word in its middle, so the bias can be part of its weights there.
    in_the_middle = (torch.arange(len(windows)).unsqueeze(1) == windows.middle).to(bias.dtype)
    return torch.cat([weight, (in_the_middle @ bias).unsqueeze(0)])


def convolution(
    table: torch.Tensor,
    weight: torch.Tensor,
    batch: PackedBatch,
    windows: Windows,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Convolve over all words; matrix products are computed once for each unique word.

    Parameters
    ----------
    table : Tensor of shape (n_unique, size)
        The vector of each unique word of `batch`, zeros for padding.
    weight : Tensor of shape (size + 1, n_slots, n_filters)
        Weights of the filters, as :func:`with_bias` returns them.
    batch : PackedBatch
        The words.
    windows : Windows
        The widths of the filters.
    dtype : torch.dtype
        Of the products and of the result. Sums and returned gradients have 32 bits.

    Returns
    -------
    features : Tensor of shape (1 + n_words, n_widths * n_filters)
        Row 0 stands for padding and must not be used.
    """
    features: torch.Tensor = _Convolution.apply(
        F.pad(table, (0, 1), value=1.0), weight, batch, windows, dtype
    )
    return features


class _MaxPooledConvolution(torch.autograd.Function):
    """See :func:`max_pooled_convolution`."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        kept: torch.Tensor,
        batch: PackedBatch,
        windows: Windows,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        rows = kept.nonzero().squeeze(1)
        number = torch.zeros(len(x), dtype=torch.int64)  # among the kept rows, else 0
        number[rows] = torch.arange(1, len(rows) + 1)
        vectors = F.pad(x.index_select(0, rows).to(dtype), (0, 0, 1, 0))
        products = rounded_up(vectors) @ weight.to(dtype).flatten(1)

        number_at = number.index_select(0, batch.row_at)
        middles = _by_document(_near(number_at > 0, windows) & (batch.row_at > 0), batch)
        # A few documents at a time, so that their windows fit into the cache.
        found = [
            _largest(
                windows.sums(products, windows.around(some.flatten(), number_at)).view(
                    *some.shape, -1
                )
            )
            for some in middles.split(max(1, _BLOCK // middles.shape[1]))
        ]
        largest, index = (torch.cat(parts) for parts in zip(*found, strict=True))
        ctx.save_for_backward(x, weight, middles.gather(1, index), largest > 0)
        ctx.batch, ctx.windows = batch, windows
        return largest.float()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, middle, positive = ctx.saved_tensors
        batch, windows = ctx.batch, ctx.windows
        size, n_slots, n_filters = weight.shape
        # For each document and filter, only the words of the window with the largest value count,
        # and only where the filter has a gradient.
        shape = (batch.n_documents, len(windows.first), n_filters)
        factors = (gradient * positive).view(shape)[:, windows.width_of].permute(1, 2, 0).flatten()
        used = factors.nonzero().squeeze(1)
        factors = factors.index_select(0, used)
        entries = used // batch.n_documents  # of the weights, by slot and filter
        middles = middle.view(shape).permute(1, 2, 0)[windows.width_of].flatten()
        shifts = windows.shifts.index_select(0, entries // n_filters)
        rows = batch.row_at.index_select(0, middles.index_select(0, used) + shifts)
        weight_gradient = _weighted_sums(
            x, rows, bags=entries, factors=factors, n_bags=n_slots * n_filters
        )
        rows, order = rows.int().sort(stable=True)
        x_gradient = _weighted_sums(
            weight.flatten(1).T, entries.index_select(0, order), bags=rows.long(),
            factors=factors.index_select(0, order), n_bags=len(x),
        )  # fmt: skip
        weight_gradient = weight_gradient.view(n_slots, n_filters, size)
        return x_gradient, weight_gradient.permute(2, 0, 1), None, None, None, None


def max_pooled_convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    kept: torch.Tensor,
    batch: PackedBatch,
    windows: Windows,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Return the largest value of each filter in each document, at least 0, without a bias.

    Only windows with a kept word are computed: the others have the value 0. The gradient of a
    filter comes from the one window where it was largest, and reaches all words there, kept or not.

    Parameters
    ----------
    x : Tensor of shape (1 + n_words, size)
        The vector of each word of `batch`, zeros where it is not kept.
    weight : Tensor of shape (size, n_slots, n_filters)
        Weights of the filters.
    batch, windows, dtype
        As :func:`convolution` takes them; the gradients have 32 bits.
    kept : Tensor of shape (1 + n_words,), dtype bool
        Words that are kept; not row 0.

    Returns
    -------
    pooled : Tensor of shape (batch, n_widths * n_filters), dtype float32
    """
    largest: torch.Tensor = _MaxPooledConvolution.apply(x, weight, kept, batch, windows, dtype)
    return largest


def _weighted_sums(
    rows: torch.Tensor,
    index: torch.Tensor,
    *,
    bags: torch.Tensor,
    factors: torch.Tensor,
    n_bags: int,
) -> torch.Tensor:
    """Sum `rows` at `index` times `factors` by bag (ascending numbers): (n_bags, size)."""
    return F.embedding_bag(
        index,
        rows.detach().contiguous(),
        torch.searchsorted(bags, torch.arange(n_bags)),
        mode="sum",
        per_sample_weights=factors,
    )


def _largest(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the maxima over dimension 1, at least 0, and their first indices.

    The same as ``values.clamp(min=0).max(dim=1)``, which is not vectorized: nonnegative floats sort
    like their bits as integers. Overwrites `values`.
    """
    bits = values.clamp_(min=0).view(INTEGERS[values.itemsize])
    far = torch.iinfo(bits.dtype).max // 2
    if bits.shape[1] > far:  # positions would not fit into these bits
        most, index = values.max(dim=1)
        return most, index
    most = bits.amax(dim=1, keepdim=True)
    positions = torch.arange(bits.shape[1], dtype=bits.dtype).view(1, -1, 1)
    elsewhere = bits.sub_(most).bitwise_right_shift_(8 * bits.itemsize - 1)  # all bits, or none
    elsewhere.bitwise_and_(far)
    return most.squeeze(1).view(values.dtype), elsewhere.add_(positions).amin(dim=1).long()


def _near(marked: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Mark the positions whose windows hold a marked one. Margins keep documents apart."""
    near = torch.zeros_like(marked)
    for shift in windows.reach:
        near |= marked.roll(-shift)
    return near


def _by_document(marked: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
    """Return the marked positions by document, padded with an empty position."""
    positions = marked.nonzero().squeeze(1)
    documents = positions // batch.line - 1
    counts = torch.bincount(documents, minlength=batch.n_documents)
    columns = torch.arange(len(positions)) - (counts.cumsum(0) - counts)[documents]
    most = max(1, int(counts.max()))
    table = torch.full((batch.n_documents, most), batch.margin)
    table[documents, columns] = positions
    return table
