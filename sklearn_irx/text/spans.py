"""From masks of words to spans of characters, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that touch or overlap as one.

    Examples
    --------
    >>> from sklearn_irx.text.spans import merged
    >>> merged([(7, 9), (0, 3), (2, 5), (5, 6)])
    [(0, 6), (7, 9)]
    """
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            start, end = found[-1][0], max(end, found.pop()[1])
        found.append((start, end))
    return found


def n_covering(spans: Sequence[Span], n_characters: int) -> np.ndarray:
    """Return in how many of the spans each character of a text is.

    Examples
    --------
    >>> from sklearn_irx.text.spans import n_covering
    >>> n_covering([(0, 2), (1, 3)], 4)
    array([1, 2, 1, 0])
    """
    starts, ends = np.array(spans, dtype=int).reshape(-1, 2).T
    edges = np.bincount(starts, minlength=n_characters + 1)
    edges -= np.bincount(ends, minlength=n_characters + 1)
    return np.cumsum(edges)[:n_characters]


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
    covered = n_covering(spans, n_characters + 1) > 0
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
