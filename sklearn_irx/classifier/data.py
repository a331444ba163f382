"""The data of a training: word ids, vocabulary, word vectors and linear initialization.

A ``joblib.Memory`` caches ``_number_words``, ``_train_vectors``, ``_fit_weights`` and
``_frozen_states``.
"""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.utils import compute_class_weight
from sklearn.utils.validation import check_memory

from sklearn_irx.components import Style
from sklearn_irx.components.initializations import (
    HELD_OUT,
    N_FOLDS,
    Initialization,
    InitializationData,
)
from sklearn_irx.nn.kernels.precision import product_type
from sklearn_irx.nn.linear import LinearWeights
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.nn.training.frozen import FrozenStates, compute_frozen
from sklearn_irx.text import (
    Documents,
    PieceTokenizer,
    TokenizedTexts,
    Vocabulary,
    WordTokenizer,
    WordVectors,
    embedding_matrix,
    find_unseen_words,
    normalize_word,
    unseen_matrix,
    word_lists,
)
from sklearn_irx.text.annotations import Annotations
from sklearn_irx.text.tokenizer import form_of

_FEW_MATCHES = 0.05  # of the words to learn that vectors given have
_MANY_VECTORS = 100
_MOST_BYTES = 2**32  # of states of frozen layers that are kept


class LabelledTexts(NamedTuple):
    """Tokenized texts and class numbers; sample weights, if not all the same; people's rationales.

    None of these stands for no rationales at all.
    """

    texts: TokenizedTexts
    y: np.ndarray
    weights: np.ndarray | None = None
    rationales: Annotations | None = None

    def take(self, rows: np.ndarray) -> LabelledTexts:
        """Return those at `rows`."""
        weights = None if self.weights is None else self.weights[rows]
        rationales = None if self.rationales is None else self.rationales.take(rows)
        return LabelledTexts(self.texts.take(rows), self.y[rows], weights, rationales)


class DataPart(NamedTuple):
    """Documents as word ids: whole ones, and what the networks see of them.

    `y` are class numbers, `weights` sample weights with a mean of 1, if not all are the same, and
    `marks` those of people, as :class:`LabelledDocuments` takes them.
    """

    whole: Documents
    documents: Documents
    y: np.ndarray
    weights: np.ndarray | None
    marks: np.ndarray | None

    @classmethod
    def of(
        cls,
        part: LabelledTexts,
        vocabulary: Vocabulary,
        max_length: int,
        style: Style,
        pieces: PieceTokenizer | None,
    ) -> DataPart:
        """Look up the words of texts, and find what else a network is told of them."""
        whole = Documents.from_tokenized(part.texts, vocabulary)
        documents = whole.cut(max_length)
        marks = None
        if part.rationales is not None:
            marks = part.rationales.marks(documents.lengths, max_length)
        if style.needs_spans or pieces is not None:
            texts = part.texts.cut(max_length)
            documents = documents.with_segments(style.begins(texts))
            if pieces is not None:
                documents = documents.with_pieces(pieces.read(texts))
        return cls(whole, documents, y=part.y, weights=with_mean_1(part.weights), marks=marks)

    def joined(self, other: DataPart) -> DataPart:
        """Concatenate two parts."""
        weights = None
        if self.weights is not None and other.weights is not None:
            weights = np.concatenate([self.weights, other.weights])
        marks = None
        if self.marks is not None or other.marks is not None:
            marks = np.concatenate([self._marks_or_unknown(), other._marks_or_unknown()])
        return DataPart(
            Documents.joined([self.whole, other.whole]),
            Documents.joined([self.documents, other.documents]),
            y=np.concatenate([self.y, other.y]),
            weights=weights,
            marks=marks,
        )

    def _marks_or_unknown(self) -> np.ndarray:
        unknown = np.full(len(self.documents.ids), -1, dtype=np.int8)
        return unknown if self.marks is None else self.marks

    def labelled(self, folds: np.ndarray | None) -> LabelledDocuments:
        """Return what the networks see, for the training loop."""
        return LabelledDocuments(
            self.documents, self.y, folds=folds, weights=self.weights, marks=self.marks
        )


