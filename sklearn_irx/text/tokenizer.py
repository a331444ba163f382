"""From a document to its words and where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"\S+")  # the same words as str.split()


class Token(NamedTuple):
    """A word in the form a model reads it, and its place in the document."""

    text: str
    start: int
    end: int


Tokenizer = Callable[[str], Iterable[tuple[str, int, int]]]


class WordTokenizer:
    r"""Lower-cased runs of ``\w`` characters: letters, digits and underscores of any script.

    The tokenization of Dai et al. (2022). Scripts written without spaces (Chinese, Japanese,
    Thai) give one long "word" a clause; pass a segmenter of your own for these.

    Examples
    --------
    >>> from sklearn_irx.text import WordTokenizer
    >>> tokenize = WordTokenizer()
    >>> tokenize("It's")
    [Token(text='it', start=0, end=2), Token(text='s', start=3, end=4)]
    >>> tokenize.words("It's fine.", limit=2)
    ['it', 's']
    """

    def __call__(self, text: str) -> list[Token]:
        """Give every word of `text` with its character offsets."""
        return [Token(m[0].lower(), *m.span()) for m in _WORD.finditer(text)]

    def words(self, text: str, limit: int | None = None) -> list[str]:
        """Give the first `limit` words of `text` without offsets: the fast way in bulk."""
        if limit is not None and len(text) > 20 * limit:  # a long text: do not read past the limit
            return [m[0].lower() for m in islice(_WORD.finditer(text), limit)]
        # One call of lower() for the whole text, after the words were found in the original:
        # lower-casing can change the length of a text, and with it where words begin.
        words = " ".join(_WORD.findall(text)).lower().split(" ")
        return words[:limit] if words != [""] else []

    def __eq__(self, other: object) -> bool:
        return type(other) is WordTokenizer

    def __hash__(self) -> int:
        return hash(WordTokenizer)

    def __repr__(self) -> str:
        return "WordTokenizer()"


class WhitespaceTokenizer:
    """Lower-cased runs of characters between whitespace: for texts that are tokenized already.

    The words of :meth:`str.split`, punctuation included. Masks from
    :func:`~sklearn_irx.datasets.load_rationale_corpus` count words in this way.

    Examples
    --------
    >>> from sklearn_irx.text import WhitespaceTokenizer
    >>> tokenize = WhitespaceTokenizer()
    >>> tokenize("Well , no")
    [Token(text='well', start=0, end=4), Token(text=',', start=5, end=6),
     Token(text='no', start=7, end=9)]
    >>> tokenize.words("Well , no", limit=2)
    ['well', ',']
    """

    def __call__(self, text: str) -> list[Token]:
        """Give every word of `text` with its character offsets."""
        return [Token(m[0].lower(), *m.span()) for m in _UNSPACED.finditer(text)]

    def words(self, text: str, limit: int | None = None) -> list[str]:
        """Give the first `limit` words of `text` without offsets: the fast way in bulk."""
        words = text.split(None, -1 if limit is None else limit)
        return [word.lower() for word in words[:limit]]  # split() leaves the rest as one more word

    def __eq__(self, other: object) -> bool:
        return type(other) is WhitespaceTokenizer

    def __hash__(self) -> int:
        return hash(WhitespaceTokenizer)

    def __repr__(self) -> str:
        return "WhitespaceTokenizer()"


def tokens_of(tokenizer: Any, text: str, limit: int) -> list[Token]:
    """Give the first `limit` tokens of `text`.

    Raises
    ------
    TypeError
        If `tokenizer` gives something else than (word, start, end).
    ValueError
        If its offsets do not go forward through the text.
    """
    tokens = []
    position = 0
    for item in islice(tokenizer(text), limit):
        try:
            token = Token(*item)
            valid = position <= token.start <= token.end <= len(text)
        except TypeError:
            raise TypeError(
                f"tokenizer gave {item!r} for a document: give (word, start, end) for each word, "
                "start and end being character offsets."
            ) from None
        if not isinstance(token.text, str) or not valid:
            raise ValueError(
                f"tokenizer gave {item!r} after character {position} of a document of {len(text)}: "
                "give words in the order of the text, with offsets that do not overlap."
            )
        tokens.append(token)
        position = token.end
    return tokens


def words_of(tokenizer: Any, text: str, limit: int) -> list[str]:
    """Give the first `limit` words of `text`: :func:`tokens_of` without the offsets."""
    if isinstance(tokenizer, (WordTokenizer, WhitespaceTokenizer)):
        return tokenizer.words(text, limit)
    return [token.text for token in tokens_of(tokenizer, text, limit)]
