"""What a classifier is trained on: words as numbers, and what is learned from them beforehand.

What a ``joblib.Memory`` keeps are results of pure functions: ``_words_of``, ``_vectors_of`` and
``fit_linear_start``.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.utils.validation import check_memory

from sklearn_irx._validation import hold_out
from sklearn_irx.components.initializations.linear import HELD_OUT, draw_folds, fit_linear_start
from sklearn_irx.nn.linear import LinearStart, PairStart
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.text import (
    Documents,
    TokenizedTexts,
    Vocabulary,
    WordTokenizer,
    WordVectors,
    embedding_matrix,
    find_unseen_words,
    unseen_matrix,
    word_lists,
)


class Labelled(NamedTuple):
    """Texts as words, their class numbers, and how much each counts, if not all the same."""

    texts: TokenizedTexts
    y: np.ndarray
    weights: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Labelled:
        """Give those at `rows`."""
        weights = None if self.weights is None else self.weights[rows]
        return Labelled(self.texts.take(rows), self.y[rows], weights)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Documents to learn from, and others to compare epochs on.

    Attributes
    ----------
    tokenized : TokenizedTexts
        The documents to learn from, as words, with what the networks do not read of them.
    vocabulary : Vocabulary
        The words known from them, and those to be read by given vectors alone.
    long, long_validation : Documents
        Both parts, as numbers of words.
    training, validation : Documents
        What the networks read of them.
    y, y_validation : ndarray of shape (n_documents,), dtype int
        Their class numbers.
    weights, weights_validation : ndarray of shape (n_documents,), dtype float32, or None
        How much each counts, 1 in the mean.
    held_out : bool
        Whether the documents to compare on are of those given to learn from.
    """

    tokenized: TokenizedTexts
    vocabulary: Vocabulary
    long: Documents
    training: Documents
    y: np.ndarray
    weights: np.ndarray | None
    long_validation: Documents
    validation: Documents
    y_validation: np.ndarray
    weights_validation: np.ndarray | None
    held_out: bool


def make_memory(memory: Any) -> Any:
    """Give the ``joblib.Memory`` that the parameter `memory` of an estimator stands for, if any.

    What it keeps is mapped into memory, where processes share it.
    """
    if memory is None:
        return None
    if isinstance(memory, str | os.PathLike):
        return joblib.Memory(os.fspath(memory), mmap_mode="r", verbose=0)
    return check_memory(memory)


def make_tokenizer(tokenizer: Any) -> Any:
    """Give the tokenizer that the parameter `tokenizer` of a classifier stands for."""
    return WordTokenizer() if tokenizer is None else tokenizer


def tokenize(
    texts: list[str] | TokenizedTexts, tokenizer: Any, max_length: int, memory: Any
) -> TokenizedTexts:
    """Split texts into words, unless they are split already or `memory` has their words."""
    if isinstance(texts, TokenizedTexts):
        return texts
    source = None if memory is None else _source(tokenizer)
    if source is None:
        return TokenizedTexts.from_texts(texts, tokenizer, max_length)
    # As an array: in what a memory notes of its calls, a long one is abridged.
    array = np.array(texts, dtype=object)
    words, numbers, lengths = memory.cache(_words_of)(array, tokenizer, source, max_length)
    return TokenizedTexts(texts, words, numbers, lengths, tokenizer, max_length)


