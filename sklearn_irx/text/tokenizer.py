"""Tokenizers: the words of a document and their character offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from inspect import signature
from itertools import accumulate, islice
from operator import index
from typing import Any, NamedTuple

import regex

from sklearn_irx.text.normalize import normalize_word

_CHARACTERS_A_WORD = 8  # generous: a word and the space after it are shorter in most texts

# Characters of which the modules re and regex say the same, and none is a mark, an emoji, invisible
# or of a script without spaces: the first blocks of Latin, Greek and Cyrillic, and punctuation.
_PLAIN = "\x00-\xac\xae-\u02ff\u0370-\u0377\u0384-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u203b"
_SPECIAL = re.compile(f"[^{_PLAIN}]")
# What stands between whitespace and has a special character, in a group.
_SPECIAL_PIECE = re.compile(rf"((?<!\S)(?:(?!\s)[{_PLAIN}])*+[^{_PLAIN}\s]\S*)")
# Texts without these are read as Latin-1, where punctuation that it lacks is a "?".
_NOT_LATIN = re.compile("[^\x00-\xff\u2010-\u2027\u2030-\u203b]|[ª²³µ¹º¼½¾ß\xad]")
_LATIN_WORDS, _LATIN_PIECES = (
    bytes(ord(c.lower() if c.isalnum() or c in kept else " ") for c in map(chr, range(256)))
    for kept in ("_", "_'-+#")
)
"""For each character of Latin-1 its lower case, or a space if it is in no word."""
# Marks and what is invisible; but a space of width zero separates words.
_ATTACHED = (
    r"[[\p{Word_Break=Extend}\p{Word_Break=Format}\p{Word_Break=ZWJ}"
    r"\p{Default_Ignorable_Code_Point}]--\u200B]"
)
_PICTURE = r"[\p{Extended_Pictographic}--[©®™]]"
_EMOJI = (
    rf"\p{{Regional_Indicator}}{{1,2}}{_ATTACHED}*"
    rf"|{_PICTURE}{_ATTACHED}*(?:(?<=\u200D){_PICTURE}{_ATTACHED}*)*"
)
_SYLLABLES = r"[\p{Script=Han}\p{Script=Hiragana}]"  # a word each, as in Unicode's annex 29
_COMPLEX = regex.compile(r"\p{Line_Break=SA}")  # of Thai, Lao, Khmer, Burmese and the like
_CHARACTERS_OF_A_CLAUSE = 12  # words of these languages are shorter
_SPACELESS = rf"[{_SYLLABLES}\p{{Script=Katakana}}ー\p{{Line_Break=SA}}]"


class Token(NamedTuple):
    """A word as the model encodes it, and its character offsets in the document."""

    text: str
    start: int
    end: int


Tokenizer = Callable[[str], Iterable[tuple[str, int, int]]]


class _PatternTokenizer:
    """Base of tokenizers whose words are the matches of a regular expression, normalized."""

    def __call__(self, text: str) -> list[Token]:
        """Return all words of `text` with their character offsets."""
        words, spans = self.words_and_spans(text)
        return [Token(word, *span) for word, span in zip(words, spans, strict=True)]

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
        pieces = self._pattern(text).split(text, maxsplit=limit or 0)[:-1]
        ends = list(accumulate(map(len, pieces)))
        words = list(map(self.form, pieces[1::2]))
        return words, list(zip(ends[::2], ends[1::2], strict=True))

    def spans(self, text: str, limit: int | None = None) -> list[tuple[int, int]]:
        """Return the start and end of the first `limit` words of `text`."""
        return self.words_and_spans(text, limit)[1]

    def _pattern(self, text: str) -> Any:
        """Return a compiled expression that finds the words of `text`, as a group."""
        raise NotImplementedError

    def form(self, word: str) -> str:
        """Return the form of a word that models look up."""
        return normalize_word(word)

    def _words(self, text: str, limit: int) -> list[str]:  # noqa: ARG002
        """Return at least the first `limit` words, or all if `limit` is -1."""
        return list(map(self.form, self._pattern(text).findall(text)))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        changed = [
            f"{name}={value!r}"
            for name, value in vars(self).items()
            if value != signature(type(self)).parameters[name].default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"


class WordTokenizer(_PatternTokenizer):
    """Words of any script: letters, digits and underscores with all their marks; emoji.

    Invisible characters (soft hyphens, zero-width joiners, marks of direction) do not separate
    words. An emoji with its modifiers is a word, and so are "C++", "C#" and "A+". Words are
    returned in one form, by :func:`normalize_word`; their offsets are those of the text as given.

    Scripts without spaces: each Chinese character and each Japanese hiragana is a word, and a run
    of katakana. Thai, Lao, Khmer and Burmese need a `segmenter`, as a clause is one word without.

    Parameters
    ----------
    apostrophes : bool, default=False
        Whether an apostrophe between letters is part of the word: "haven't".
    hyphens : bool, default=False
        Whether a hyphen between letters is part of the word: "t-shirt".
    segmenter : callable or None, default=None
        Maps a run of a script without spaces (a str) to its words: strings that make the run if
        joined. ``jieba.lcut`` for Chinese, or ``pythainlp.word_tokenize`` for Thai.

    References
    ----------
    Unicode Standard Annex #29, "Unicode Text Segmentation", section 4.

    Examples
    --------
    >>> from sklearn_irx.text import WordTokenizer
    >>> tokenize = WordTokenizer()
    >>> tokenize("Tea 👍🏽")
    [Token(text='tea', start=0, end=3), Token(text='👍🏽', start=4, end=6)]
    >>> WordTokenizer(apostrophes=True).words("It's fine.")
    ["it's", 'fine']
    >>> tokenize.words("Cafe\u0301 de\u00adlicious, C++", limit=3)
    ['café', 'delicious', 'c++']
    >>> WordTokenizer(segmenter=lambda run: [run[:3], run[3:]]).words("I like อาหารไทย.")
    ['i', 'like', 'อาห', 'ารไทย']
    """

    def __init__(
        self,
        *,
        apostrophes: bool = False,
        hyphens: bool = False,
        segmenter: Callable[[str], Iterable[str]] | None = None,
    ) -> None:
        if segmenter is not None and not callable(segmenter):
            raise TypeError(f"segmenter={segmenter!r} cannot be called: give a function, or None.")
        self.apostrophes = bool(apostrophes)
        self.hyphens = bool(hyphens)
        self.segmenter = segmenter

    def needs_segmenter(self, words: Iterable[str]) -> bool:
        """Return whether most of these words seem to be clauses of Thai, Lao, Khmer or Burmese."""
        if self.segmenter is not None:
            return False
        lengths = sorted(len(word) if _COMPLEX.match(word) else 0 for word in words)
        return bool(lengths) and lengths[len(lengths) // 2] > _CHARACTERS_OF_A_CLAUSE

    def words(self, text: str, limit: int | None = None) -> list[str]:
        """Return the first `limit` words of `text` without offsets, which is faster."""
        if self.segmenter is not None and _is_special(text):
            return self.words_and_spans(text, limit)[0]
        return super().words(text, limit)

    def _words(self, text: str, limit: int) -> list[str]:
        if not _is_special(text):
            return self._plain_words(text, limit)
        words: list[str] = []
        find = self._pattern(text).findall
        for i, piece in enumerate(_SPECIAL_PIECE.split(text)):
            words += map(normalize_word, find(piece)) if i % 2 else self._plain_words(piece, -1)
        return words

    def _plain_words(self, text: str, limit: int) -> list[str]:
        """Return the words of a text without special characters."""
        if not text.isascii():
            if _NOT_LATIN.search(text):
                return list(map(normalize_word, self._pattern("").findall(text)))
            text = text.replace("’", "'").replace("‐", "-").replace("‑", "-")
        latin = text.encode("latin-1", "replace")
        if not any(char in text for char in "'" * self.apostrophes + "-" * self.hyphens + "+#"):
            return latin.translate(_LATIN_WORDS).decode("latin-1").split(None, limit)
        words: list[str] = []
        find = self._pattern("").findall
        for piece in latin.translate(_LATIN_PIECES).decode("latin-1").split(None, limit):
            if piece.isalnum():
                words.append(piece)
            else:
                words += find(piece)
        return words

    def words_and_spans(
        self, text: str, limit: int | None = None
    ) -> tuple[list[str], list[tuple[int, int]]]:
        """Return the first `limit` words of `text`, and the start and end of each, in one pass."""
        if self.segmenter is None or not _is_special(text):
            return super().words_and_spans(text, limit)
        found = list(islice(self._segmented(text, self.segmenter), limit))
        words = [normalize_word(text[start:end]) for start, end in found]
        return words, found

    def _segmented(
        self, text: str, segmenter: Callable[[str], Iterable[str]]
    ) -> Iterator[tuple[int, int]]:
        """Yield the spans of words, of which runs of scripts without spaces are segmented."""
        for match in self._pattern(text).finditer(text):
            if match["spaceless"] is None:
                yield match.span()
                continue
            run, end = match[0], match.start()
            pieces = list(segmenter(run))
            if not all(isinstance(piece, str) for piece in pieces) or "".join(pieces) != run:
                raise ValueError(
                    f"segmenter returned {pieces!r} for {run!r}: return strings that make the run "
                    "if they are joined."
                )
            for piece in pieces:
                start, end = end, end + len(piece)
                if piece:
                    yield start, end

    def _pattern(self, text: str) -> Any:
        """Return a compiled expression that finds the words of `text`."""
        special = _is_special(text)
        return _word_pattern(special, self.apostrophes, self.hyphens, self.segmenter is not None)


def _is_special(text: str) -> bool:
    """Return whether a text has characters that only the module regex knows enough of."""
    return not text.isascii() and _SPECIAL.search(text) is not None


@lru_cache
def _word_pattern(special: bool, apostrophes: bool, hyphens: bool, segmented: bool) -> Any:
    """Return the expression of a word; that for texts without special characters is faster."""
    inside = ("'’" if apostrophes else "") + ("‐‑\\-" if hyphens else "")
    letter, invisible, others = r"\w", "", ""
    if special:
        apart = _SPACELESS if segmented else _SYLLABLES
        letter = rf"[[\p{{L}}\p{{N}}_]--{apart}--\p{{Default_Ignorable_Code_Point}}]"
        invisible = _ATTACHED
        others = rf"|{_EMOJI}|" + (
            rf"(?P<spaceless>{apart}[{apart}{_ATTACHED}]*)"
            if segmented
            else rf"{apart}{_ATTACHED}*"
        )
    # Possessive, so that nothing is tried twice.
    run = rf"{letter}[{letter}{invisible}]*+"
    joined = rf"[{inside}]{invisible and invisible + '*+'}{run}|" if inside else ""
    word = rf"{run}(?:{joined}(?:\+\+?|#)(?!{letter}|[+#]))*+"
    module = regex if special else re
    return module.compile(rf"({word}{others})", module.V1 if special else 0)


class AlphanumericTokenizer(_PatternTokenizer):
    r"""Lower-cased runs of ``\w``, as in Dai et al. (2022): letters, digits and underscores.

    Marks that are characters of their own, apostrophes and hyphens separate words, and no normal
    form is made: for comparisons with published figures. :class:`WordTokenizer` is better.

    Examples
    --------
    >>> from sklearn_irx.text import AlphanumericTokenizer
    >>> AlphanumericTokenizer().words("It's a t-shirt.")
    ['it', 's', 'a', 't', 'shirt']
    """

    def form(self, word: str) -> str:
        """Return a word in lower case."""
        return word.lower()

    def _pattern(self, text: str) -> Any:  # noqa: ARG002
        return _ALPHANUMERIC


_ALPHANUMERIC = re.compile(r"(\w+)")


class WhitespaceTokenizer(_PatternTokenizer):
    """Runs of characters between whitespace, for texts already tokenized.

    The words of :meth:`str.split`, punctuation included, in the form of :func:`normalize_word`.
    Masks from :func:`~sklearn_irx.datasets.load_rationale_corpus` refer to these words.

    Parameters
    ----------
    normalize : bool, default=True
        If False, words are lower-cased and otherwise left as they are.

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

    def __init__(self, *, normalize: bool = True) -> None:
        self.normalize = bool(normalize)

    def form(self, word: str) -> str:
        """Return the form of a word that models look up."""
        return normalize_word(word) if self.normalize else word.lower()

    def _pattern(self, text: str) -> Any:  # noqa: ARG002
        return _NOT_SPACE

    def _words(self, text: str, limit: int) -> list[str]:
        words = text.split(None, limit)
        return list(map(str.lower if text.isascii() else self.form, words))


_NOT_SPACE = re.compile(r"(\S+)")  # the same words as str.split()


def make_tokenizer(tokenizer: Any) -> Any:
    """Return the tokenizer that a parameter `tokenizer` stands for."""
    return WordTokenizer() if tokenizer is None else tokenizer


def form_of(tokenizer: Any) -> Callable[[str], str]:
    """Return what makes the form of a word that texts have by this tokenizer."""
    return getattr(tokenizer, "form", str)


TOKENIZERS = (WordTokenizer, WhitespaceTokenizer, AlphanumericTokenizer)


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
    if type(tokenizer) in TOKENIZERS:  # a subclass may differ
        return tokenizer.words(text, limit)
    return [token.text for token in tokens_of(tokenizer, text, limit)]


def words_and_spans_of(
    tokenizer: Any, text: str, limit: int
) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the first `limit` words of `text` and their character offsets."""
    if type(tokenizer) in TOKENIZERS:
        return tokenizer.words_and_spans(text, limit)
    tokens = tokens_of(tokenizer, text, limit)
    return [token.text for token in tokens], [(token.start, token.end) for token in tokens]
