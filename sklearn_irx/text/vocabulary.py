"""The vocabulary of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from sklearn_irx.text.tokenized import TokenizedTexts, count_words, index_words
from sklearn_irx.text.words import pack_words, unpack_words

PADDING = 0
UNKNOWN = 1
_N_RESERVED = 2


class Vocabulary:
    """A mapping from words to ids: 0 is padding, 1 any unknown word, known words begin at 2.

    Parameters
    ----------
    words : sequence of str
        The known words, in the order of their ids.
    unseen_words : sequence of str, default=()
        Out-of-vocabulary words with a pretrained vector. Their ids follow those of the known
        words, but the length of the vocabulary and ``in`` exclude them.

    Examples
    --------
    >>> from sklearn_irx.text import Vocabulary
    >>> vocabulary = Vocabulary.from_documents([["a", "good", "film"], ["a", "film"]], min_df=2)
    >>> vocabulary.words
    ['a', 'film']
    >>> vocabulary.lookup(["good", "film"])
    array([1, 3], dtype=int32)
    >>> Vocabulary(vocabulary.words, unseen_words=["good"]).lookup(["good", "film"])
    array([4, 3], dtype=int32)
    """

    def __init__(self, words: Sequence[str], unseen_words: Sequence[str] = ()) -> None:
        self.words = list(words)
        self.unseen_words = list(unseen_words)
        in_order = chain(self.words, self.unseen_words)
        self._ids = {word: i for i, word in enumerate(in_order, start=_N_RESERVED)}

    @classmethod
    def from_documents(cls, documents: Iterable[Sequence[str]], min_df: int = 1) -> Vocabulary:
        """Collect the words that occur in at least `min_df` documents, the most frequent first."""
        return cls._frequent(*index_words(documents), min_df)

    @classmethod
    def from_tokenized(cls, tokenized: TokenizedTexts, min_df: int = 1) -> Vocabulary:
        """Collect the words that occur in at least `min_df` texts, the most frequent first."""
        return cls._frequent(tokenized.words, tokenized.numbers, tokenized.lengths, min_df)

    @classmethod
    def _frequent(
        cls, words: list[str], numbers: np.ndarray, lengths: np.ndarray, min_df: int
    ) -> Vocabulary:
        """Collect frequent words from the results of :func:`index_words`."""
        counts = count_words(numbers, lengths, len(words))
        document_frequency = np.bincount(counts.indices, minlength=len(words))
        first = np.empty(len(words), dtype=np.int64)
        first[numbers[::-1]] = np.arange(len(numbers))[::-1]  # the last assignment wins
        # Ties go to the word that occurs first, so the order is deterministic.
        known = np.flatnonzero(document_frequency >= max(1, min_df))
        order = known[np.lexsort((first[known], -document_frequency[known]))]
        return cls([words[i] for i in order])

    def __len__(self) -> int:
        """Return the number of known words, plus the two reserved ids."""
        return len(self.words) + _N_RESERVED

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._ids.get(word, len(self)) < len(self)

    def lookup(self, words: Sequence[str]) -> np.ndarray:
        """Return the id of each word, 1 if unknown: int32 of shape (len(words),)."""
        ids = map(self._ids.get, words, repeat(UNKNOWN))
        return np.fromiter(ids, dtype=np.int32, count=len(words))

    def __getstate__(self) -> dict[str, Any]:
        # One value: skops would describe each of a hundred thousand words separately.
        return {
            "words": pack_words(chain(self.words, self.unseen_words)),
            "n_words": len(self.words),
            "n_unseen_words": len(self.unseen_words),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        n_words = state["n_words"]
        words = unpack_words(state["words"], n_words + state["n_unseen_words"])
        self.__init__(words[:n_words], words[n_words:])  # type: ignore[misc]
