"""Texts that are tokenized once for any number of vocabularies and models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, islice
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from sklearn_irx._stages import step
from sklearn_irx.text.packed import PackedTexts
from sklearn_irx.text.tokenizer import words_and_spans_of, words_of
from sklearn_irx.text.words import pack_words, unpack_words


@dataclass(frozen=True, eq=False, repr=False)
class TokenizedTexts:
    """Texts with their distinct words and, for each token, the index of its word.

    A model accepts them in place of texts if its tokenizer and `max_length` are equal. Only the
    distinct words are looked up in its vocabulary.

    scikit-learn's searches and cross-validation index them like an array. The worker processes of
    joblib map the texts and indices into shared memory instead of copying them.

    Attributes
    ----------
    texts : sequence of str
        The original texts.
    words : list of str
        The distinct words, in the order in which they first occur.
    numbers : ndarray of shape (n_words_in_all,), dtype int32
        The inverse index: for each word of all texts, end to end, its index in `words`.
    lengths : ndarray of shape (n_texts,), dtype int64
        Number of words of each text.
    tokenizer : callable
        The tokenizer of the texts.
    max_length : int
        Maximum number of words of a text.
    spans : list of lists of (int, int), or None
        Start and end of each word in its text, if requested.

    Examples
    --------
    >>> from sklearn_irx.text import Documents, TokenizedTexts, Vocabulary, WordTokenizer
    >>> tokenized = TokenizedTexts.from_texts(["A bed!", "", "Ants, a bed."], WordTokenizer(), 300)
    >>> tokenized.words
    ['a', 'bed', 'ants']
    >>> tokenized.numbers
    array([0, 1, 2, 0, 1], dtype=int32)
    >>> Documents.from_tokenized(tokenized, Vocabulary(["bed"])).padded([0, 2])
    array([[1, 2, 0],
           [1, 1, 2]])
    """

    texts: Sequence[str]
    words: list[str]
    numbers: np.ndarray
    lengths: np.ndarray
    tokenizer: Any
    max_length: int
    spans: list[list[tuple[int, int]]] | None = None

    @classmethod
    def from_texts(
        cls, texts: Iterable[str], tokenizer: Any, max_length: int, *, spans: bool = False
    ) -> TokenizedTexts:
        """Tokenize texts.

        Parameters
        ----------
        texts : iterable of str
            The texts.
        tokenizer : callable
            Maps a text to its words as (word, start, end).
        max_length : int
            Maximum number of words kept of each text.
        spans : bool, default=False
            Whether to keep the character offsets of the words.

        Raises
        ------
        TypeError, ValueError
            If the tokenizer does not return valid words and offsets.
        """
        texts = list(texts)
        offsets: list[list[tuple[int, int]]] = []

        def tokenize() -> Iterator[list[str]]:
            for text in texts:
                step()
                if spans:
                    words, of_text = words_and_spans_of(tokenizer, text, max_length)
                    offsets.append(of_text)
                    yield words
                else:
                    yield words_of(tokenizer, text, max_length)

        indexed = index_words(tokenize())
        return cls(texts, *indexed, tokenizer, max_length, offsets if spans else None)

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return (
            f"<{len(self)} texts of {len(self.numbers)} words, at most {self.max_length} each, "
            f"by {self.tokenizer!r}>"
        )

    @property
    def shape(self) -> tuple[int]:
        """Number of texts, as a tuple like the shape of an array."""
        return (len(self),)

    def __getitem__(self, key: Any) -> Any:
        """Return one text, or the `TokenizedTexts` of an array index: rows, a slice or a mask."""
        if isinstance(key, tuple):  # scikit-learn indexes with [rows, ...]
            key = key[0]
        if isinstance(key, Integral):
            return self.texts[int(key)]
        return self.take(np.arange(len(self))[key])

    def __sizeof__(self) -> int:
        """Return the size in bytes, by which Dask decides what to send only once."""
        texts = self.texts.data.nbytes if isinstance(self.texts, PackedTexts) else len(self.texts)
        return object.__sizeof__(self) + self.numbers.nbytes + self.lengths.nbytes + texts

    def __getstate__(self) -> dict[str, Any]:
        # Cached, because joblib recognizes an array that it has mapped before by its identity.
        packed = self.__dict__.get("_packed")
        if packed is None:
            texts = self.texts
            texts = texts if isinstance(texts, PackedTexts) else PackedTexts.of(texts)
            words = np.frombuffer(pack_words(self.words), dtype=np.uint8)
            packed = self.__dict__["_packed"] = {"texts": texts, "words": words}
        state = {name: value for name, value in self.__dict__.items() if name != "_packed"}
        return {**state, **packed, "n_words": len(self.words)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        words = unpack_words(state["words"].tobytes(), state.pop("n_words"))
        self.__dict__.update(state, words=words)

    def check_made_by(self, tokenizer: Any, max_length: int) -> None:
        """Check that `tokenizer` and `max_length` would produce the same words.

        Raises
        ------
        ValueError
            If the texts were tokenized by an unequal tokenizer or with another `max_length`.
        """
        if self.tokenizer != tokenizer or self.max_length != max_length:
            raise ValueError(
                f"X was tokenized by {self.tokenizer!r} with max_length={self.max_length}, but "
                f"the model uses {tokenizer!r} with max_length={max_length}: give the texts, or "
                "tokenize them with the model's tokenize."
            )

    def take(self, rows: Sequence[int] | np.ndarray) -> TokenizedTexts:
        """Return the texts at `rows`, in that order; `words` is unchanged."""
        rows = np.asarray(rows, dtype=np.int64)
        starts = np.cumsum(self.lengths) - self.lengths
        texts = self.texts
        return replace(
            self,
            texts=texts.take(rows)
            if isinstance(texts, PackedTexts)
            else [texts[row] for row in rows],
            numbers=self.numbers[word_positions(starts[rows], self.lengths[rows])],
            lengths=self.lengths[rows],
            spans=None if self.spans is None else [self.spans[row] for row in rows],
        )

    def with_spans(self) -> TokenizedTexts:
        """Return the texts with the character offsets of their words."""
        if self.spans is not None:
            return self
        return TokenizedTexts.from_texts(self.texts, self.tokenizer, self.max_length, spans=True)

    def cut(self, max_length: int) -> TokenizedTexts:
        """Return the first `max_length` words of each text, with their offsets if there are any."""
        if self.lengths.max(initial=0) <= max_length:
            return replace(self, max_length=max_length)
        starts = np.cumsum(self.lengths) - self.lengths
        lengths = np.minimum(self.lengths, max_length)
        return replace(
            self,
            numbers=self.numbers[word_positions(starts, lengths)],
            lengths=lengths,
            max_length=max_length,
            spans=None if self.spans is None else [spans[:max_length] for spans in self.spans],
        )

    def word_lists(self) -> list[list[str]]:
        """Return the words of each text."""
        return word_lists(self.words, self.numbers, self.lengths)


def index_words(documents: Iterable[Sequence[str]]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the distinct words, in the order in which they first occur, and index all words.

    `numbers`, of shape (n_words_in_all,) and dtype int32, is the inverse index: for each word of
    all documents, end to end, its index in `words`. `lengths` has shape (n_documents,).
    """
    index: defaultdict[str, int] = defaultdict(count().__next__)
    lengths: list[int] = []

    def record_lengths() -> Iterator[Sequence[str]]:
        for words in documents:
            lengths.append(len(words))
            yield words

    in_order = map(index.__getitem__, chain.from_iterable(record_lengths()))
    numbers = np.fromiter(in_order, dtype=np.int32)
    return list(index), numbers, np.array(lengths, dtype=np.int64)


