"""From masks of words to spans of characters, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Span = tuple[int, int]


def runs(mask: np.ndarray) -> list[Span]:
    """Return start and end (exclusive) of each maximal run of True, in order.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.text.spans import runs
    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.pad(np.asarray(mask).astype(np.int8), 1))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def selected_spans(words: Sequence[Span], mask: np.ndarray) -> list[Span]:
    """Return start and end in characters of each maximal run of selected words.

    Parameters
    ----------
    words : sequence of (int, int)
        Start and end of each word in characters.
    mask : ndarray of shape (n_words,), dtype bool
        True for the selected words.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.text.spans import selected_spans
    >>> selected_spans([(0, 1), (2, 6), (7, 11)], np.array([False, True, True]))
    [(2, 11)]
    """
    return [(words[first][0], words[past - 1][1]) for first, past in runs(mask)]


def is_covered(spans: Sequence[Span], n_characters: int) -> np.ndarray:
    """Return which characters of a text are in one of the spans."""
    covered = np.zeros(n_characters, dtype=bool)
    for start, end in spans:
        covered[start:end] = True
    return covered


def covered_words(words: Sequence[Span], spans: Sequence[Span], n_characters: int) -> np.ndarray:
    """Return the mask of the words of which spans cover at least half of the characters.

    Parameters
    ----------
    words, spans : sequence of (int, int)
        Start and end of each word, and of each span, in characters. A word without characters is
        covered where its place is.
    n_characters : int
        Length of the text.

    Examples
    --------
    >>> from sklearn_irx.text.spans import covered_words
    >>> covered_words([(0, 1), (2, 6), (7, 11)], [(4, 8)], 11)
    array([False,  True, False])
    """
    covered = is_covered(spans, n_characters + 1)
    n_before = np.concatenate([[0], np.cumsum(covered)])
    starts, ends = np.array(words, dtype=int).reshape(-1, 2).T
    half = 2 * (n_before[ends] - n_before[starts]) >= ends - starts
    return half & ((ends > starts) | covered[starts])


def utf16_places(text: str) -> np.ndarray:
    """Return the place of each character, and of the end, in UTF-16 code units.

    Programs in JavaScript or Java count these: characters past U+FFFF, emoji say, have two.

    Examples
    --------
    >>> from sklearn_irx.text.spans import utf16_places
    >>> utf16_places("a👍b")
    array([0, 1, 3, 4])
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return np.concatenate([[0], np.cumsum(1 + (codes > 0xFFFF))])