class TrainingData(NamedTuple):
    """Documents to learn from, and others to compare epochs on.

    Attributes
    ----------
    tokenized : TokenizedTexts
        The documents to learn from.
    vocabulary : Vocabulary
        Their words, and out-of-vocabulary words with a pretrained vector.
    training, validation : DataPart
        Word ids and classes.
    held_out : bool
        Whether the validation documents were held out of those given to learn from.
    """

    tokenized: TokenizedTexts
    vocabulary: Vocabulary
    training: DataPart
    validation: DataPart
    held_out: bool

    def class_weights(self, class_weight: Any, classes: np.ndarray) -> np.ndarray:
        """Return the weights of the classes in the cross-entropy."""
        y = self.training.y
        if class_weight == "balanced":  # scikit-learn takes no sample weights here before 1.7
            counts = np.bincount(y, self.training.weights, len(classes))
            return counts.sum() / (len(classes) * counts)
        return compute_class_weight(class_weight, classes=classes, y=classes[y])

    def labelled(self, linear: LinearWeights | None) -> tuple[LabelledDocuments, LabelledDocuments]:
        """Return the documents to learn from, and those to compare epochs on.

        Each is encoded with weights of the linear initialization that were fitted without it.
        """
        folds = None if linear is None else linear.folds
        held_out = self.held_out_folds() if linear is not None and self.held_out else None
        return self.training.labelled(folds), self.validation.labelled(held_out)

    def all_labelled(self, linear: LinearWeights | None) -> LabelledDocuments:
        """Return the documents to learn from together with those held out of them."""
        if not self.held_out:
            return self.training.labelled(None if linear is None else linear.folds)
        folds = None
        if linear is not None:
            folds = np.concatenate([linear.folds, self.held_out_folds()])
        return self.training.joined(self.validation).labelled(folds)

    @property
    def n_documents(self) -> tuple[int, int]:
        """Numbers of documents learned from, and of others that epochs are compared on."""
        n_others = 0 if self.validation is self.training else len(self.validation.y)
        return len(self.training.y), n_others

    def held_out_folds(self) -> np.ndarray:
        """Return the folds of the validation documents, if they were held out."""
        return np.full(len(self.validation.y), HELD_OUT)


def make_memory(memory: Any) -> Any:
    """Return the ``joblib.Memory`` that the parameter `memory` stands for, or None.

    Its results are memory-mapped, so processes share them.
    """
    if memory is None:
        return None
    if isinstance(memory, str | os.PathLike):
        return joblib.Memory(os.fspath(memory), mmap_mode="r", verbose=0)
    return check_memory(memory)


def tokenize(
    texts: list[str] | TokenizedTexts,
    tokenizer: Any,
    max_length: int,
    *,
    memory: Any = None,
    spans: bool = False,
) -> TokenizedTexts:
    """Split texts into words, or take them from `memory`; tokenized texts stay as they are.

    With `spans`, character offsets are kept; they are not in `memory`.
    """
    if isinstance(texts, TokenizedTexts):
        return texts
    source = None if memory is None else _source_code(tokenizer)
    if spans or source is None:
        return TokenizedTexts.from_texts(texts, tokenizer, max_length, spans=spans)
    array = np.array(texts, dtype=object)  # joblib logs calls, and abridges arrays
    words, token_ids, lengths = memory.cache(_number_words)(
        array, tokenizer, source, max_length=max_length
    )
    return TokenizedTexts(
        texts, words, token_ids, lengths=lengths, tokenizer=tokenizer, max_length=max_length
    )


