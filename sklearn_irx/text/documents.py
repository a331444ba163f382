"""Documents as word ids in one array, and batches of documents of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain
from typing import Any

import numpy as np

from sklearn_irx.text.pieces import Pieces
from sklearn_irx.text.tokenized import TokenizedTexts, padded_rows, word_positions
from sklearn_irx.text.vocabulary import PADDING, UNKNOWN, Vocabulary

_BATCHES_PER_POOL = 50  # batches whose documents are sorted by length together


class Documents:
    """Word ids of many documents, one after the other in a single array.

    Parameters
    ----------
    ids : ndarray of shape (n_words_in_all,), dtype int32
        The ids of all documents, end to end.
    lengths : ndarray of shape (n_documents,), dtype int
        Number of words of each document.
    pieces : Pieces or None, default=None
        What an encoder reads in place of word ids.
    begins : ndarray of shape (n_words_in_all,), dtype bool, or None, default=None
        Whether a segment, such as a sentence, begins at a word.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.text import Documents
    >>> documents = Documents(np.array([5, 6, 7], np.int32), np.array([1, 0, 2]))
    >>> documents.padded([0, 2])
    array([[5, 0],
           [6, 7]])
    """

    def __init__(
        self,
        ids: np.ndarray,
        lengths: np.ndarray,
        pieces: Pieces | None = None,
        begins: np.ndarray | None = None,
    ) -> None:
        self.ids = ids
        self.lengths = lengths
        self.pieces = pieces
        self.begins = begins
        self.starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)

    @classmethod
    def from_words(cls, words: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Documents:
        """Look up the words of every document."""
        lengths = np.array([len(w) for w in words], dtype=np.int64)
        return cls(vocabulary.lookup(list(chain.from_iterable(words))), lengths)

    @classmethod
    def from_texts(
        cls, texts: Sequence[str], tokenizer: Any, vocabulary: Vocabulary, max_length: int
    ) -> Documents:
        """Tokenize each text into at most `max_length` words and look them up."""
        return cls.from_tokenized(
            TokenizedTexts.from_texts(texts, tokenizer, max_length), vocabulary
        )

    @classmethod
    def from_tokenized(cls, tokenized: TokenizedTexts, vocabulary: Vocabulary) -> Documents:
        """Look up the words of tokenized texts, each distinct word once."""
        return cls(vocabulary.lookup(tokenized.words)[tokenized.numbers], tokenized.lengths)

    @classmethod
    def joined(cls, parts: Sequence[Documents]) -> Documents:
        """Concatenate several `Documents`."""
        ids, lengths = ([getattr(part, name) for part in parts] for name in ("ids", "lengths"))
        pieces = [part.pieces for part in parts if part.pieces is not None]
        begins = [part.begins for part in parts if part.begins is not None]
        return cls(
            np.concatenate(ids),
            np.concatenate(lengths),
            reduce(Pieces.joined, pieces) if len(pieces) == len(parts) else None,
            np.concatenate(begins) if len(begins) == len(parts) else None,
        )

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, rows: np.ndarray) -> Documents:
        """Return the documents at `rows`, in that order."""
        return self.at(self._positions(rows), self.lengths[rows])

    def cut(self, max_length: int) -> Documents:
        """Truncate each document to its first `max_length` words."""
        if self.lengths.max(initial=0) <= max_length:
            return self
        lengths = np.minimum(self.lengths, max_length)
        return self.at(word_positions(self.starts, lengths), lengths)

    def with_pieces(self, pieces: Pieces | None) -> Documents:
        """Return the documents with the pieces of their words, or without any."""
        return Documents(self.ids, self.lengths, pieces, self.begins)

    def with_segments(self, begins: np.ndarray | None) -> Documents:
        """Return the documents with where segments begin, or without."""
        return Documents(self.ids, self.lengths, self.pieces, begins)

    def at(self, positions: np.ndarray, lengths: np.ndarray) -> Documents:
        """Return documents of so many words each, those at some positions in `ids`."""
        pieces = None if self.pieces is None else self.pieces.at(positions)
        begins = None if self.begins is None else self.begins[positions]
        return Documents(self.ids[positions], lengths, pieces, begins)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All that tells these documents from others."""
        of_pieces = () if self.pieces is None else (self.pieces.table, self.pieces.segments)
        of_segments = () if self.begins is None else (self.begins,)
        return self.ids, self.lengths, *of_pieces, *of_segments

    @property
    def sizes(self) -> np.ndarray:
        """How much there is to read of each document: its pieces, or else its words."""
        if self.pieces is None:
            return self.lengths
        ends = np.concatenate([[0], np.cumsum(self.pieces.sizes)])
        return ends[self.starts + self.lengths] - ends[self.starts]

    @property
    def n_segments(self) -> np.ndarray:
        """Number of segments of each document, which all words belong to."""
        assert self.begins is not None
        begins = self.begins.copy()
        begins[self.starts[self.lengths > 0]] = True
        return np.bincount(np.repeat(np.arange(len(self)), self.lengths), begins, len(self)).astype(
            np.int64
        )

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return what a network reads of the documents at `rows`, as padded arrays by name.

        ``ids`` is what :meth:`padded` returns, ``pieces`` and ``owners`` what
        :meth:`Pieces.padded` returns, if there are pieces, and ``begins`` where segments begin, if
        that is known.
        """
        found = {"ids": self.padded(rows)}
        if self.begins is not None:
            found["begins"] = self.padded_values(self.begins, rows, False)
        if self.pieces is not None:
            names = ("pieces", "owners")
            padded = self.pieces.padded(self._positions(rows), self.lengths[rows])
            found |= dict(zip(names, padded, strict=True))
        return found

    def padded(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the documents at `rows` as a padded array.

        Returns
        -------
        ids : ndarray of shape (len(rows), longest of them), dtype int64
            Padded with 0 at the end. At least one column, even if all documents are empty.
        """
        rows = np.asarray(rows, dtype=np.int64)
        return self.padded_values(self.ids, rows, PADDING).astype(np.int64)

    def padded_values(self, values: np.ndarray, rows: np.ndarray, padding: int) -> np.ndarray:
        """Return values of the words, one for each of `ids`, as :meth:`padded` returns the ids."""
        return padded_rows(values[self._positions(rows)], self.lengths[rows], padding)

    def neighbours(self, n_words: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs of adjacent words in which both words are known.

        Parameters
        ----------
        n_words : int
            Words with ids below this number are known.

        Returns
        -------
        pairs : ndarray of shape (n_pairs_in_all,), dtype int64
            The pairs of all documents, end to end: the id of the first word times `n_words`, plus
            the id of the second.
        lengths : ndarray of shape (n_documents,), dtype int64
            Number of pairs of each document.
        """
        ids = self.ids.astype(np.int64)
        known = (ids > UNKNOWN) & (ids < n_words)
        document = np.repeat(np.arange(len(self)), self.lengths)
        both = known[:-1] & known[1:] & (document[:-1] == document[1:])
        pairs = (ids[:-1] * n_words + ids[1:])[both]
        return pairs, np.bincount(document[:-1][both], minlength=len(self))

    def _positions(self, rows: np.ndarray) -> np.ndarray:
        """Return the positions in `ids` of all words of the documents at `rows`."""
        return word_positions(self.starts[rows], self.lengths[rows])


def training_batches(
    lengths: np.ndarray, batch_size: int, random_state: np.random.RandomState
) -> Iterator[np.ndarray]:
    """Shuffle the documents and divide them into batches of similar length.

    Yields
    ------
    rows : ndarray of shape (at most batch_size,), dtype int
        Each document is in exactly one batch.
    """
    order = random_state.permutation(len(lengths))
    batches: list[np.ndarray] = []
    pool = batch_size * _BATCHES_PER_POOL
    for first in range(0, len(order), pool):
        rows = order[first : first + pool]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches.extend(rows[i : i + batch_size] for i in range(0, len(rows), batch_size))
    for i in random_state.permutation(len(batches)):
        yield batches[i]


def inference_batches(lengths: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    """Divide the documents into batches of similar length, deterministically."""
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), batch_size):
        yield order[first : first + batch_size]
