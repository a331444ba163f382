"""The base of initializations, and the data they are fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from sklearn_irx.components.base import Component
from sklearn_irx.nn.config import NetworkShape
from sklearn_irx.nn.linear import (
    DocumentPrior,
    LinearPath,
    LinearWeights,
    SelectionPrior,
)
from sklearn_irx.text import Documents

N_FOLDS = 5
HELD_OUT = N_FOLDS + 1
"""The fold of documents that the networks are not trained on."""

Built: TypeAlias = tuple[LinearPath | None, SelectionPrior | DocumentPrior | None]


@dataclass(frozen=True, eq=False)
class InitializationData:
    """Documents to fit a linear classifier on.

    Attributes
    ----------
    documents, validation : Documents
        Those to fit weights on, and those to choose their scale and smoothing on.
    y, y_validation : ndarray of shape (n_documents,), dtype int
        Class numbers.
    folds : ndarray of shape (n_documents,), dtype int
        The fold of each document, from 1 to `N_FOLDS`, or `HELD_OUT`: only the final weights are
        fitted on these.
    sample_weight : ndarray of shape (n_documents,)
        Weights of the documents.
    n_words, n_classes : int
        Sizes. Words with ids of `n_words` or more count as unknown.
    """

    documents: Documents
    y: np.ndarray
    validation: Documents
    y_validation: np.ndarray
    folds: np.ndarray
    sample_weight: np.ndarray
    n_words: int
    n_classes: int


class Initialization(Component):
    """Base of initializations: the initial weights of selector and predictor.

    A subclass has :meth:`fit_weights`, and an attribute or parameter `initial_selection`: the share
    of the words selected at the start, or "auto".

    Attributes
    ----------
    from_scratch : bool
        Whether training starts without a linear classifier, and so needs a curriculum.
    class_focus : float
        Above 0, the selection prior is class-conditional, the more so the higher: words are chosen
        to support the predicted class by a model that read the whole text. 0 is class-blind.
    bigrams : bool or "whole"
        Where the weights of bigrams count, if :meth:`fit_weights` returns any: in prediction and
        selection, or only in the classification of whole texts for `class_focus`.
    bigram_share : float
        Share of the weight of a bigram that is added to the rank of each of its words.
    smoothing : float, "learned" or "auto"
        Above 0, the selection prior averages over neighbouring words, by a Gaussian with this
        standard deviation in words; "learned", with one that training finds.
    """

    from_scratch: ClassVar[bool] = False
    class_focus: float = 0.0
    bigrams: bool | str = False
    bigram_share: float = 0.5
    smoothing: float | str = 0.0
    initial_selection: float | str = "auto"

    def fit_weights(self, data: InitializationData) -> LinearWeights | None:
        """Fit a linear classifier on all documents, and without each fold.

        Parameters
        ----------
        data : InitializationData
            Documents and labels.

        Returns
        -------
        weights : LinearWeights or None
            None for no linear classifier.
        """
        raise NotImplementedError

    def build(self, shape: NetworkShape, *, of_segments: bool = False) -> Built:
        """Build the linear path of the predictor and the prior of the selector.

        Parameters
        ----------
        shape : NetworkShape
            Sizes.
        of_segments : bool, default=False
            Whether more than words are selected as a whole.
        """
        sizes = shape.n_words, shape.n_classes
        path = LinearPath(*sizes, shape.n_bigrams if self.bigrams_in_path else 0)
        smoothing = self._smoothing()
        depends = self.class_focus or smoothing or of_segments or path.bigrams is not None
        if not depends:
            return path, SelectionPrior(shape.n_words)
        of_whole = shape.n_bigrams if self.bigrams == "whole" else 0
        return path, DocumentPrior(
            *sizes, n_bigrams=of_whole, bigram_share=self.bigram_share, focus=self.class_focus,
            smoothing=smoothing,
        )  # fmt: skip

    @property
    def bigrams_in_path(self) -> bool:
        """Whether weights of bigrams, if there are any, count in prediction and selection."""
        return bool(self.bigrams) and self.bigrams != "whole"

    def shaping_params(self) -> dict[str, Any]:
        """Return the parameters that decide which modules there are."""
        return {"class_focus": self.class_focus, "smoothing": self._smoothing()}

    def _smoothing(self) -> float | str:
        """Return a number or "learned": models saved before there was smoothing have "auto"."""
        return 0.0 if self.smoothing == "auto" else self.smoothing