def split(
    texts: list[str] | TokenizedTexts,
    y: np.ndarray,
    weights: np.ndarray | None,
    validation_data: tuple[list[str], np.ndarray] | None,
    tokenizer: Any,
    n_words: int,
    validation_fraction: float,
    random_state: np.random.RandomState,
    memory: Any,
) -> tuple[Labelled, Labelled]:
    """Split texts into words, and hold some out.

    Parameters
    ----------
    texts : list of n_samples str, or TokenizedTexts
        All documents.
    y : ndarray of shape (n_samples,), dtype int
        Class numbers.
    weights : ndarray of shape (n_samples,), or None
        How much each document counts.
    validation_data : tuple (list of str, ndarray of class numbers), or None
        Documents to compare epochs on, if none shall be held out.
    tokenizer, validation_fraction
        As the classifier has them.
    n_words : int
        Words of a document that are kept.
    random_state : RandomState
        Draws the documents held out.
    memory : joblib.Memory or None
        Keeps the words of the texts.

    Returns
    -------
    training, validation : Labelled
    """
    given = Labelled(tokenize(texts, tokenizer, n_words, memory), y, weights)
    if validation_data is None:
        kept, held_out = hold_out(y, validation_fraction, random_state)
        return given.take(kept), given.take(held_out)
    others, y_others = validation_data
    return given, Labelled(tokenize(others, tokenizer, n_words, memory), y_others)


def prepare(
    training: Labelled,
    validation: Labelled,
    vocabulary: Vocabulary,
    max_length: int,
    *,
    held_out: bool,
) -> TrainingData:
    """Look up the words of all texts.

    Parameters
    ----------
    training, validation : Labelled
        As :func:`split` gives them.
    vocabulary : Vocabulary
        The words known.
    max_length : int
        Words of a document that the networks read.
    held_out : bool
        Whether all of them were given to learn from.
    """
    long, long_validation = (
        Documents.from_tokenized(part.texts, vocabulary) for part in (training, validation)
    )
    return TrainingData(
        training.texts, vocabulary,
        long, long.cut(max_length), training.y, of_mean_1(training.weights),
        long_validation, long_validation.cut(max_length), validation.y,
        of_mean_1(validation.weights), held_out,
    )  # fmt: skip


def collect_words(
    tokenized: TokenizedTexts,
    words: list[str] | None,
    min_df: int,
    sources: list[WordVectors | None],
    max_unseen_words: int | None,
) -> Vocabulary:
    """Give the words to learn, and those to be read by given vectors alone.

    Parameters
    ----------
    tokenized : TokenizedTexts
        The documents to learn from.
    words : list of str or None
        The words to learn; None stands for those of the documents.
    min_df, max_unseen_words
        As the classifier has them.
    sources : list of WordVectors or None
        The word vectors given; None stands for vectors to be trained.

    Raises
    ------
    ValueError
        If no document has a word to learn.
    """
    if words is None:
        vocabulary = Vocabulary.from_tokenized(tokenized, min_df)
        if not vocabulary.words:
            raise ValueError(
                f"X has no word in {min_df} or more training documents (min_df): give texts "
                "with words in them, or a tokenizer that finds some."
            )
    else:
        vocabulary = Vocabulary(words)
        if not any(word in vocabulary for word in tokenized.words):
            raise ValueError(
                f"no training document has one of the {len(words)} words of vocabulary, "
                f"{words[:3]!r} and so on: give words as the tokenizer finds them, or None."
            )
    given = [source for source in sources if source is not None]
    unseen = find_unseen_words(given, vocabulary, max_unseen_words)
    return Vocabulary(vocabulary.words, unseen)


def of_mean_1(weights: np.ndarray | None) -> np.ndarray | None:
    """Scale weights of documents, if there are any, to a mean of 1."""
    return None if weights is None else (weights / weights.mean()).astype(np.float32)


