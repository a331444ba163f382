"""Prediction with a fitted classifier, and its pickling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from numbers import Integral
from typing import Any, overload

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._validation import check_masks, check_texts, fit_masks, iterate_texts
from sklearn_irx.classifier.by_class import is_class_conditional
from sklearn_irx.classifier.calibration import at_temperature
from sklearn_irx.classifier.classwise import ClasswiseDocuments
from sklearn_irx.classifier.rationale import Rationale, Rationales
from sklearn_irx.classifier.sides import SidedDocuments
from sklearn_irx.classifier.targets import explain_sides, explain_targets
from sklearn_irx.classifier.trained import pickled_params
from sklearn_irx.components import Style
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.devices import available_device
from sklearn_irx.nn.inference import predict
from sklearn_irx.nn.isolation import threads
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.text import Documents, TokenizedTexts, Vocabulary

CHUNK_SIZE = 4096  # documents whose words are in memory at a time

FEW_WORDS = 4096
"""With fewer words, an encoder computes in one thread by default: others would be waited for."""


class MemberMixin:
    """Predictions, several results at once for texts tokenized once, and pickling."""

    classes_: np.ndarray
    vocabulary_: Vocabulary
    calibration_temperature_: float
    n_threads: int | None
    _tokenizer: Any
    _max_length: int
    _module: Rationalizer

    def predict(self, X: Any) -> np.ndarray:
        """Predict the label of each document, from its rationale alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            As they were given to `fit`.
        """
        numbers = self.predict_proba(X).argmax(axis=1)  # which checks that it is fitted
        return self.classes_[numbers]

    def predict_proba(self, X: Any, masks: Any = None) -> np.ndarray:
        """Predict the class probabilities, from the rationales alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        masks : array-like of shape (n_samples, n_words), dtype bool, default=None
            Rationales to predict from, those of another model for example. None takes its own.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.

        Raises
        ------
        ValueError
            If `masks` do not fit the documents.
        """
        return self.predict_with_masks(X, masks)[0]

    def predict_with_masks(
        self, X: Any, masks: Any = None, *, scores: bool = False
    ) -> tuple[np.ndarray, ...]:
        """Predict probabilities and masks, and selection scores if asked for, at once.

        Besides documents and results, memory holds the words of a few thousand documents.

        Parameters
        ----------
        X : iterable of n_samples str, TokenizedTexts, or what :meth:`look_up` returned
            Documents. A generator may yield them one by one.
        masks : array-like of shape (n_samples, n_words), dtype bool, default=None
            Rationales to predict from. None takes its own.
        scores : bool, default=False
            Whether to return the :meth:`selection_scores`, too.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words.
        scores : ndarray of shape (n_samples, max_length), dtype float
            Only if asked for. All nan if `masks` are given.

        Raises
        ------
        ValueError
            If `masks` do not fit the documents, or the tokenization of `X` is not this model's.
        TypeError
            If `X` is a bare string or not all its documents are strings.
        """
        check_is_fitted(self)
        chunks = self._chunks(X, CHUNK_SIZE)
        if masks is not None:
            masks = check_masks(masks, len(X) if hasattr(X, "__len__") else None)
        width = self._max_length
        results = [np.empty((0, len(self.classes_))), np.empty((0, width), dtype=bool)]
        if scores:
            results.append(np.empty((0, width)))
        for parts in self._predict_chunks(chunks, masks, scores=scores):
            first = len(results[0])
            # In place: concatenation would need twice the memory.
            for array, part in zip(results, parts, strict=True):
                array.resize((first + len(part), array.shape[1]), refcheck=False)
                array[first:] = part
        return tuple(results)

    def iter_predictions(
        self, X: Any, chunk_size: int = CHUNK_SIZE
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Yield probabilities and masks chunk by chunk, for more documents than memory holds.

        Parameters
        ----------
        X : iterable of str, or TokenizedTexts
            Documents: lines of a file, rows of a query. It may be infinite.
        chunk_size : int, default=4096
            Number of documents that are taken from `X` at a time.

        Yields
        ------
        probabilities : ndarray of shape (at most chunk_size, n_classes)
            Columns as ``classes_``.
        masks : ndarray of shape (at most chunk_size, max_length), dtype bool
            True for selected words.

        Raises
        ------
        ValueError
            If `chunk_size` is no positive integer, or the tokenization of `X` is not this model's.
        TypeError
            If `X` is a bare string or, in its chunk, a document is no string.
        """
        check_is_fitted(self)
        if not isinstance(chunk_size, Integral) or chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size!r}: give an integer of at least 1.")
        return self._predict_chunks(self._chunks(X, int(chunk_size)))

    def selection_scores(self, X: Any) -> np.ndarray:
        """Score how much each word belongs to the rationale.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        scores : ndarray of shape (n_samples, max_length), dtype float
            Between 0 and 1, nan past the end of a document, 0 for a word that is never selected, as
            unknown ones are except within a passage.

        Notes
        -----
        A score is ``sigmoid(preference - cut)``; the preference comes from the selector.

        - ``"straight_through"``, ``"gumbel"``, ``"reinforce"`` and ``"hard_kuma"`` draw words
          independently in training. The preference is the log-odds of being selected (of a mask
          other than 0), and the cut is the threshold of selection: 0, unless training for a given
          length has moved it. A word is selected if its score is above 0.5, with two exceptions:
          ``max_transitions`` may set a cost of transitions, which fills gaps or drops isolated
          words; and where ``max_rationale_length`` drops words of a document, the cut is between
          the words kept and the next, with 0.5 for equal words on either side.
        - ``"top_k"`` and ``"sparsemap"`` select from a document as a whole. If n words were
          selected, the cut is halfway between the n-th preference and the next, at most 1 below the
          former. ``"top_k"`` selects the words above 0.5, unless they have to follow one another;
          ``"sparsemap"`` may select a neighbour instead.
        """
        return self.predict_with_masks(X, scores=True)[2]

    def tokenize(self, X: Any, *, spans: bool = False) -> TokenizedTexts:
        """Split documents into words, for several methods or models.

        Parameters
        ----------
        X : iterable of n_samples str, or TokenizedTexts
            Documents.
        spans : bool, default=False
            Whether to keep the character offsets, which :meth:`explain` needs.

        Returns
        -------
        tokenized : TokenizedTexts
            Accepted in place of texts by this model, and by those with the same words.

        Raises
        ------
        ValueError
            If the tokenization of `X` is not this model's.
        """
        check_is_fitted(self)
        texts = X
        if isinstance(X, TokenizedTexts):
            X.check_made_by(self._tokenizer, self._max_length)
            if X.spans is not None or not spans:
                return X
            texts = X.texts
        return TokenizedTexts.from_texts(
            check_texts(texts), self._tokenizer, self._max_length, spans=spans
        )

    def look_up(self, X: Any) -> Documents:
        """Look up words in the vocabulary, for several predictions of the same documents.

        Parameters
        ----------
        X : iterable of n_samples str, or TokenizedTexts
            Documents.

        Returns
        -------
        documents : Documents
            Word ids of this model, which :meth:`predict_with_masks` takes in place of texts.
        """
        return self._looked_up(self.tokenize(X, spans=self.needs_offsets))

    @property
    def needs_offsets(self) -> bool:
        """Whether the fitted model must know where in a text its words stand."""
        return self._module.config.needs_offsets

    def _looked_up(self, tokenized: TokenizedTexts) -> Documents:
        documents = Documents.from_tokenized(tokenized, self.vocabulary_)
        documents = documents.with_segments(self._module.config.style.begins(tokenized))
        pieces = self._module.piece_tokenizer
        return documents if pieces is None else documents.with_pieces(pieces.read(tokenized))

    def word_spans(self, X: Any) -> list[list[tuple[int, int]]]:
        """Return the character offsets of the words of each document, at most `max_length`.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        spans : list of n_samples lists of (start, end)
            Two models with equal spans have masks of the same words.
        """
        return self.tokenize(X, spans=True).spans or []

    def has_same_words_as(self, other: Any) -> bool:
        """Return whether another fitted model splits every document into the same words."""
        check_is_fitted(self)
        return bool(self._tokenizer == other._tokenizer and self._max_length == other._max_length)

    @overload
    def explain(self, X: Any, masks: Any = None) -> Rationales: ...
    @overload
    def explain(self, X: Any, *, target: Any) -> Rationales | ClasswiseDocuments: ...
    def explain(
        self, X: Any, masks: Any = None, *, target: Any = None
    ) -> Rationales | ClasswiseDocuments:
        """Return label, confidence and selected words of each document.

        With a `target`, the words are chosen to support a class, and every rationale says so: as
        many words as the model's own rationale of the document has, in one piece where that is a
        passage, and in few where transitions have a cost. The predictor then reads them alone, and
        may predict another class. With a linear initialization, words rank by their weights for the
        class with those of their bigrams, as in the selection, and smoothed where it is. Without
        one, they rank by how much the predictor raises the log probability of the class when it
        reads the word alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        masks : array-like of shape (n_samples, n_words), dtype bool, default=None
            Rationales to predict from. None takes its own.
        target : {"all", "predicted", "runner_up"} or a label, default=None
            The class to support: the one that is predicted from the own rationale, the next by
            probability, one of ``classes_``, or each class in turn, which also finds a class of one
            of these names. None takes the model's own rationale.

        Returns
        -------
        rationales : Rationales or ClasswiseDocuments
            A list of n_samples :class:`~sklearn_irx.Rationale`, shown with marked words in a
            notebook. With ``target="all"``, a list of n_samples sequences of rationales, one for
            each class, the most probable first, with the own rationale as `own`; four classes are
            shown.

        Raises
        ------
        ValueError
            If `masks` do not fit the documents, `target` is no class of the model, or both are
            given.

        Examples
        --------
        >>> from sklearn_irx import SelectiveRationaleClassifier
        >>> from sklearn_irx.datasets import make_rationale_classification
        >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
        >>> clf = SelectiveRationaleClassifier(random_state=0).fit(texts[:500], y[:500])
        >>> document = clf.explain(texts[500:], target="all")[0]
        >>> [str(one.target) for one in document], [one.convinced for one in document]
        (['hygiene', 'noise'], [True, True])
        >>> len(document[1].words) == len(document.own.words)
        True
        """
        check_is_fitted(self)
        if target is not None:
            if masks is not None:
                raise ValueError(
                    "masks and target are both given: give masks to predict from these words, or "
                    "target to have words chosen for a class."
                )
            documents = self._classwise(X, target)
            if isinstance(target, str) and target == "all":
                return documents
            return Rationales(one for document in documents for one in document)
        tokenized = self.tokenize(X, spans=True)
        rationales = self.to_rationales(
            tokenized, *self.predict_with_masks(tokenized, masks, scores=masks is None)
        )
        if masks is None:
            return rationales
        return Rationales(replace(one, class_conditional=False) for one in rationales)

    def _classwise(self, X: Any, target: Any) -> ClasswiseDocuments:
        """Return the own rationale of each document, and those for the classes asked for."""
        return explain_targets(self, X, target)

    def _sides(self, X: Any, rival: int | None = None) -> SidedDocuments:
        """Return the words of each document for its class, and those for its rival."""
        return explain_sides(self, X, rival)

    def to_rationales(
        self,
        X: Any,
        probabilities: np.ndarray,
        masks: np.ndarray,
        scores: np.ndarray | None = None,
    ) -> Rationales:
        """Join documents with what :meth:`predict_with_masks` returned for them.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        probabilities : ndarray of shape (n_samples, n_classes)
            As :meth:`predict_proba` returns them.
        masks : ndarray of shape (n_samples, max_length), dtype bool
            As :meth:`transform` returns them.
        scores : ndarray of shape (n_samples, max_length) or None, default=None
            As :meth:`selection_scores` returns them.

        Returns
        -------
        rationales : Rationales
            A list of n_samples :class:`~sklearn_irx.Rationale`, shown with marked words in a
            notebook.
        """
        tokenized = self.tokenize(X, spans=True)
        rationales, by_class = Rationales(), is_class_conditional(self)
        for text, words, spans, row, mask, word_scores in zip(
            tokenized.texts, tokenized.word_lists(), tokenized.spans or [], probabilities, masks,
            [None] * len(masks) if scores is None else scores,
            strict=True,
        ):  # fmt: skip
            best = int(row.argmax())
            rationales.append(
                Rationale(
                    text=text,
                    tokens=words,
                    spans=spans,
                    mask=mask[: len(words)].copy(),
                    label=self.classes_[best],
                    confidence=float(row[best]),
                    scores=None if word_scores is None else word_scores[: len(words)].copy(),
                    max_length=self._max_length,
                    class_conditional=by_class,
                )
            )
        return rationales

    def _chunks(self, X: Any, chunk_size: int) -> Iterator[Documents]:
        """Look up the words of `chunk_size` documents at a time."""
        if isinstance(X, TokenizedTexts | Documents):
            documents = X if isinstance(X, Documents) else self.look_up(X)
            rows = np.arange(len(X))
            return (documents.take(rows[i : i + chunk_size]) for i in range(0, len(X), chunk_size))
        texts = iterate_texts(X)
        spans = self.needs_offsets

        def look_up(some: list[str]) -> Documents:
            return self._looked_up(
                TokenizedTexts.from_texts(some, self._tokenizer, self._max_length, spans=spans)
            )

        return map(look_up, iter(lambda: list(islice(texts, chunk_size)), []))

    def _predict_chunks(
        self, chunks: Iterator[Documents], masks: np.ndarray | None = None, *, scores: bool = False
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Predict chunk by chunk, from the masks of all documents, if given.

        A `fit` between two chunks has no effect: the network is that of the call.
        """
        module, max_length = self._module, self._max_length
        n_threads, temperature = self.n_threads, self.calibration_temperature_
        # Without an encoder torch takes one thread by itself, and setting it would take longer.
        has_encoder = module.config.encoder.needs_vectors

        def predictions() -> Iterator[tuple[np.ndarray, ...]]:
            first = 0
            for documents in chunks:
                given = None
                if masks is not None:
                    rows = masks[first : first + len(documents)]
                    given = fit_masks(rows, documents.lengths, max_length, first=first)
                few = has_encoder and n_threads is None and len(documents.ids) < FEW_WORDS
                with threads(1 if few else n_threads):
                    probabilities, used, *found = predict(module, documents, given, scores=scores)
                yield (
                    at_temperature(probabilities, temperature),
                    _widened(used, max_length, False),
                    *(_widened(values, max_length, np.nan) for values in found),
                )
                first += len(documents)
            if masks is not None and first != len(masks):
                check_masks(masks, first)

        return predictions()

    @property
    def _n_features_out(self) -> int:
        return self._max_length

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_module")

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        state.pop("_net", None)  # with the optimizer
        if "_module" in state:
            # Plain arrays load on a machine without the device of the training. Callbacks are
            # cloned: after training, some refer to the optimizer.
            module = state["_module"]
            state = {**state, "_module": (module.config, module.to_arrays())}
            state = pickled_params(state)
            trained = pickled_params(state.get("_trained_params", {}))
            if state["embeddings"] is None and trained.get("embeddings") is not None:
                del trained["embeddings"]  # they were dropped to make the model small
            state["_trained_params"] = trained
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = {"objective": None, **state}  # there was none when older files were made
        if "_module" in state:
            config, arrays = state["_module"]
            if not hasattr(config, "style"):  # nor a style in the network
                config = NetworkConfig(**vars(config), style=Style())
            module = Rationalizer.from_arrays(config, arrays)
            state = {**state, "_module": module.to(available_device(state["device"]))}
        super().__setstate__(state)  # type: ignore[misc]


def _widened(values: np.ndarray, width: int, padding: bool | float) -> np.ndarray:
    """Pad rows to a width: of one document, ``np.pad`` takes several times as long."""
    wide = np.full((len(values), width), padding, dtype=values.dtype)
    wide[:, : values.shape[1]] = values
    return wide
