"""Tokenizers that members may have by name: they split a text alike, and name words differently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from gensim.parsing.porter import PorterStemmer

from sklearn_irx.text import AlphanumericTokenizer, WordVectors
from sklearn_irx.text.tokenizer import Token, Tokenizer


class StemTokenizer:
    """The words of :class:`~sklearn_irx.text.AlphanumericTokenizer`, each by its Porter stem.

    A stem has the place of its word: models can exchange rationales with those that read words.
    """

    def __call__(self, text: str) -> Iterator[Token]:
        """Give the stem of every word of `text` with the character offsets of the word."""
        return (token._replace(text=stem(token.text)) for token in AlphanumericTokenizer()(text))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "words": AlphanumericTokenizer,
    "stems": StemTokenizer,
}


@cache
def stem(word: str) -> str:
    """Give the stem of a word in lower case."""
    return PorterStemmer().stem(word)


def vectors_of_stems(vectors: WordVectors) -> WordVectors:
    """Give each stem the vector of the first of its words, in most files the most frequent one."""
    first: dict[str, int] = {}
    for place, word in enumerate(vectors.words):
        first.setdefault(stem(word), place)
    return WordVectors(list(first), vectors.vectors[list(first.values())])


def split_into_words(tokenizer: Tokenizer, texts: Iterable[str]) -> Iterator[list[str]]:
    """Give the words of each text."""
    return ([word for word, _, _ in tokenizer(text)] for text in texts)