def collect_words(
    tokenized: TokenizedTexts,
    words: list[str] | None,
    *,
    min_df: int,
    sources: list[WordVectors | None],
    max_unseen_words: int | None,
) -> Vocabulary:
    """Return the words to learn, and out-of-vocabulary words with a pretrained vector.

    `words` None stands for those of the texts, None in `sources` for vectors to be trained. Raises
    ValueError if no document has a word to learn.
    """
    form = form_of(tokenized.tokenizer)
    if words is None:
        vocabulary = Vocabulary.from_tokenized(tokenized, min_df)
        _warn_of_clauses(tokenized.tokenizer, vocabulary.words)
        if not vocabulary.words:
            raise ValueError(
                f"X has no word in {min_df} or more training documents (min_df): give texts "
                "with words in them, or a tokenizer that finds some."
            )
    else:
        vocabulary = Vocabulary(list(dict.fromkeys(map(form, words))))
        if not any(word in vocabulary for word in tokenized.words):
            raise ValueError(
                f"no training document has one of the {len(words)} words of vocabulary, "
                f"{words[:3]!r} and so on: give words as the tokenizer finds them, or None."
            )
    given = [source for source in sources if source is not None]
    for source in given:
        _check_matches(source, vocabulary.words)
    unseen = find_unseen_words(given, vocabulary, max_unseen_words, form)
    return Vocabulary(vocabulary.words, unseen)


def _check_matches(vectors: WordVectors, words: list[str]) -> None:
    """Warn of word vectors that hardly any of the words to learn has; of few, that none has."""
    n = sum(word in vectors for word in words)
    is_large = len(vectors.words) >= _MANY_VECTORS
    if n >= _FEW_MATCHES * len(words) or (n > 0 and not is_large):
        return
    remedy = "give vectors of the language of the texts, made for words as the tokenizer finds them"
    n_folded = sum(normalize_word(word) in vectors for word in words)
    if n_folded > 2 * n + 1:
        remedy = (
            f"{n_folded:,} would match but for upper and lower case: give vectors of words in the "
            "case that the tokenizer returns, or a tokenizer that keeps that of the vectors"
        )
    warnings.warn(
        f"embeddings has vectors for {n:,} of the {len(words):,} words to learn, {words[:3]!r} and "
        f"so on, and the others get zeros: {remedy}.",
        UserWarning,
        stacklevel=6,
    )


def _warn_of_clauses(tokenizer: Any, words: list[str]) -> None:
    if isinstance(tokenizer, WordTokenizer) and tokenizer.needs_segmenter(words):
        warnings.warn(
            f"X has words such as {words[0]!r}, of a script without spaces between words, so most "
            "are whole clauses: give tokenizer=WordTokenizer(segmenter=...), for Thai for example "
            "pythainlp.word_tokenize.",
            UserWarning,
            stacklevel=6,
        )


def with_mean_1(weights: np.ndarray | None) -> np.ndarray | None:
    """Scale weights of documents, if there are any, to a mean of 1."""
    if weights is None:
        return None
    weights = weights / weights.max()  # so that no sum overflows
    return (weights / weights.mean()).astype(np.float32)


