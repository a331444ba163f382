"""Convolutions over words that skip what is empty, twice the same, or not the largest.

Both operations give what the plain formulation gives (:class:`~sklearn_irx.nn.encoder`
computes it): convolutions at every position, then for the predictor their maximum. They are
matrix products for all positions of a window at once, followed by sums of rows, so a word that
occurs often, or a position without a word, costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from sklearn_irx.nn.kernels.dropout import INTEGERS
from sklearn_irx.nn.kernels.packed_batch import PackedBatch, look_up

_BLOCK = 2048  # windows
_ROUND = 128  # rows: a product is prepared anew for each number of them


class Windows:
    """The positions within windows of several widths, called slots, one width after the other.

    Parameters
    ----------
    widths : sequence of int
        In words.

    Attributes
    ----------
    shifts : Tensor of shape (n_slots,), dtype int64
        The word that each slot sees, counted from the middle of the window.
    width_of : Tensor of shape (n_slots,), dtype int64
        Which of the widths a slot belongs to.
    first : Tensor of shape (n_widths,), dtype int64
        The first slot of each width.
    middle : Tensor of shape (n_widths,), dtype int64
        The slot of each width whose shift is 0.
    half_width : int
        The largest shift to either side.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        # On the CPU even in the skeleton of a network, which has shapes and no numbers.
        sizes = torch.tensor(list(widths), device="cpu")
        self.width_of = torch.arange(len(sizes), device="cpu").repeat_interleave(sizes)
        self.first = sizes.cumsum(0) - sizes
        self.middle = self.first + (sizes - 1) // 2
        slots = torch.arange(len(self.width_of), device="cpu")
        self.shifts = slots - self.middle[self.width_of]
        self.half_width = int(self.shifts.abs().max())

    def __len__(self) -> int:
        return len(self.shifts)

    def sums(self, products: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Add up, for every window, what its slots give.

        Parameters
        ----------
        products : Tensor of shape (n_rows, n_slots * n_filters)
            What each row would give in each slot.
        rows : Tensor of shape (n_windows, n_slots), dtype int64
            The row in each slot.

        Returns
        -------
        sums : Tensor of shape (n_windows, n_widths * n_filters)
        """
        n_slots = len(self)
        starts = n_slots * torch.arange(len(rows)).unsqueeze(1) + self.first
        return F.embedding_bag(
            rows.mul(n_slots).add_(torch.arange(n_slots)).flatten(),
            products.view(len(products) * n_slots, -1),
            starts.flatten(),
            mode="sum",
        ).view(len(rows), -1)

    def around(self, middles: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        """Look up what each slot of windows sees.

        Parameters
        ----------
        middles : Tensor of shape (n_windows,), dtype int64
            The places of their middles.
        at : Tensor of shape (size of the frame,)
            What there is at each place.

        Returns
        -------
        seen : Tensor of shape (n_windows, n_slots)
        """
        return look_up(at, middles.unsqueeze(1) + self.shifts)


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
        table, weight = _rounded_up(table.to(dtype)), weight.to(dtype)
        numbers_at = batch.inverse.index_select(0, batch.row_at)
        ctx.save_for_backward(table, weight)
        ctx.batch, ctx.windows = batch, windows
        return windows.sums(table @ weight.flatten(1), windows.around(batch.positions, numbers_at))

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        table, weight = ctx.saved_tensors
        batch, windows = ctx.batch, ctx.windows
        n_slots, n_filters = len(windows), weight.shape[2]
        # What a word gave in a slot went to the window that lies so much before it.
        rows, starts, counts = batch.occurrences
        places = batch.positions.index_select(0, rows).unsqueeze(1) - windows.shifts
        sources = look_up(batch.row_at, places).mul_(len(windows.first)).add_(windows.width_of)
        # Word by word, and of each word slot by slot: a row of `of_products` is a bag of sources.
        rank = torch.arange(len(rows)) - starts.repeat_interleave(counts)
        bags = n_slots * starts.unsqueeze(1) + counts.unsqueeze(1) * torch.arange(n_slots)
        order = bags.repeat_interleave(counts, dim=0).add_(rank.unsqueeze(1))
        sorted_sources = torch.empty(sources.numel(), dtype=sources.dtype)
        sorted_sources[order.flatten()] = sources.flatten()
        n_empty = n_slots * (len(table) - 1 - len(starts))
        of_products = F.embedding_bag(
            sorted_sources,
            gradient.to(table.dtype).reshape(-1, n_filters),
            F.pad(bags.flatten(), (0, n_empty), value=len(sorted_sources)),
            mode="sum",
        ).view(-1, n_slots * n_filters)
        of_weight = (table[1:].T @ of_products).float().view(weight.shape)
        of_table = None
        if ctx.needs_input_grad[0]:
            of_table = (of_products[: len(starts)] @ weight.flatten(1).T).float()
            of_table = F.pad(of_table, (0, 0, 1, 0))
        return of_table, of_weight, None, None, None


def convolution(
    table: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    batch: PackedBatch,
    windows: Windows,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Convolve over all words, computing what is to be multiplied once for each distinct word.

    Parameters
    ----------
    table : Tensor of shape (n_distinct, size)
        The vector of each distinct word of `batch`, zeros for padding.
    weight : Tensor of shape (size, n_slots, n_filters)
        What a word adds to each filter, by its place in the window.
    bias : Tensor of shape (n_widths, n_filters)
        Of the filters.
    batch : PackedBatch
        The words.
    windows : Windows
        The widths of the filters.
    dtype : torch.dtype
        Of the products and of the result. Sums are in 32 bits, and so are the gradients returned.

    Returns
    -------
    features : Tensor of shape (1 + n_words, n_widths * n_filters)
        Row 0 stands for padding and must not be used.
    """
    # Every window has a word in its middle, so the bias is what each word adds there.
    in_the_middle = (torch.arange(len(windows)).unsqueeze(1) == windows.middle).to(bias.dtype)
    weight = torch.cat([weight, (in_the_middle @ bias).unsqueeze(0)])
    features: torch.Tensor = _Convolution.apply(
        F.pad(table, (0, 1), value=1.0), weight, batch, windows, dtype
    )
    return features


class _LargestConvolution(torch.autograd.Function):
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
        number = torch.zeros(len(x), dtype=torch.int64)  # among the kept rows, 0 for the others
        number[rows] = torch.arange(1, len(rows) + 1)
        vectors = F.pad(x.index_select(0, rows).to(dtype), (0, 0, 1, 0))
        products = _rounded_up(vectors) @ weight.to(dtype).flatten(1)

        number_at = number.index_select(0, batch.row_at)
        middles = _by_document(_near(number_at > 0, windows) & (batch.row_at > 0), batch)
        # Some documents at a time, so that their windows stay in the cache.
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
        # One window of each document gave the largest value of a filter: only its words count,
        # and only where the filter has a gradient.
        shape = (batch.n_documents, len(windows.first), n_filters)
        factors = (gradient * positive).view(shape)[:, windows.width_of].permute(1, 2, 0).flatten()
        used = factors.nonzero().squeeze(1)
        factors = factors.index_select(0, used)
        entries = used // batch.n_documents  # of the weights, in the order of slots and filters
        middles = middle.view(shape).permute(1, 2, 0)[windows.width_of].flatten()
        shifts = windows.shifts.index_select(0, entries // n_filters)
        rows = batch.row_at.index_select(0, middles.index_select(0, used) + shifts)
        of_weight = _weighted_sums(x, rows, entries, factors, n_slots * n_filters)
        rows, order = rows.int().sort(stable=True)
        of_x = _weighted_sums(
            weight.flatten(1).T, entries.index_select(0, order), rows.long(),
            factors.index_select(0, order), len(x),
        )  # fmt: skip
        of_weight = of_weight.view(n_slots, n_filters, size)
        return of_x, of_weight.permute(2, 0, 1), None, None, None, None


def max_pooled_convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    kept: torch.Tensor,
    batch: PackedBatch,
    windows: Windows,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Give the largest value of each filter in each document, and at least 0.

    Only windows that touch a word that is kept are computed. All others see nothing, and give 0.
    Backward, each filter has a gradient at the one window where it was largest; it reaches words
    that were not kept as well.

    Parameters
    ----------
    x : Tensor of shape (1 + n_words, size)
        The vector of each word of `batch`: zeros where it is not kept.
    weight : Tensor of shape (size, n_slots, n_filters)
        What a word adds to each filter, by its place in the window.
    kept : Tensor of shape (1 + n_words,), dtype bool
        Which words are not zeros; not row 0.
    batch : PackedBatch
        The words.
    windows : Windows
        The widths of the filters.
    dtype : torch.dtype
        Of the products. Their sums are in 32 bits, the gradients entirely.

    Returns
    -------
    largest : Tensor of shape (batch, n_widths * n_filters), dtype float32
    """
    largest: torch.Tensor = _LargestConvolution.apply(x, weight, kept, batch, windows, dtype)
    return largest


def _weighted_sums(
    rows: torch.Tensor, index: torch.Tensor, bags: torch.Tensor, factors: torch.Tensor, n_bags: int
) -> torch.Tensor:
    """Sum `rows` at `index` times `factors` by bag, whose numbers ascend: (n_bags, size)."""
    return F.embedding_bag(
        index,
        rows.detach().contiguous(),
        torch.searchsorted(bags, torch.arange(n_bags)),
        mode="sum",
        per_sample_weights=factors,
    )


def _rounded_up(rows: torch.Tensor) -> torch.Tensor:
    """Add zeros for the number of rows to be round."""
    return F.pad(rows, (0, 0, 0, -len(rows) % _ROUND))


def _largest(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the largest values along dimension 1, at least 0, and the first index of each.

    The same as ``values.clamp(min=0).max(dim=1)``, which is not vectorized. Numbers from 0 on are
    in the order of their bits read as integers. `values` is overwritten.
    """
    bits = values.clamp_(min=0).view(INTEGERS[values.itemsize])
    far = torch.iinfo(bits.dtype).max // 2
    if bits.shape[1] > far:  # positions would not fit into so few bits
        most, index = values.max(dim=1)
        return most, index
    most = bits.amax(dim=1, keepdim=True)
    positions = torch.arange(bits.shape[1], dtype=bits.dtype).view(1, -1, 1)
    elsewhere = bits.sub_(most).bitwise_right_shift_(8 * bits.itemsize - 1)  # all bits, or none
    elsewhere.bitwise_and_(far)
    return most.squeeze(1).view(values.dtype), elsewhere.add_(positions).amin(dim=1).long()


def _near(marked: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Mark the places whose windows hold a marked place. Margins keep documents apart."""
    near = torch.zeros_like(marked)
    for shift in windows.shifts.unique().tolist():
        near |= marked.roll(-shift)
    return near


def _by_document(marked: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
    """Give the marked places of each document, (batch, most of them), else a place of no word."""
    places = marked.nonzero().squeeze(1)
    documents = places // batch.line - 1
    counts = torch.bincount(documents, minlength=batch.n_documents)
    columns = torch.arange(len(places)) - (counts.cumsum(0) - counts)[documents]
    most = max(1, int(counts.max()))
    table = torch.full((batch.n_documents, most), batch.margin)
    table[documents, columns] = places
    return table