def word_lists(words: list[str], numbers: np.ndarray, lengths: np.ndarray) -> list[list[str]]:
    """Return the words of each document, from the results of :func:`index_words`."""
    in_order = map(words.__getitem__, numbers.tolist())
    return [list(islice(in_order, length)) for length in lengths.tolist()]


def count_words(numbers: np.ndarray, lengths: np.ndarray, n_words: int) -> csr_array:
    """Count each word in each document.

    Parameters
    ----------
    numbers : ndarray of shape (n_words_in_all,), dtype int32
        The index of each word of all documents, end to end.
    lengths : ndarray of shape (n_documents,), dtype int64
        Number of words of each document.
    n_words : int
        Number of distinct words.

    Returns
    -------
    counts : csr_array of shape (n_documents, n_words), dtype int32
    """
    ends = np.concatenate([[0], np.cumsum(lengths)])
    if ends[-1] <= np.iinfo(np.int32).max:  # liblinear takes no larger indices
        ends = ends.astype(np.int32)
    # A copy, because sum_duplicates reorders the indices in place.
    counts = csr_array(
        (np.ones(len(numbers), dtype=np.int32), numbers.copy(), ends), shape=(len(lengths), n_words)
    )
    counts.sum_duplicates()
    return counts


def padded_rows(values: np.ndarray, lengths: np.ndarray, padding: int = 0) -> np.ndarray:
    """Return values (n_in_all, ...) of documents, so many each, as rows that are padded at the end.

    There is at least one column, even if all documents are empty.
    """
    width = max(1, int(lengths.max(initial=0)))
    rows = np.full((len(lengths), width, *values.shape[1:]), padding, dtype=values.dtype)
    rows[np.arange(width) < lengths[:, None]] = values
    return rows


def word_positions(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the positions of all words of documents stored end to end in one array."""
    return np.arange(lengths.sum()) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
