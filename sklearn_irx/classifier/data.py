"""What a classifier is trained on: word ids, and what is learned from the texts beforehand.

A ``joblib.Memory`` keeps results of pure functions: ``_number_words``, ``_train_vectors`` and
``_fit_weights``.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.utils import compute_class_weight
from sklearn.utils.validation import check_memory

from sklearn_irx.components.initializations import (
    HELD_OUT,
    N_FOLDS,
    Initialization,
    InitializationData,
)
from sklearn_irx.nn.linear import BigramWeights, LinearWeights
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
    """Tokenized texts, their class numbers, and their weights, if not all the same."""

    texts: TokenizedTexts
    y: np.ndarray
    weights: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Labelled:
        """Return those at `rows`."""
        weights = None if self.weights is None else self.weights[rows]
        return Labelled(self.texts.take(rows), self.y[rows], weights)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Documents to learn from, and others to compare epochs on.

    Attributes
    ----------
    tokenized : TokenizedTexts
        The documents to learn from, with the words that the networks do not read.
    vocabulary : Vocabulary
        The words learned from them, and out-of-vocabulary words with a pretrained vector.
    long, long_validation : Documents
        Both parts as word ids.
    training, validation : Documents
        The part of them that the networks read.
    y, y_validation : ndarray of shape (n_documents,), dtype int
        Class numbers.
    weights, weights_validation : ndarray of shape (n_documents,), dtype float32, or None
        Weights of the documents, 1 in the mean.
    held_out : bool
        Whether the validation documents were held out of those given to learn from.
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

    @classmethod
    def of(
        cls,
        training: Labelled,
        validation: Labelled,
        *,
        vocabulary: Vocabulary,
        max_length: int,
        held_out: bool,
    ) -> TrainingData:
        """Look up the words of all texts; the networks read `max_length` of each."""
        long, long_validation = (
            Documents.from_tokenized(part.texts, vocabulary) for part in (training, validation)
        )
        return cls(
            training.texts, vocabulary,
            long, long.cut(max_length), training.y, with_mean_1(training.weights),
            long_validation, long_validation.cut(max_length), validation.y,
            with_mean_1(validation.weights), held_out,
        )  # fmt: skip

    def class_weights(self, class_weight: Any, classes: np.ndarray) -> np.ndarray:
        """Return the weights of the classes in the cross-entropy."""
        if class_weight == "balanced":  # scikit-learn takes no sample weights here before 1.7
            counts = np.bincount(self.y, self.weights, len(classes))
            return counts.sum() / (len(classes) * counts)
        return compute_class_weight(class_weight, classes=classes, y=classes[self.y])

    def labelled(self, linear: LinearWeights | None) -> tuple[LabelledDocuments, LabelledDocuments]:
        """Return the documents to learn from, and those to compare epochs on.

        Each is encoded with weights of the linear initialization that have not seen it.
        """
        folds = None if linear is None else linear.folds
        held_out = self._held_out_folds() if linear is not None and self.held_out else None
        return (
            LabelledDocuments(self.training, self.y, folds, self.weights),
            LabelledDocuments(
                self.validation, self.y_validation, held_out, self.weights_validation
            ),
        )

    def all_labelled(self, linear: LinearWeights | None) -> LabelledDocuments:
        """Return the documents to learn from together with those held out of them."""
        folds = None
        if linear is not None:
            folds = np.concatenate([linear.folds, self._held_out_folds()])
        documents = Documents.joined([self.training, self.validation])
        y, weights = self._all_labels()
        return LabelledDocuments(documents, y, folds, weights)

    def _all_labels(self) -> tuple[np.ndarray, np.ndarray | None]:
        weights = None
        if self.weights is not None and self.weights_validation is not None:
            weights = np.concatenate([self.weights, self.weights_validation])
        return np.concatenate([self.y, self.y_validation]), weights

    def _held_out_folds(self) -> np.ndarray:
        return np.full(len(self.y_validation), HELD_OUT)


def make_memory(memory: Any) -> Any:
    """Return the ``joblib.Memory`` that the parameter `memory` stands for, or None.

    Its results are memory-mapped, so that processes share them.
    """
    if memory is None:
        return None
    if isinstance(memory, str | os.PathLike):
        return joblib.Memory(os.fspath(memory), mmap_mode="r", verbose=0)
    return check_memory(memory)


def make_tokenizer(tokenizer: Any) -> Any:
    """Return the tokenizer that the parameter `tokenizer` stands for."""
    return WordTokenizer() if tokenizer is None else tokenizer


def tokenize(
    texts: list[str] | TokenizedTexts, tokenizer: Any, max_length: int, *, memory: Any = None
) -> TokenizedTexts:
    """Split texts into words, unless they are split already or `memory` has their words."""
    if isinstance(texts, TokenizedTexts):
        return texts
    source = None if memory is None else _source_code(tokenizer)
    if source is None:
        return TokenizedTexts.from_texts(texts, tokenizer, max_length)
    # As an array: a memory's record of its calls abridges long arrays.
    array = np.array(texts, dtype=object)
    words, token_ids, lengths = memory.cache(_number_words)(array, tokenizer, source, max_length)
    return TokenizedTexts(texts, words, token_ids, lengths, tokenizer, max_length)


def collect_words(
    tokenized: TokenizedTexts,
    words: list[str] | None,
    *,
    min_df: int,
    sources: list[WordVectors | None],
    max_unseen_words: int | None,
) -> Vocabulary:
    """Return the words to learn, and out-of-vocabulary words with a pretrained vector.

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


