"""Words of texts with markup: those that a reader of the page sees, with offsets in the source."""

from __future__ import annotations

import re
import sys
from html import unescape
from typing import Any

from sklearn_irx.text.tokenizer import (
    Token,
    Tokenizer,
    form_of,
    make_tokenizer,
    words_and_spans_of,
)

# Markup that is not closed ends at the next "<", so that any text is read in linear time.
_MARKUP = re.compile(
    r"""
    (?P<comment><!--)
    | <(?P<end>/?)(?P<tag>[a-zA-Z][^\s/<>]*)(?:=\s*(?:"[^"<]*"|'[^'<]*')|[^<>])*+(?:>|\Z)
    | <[!?][a-zA-Z\[][^<>]*+(?:>|\Z)
    | &(?P<entity>(?:\#[0-9]{1,9}|\#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{0,31});?)
    """,
    re.VERBOSE,
)
_HIDDEN = {
    name: re.compile(rf"</{name}(?=[\s/>])[^>]*+>?", re.IGNORECASE) for name in ("script", "style")
}
INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
"""Elements that a browser shows in the line, without a gap before and after."""


class HTMLTokenizer:
    r"""The words that a reader of HTML sees, with their offsets in the source.

    Tags, comments, scripts and styles are left out. ``&eacute;`` is read as one letter, and a word
    goes on through tags that a browser shows in the line: ``<b>won</b>derful`` is one word. Any
    other tag separates words, as ``<br>``, ``<p>`` and ``<td>`` do. Text without markup is split as
    by `tokenizer`.

    Offsets refer to the text as it was given, and include the markup inside of a word. Markup
    that is broken never raises an error.

    Parameters
    ----------
    tokenizer : callable or None, default=None
        Splits what is seen into its words. None stands for
        :class:`~sklearn_irx.text.WordTokenizer`.

    Examples
    --------
    >>> from sklearn_irx.text import HTMLTokenizer
    >>> tokenize = HTMLTokenizer()
    >>> source = "A <b>won</b>derful caf&eacute;.<br />No!"
    >>> [word for word, _, _ in tokenize(source)]
    ['a', 'wonderful', 'café', 'no']
    >>> [source[start:end] for _, start, end in tokenize(source)]
    ['A', 'won</b>derful', 'caf&eacute;', 'No']
    >>> tokenize.visible_text(source)
    'A wonderful café.\nNo!'
    """

    def __init__(self, tokenizer: Tokenizer | None = None) -> None:
        if tokenizer is not None and not callable(tokenizer):
            raise TypeError(f"tokenizer={tokenizer!r} cannot be called: give a tokenizer, or None.")
        self.tokenizer = tokenizer

    def __call__(self, text: str) -> list[Token]:
        """Return the words of `text` with their character offsets."""
        seen, starts, ends = _seen(text)
        starts.append(len(text))
        words, spans = words_and_spans_of(self._inner, seen, sys.maxsize)
        return [
            Token(word, starts[first], ends[past - 1] if past > first else starts[first])
            for word, (first, past) in zip(words, spans, strict=True)
        ]

    def visible_text(self, text: str) -> str:
        """Return what is seen of `text`, with a line end for every tag that separates words.

        It cleans texts for all that read no markup, and for pictures without it. Offsets into the
        result are not those into `text`.
        """
        return _seen(text)[0]

    def form(self, word: str) -> str:
        """Return the form of a word that models look up: that of the inner tokenizer."""
        return form_of(self._inner)(word)

    @property
    def _inner(self) -> Any:
        return make_tokenizer(self.tokenizer)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bool(self._inner == other._inner)

    def __hash__(self) -> int:
        return hash((type(self), type(self._inner)))

    def __repr__(self) -> str:
        return f"HTMLTokenizer({'' if self.tokenizer is None else repr(self.tokenizer)})"


def _seen(text: str) -> tuple[str, list[int], list[int]]:
    """Return what is seen of a text, and for each of its characters start and end in the source."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def keep(first: int, past: int) -> None:
        pieces.append(text[first:past])
        starts.extend(range(first, past))
        ends.extend(range(first + 1, past + 1))

    position = 0
    while match := _MARKUP.search(text, position):
        keep(position, match.start())
        position = match.end()
        if match["comment"]:
            close = text.find("-->", match.start() + 2)  # "<!-->" is one
            position = len(text) if close < 0 else close + 3
        elif match["entity"]:
            decoded, past = _decoded(match)
            pieces.append(decoded)
            # All characters that one entity stands for have its place, the later ones no width.
            starts.extend([match.start(), *[past] * len(decoded)][: len(decoded)])
            ends.extend([past] * len(decoded))
            keep(past, position)
        elif match["tag"]:
            name = match["tag"].lower()
            if name in _HIDDEN and not match["end"]:
                close_tag = _HIDDEN[name].search(text, position)
                position = len(text) if close_tag is None else close_tag.end()
            if name not in INLINE:
                pieces.append("\n")
                starts.append(match.start())
                ends.append(match.start())
    keep(position, len(text))
    return "".join(pieces), starts, ends


def _decoded(match: re.Match[str]) -> tuple[str, int]:
    """Decode an entity, and return where it ends: ``&ampere`` is ``&amp`` before other letters."""
    source = match[0]
    decoded = unescape(source)
    n_kept = 0
    while n_kept + 1 < len(decoded) and decoded[-1 - n_kept] == source[-1 - n_kept]:
        n_kept += 1
    if decoded == source:
        n_kept = len(source) - 1
    return decoded[: len(decoded) - n_kept], match.end() - n_kept
