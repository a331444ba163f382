"""The words a model knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

PADDING = 0
UNKNOWN = 1
_N_RESERVED = 2


class Vocabulary:
    """A numbering of words: 0 for no word (padding), 1 for any unknown word, then the known ones.

    Parameters
    ----------
    words : sequence of str
        The known words, in the order of their ids, which begin at 2.

    Examples
    --------
    >>> from sklearn_irx.text import Vocabulary
    >>> vocabulary = Vocabulary.from_documents([["a", "good", "film"], ["a", "film"]], min_df=2)
    >>> vocabulary.words
    ['a', 'film']
    >>> vocabulary.lookup(["good", "film"])
    array([1, 3], dtype=int32)
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self._ids = {word: i for i, word in enumerate(self.words, start=_N_RESERVED)}

    @classmethod
    def from_documents(cls, documents: Iterable[Sequence[str]], min_df: int = 1) -> Vocabulary:
        """Collect the words that occur in at least `min_df` documents, the most frequent first."""
        document_frequency: Counter[str] = Counter()
        for words in documents:
            document_frequency.update(dict.fromkeys(words).keys())
        # most_common keeps the order of first occurrence among equals: no hash order comes in.
        return cls([word for word, df in document_frequency.most_common() if df >= min_df])

    def __len__(self) -> int:
        """Give the number of ids, the two reserved ones included."""
        return len(self.words) + _N_RESERVED

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def lookup(self, words: Sequence[str]) -> np.ndarray:
        """Give the id of each word, 1 where unknown: int32 of shape (len(words),)."""
        get = self._ids.get
        return np.fromiter((get(w, UNKNOWN) for w in words), dtype=np.int32, count=len(words))
