"""Texts that are split into words once, for any number of vocabularies and models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, islice
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from sklearn_irx.text.packed import PackedTexts
from sklearn_irx.text.tokenizer import words_and_spans_of, words_of
from sklearn_irx.text.words import pack_words, unpack_words


@dataclass(frozen=True, eq=False, repr=False)
class TokenizedTexts:
    """Texts, and their words as numbers.

    A fitted model reads them in place of texts if they were made by an equal tokenizer, with the
    same `max_length`. What is looked up in a vocabulary are the distinct words only.

    Searches and cross-validation of scikit-learn take them apart as they do an array. Processes
    that joblib starts for these share texts and numbers, which are mapped into their memory, and
    get no copies.

    Attributes
    ----------
    texts : sequence of str
        The texts as they were given.
    words : list of str
        The distinct words, in the order in which they first occur.
    numbers : ndarray of shape (n_words_in_all,), dtype int32
        The words of all texts, end to end, as places in `words`.
    lengths : ndarray of shape (n_texts,), dtype int64
        Number of words of each text.
    tokenizer : callable
        What split the texts.
    max_length : int
        Words of a text at most.
    spans : list of lists of (int, int), or None
        Start and end of each word in its text, if they were asked for.

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
        """Split texts into words.

        Parameters
        ----------
        texts : iterable of str
            The texts.
        tokenizer : callable
            Maps a text to its words as (word, start, end).
        max_length : int
            Words of a text that are kept.
        spans : bool, default=False
            Whether to keep where the words stand.

        Raises
        ------
        TypeError, ValueError
            If the tokenizer gives something else than words and offsets.
        """
        texts = list(texts)
        where: list[list[tuple[int, int]]] = []

        def split() -> Iterator[list[str]]:
            for text in texts:
                if spans:
                    words, places = words_and_spans_of(tokenizer, text, max_length)
                    where.append(places)
                    yield words
                else:
                    yield words_of(tokenizer, text, max_length)

        numbered = number_words(split())
        return cls(texts, *numbered, tokenizer, max_length, where if spans else None)

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return (
            f"<{len(self)} texts of {len(self.numbers)} words, at most {self.max_length} each, "
            f"by {self.tokenizer!r}>"
        )

    @property
    def shape(self) -> tuple[int]:
        """One dimension, as that of an array of texts."""
        return (len(self),)

    def __getitem__(self, key: Any) -> Any:
        """Give one text, or several as `take` does: by rows, a slice, or a mask, as of an array."""
        if isinstance(key, tuple):  # scikit-learn asks for [rows, ...]
            key = key[0]
        if isinstance(key, Integral):
            return self.texts[int(key)]
        return self.take(np.arange(len(self))[key])

    def __sizeof__(self) -> int:
        """Give the bytes of the arrays and the texts, by which Dask sends large things once."""
        texts = self.texts.data.nbytes if isinstance(self.texts, PackedTexts) else len(self.texts)
        return object.__sizeof__(self) + self.numbers.nbytes + self.lengths.nbytes + texts

    def __getstate__(self) -> dict[str, Any]:
        # Kept, as joblib maps an array into the memory of processes once if it is the same array.
        packed = self.__dict__.get("_packed")
        if packed is None:
            given = self.texts
            texts = given if isinstance(given, PackedTexts) else PackedTexts.of(given)
            words = np.frombuffer(pack_words(self.words), dtype=np.uint8)
            packed = self.__dict__["_packed"] = {"texts": texts, "words": words}
        state = {name: value for name, value in self.__dict__.items() if name != "_packed"}
        return {**state, **packed, "n_words": len(self.words)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        words = unpack_words(state["words"].tobytes(), state.pop("n_words"))
        self.__dict__.update(state, words=words)

    def check_made_by(self, tokenizer: Any, max_length: int) -> None:
        """Check that `tokenizer` would split the texts likewise.

        Raises
        ------
        ValueError
            If these texts were split by an unequal tokenizer or to another length.
        """
        if self.tokenizer != tokenizer or self.max_length != max_length:
            raise ValueError(
                f"X was tokenized by {self.tokenizer!r} with max_length={self.max_length}, and "
                f"the model reads by {tokenizer!r} with max_length={max_length}: give the texts, "
                "or what the model's own tokenize makes of them."
            )

    def take(self, rows: Sequence[int] | np.ndarray) -> TokenizedTexts:
        """Give the texts at `rows`, in that order; `words` stays as it is."""
        rows = np.asarray(rows, dtype=np.int64)
        starts = np.cumsum(self.lengths) - self.lengths
        texts = self.texts
        return replace(
            self,
            texts=texts.take(rows)
            if isinstance(texts, PackedTexts)
            else [texts[row] for row in rows],
            numbers=self.numbers[places_of(starts[rows], self.lengths[rows])],
            lengths=self.lengths[rows],
            spans=None if self.spans is None else [self.spans[row] for row in rows],
        )

    def word_lists(self) -> list[list[str]]:
        """Give the words of each text."""
        return word_lists(self.words, self.numbers, self.lengths)


def number_words(documents: Iterable[Sequence[str]]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Give each distinct word a number, in the order in which they first occur.

    Returns
    -------
    words : list of str
        The distinct words.
    numbers : ndarray of shape (n_words_in_all,), dtype int32
        The words of all documents, end to end, as places in `words`.
    lengths : ndarray of shape (n_documents,), dtype int64
        Number of words of each document.
    """
    places: defaultdict[str, int] = defaultdict(count().__next__)
    lengths: list[int] = []

    def measured() -> Iterator[Sequence[str]]:
        for words in documents:
            lengths.append(len(words))
            yield words

    in_order = map(places.__getitem__, chain.from_iterable(measured()))
    numbers = np.fromiter(in_order, dtype=np.int32)
    return list(places), numbers, np.array(lengths, dtype=np.int64)


def word_lists(words: list[str], numbers: np.ndarray, lengths: np.ndarray) -> list[list[str]]:
    """Undo :func:`number_words`: give the words of each document."""
    in_order = map(words.__getitem__, numbers.tolist())
    return [list(islice(in_order, length)) for length in lengths.tolist()]


def count_words(numbers: np.ndarray, lengths: np.ndarray, n_words: int) -> csr_array:
    """Count every word in every document.

    Parameters
    ----------
    numbers : ndarray of shape (n_words_in_all,), dtype int32
        The words of all documents, end to end.
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
    # A copy: adding up the words that occur twice in a document reorders them in place.
    counts = csr_array(
        (np.ones(len(numbers), dtype=np.int32), numbers.copy(), ends),
        shape=(len(lengths), n_words),
    )
    counts.sum_duplicates()
    return counts


def places_of(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Give the places of all words of documents that start at `starts` in one long array.

    Parameters
    ----------
    starts, lengths : ndarray of shape (n_documents,), dtype int64
        Where the documents start, and their numbers of words.

    Returns
    -------
    places : ndarray of shape (n_words_of_these_documents,), dtype int64
    """
    return np.arange(lengths.sum()) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
