"""What ensembles, reports and bulk scoring ask of a fitted classifier."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._validation import check_masks, check_texts
from sklearn_irx.classifier.inference import (
    CHUNK_SIZE,
    chunks_of,
    joined,
    predict_chunks,
    to_rationales,
)
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.components import Component
from sklearn_irx.nn.devices import available_device
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.text import Documents, TokenizedTexts, Vocabulary


class MemberMixin:
    """Several results at once, of texts that are tokenized once; and pickling."""

    classes_: np.ndarray
    vocabulary_: Vocabulary
    calibration_temperature_: float
    n_threads: int | None
    _tokenizer: Any
    _max_length: int
    _module: Rationalizer

    def predict_with_masks(
        self, X: Any, masks: Any = None, *, scores: bool = False
    ) -> tuple[np.ndarray, ...]:
        """Predict probabilities and masks, and selection scores if asked for, at once.

        Beside documents and results, memory holds a few thousand documents as words at a time.

        Parameters
        ----------
        X : iterable of n_samples str, or TokenizedTexts
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
            If `masks` do not fit the documents, or `X` is tokenized otherwise than this model
            does it.
        TypeError
            If `X` is a bare string or holds something else than strings.
        """
        check_is_fitted(self)
        chunks = self._chunks(X, CHUNK_SIZE)
        if masks is not None:
            masks = check_masks(masks, len(X) if hasattr(X, "__len__") else None)
        return joined(
            self._predict_chunks(chunks, masks, scores=scores),
            n_classes=len(self.classes_),
            max_length=self._max_length,
            scores=scores,
        )

    def iter_predictions(
        self, X: Any, chunk_size: int = CHUNK_SIZE
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Yield probabilities and masks chunk by chunk, for more documents than memory holds.

        Parameters
        ----------
        X : iterable of str, or TokenizedTexts
            Documents: lines of a file, rows of a query. It may never end.
        chunk_size : int, default=4096
            Documents of a chunk, taken from `X` before its result.

        Yields
        ------
        probabilities : ndarray of shape (at most chunk_size, n_classes)
            Columns as ``classes_``.
        masks : ndarray of shape (at most chunk_size, max_length), dtype bool
            True for selected words.

        Raises
        ------
        ValueError
            If `chunk_size` is no positive integer, or `X` is tokenized otherwise than this model
            does it.
        TypeError
            If `X` is a bare string or, when its turn comes, a document is no string.
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
            Between 0 and 1, nan past the end of a document, 0 for an unknown word.

        Notes
        -----
        A score is ``sigmoid(preference - cut)``; the preference comes from the selector.

        - For ``"straight_through"``, ``"gumbel"``, ``"reinforce"`` and ``"hard_kuma"``, which draw
          words independently in training, the preference is the log-odds of being selected (of a
          mask other than 0), and the cut is the threshold of selection: 0, unless training for a
          given length has moved it. A word is selected if its score is above 0.5, with two
          exceptions: ``max_transitions`` may put a cost on transitions, and fill a gap or drop an
          isolated word; and where ``max_rationale_length`` limits a document, the cut is between
          the words kept and the next, with 0.5 for equal words on either side.
        - ``"top_k"`` and ``"sparsemap"`` select from a document as a whole. If n words were
          selected, the cut is halfway between the n-th preference and the next, at most 1 below the
          former. ``"top_k"`` selects the words above 0.5, unless they have to follow one another;
          ``"sparsemap"`` may take a neighbour instead.
        """
        return self.predict_with_masks(X, scores=True)[2]

    def tokenize(self, X: Any, *, spans: bool = False) -> TokenizedTexts:
        """Split documents into words, to be given to several methods or models.

        Parameters
        ----------
        X : iterable of n_samples str, or TokenizedTexts
            Documents.
        spans : bool, default=False
            Whether to keep the character offsets, which :meth:`explain` and :meth:`word_spans`
            need.

        Returns
        -------
        tokenized : TokenizedTexts
            Accepted in place of texts by this model, and by those with the same words.

        Raises
        ------
        ValueError
            If `X` is tokenized otherwise than this model does it.
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

    def word_spans(self, X: Any) -> list[list[tuple[int, int]]]:
        """Return the character offsets of the words that the model reads in each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        spans : list of n_samples lists of (start, end)
            Masks of two models are about the same words where these agree.
        """
        return self.tokenize(X, spans=True).spans or []

    def has_same_words_as(self, other: Any) -> bool:
        """Return whether another fitted model splits every document into the same words."""
        check_is_fitted(self)
        return bool(self._tokenizer == other._tokenizer and self._max_length == other._max_length)

    def to_rationales(
        self,
        X: Any,
        probabilities: np.ndarray,
        masks: np.ndarray,
        scores: np.ndarray | None = None,
    ) -> list[Rationale]:
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
        rationales : list of n_samples Rationale
        """
        tokenized = self.tokenize(X, spans=True)
        return to_rationales(tokenized, probabilities, masks, scores, classes=self.classes_)

    def _chunks(self, X: Any, chunk_size: int) -> Iterator[Documents]:
        if isinstance(X, TokenizedTexts):
            X = self.tokenize(X)
        return chunks_of(
            X, self.vocabulary_, tokenizer=self._tokenizer, max_length=self._max_length,
            chunk_size=chunk_size,
        )  # fmt: skip

    def _predict_chunks(
        self, chunks: Iterator[Documents], masks: np.ndarray | None = None, *, scores: bool = False
    ) -> Iterator[tuple[np.ndarray, ...]]:
        return predict_chunks(
            self._module, chunks, masks, max_length=self._max_length,
            temperature=self.calibration_temperature_, n_threads=self.n_threads, scores=scores,
        )  # fmt: skip

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_module")

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        state.pop("_net", None)  # the optimizer's
        if "_module" in state:
            # Plain arrays: they load on a machine without the device trained on. Callbacks are
            # copied as they were given: after training, some hold the optimizer.
            module = state["_module"]
            state = {**state, "_module": (module.config, module.to_arrays())}
            if isinstance(state.get("training"), Component):
                state["training"] = clone(state["training"], safe=False)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_module" in state:
            config, arrays = state["_module"]
            module = Rationalizer.from_arrays(config, arrays)
            state = {**state, "_module": module.to(available_device(state["device"]))}
        super().__setstate__(state)  # type: ignore[misc]
