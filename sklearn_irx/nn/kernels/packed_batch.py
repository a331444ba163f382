"""The words of a batch, end to end: their positions, and the unique words among them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.units import Units
from sklearn_irx.text import PADDING, UNKNOWN


class PackedBatch:
    """The words of a batch of documents without padding.

    Row 0 of a *packed* tensor stands for no word, rows 1 to n_words for the words of the documents,
    one after the other. *Positions* are those in a frame: the batch with empty margins on both
    sides and an empty line above, so that a window may reach beyond its document.

    Parameters
    ----------
    ids : Tensor of shape (batch, length), dtype int64
        Word ids, 0 past the end of a document.
    margin : int
        Largest half width of a window.
    unseen : Tensor of shape (n_unseen, size), default=None
        Vectors of the words whose ids are beyond a table of word vectors.

    Attributes
    ----------
    words : Tensor of shape (batch, length), dtype bool
        False for padding.
    unique : Tensor of shape (n_unique,), dtype int64
        The ids that occur, ascending. The first is that of padding.
    inverse : Tensor of shape (1 + n_words,), dtype int64
        The index in `unique` of each packed row.
    positions : Tensor of shape (1 + n_words,), dtype int64
        The position of each packed row in the flattened frame.
    row_at : Tensor of shape (size of the frame,), dtype int64
        The packed row at each position, 0 where there is no word.
    line : int
        Length of a line of the frame; a document is a line.
    bigrams : BatchBigrams or None
        What the linear path has found of the batch, whose documents have one fold each.
    of_pieces : PieceBatch or None
        What a transformer reads of the documents.
    units : Units
        What is selected as a whole.
    begins : Tensor of shape (batch, length), dtype bool, or None
        Whether a clause begins at a word, if that counts.
    """

    def __init__(
        self, ids: torch.Tensor, margin: int = 0, unseen: torch.Tensor | None = None
    ) -> None:
        self.ids = ids
        self.margin = margin
        self.unseen = unseen
        self.bigrams: Any = None
        self.of_pieces: Any = None
        self.begins: torch.Tensor | None = None
        self.words = ids != PADDING
        self.units = Units(self.words)
        frame = F.pad(ids, (margin, margin, 1, 0), value=PADDING)
        self.line = frame.shape[1]
        frame = frame.flatten()
        empty = torch.full((1,), margin, device=ids.device)  # in the line above the documents
        self.positions = torch.cat([empty, (frame != PADDING).nonzero().squeeze(1)])
        self.row_at = torch.zeros_like(frame)
        self.row_at[self.positions] = torch.arange(len(self.positions), device=ids.device)
        found, self._order = frame.index_select(0, self.positions).sort(stable=True)
        first = torch.cat([found.new_ones(1, dtype=torch.bool), found[1:] != found[:-1]])
        self._starts = first.nonzero().squeeze(1)
        self.unique = found.index_select(0, self._starts)
        self.inverse = torch.empty_like(found)
        self.inverse[self._order] = first.cumsum(0) - 1

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.ids)

    @property
    def known(self) -> torch.Tensor:
        """The words of which a predictor sees anything, (batch, length).

        A transformer knows all words; else they are those with an id of their own.
        """
        return self.words if self.of_pieces is not None else self.ids > UNKNOWN

    @cached_property
    def rows(self) -> torch.Tensor:
        """The packed row of each position, 0 for padding: (batch, length)."""
        return self.row_at.view(-1, self.line)[1:, self.margin : self.line - self.margin]

    @cached_property
    def padded_inverse(self) -> torch.Tensor:
        """The index in `unique` of each word: (batch, length)."""
        return look_up(self.inverse, self.rows)

    @cached_property
    def occurrences(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The packed rows ordered by word; the first of each unique word there; their counts."""
        ends = torch.cat([self._starts[1:], self._starts.new_full((1,), len(self._order))])
        # Row 0, which is no word, comes first.
        return self._order[1:], self._starts[1:] - 1, (ends - self._starts)[1:]

    @cached_property
    def _first_alike(self) -> torch.Tensor:
        """The first occurrence of each word in its document; both in the order by word."""
        found = self.inverse[self._order]
        lines = self.positions[self._order].div(self.line, rounding_mode="floor")
        return first_alike((found[1:] != found[:-1]) | (lines[1:] != lines[:-1]))

    def count_once(self, mask: torch.Tensor) -> torch.Tensor:
        """Reduce a mask (batch, length) so that a word selected twice in a document counts once.

        Each occurrence keeps the part that earlier ones have left of 1: of a hard mask, the first
        counts 1 and the others 0. That part has no gradient.
        """
        return mask * self.padded(left_of_one(self.packed(mask), self._order, self._first_alike))

    def vectors(self, table: nn.Embedding) -> torch.Tensor:
        """Return the vector of each unique word, from `table` or else from `unseen`."""
        n_known = table.num_embeddings
        known = self.unique[self.unique < n_known]
        if self.unseen is None or len(known) == len(self.unique):
            return table(self.unique)
        beyond = self.unseen[self.unique[len(known) :] - n_known]
        return torch.cat([table(known), beyond.to(table.weight.dtype)])

    def packed(self, values: torch.Tensor) -> torch.Tensor:
        """Map (batch, length, ...) to (1 + n_words, ...), with zeros in row 0."""
        return torch.cat([values.new_zeros(1, *values.shape[2:]), values[self.words]])

    def padded(self, values: torch.Tensor) -> torch.Tensor:
        """Map (1 + n_words, ...) to (batch, length, ...), with row 0 for padding."""
        return look_up(values, self.rows)


def first_alike(differs: torch.Tensor) -> torch.Tensor:
    """Return the position (n,) of the first of each run of equal entries.

    `differs` (n - 1,) tells whether each entry but the first differs from the one before.
    """
    numbers = torch.arange(len(differs) + 1, device=differs.device)
    return torch.cat([numbers[:1], numbers[1:] * differs]).cummax(0).values


@torch.no_grad()
def left_of_one(selected: torch.Tensor, order: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """Return what earlier entries have left of 1 for each of equal ones, so that they count once.

    Parameters
    ----------
    selected : Tensor of shape (n,)
        Between 0 and 1.
    order : Tensor of shape (n,), dtype int64
        Brings equal entries together, in their order.
    first : Tensor of shape (n,), dtype int64
        As :func:`first_alike` returns it, in that order.
    """
    # Sums over a batch need double precision, which MPS has not.
    exact = torch.float32 if selected.device.type == "mps" else torch.float64
    part = selected[order].to(exact)
    before = part.cumsum(0) - part
    left = torch.empty_like(part)
    left[order] = 1 - (before - before[first])
    return left.clamp_(0, 1).to(selected.dtype)


def look_up(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Return ``values[index]``: with a flat index, torch is several times as fast."""
    return values.index_select(0, index.flatten()).view(*index.shape, *values.shape[1:])
