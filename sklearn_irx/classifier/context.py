"""What pictures of a document show: the rationale, the sentences around it; the rest is folded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from sklearn_irx.text import sentence_and_clause_ends
from sklearn_irx.text.spans import runs

SHORT = 60
"""Words of a document that is never folded."""

MOST_BESIDE = 20
"""Words of its sentence that are shown on either side of a selected word."""

FEWEST_FOLDED = 10
"""Words that are worth folding: what stands in their place takes room as well."""

SMALLEST_SHARE = 0.2
"""Share of the words of a document to fold at least; where it would be less, nothing is folded."""

_SPACE = re.compile(r"\s+")


class Piece(NamedTuple):
    """A piece of a document, and how it is shown.

    Attributes
    ----------
    text : str
    selected : bool
        Whether it belongs to the rationale.
    n_folded : int
        Number of words, if it is folded away until somebody asks for it; else 0.
    """

    text: str
    selected: bool = False
    n_folded: int = 0


class Fold(NamedTuple):
    """A part of a document to fold: start and end in characters, and the number of its words."""

    start: int
    end: int
    n_words: int


def folds_of(text: str, spans: Sequence[tuple[int, int]], mask: np.ndarray) -> list[Fold]:
    """Find what to fold of a document, so that the sentences around selected words remain.

    Parameters
    ----------
    text : str
        As far as it was read.
    spans : sequence of (int, int)
        Start and end of each word in characters of `text`.
    mask : array of shape (len(spans),), dtype bool
        The selected words. Where there is none, the first sentence remains.

    Returns
    -------
    folds : list of Fold
        In order; none holds a selected word. Empty for a document of at most 60 words, and where
        less than a fifth of the words would be folded.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.classifier.context import folds_of
    >>> from sklearn_irx.text import WordTokenizer
    >>> text = "It was dull. " + "Then came more of it. " * 12
    >>> spans = WordTokenizer().spans(text)
    >>> folds_of(text, spans, np.arange(len(spans)) == 2)
    [Fold(start=13, end=277, n_words=60)]
    """
    if len(spans) <= SHORT:
        return []
    far = runs(~_near(text, spans, mask))
    folds = [_fold(text, spans, *run) for run in far if run[1] - run[0] >= FEWEST_FOLDED]
    return folds if sum(fold.n_words for fold in folds) >= SMALLEST_SHARE * len(spans) else []


def cut(
    text: str, selected: Sequence[tuple[int, int]], folds: Sequence[Fold] = ()
) -> Iterator[Piece]:
    """Cut a text into pieces that are selected, folded or neither; joined, they are the text."""
    position = 0
    for start, end, n_folded in sorted([*((*span, 0) for span in selected), *folds]):
        if start > position:
            yield Piece(text[position:start])
        yield Piece(text[start:end], not n_folded, n_folded)
        position = end
    if position < len(text):
        yield Piece(text[position:])


def folded(n: int) -> str:
    """Return what is shown in place of words that are folded."""
    return f"… {n:,} words …"


def not_read(n: int) -> str:
    """Return what is shown in place of the end of a text, of a number of characters."""
    return f"{n:,} more characters, not read"


def not_read_html(n: int) -> str:
    """Return what stands in HTML in place of the end of a text; nothing for no character."""
    return f'<i class="unread"> … {not_read(n)}</i>' if n else ""


def _near(text: str, spans: Sequence[tuple[int, int]], mask: np.ndarray) -> np.ndarray:
    """Mark the words in the sentence of a selected word, and not far from it."""
    ends, _ = sentence_and_clause_ends(text, spans)
    sentence, places = np.cumsum(ends) - ends, np.arange(len(spans))
    chosen = np.flatnonzero(mask) if mask.any() else places[:1]
    following = np.searchsorted(chosen, places)
    near = np.zeros(len(spans), dtype=bool)
    for neighbour in (following - 1, following):
        other = chosen[neighbour.clip(0, len(chosen) - 1)]
        near |= (sentence == sentence[other]) & (abs(places - other) <= MOST_BESIDE)
    return near


def _fold(text: str, spans: Sequence[tuple[int, int]], first: int, past: int) -> Fold:
    """Return the fold of some words; punctuation stays with the words that it is written to."""
    start, end = 0, len(text)
    if first > 0:
        space = _SPACE.search(text, spans[first - 1][1], spans[first][0])
        start = spans[first][0] if space is None else space.end()
    if past < len(spans):
        space = _SPACE.search(text, spans[past - 1][1], spans[past][0])
        end = spans[past - 1][1] if space is None else space.start()
    return Fold(start, end, past - first)
