"""From a document to its words and where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from operator import index
from typing import Any, ClassVar, NamedTuple

_LATIN_RUN = re.compile(r"[\x00-\xff]+")
_LATIN_WORDS = bytes(
    ord(char.lower()) if char.isalnum() or char == "_" else ord(" ")
    for char in map(chr, range(256))
)
"""For each character of Latin-1 its lower case, or a space if words do not have it."""
_CHARACTERS_A_WORD = 8  # more than words and spaces have in most texts


class Token(NamedTuple):
    """A word in the form a model reads it, and its place in the document."""

    text: str
    start: int
    end: int


Tokenizer = Callable[[str], Iterable[tuple[str, int, int]]]


class _PatternTokenizer:
    """Base of tokenizers whose words are what a regular expression finds, in lower case."""

    _pattern: ClassVar[re.Pattern[str]]

    def __call__(self, text: str) -> list[Token]:
        """Give every word of `text` with its character offsets."""
        return [Token(m[0].lower(), *m.span()) for m in self._pattern.finditer(text)]

    def words(self, text: str, limit: int | None = None) -> list[str]:
        """Give the first `limit` words of `text` without offsets: the fast way in bulk."""
        if limit is None:
            return self._split(text, -1)
        end = _CHARACTERS_A_WORD * (limit + 1)
        while end < len(text):  # a long text: do not read much past the limit
            words = self._split(text[:end], limit)
            if len(words) > limit:  # the last of them may be cut short
                return words[:limit]
            end *= 2
        return self._split(text, limit)[:limit]

    def spans(self, text: str, limit: int | None = None) -> list[tuple[int, int]]:
        """Give where the first `limit` words of `text` start and end."""
        return [m.span() for m in islice(self._pattern.finditer(text), limit)]

    @staticmethod
    def _split(text: str, limit: int) -> list[str]:
        """Give the first `limit` words, and maybe more; all of them if `limit` is -1."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class WordTokenizer(_PatternTokenizer):
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

    _pattern = re.compile(r"\w+")

    @staticmethod
    def _split(text: str, limit: int) -> list[str]:
        find = WordTokenizer._pattern.findall
        try:
            latin = text.encode("latin-1")
        except UnicodeEncodeError as error:
            if text[error.start].isalnum() or find(_LATIN_RUN.sub("", text)):
                # The lower case of these two depends on what stands around, or is two characters.
                if "Σ" in text or "İ" in text:
                    return " ".join(find(text)).lower().split()
                return find(text.lower())
            latin = text.encode("latin-1", "replace")  # "?" for curly quotes, dashes and the like
        return latin.translate(_LATIN_WORDS).decode("latin-1").split(None, limit)


class WhitespaceTokenizer(_PatternTokenizer):
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

    _pattern = re.compile(r"\S+")  # the same words as str.split()

    @staticmethod
    def _split(text: str, limit: int) -> list[str]:
        if "Σ" in text:  # its lower case depends on what follows, an apostrophe and a letter say
            return " ".join(text.split(None, limit)).lower().split()
        return text.lower().split(None, limit)


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
    given = tokenizer(text)
    if not hasattr(given, "__iter__"):
        raise TypeError(
            f"tokenizer gave {given!r} for a document: give an iterable of (word, start, end)."
        )
    for item in islice(given, limit):
        try:
            word, start, end = item
            token = Token(word, index(start), index(end))
            valid = position <= token.start <= token.end <= len(text)
        except (TypeError, ValueError):
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
    if type(tokenizer) in (WordTokenizer, WhitespaceTokenizer):  # a subclass may split otherwise
        return tokenizer.words(text, limit)
    return [token.text for token in tokens_of(tokenizer, text, limit)]


def words_and_spans_of(
    tokenizer: Any, text: str, limit: int
) -> tuple[list[str], list[tuple[int, int]]]:
    """Give the first `limit` words of `text`, and where they start and end."""
    if type(tokenizer) in (WordTokenizer, WhitespaceTokenizer):
        return tokenizer.words(text, limit), tokenizer.spans(text, limit)
    tokens = tokens_of(tokenizer, text, limit)
    return [token.text for token in tokens], [(token.start, token.end) for token in tokens]
