"""The texts to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sklearn_irx.text.harmless import one_line

_MOST_OF_LINE = 160  # characters


class Found(NamedTuple):
    """A page of what a search finds.

    Attributes
    ----------
    total : int
        Number of texts found.
    lines : list of (int, str)
        Number of each text of the page, counted from 0, and its beginning.
    """

    total: int
    lines: list[tuple[int, str]]


class TextList:
    """Texts that are found by what they contain.

    Examples
    --------
    >>> from sklearn_irx.workbench._texts import TextList
    >>> TextList(["A dull film.", "Fine.", "Dull again"]).find("dull", first=1, n=5)
    Found(total=2, lines=[(2, 'Dull again')])
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._folded = [text.casefold() for text in texts]

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, number: int) -> str:
        return self._texts[number]

    def find(self, query: str, *, first: int, n: int) -> Found:
        """Return a page of the texts that contain `query`, in any case; all for an empty one."""
        wanted = query.strip().casefold()
        numbers: Sequence[int] = range(len(self))
        if wanted:
            numbers = [number for number in numbers if wanted in self._folded[number]]
        return Found(len(numbers), [(one, self._line(one)) for one in numbers[first : first + n]])

    def _line(self, number: int) -> str:
        line = one_line(self._texts[number][: 2 * _MOST_OF_LINE])
        return line if len(line) <= _MOST_OF_LINE else f"{line[: _MOST_OF_LINE - 1]}…"