def with_mean_1(weights: np.ndarray | None) -> np.ndarray | None:
    """Scale weights of documents, if there are any, to a mean of 1."""
    return None if weights is None else (weights / weights.mean()).astype(np.float32)


def word_vectors(
    sources: list[WordVectors | None], data: TrainingData, *, seed: int, memory: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of the known and of the unseen words.

    A source that is None is trained on the documents.
    """
    given = [source for source in sources if source is not None]
    if len(given) < len(sources):
        words = np.array(data.tokenized.words, dtype=object)
        token_ids, lengths = data.tokenized.numbers, data.tokenized.lengths
        trained = _cached(_train_vectors, memory)(words, token_ids, lengths, seed)
        given = [trained if source is None else source for source in sources]
    return embedding_matrix(given, data.vocabulary), unseen_matrix(given, data.vocabulary)


def linear_weights(
    initialization: Initialization,
    data: TrainingData,
    *,
    class_weights: np.ndarray,
    random_state: np.random.RandomState,
    memory: Any,
) -> LinearWeights | None:
    """Fit the linear classifier to start from, if the initialization has one."""
    if initialization.from_scratch:
        return None
    documents, y, weights = data.long, data.y, data.weights
    folds = draw_folds(y, random_state)
    if data.held_out:
        documents = Documents.joined([documents, data.long_validation])
        y, weights = data._all_labels()
        folds = np.concatenate([folds, data._held_out_folds()])
    given = InitializationData(
        documents, y, data.validation, data.y_validation, folds,
        sample_weight=class_weights[y] if weights is None else class_weights[y] * weights,
        n_words=len(data.vocabulary), n_classes=len(class_weights),
    )  # fmt: skip
    found = _cached(_fit_weights, memory)(initialization, given)
    if found is None:
        return None
    weights, idf, folds, bigrams = found
    if bigrams is not None:
        known, pair_weights, pair_idf, word_factor = bigrams
        bigrams = BigramWeights(
            _writable(known), _writable(pair_weights), _writable(pair_idf), word_factor
        )
    own_folds = _writable(folds)[: len(data.y)]
    return LinearWeights(_writable(weights), _writable(idf), own_folds, bigrams)


def draw_folds(y: np.ndarray, random_state: np.random.RandomState) -> np.ndarray:
    """Draw a fold for each document, from 1, stratified by class."""
    folds = np.empty(len(y), dtype=np.int64)
    order = random_state.permutation(len(y))  # shuffled, then dealt out class by class
    folds[order[np.argsort(y[order], kind="stable")]] = 1 + np.arange(len(y)) % N_FOLDS
    return folds


def _writable(array: np.ndarray) -> np.ndarray:
    """Copy an array that is memory-mapped: the network takes it over."""
    return np.require(array, requirements=["O", "W"])


def _cached(function: Callable[..., Any], memory: Any) -> Callable[..., Any]:
    return function if memory is None else memory.cache(function)


def _fit_weights(initialization: Initialization, data: InitializationData) -> LinearWeights | None:
    return initialization.fit_weights(data)


def _number_words(
    texts: np.ndarray,
    tokenizer: Any,
    source: str,  # noqa: ARG001
    max_length: int,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Split texts; `source` tells a tokenizer from an earlier one of the same name."""
    tokenized = TokenizedTexts.from_texts(texts.tolist(), tokenizer, max_length)
    return tokenized.words, tokenized.numbers, tokenized.lengths


def _train_vectors(
    words: np.ndarray, token_ids: np.ndarray, lengths: np.ndarray, seed: int
) -> WordVectors:
    return WordVectors.train(word_lists(words.tolist(), token_ids, lengths), seed)


def _source_code(tokenizer: Any) -> str | None:
    """Return the source code of a tokenizer, or None if a memory could not recognize it."""
    try:
        joblib.hash(tokenizer)
        return inspect.getsource(tokenizer if inspect.isroutine(tokenizer) else type(tokenizer))
    except Exception:  # pickling somebody's object may raise anything
        return None
