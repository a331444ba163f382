"""What a fitted rationale model does: read documents, and say what it saw."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._base import RationaleEstimator
from sklearn_irx._rationale import Rationale
from sklearn_irx._validation import check_masks, check_texts
from sklearn_irx.nn.rationalizer import Rationalizer
from sklearn_irx.nn.training import pick_device, read, threads
from sklearn_irx.text import Documents, Vocabulary, tokens_of


class RationaleReader(RationaleEstimator):
    """Base of classifiers that predict from rationales: everything but parameters and `fit`.

    A subclass's `fit` sets the attributes below.
    """

    vocabulary_: Vocabulary
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
        probabilities, used = self.read(X, masks)
        return self.to_rationales(X, probabilities, used)

    def to_rationales(
        self, X: Any, probabilities: np.ndarray, masks: np.ndarray
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

        Returns
        -------
        rationales : list of n_samples Rationale
        """
        check_is_fitted(self)
        rationales = []
        for text, row, mask in zip(check_texts(X), probabilities, masks, strict=True):
            tokens = tokens_of(self._tokenizer, text, self._max_length)
            best = int(row.argmax())
            rationales.append(
                Rationale(
                    text=text,
                    tokens=[token.text for token in tokens],
                    spans=[(token.start, token.end) for token in tokens],
                    mask=mask[: len(tokens)].copy(),
                    label=self.classes_[best],
                    confidence=float(row[best]),
                )
            )
        return rationales

    def read(self, X: Any, masks: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Give what :meth:`predict_proba` and :meth:`transform` give, reading once.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        masks : array-like of shape (n_samples, n_words), dtype bool, default=None
            Rationales to read instead of this model's own.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words.
        """
        check_is_fitted(self)
        documents = Documents.from_texts(
            check_texts(X), self._tokenizer, self.vocabulary_, self._max_length
        )
        if masks is not None:
            masks = check_masks(masks, documents.lengths, self._max_length)
        with threads(self.n_threads):
            probabilities, used = read(self._module, documents, masks)
        return probabilities, np.pad(used, ((0, 0), (0, self._max_length - used.shape[1])))

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
        check_is_fitted(self)
        return [
            [(token.start, token.end) for token in tokens_of(self._tokenizer, t, self._max_length)]
            for t in check_texts(X)
        ]

    def splits_like(self, other: Any) -> bool:
        """Tell whether another fitted model surely splits every document into the same words."""
        check_is_fitted(self)
        return bool(self._tokenizer == other._tokenizer and self._max_length == other._max_length)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_module")

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "_module" in state:
            # Plain arrays: they load on a machine without the device trained on.
            module = state["_module"]
            state = {**state, "_module": (module.settings, module.to_arrays())}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_module" in state:
            settings, arrays = state["_module"]
            device = "cpu" if self._lost(state["device"]) else pick_device(state["device"])
            state = {**state, "_module": Rationalizer.from_arrays(settings, arrays).to(device)}
        super().__setstate__(state)

    @staticmethod
    def _lost(device: str) -> bool:
        """Tell whether a model was trained on a device that this machine does not have."""
        return device.startswith("cuda") and not torch.cuda.is_available()
