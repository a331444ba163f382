"""What is selected as a whole: words, or segments of a document."""

from __future__ import annotations

import torch


class Units:
    """The units of a batch: its words, or segments of them such as sentences.

    Parameters
    ----------
    words : Tensor of shape (batch, length), dtype bool
        False past the end of a document.
    begins : Tensor of shape (batch, length), dtype bool, or None
        Whether a segment begins at a word. None makes a unit of every word.

    Attributes
    ----------
    there : Tensor of shape (batch, n_units), dtype bool
        False past the last unit of a document.
    """

    def __init__(self, words: torch.Tensor, begins: torch.Tensor | None = None) -> None:
        self._words = words
        self._numbers: torch.Tensor | None = None
        self.there = words
        if begins is not None:
            self._numbers = (begins & words).cumsum(dim=1).sub(1).clamp(min=0)
            n_units = int(self._numbers.max()) + 1
            self._counts = self._summed(words.float().unsqueeze(2), n_units)
            self.there = self._counts.squeeze(2) > 0

    @property
    def are_words(self) -> bool:
        """Whether every word is a unit."""
        return self._numbers is None

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """Average values of words, (batch, length, n), over each unit: (batch, n_units, n)."""
        if self._numbers is None:
            return values
        sums = self._summed(values * self._words.unsqueeze(2), self.there.shape[1])
        return sums / self._counts.clamp(min=1)

    def any(self, mask: torch.Tensor) -> torch.Tensor:
        """Return which units (batch, n_units) have a word in a mask (batch, length)."""
        if self._numbers is None:
            return mask > 0
        within = (mask.to(self._counts.dtype) * self._words).unsqueeze(2)
        return self._summed(within, self.there.shape[1]).squeeze(2) > 0

    def marks(self, marks: torch.Tensor) -> torch.Tensor:
        """Map what is known of words (batch, length) to units: (batch, n_units).

        A unit has 1 if a word of it has, else 0; -1 stands for what is not known of a document, and
        past the end.
        """
        if self._numbers is None:
            return marks
        known = self.there & (marks >= 0).any(dim=1, keepdim=True)
        return torch.where(known, self.any(marks == 1).to(marks.dtype), -1)

    def to_words(self, values: torch.Tensor) -> torch.Tensor:
        """Give each word the value of its unit, (batch, n_units) to (batch, length)."""
        if self._numbers is None:
            return values
        numbers, words = self._numbers.to(values.device), self._words.to(values.device)
        return values.gather(1, numbers).masked_fill(~words, 0)

    def _summed(self, values: torch.Tensor, n_units: int) -> torch.Tensor:
        assert self._numbers is not None
        n_documents, _, size = values.shape
        where = self._numbers.unsqueeze(2).expand_as(values)
        return values.new_zeros(n_documents, n_units, size).scatter_add(1, where, values)


def is_blind(mask: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Return which documents (batch,) have masks (batch, n_units) of unknown units alone."""
    return mask.any(dim=1) & ~(mask & known).any(dim=1)