def word_vectors(
    sources: list[WordVectors | None], data: TrainingData, *, seed: int, memory: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of the known and of the unseen words.

    A source that is None is trained on the documents.
    """
    given = [source for source in sources if source is not None]
    if len(given) < len(sources):
        trained = _cached(_train_vectors, memory)(
            np.array(data.tokenized.words, dtype=object),
            data.tokenized.numbers,
            data.tokenized.lengths,
            seed=seed,
        )
        given = [trained if source is None else source for source in sources]
    return embedding_matrix(given, data.vocabulary), unseen_matrix(given, data.vocabulary)


def no_vectors(data: TrainingData) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors without dimensions, of the known and of the unseen words."""
    shapes = len(data.vocabulary), len(data.vocabulary.unseen_words)
    return np.empty((shapes[0], 0), np.float32), np.empty((shapes[1], 0), np.float16)


def linear_weights(
    initialization: Initialization,
    data: TrainingData,
    *,
    class_weights: np.ndarray,
    random_state: np.random.RandomState,
    memory: Any,
) -> LinearWeights | None:
    """Fit the linear initialization, if there is one."""
    if initialization.from_scratch:
        return None
    part, folds = data.training, draw_folds(data.training.y, random_state)
    if data.held_out:
        part = part.joined(data.validation)
        folds = np.concatenate([folds, data.held_out_folds()])
    sample_weight = class_weights[part.y]
    if part.weights is not None:
        sample_weight = sample_weight * part.weights
    fitted = _cached(_fit_weights, memory)(
        initialization,
        InitializationData(
            documents=part.whole,
            y=part.y,
            validation=data.validation.documents.with_pieces(None),
            y_validation=data.validation.y,
            folds=folds,
            sample_weight=sample_weight,
            n_words=len(data.vocabulary),
            n_classes=len(class_weights),
        ),
    )
    if fitted is None:
        return None
    bigrams = fitted.bigrams
    if bigrams is not None:
        names = ("bigrams", "weights", "idf")
        bigrams = bigrams._replace(**{name: _writable(getattr(bigrams, name)) for name in names})
    return fitted._replace(
        weights=_writable(fitted.weights),
        idf=_writable(fitted.idf),
        folds=_writable(fitted.folds)[: len(data.training.y)],
        bigrams=bigrams,
    )


def keep_frozen_states(
    module: Rationalizer, parts: tuple[LabelledDocuments, ...], *, memory: Any
) -> None:
    """Let the frozen layers of the selector's transformer, which has some, read documents once.

    Not if the result would be too large.
    """
    transformer = module.transformers[0]
    n_pieces = sum(int(part.documents.sizes.sum()) for part in parts)
    if 2 * n_pieces * transformer.hidden_size > _MOST_BYTES:
        return
    weights = joblib.hash([weight.detach().cpu().numpy() for weight in transformer.parameters()])
    device = module.unseen.device
    precision = product_type(module.config.training.precision, device)
    circumstances = [module.config.encoder, str(precision), device.type]
    compute = _frozen_states
    if memory is not None:
        compute = memory.cache(_frozen_states, ignore=["module"])
    for part in parts:
        if part.frozen is None:  # the same documents may be learned from and compared on
            part.frozen = compute(part.documents, module, weights, circumstances)


def draw_folds(y: np.ndarray, random_state: np.random.RandomState) -> np.ndarray:
    """Draw a fold for each document, from 1, stratified by class."""
    folds = np.empty(len(y), dtype=np.int64)
    order = random_state.permutation(len(y))  # shuffled, then dealt out by class
    folds[order[np.argsort(y[order], kind="stable")]] = 1 + np.arange(len(y)) % N_FOLDS
    return folds


def _writable(array: np.ndarray) -> np.ndarray:
    """Copy an array that is memory-mapped, as the network changes it."""
    return np.require(array, requirements=["O", "W"])


def _cached(function: Callable[..., Any], memory: Any) -> Callable[..., Any]:
    return function if memory is None else memory.cache(function)


def _fit_weights(initialization: Initialization, data: InitializationData) -> LinearWeights | None:
    """Fit the linear initialization, with bigrams and for words that are known."""
    return initialization.fit_weights(data)


def _frozen_states(
    documents: Documents,
    module: Rationalizer,
    weights: str,  # noqa: ARG001
    circumstances: list[Any],  # noqa: ARG001
) -> FrozenStates:
    """Let the first layers read. `weights` and `circumstances` tell results apart in the cache."""
    return compute_frozen(module.transformers[0], documents, module.config.documents_at_once)


def _number_words(
    texts: np.ndarray,
    tokenizer: Any,
    source: str,  # noqa: ARG001
    max_length: int,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Split texts. `source` distinguishes tokenizers of one name in the cache."""
    tokenized = TokenizedTexts.from_texts(texts.tolist(), tokenizer, max_length)
    return tokenized.words, tokenized.numbers, tokenized.lengths


def _train_vectors(
    words: np.ndarray, token_ids: np.ndarray, lengths: np.ndarray, seed: int
) -> WordVectors:
    return WordVectors.train(word_lists(words.tolist(), token_ids, lengths), seed)


def _source_code(tokenizer: Any) -> str | None:
    """Return the source code of a tokenizer, or None if its results cannot be cached."""
    try:
        joblib.hash(tokenizer)
        return inspect.getsource(tokenizer if inspect.isroutine(tokenizer) else type(tokenizer))
    except Exception:  # of any type, as pickling runs the user's code
        return None
