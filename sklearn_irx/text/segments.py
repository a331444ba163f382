"""Segments of texts: sentences, clauses, or what a function finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from sklearn_irx.text.boundaries import sentence_and_clause_ends
from sklearn_irx.text.tokenized import TokenizedTexts

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]")
_LINE_ENDS = "\x85\u2028\u2029"

Segmenter: TypeAlias = Callable[[str], Iterable[tuple[int, int]]]
"""Maps a text to the (start, end) of its segments in characters, in order."""


class SentenceSplitter:
    """Find the sentences of texts in any of some two hundred languages, by the library sentencex.

    It knows abbreviations, numbers, quotations and parentheses, and a blank line ends a sentence.

    Parameters
    ----------
    language : str, default="en"
        Code of the language, ISO 639. Languages that are not known to the library are split by
        general rules.

    Raises
    ------
    ImportError
        If sentencex is not installed; ``pip install "sklearn-irx[sentences]"`` does that.

    References
    ----------
    https://github.com/wikimedia/sentencex

    Examples
    --------
    >>> from sklearn_irx.text import SentenceSplitter
    >>> SentenceSplitter()("Dr. Hope left at 3.30 p.m. today. He was bored!")
    [(0, 34), (34, 47)]
    """

    def __init__(self, language: str = "en") -> None:
        if not isinstance(language, str):
            raise TypeError(f"language={language!r}: give the code of a language, 'en' say.")
        self.language = language

    def __call__(self, text: str) -> list[tuple[int, int]]:
        """Return the start and end of each sentence, with the space after it."""
        try:
            from sentencex import segment
        except ImportError as error:
            raise ImportError(
                "Sentences need the library sentencex, which the extra installs: pip install "
                '"sklearn-irx[sentences]"'
            ) from error
        text = _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)  # which no library takes
        # Of several bytes, at which the library may break off.
        text = _WIDE_SPACE.sub(lambda found: "\n" if found.group() in _LINE_ENDS else " ", text)
        return list(pairwise(accumulate(map(len, segment(self.language, text)), initial=0)))

    def __eq__(self, other: object) -> bool:
        return type(other) is SentenceSplitter and other.language == self.language

    def __hash__(self) -> int:
        return hash(self.language)

    def __repr__(self) -> str:
        given = "" if self.language == "en" else repr(self.language)
        return f"SentenceSplitter({given})"


def segment_begins(texts: TokenizedTexts, segmenter: Segmenter) -> np.ndarray:
    """Return for each word of all texts, end to end, whether a segment begins at it.

    A word belongs to the last segment that starts no later, and the first word begins one.

    Raises
    ------
    TypeError, ValueError
        If `segmenter` does not return starts and ends in order.
    """

    def of_text(text: str, spans: list[tuple[int, int]]) -> np.ndarray:
        starts = _checked_starts(segmenter, text)
        number = np.searchsorted(starts, [start for start, _ in spans], side="right")
        return np.diff(number.clip(min=1), prepend=0) > 0

    return _of_each(texts, of_text)


def clause_begins(texts: TokenizedTexts) -> np.ndarray:
    """Return for each word of all texts, end to end, whether a clause begins at it."""

    def of_text(text: str, spans: list[tuple[int, int]]) -> np.ndarray:
        _, ends = sentence_and_clause_ends(text, spans)
        return np.append(True, ends[:-1])[: len(ends)]

    return _of_each(texts, of_text)


def _of_each(
    texts: TokenizedTexts, of_text: Callable[[str, list[tuple[int, int]]], np.ndarray]
) -> np.ndarray:
    spans = texts.with_spans().spans or []
    found = [of_text(text, words) for text, words in zip(texts.texts, spans, strict=True)]
    return np.concatenate([np.empty(0, dtype=bool), *found])


def _checked_starts(segmenter: Any, text: str) -> list[int]:
    """Return the starts of the segments of a text."""
    last, starts = 0, []
    for found in segmenter(text):
        match found:
            case (Integral() as start, Integral() as end):
                pass
            case _:
                raise TypeError(
                    f"unit={segmenter!r} gave {found!r}: let it give (start, end) in characters of "
                    "each segment."
                )
        if not last <= int(start) <= int(end) <= len(text):
            raise ValueError(
                f"unit={segmenter!r} gave {found!r} for a text of {len(text):,} characters: let it "
                "give (start, end) within the text, in order."
            )
        last = int(start)
        starts.append(last)
    return starts