def word_vectors(
    sources: list[WordVectors | None], data: TrainingData, seed: int, memory: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Give the vectors of the known and of the unseen words.

    A source that is None is trained on the documents.
    """
    given = [source for source in sources if source is not None]
    if len(given) < len(sources):
        words = np.array(data.tokenized.words, dtype=object)
        numbers, lengths = data.tokenized.numbers, data.tokenized.lengths
        trained = _kept(_vectors_of, memory)(words, numbers, lengths, seed)
        given = [trained if source is None else source for source in sources]
    return embedding_matrix(given, data.vocabulary), unseen_matrix(given, data.vocabulary)


def linear_start(
    kind: str | None,
    bigrams: bool,
    data: TrainingData,
    class_weights: np.ndarray,
    random_state: np.random.RandomState,
    memory: Any,
) -> LinearStart | None:
    """Fit the linear classifier to start from, if there is to be one.

    With `bigrams` it knows pairs of words, too, where it reads whole documents.
    """
    if kind is None:
        return None
    documents, y, weights = data.long, data.y, data.weights
    folds = draw_folds(y, random_state)
    if data.held_out:
        documents = Documents.joined([documents, data.long_validation])
        y, weights = _all_labels(data)
        folds = np.concatenate([folds, _folds_held_out(data)])
    weights = class_weights[y] if weights is None else class_weights[y] * weights
    start = _kept(fit_linear_start, memory)(
        kind, documents, y, data.validation, data.y_validation, len(data.vocabulary),
        len(class_weights), folds, weights, bigrams,
    )  # fmt: skip
    fits, idf, folds, pairs = start
    if pairs is not None:
        known, weights, idf_of_pairs, word_factor = pairs
        pairs = PairStart(_own(known), _own(weights), _own(idf_of_pairs), word_factor)
    return LinearStart(_own(fits), _own(idf), _own(folds)[: len(data.y)], pairs)


def labelled(
    data: TrainingData, start: LinearStart | None
) -> tuple[LabelledDocuments, LabelledDocuments]:
    """Give the documents to learn from, and those to compare epochs on.

    Each is read with weights of the linear start that have not seen it.
    """
    folds = None if start is None else start.folds
    unseen = _folds_held_out(data) if start is not None and data.held_out else None
    return (
        LabelledDocuments(data.training, data.y, folds, data.weights),
        LabelledDocuments(data.validation, data.y_validation, unseen, data.weights_validation),
    )


def all_labelled(data: TrainingData, start: LinearStart | None) -> LabelledDocuments:
    """Give the documents to learn from and those held out of them together."""
    folds = None if start is None else np.concatenate([start.folds, _folds_held_out(data)])
    y, weights = _all_labels(data)
    return LabelledDocuments(Documents.joined([data.training, data.validation]), y, folds, weights)


def _all_labels(data: TrainingData) -> tuple[np.ndarray, np.ndarray | None]:
    """Give class numbers and weights of the documents to learn from and of those held out."""
    weights = None
    if data.weights is not None and data.weights_validation is not None:
        weights = np.concatenate([data.weights, data.weights_validation])
    return np.concatenate([data.y, data.y_validation]), weights


def _folds_held_out(data: TrainingData) -> np.ndarray:
    return np.full(len(data.y_validation), HELD_OUT)


def _own(array: np.ndarray) -> np.ndarray:
    """Copy an array of a file mapped into memory: the network takes it over."""
    return np.require(array, requirements=["O", "W"])


def _kept(function: Callable[..., Any], memory: Any) -> Callable[..., Any]:
    return function if memory is None else memory.cache(function)


def _words_of(
    texts: np.ndarray,
    tokenizer: Any,
    source: str,  # noqa: ARG001
    max_length: int,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Split texts; `source` tells a tokenizer from an earlier one of the same name."""
    tokenized = TokenizedTexts.from_texts(texts.tolist(), tokenizer, max_length)
    return tokenized.words, tokenized.numbers, tokenized.lengths


def _vectors_of(
    words: np.ndarray, numbers: np.ndarray, lengths: np.ndarray, seed: int
) -> WordVectors:
    return WordVectors.train(word_lists(words.tolist(), numbers, lengths), seed)


def _source(tokenizer: Any) -> str | None:
    """Give the program of a tokenizer, or None if a memory could not tell it from another."""
    try:
        joblib.hash(tokenizer)
        return inspect.getsource(tokenizer if inspect.isroutine(tokenizer) else type(tokenizer))
    except Exception:  # pickling somebody's object may raise anything
        return None
