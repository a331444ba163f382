"""Tokenizers: the words of a document and their character offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import accumulate, islice
from operator import index
from typing import Any, ClassVar, NamedTuple

_LATIN_RUN = re.compile(r"[\x00-\xff]+")
_LATIN_WORDS = bytes(
    ord(char.lower()) if char.isalnum() or char == "_" else ord(" ")
    for char in map(chr, range(256))
)
"""For each character of Latin-1 its lower case, or a space if it is no word character."""
_CHARACTERS_A_WORD = 8  # generous: a word and the space after it are shorter in most texts


class Token(NamedTuple):
    """A word as the model encodes it, and its character offsets in the document."""

    text: str
    start: int
    end: int


Tokenizer = Callable[[str], Iterable[tuple[str, int, int]]]


class _PatternTokenizer:
    """Base of tokenizers whose words are the lower-cased matches of a regular expression."""

    _pattern: ClassVar[re.Pattern[str]]  # in a group, for `split` to keep the words

    def __call__(self, text: str) -> list[Token]:
        """Return all words of `text` with their character offsets."""
        return [Token(m[0].lower(), *m.span()) for m in self._pattern.finditer(text)]

    def words(self, text: str, limit: int | None = None) -> list[str]:
        """Return the first `limit` words of `text` without offsets, which is faster."""
        if limit is None:
            return self._words(text, -1)
        end = _CHARACTERS_A_WORD * (limit + 1)
        while end < len(text):  # a long text: do not process much past the limit
            words = self._words(text[:end], limit)
            if len(words) > limit:  # the last one may be truncated
                return words[:limit]
            end *= 2
        return self._words(text, limit)[:limit]

    def words_and_spans(
        self, text: str, limit: int | None = None
    ) -> tuple[list[str], list[tuple[int, int]]]:
        """Return the first `limit` words of `text`, and the start and end of each, in one pass."""
        if limit == 0:
            return [], []
        if limit is not None and _CHARACTERS_A_WORD * (limit + 1) < len(text):
            # A long text: do not process much past the limit.
            words, spans = self.words_and_spans(text[: _CHARACTERS_A_WORD * (limit + 1)])
            if len(words) > limit:  # the last one may be truncated
                return words[:limit], spans[:limit]
        # What is between words, and words, in turn; the last piece is the rest of the text.
        pieces = self._pattern.split(text, maxsplit=limit or 0)[:-1]
        ends = list(accumulate(map(len, pieces)))
        words = list(map(str.lower, pieces[1::2]))
        return words, list(zip(ends[::2], ends[1::2], strict=True))

    def spans(self, text: str, limit: int | None = None) -> list[tuple[int, int]]:
        """Return the start and end of the first `limit` words of `text`."""
        return self.words_and_spans(text, limit)[1]

    @staticmethod
    def _words(text: str, limit: int) -> list[str]:
        """Return at least the first `limit` words, or all if `limit` is -1."""
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
    Thai) yield one long "word" per clause; pass your own segmenter for these.

    Examples
    --------
    >>> from sklearn_irx.text import WordTokenizer
    >>> tokenize = WordTokenizer()
    >>> tokenize("It's")
    [Token(text='it', start=0, end=2), Token(text='s', start=3, end=4)]
    >>> tokenize.words("It's fine.", limit=2)
    ['it', 's']
    """

    _pattern = re.compile(r"(\w+)")

    @staticmethod
    def _words(text: str, limit: int) -> list[str]:
        find = WordTokenizer._pattern.findall
        try:
            latin = text.encode("latin-1")
        except UnicodeEncodeError as error:
            if text[error.start].isalnum() or find(_LATIN_RUN.sub("", text)):
                # The lower case of these depends on the context, or has two characters.
                if "Σ" in text or "İ" in text:
                    return " ".join(find(text)).lower().split()
                return find(text.lower())
            latin = text.encode("latin-1", "replace")  # "?" for curly quotes, dashes and the like
        return latin.translate(_LATIN_WORDS).decode("latin-1").split(None, limit)


class WhitespaceTokenizer(_PatternTokenizer):
    """Lower-cased runs of characters between whitespace, for texts already tokenized.

    The words of :meth:`str.split`, punctuation included. Masks from
    :func:`~sklearn_irx.datasets.load_rationale_corpus` refer to these words.

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

    _pattern = re.compile(r"(\S+)")  # the same words as str.split()

    @staticmethod
    def _words(text: str, limit: int) -> list[str]:
        if "Σ" in text:  # its lower case depends on the characters after it
            return " ".join(text.split(None, limit)).lower().split()
        return text.lower().split(None, limit)


def tokens_of(tokenizer: Any, text: str, limit: int) -> list[Token]:
    """Return the first `limit` tokens of `text`.

    Raises
    ------
    TypeError
        If `tokenizer` does not return triples (word, start, end).
    ValueError
        If its offsets overlap, decrease or lie outside the text.
    """
    tokens = []
    position = 0
    result = tokenizer(text)
    if not hasattr(result, "__iter__"):
        raise TypeError(
            f"tokenizer returned {result!r} for a document: return triples (word, start, end)."
        )
    for item in islice(result, limit):
        try:
            word, start, end = item
            token = Token(word, index(start), index(end))
            valid = position <= token.start <= token.end <= len(text)
        except (TypeError, ValueError):
            raise TypeError(
                f"tokenizer returned {item!r} for a word: return (word, start, end) for each "
                "word, where start and end are character offsets."
            ) from None
        if not isinstance(token.text, str) or not valid:
            raise ValueError(
                f"tokenizer returned {item!r} after character {position} of {len(text)}: return "
                "words in the order of the text, with offsets that do not overlap."
            )
        tokens.append(token)
        position = token.end
    return tokens


def words_of(tokenizer: Any, text: str, limit: int) -> list[str]:
    """Return the first `limit` words of `text`: :func:`tokens_of` without the offsets."""
    if type(tokenizer) in (WordTokenizer, WhitespaceTokenizer):  # a subclass may differ
        return tokenizer.words(text, limit)
    return [token.text for token in tokens_of(tokenizer, text, limit)]


def words_and_spans_of(
    tokenizer: Any, text: str, limit: int
) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the first `limit` words of `text` and their character offsets."""
    if type(tokenizer) in (WordTokenizer, WhitespaceTokenizer):
        return tokenizer.words_and_spans(text, limit)
    tokens = tokens_of(tokenizer, text, limit)
    return [token.text for token in tokens], [(token.start, token.end) for token in tokens]
