"""What a fitted rationale model does: read documents, and say what it saw."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from numbers import Integral
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._validation import check_masks, check_texts, fit_masks, iterate_texts
from sklearn_irx.classifier.base import RationaleEstimator
from sklearn_irx.classifier.calibration import at_temperature
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.nn.isolation import threads
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.loop import pick_device, read
from sklearn_irx.text import Documents, TokenizedTexts, Vocabulary

_CHUNK_SIZE = 4096  # documents in memory as words at a time


class RationaleReader(RationaleEstimator):
    """Base of classifiers that predict from rationales: everything but parameters and `fit`.

    A subclass's `fit` sets the attributes below.
    """

    vocabulary_: Vocabulary
    calibration_temperature_: float
    n_threads: int | None
    _tokenizer: Any
    _max_length: int
    _module: Rationalizer

    def predict_proba(self, X: Any, masks: Any = None) -> np.ndarray:
        """Give the class probabilities, from the rationales alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        masks : array-like of shape (n_samples, n_words), dtype bool, default=None
            Rationales to read instead of this model's own, another model's say.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.

        Raises
        ------
        ValueError
            If `masks` do not fit the documents.
        """
        return self.read(X, masks)[0]

    def transform(self, X: Any) -> np.ndarray:
        """Give the rationales as masks.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words, False past the end of a document.
        """
        return self.read(X)[1]

    def explain(self, X: Any, masks: Any = None) -> list[Rationale]:
        """Give label, confidence and selected words of each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        masks : array-like of shape (n_samples, n_words), dtype bool, default=None
            Rationales to read instead of this model's own.

        Returns
        -------
        rationales : list of n_samples Rationale
        """
        tokenized = self.tokenize(X, spans=True)
        return self.to_rationales(tokenized, *self.read(tokenized, masks, scores=masks is None))

    def selection_scores(self, X: Any) -> np.ndarray:
        """Give how much each word belongs to the rationale.

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
        A score is ``sigmoid(preference - cut)``, the preference being what the selector says of
        the word. What the cut is, depends on the sampler:

        - ``"straight_through"``, ``"gumbel"``, ``"reinforce"`` and ``"hard_kuma"`` draw each word
          for itself in training. Their preference is the log-odds of being selected (of a mask
          other than 0), and the cut is the threshold of selection. It is 0, and the score the
          probability of being selected, unless training for a given length has moved it. Where
          ``max_rationale_length`` held words of a document back, the cut is between the words
          that it left and the next; equal words on either side of it have 0.5. Otherwise a word
          is selected if its score is above 0.5, and only then, unless ``max_transitions`` has put
          a cost on borders: it can fill a gap and drop a word that stands alone.
        - ``"top_k"`` and ``"sparsemap"`` look at a document as a whole. The cut is halfway
          between the last of as many words as were selected, by their preference, and the next,
          but not by more than 1 below the former. ``"top_k"`` selects the words above 0.5, unless
          they have to follow one another; ``"sparsemap"`` may take a neighbour instead.
        """
        return self.read(X, scores=True)[2]

    def to_rationales(
        self,
        X: Any,
        probabilities: np.ndarray,
        masks: np.ndarray,
        scores: np.ndarray | None = None,
    ) -> list[Rationale]:
        """Join documents with what a model said of them.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        probabilities : ndarray of shape (n_samples, n_classes)
            As :meth:`predict_proba` gives them.
        masks : ndarray of shape (n_samples, max_length), dtype bool
            As :meth:`transform` gives them.
        scores : ndarray of shape (n_samples, max_length) or None, default=None
            As :meth:`selection_scores` gives them.

        Returns
        -------
        rationales : list of n_samples Rationale
        """
        tokenized = self.tokenize(X, spans=True)
        rationales = []
        for text, tokens, spans, row, mask, said in zip(
            tokenized.texts, tokenized.word_lists(), tokenized.spans or [], probabilities, masks,
            [None] * len(masks) if scores is None else scores,
            strict=True,
        ):  # fmt: skip
            best = int(row.argmax())
            rationales.append(
                Rationale(
                    text=text,
                    tokens=tokens,
                    spans=spans,
                    mask=mask[: len(tokens)].copy(),
                    label=self.classes_[best],
                    confidence=float(row[best]),
                    scores=None if said is None else said[: len(tokens)].copy(),
                )
            )
        return rationales

    def read(self, X: Any, masks: Any = None, *, scores: bool = False) -> tuple[np.ndarray, ...]:
        """Give what :meth:`predict_proba` and :meth:`transform` give, reading once.

        Beside documents and results, memory holds a few thousand documents as words at a time.

        Parameters
        ----------
        X : iterable of n_samples str, or TokenizedTexts
            Documents. A generator may give them one by one.
        masks : array-like of shape (n_samples, n_words), dtype bool, default=None
            Rationales to read instead of this model's own.
        scores : bool, default=False
            Whether to give what :meth:`selection_scores` gives, too.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words.
        scores : ndarray of shape (n_samples, max_length), dtype float
            Only if asked for. All nan if `masks` are given, as the selector is not asked then.

        Raises
        ------
        ValueError
            If `masks` do not fit the documents, or `X` is tokenized otherwise than this model
            does it.
        TypeError
            If `X` is a bare string or holds something else than strings.
        """
        check_is_fitted(self)
        documents = self._documents(X, _CHUNK_SIZE)
        if masks is not None:
            masks = check_masks(masks, len(X) if hasattr(X, "__len__") else None)
        results: tuple[np.ndarray, ...] = (
            np.empty((0, len(self.classes_))),
            np.empty((0, self._max_length), dtype=bool),
        )
        if scores:
            results = (*results, np.empty((0, self._max_length)))
        for parts in self._read(documents, masks, scores=scores):
            first = len(results[0])
            # In place: concatenated in the end, all results would be in memory twice.
            for array, part in zip(results, parts, strict=True):
                array.resize((first + len(part), array.shape[1]), refcheck=False)
                array[first:] = part
        return results

    def read_chunks(
        self, X: Any, chunk_size: int = _CHUNK_SIZE
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Give what :meth:`read` gives piece by piece, for more documents than memory holds.

        Parameters
        ----------
        X : iterable of str, or TokenizedTexts
            Documents: lines of a file, rows of a query. It may never end.
        chunk_size : int, default=4096
            Documents that are read together, and taken from `X` before the first result.

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
        return self._read(self._documents(X, chunk_size), None)

    def _documents(self, X: Any, chunk_size: int) -> Iterator[Documents]:
        """Look up the words of some documents after the other."""
        if isinstance(X, TokenizedTexts):
            documents = Documents.from_tokenized(self.tokenize(X), self.vocabulary_)
            rows = np.arange(len(X))
            return (documents.take(rows[i : i + chunk_size]) for i in range(0, len(X), chunk_size))
        texts = iterate_texts(X)
        chunks = iter(lambda: list(islice(texts, chunk_size)), [])
        return (
            Documents.from_texts(chunk, self._tokenizer, self.vocabulary_, self._max_length)
            for chunk in chunks
        )

    def _read(
        self, documents: Iterator[Documents], masks: np.ndarray | None, *, scores: bool = False
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Give probabilities, masks and maybe scores of some documents after the other."""
        first = 0
        for some in documents:
            given = None
            if masks is not None:
                rows = masks[first : first + len(some)]
                given = fit_masks(rows, some.lengths, self._max_length, first)
            with threads(self.n_threads):
                probabilities, used, *said = read(self._module, some, given, scores=scores)
            missing = ((0, 0), (0, self._max_length - used.shape[1]))
            yield (
                at_temperature(probabilities, self.calibration_temperature_),
                np.pad(used, missing),
                *(np.pad(of_words, missing, constant_values=np.nan) for of_words in said),
            )
            first += len(some)
        if masks is not None and first != len(masks):
            check_masks(masks, first)

    def tokenize(self, X: Any, *, spans: bool = False) -> TokenizedTexts:
        """Split documents into words as this model does, to be read several times.

        Parameters
        ----------
        X : iterable of n_samples str, or TokenizedTexts
            Documents.
        spans : bool, default=False
            Whether to tell where the words stand, as :meth:`explain` and :meth:`split` do.

        Returns
        -------
        tokenized : TokenizedTexts
            This model, and every other that :meth:`splits_like` it, reads them in place of texts.

        Raises
        ------
        ValueError
            If `X` is tokenized already, and otherwise than this model does it.
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

    def split(self, X: Any) -> list[list[tuple[int, int]]]:
        """Give the character spans of the words that the model reads in each document.

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

    def splits_like(self, other: Any) -> bool:
        """Tell whether another fitted model surely splits every document into the same words."""
        check_is_fitted(self)
        return bool(self._tokenizer == other._tokenizer and self._max_length == other._max_length)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_module")

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_net", None)  # the optimizer's
        if "_module" in state:
            # Plain arrays: they load on a machine without the device trained on.
            module = state["_module"]
            state = {**state, "_module": (module.settings, module.to_arrays())}
            if state.get("callbacks"):
                # As they were given: after training, some hold the optimizer.
                state["callbacks"] = clone(state["callbacks"], safe=False)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_module" in state:
            settings, arrays = state["_module"]
            module = Rationalizer.from_arrays(settings, arrays)
            state = {**state, "_module": module.to(self._device_for(state["device"]))}
        super().__setstate__(state)

    @staticmethod
    def _device_for(device: str) -> str:
        """Give the device that a model was trained on, or the CPU if it is not to be had here."""
        picked = pick_device(device)
        try:
            torch.empty(1, device=picked).cpu()  # "meta" is a device, and has no numbers
        except Exception:  # what is raised depends on the device
            return "cpu"
        return picked
