"""What every estimator of this package is: a classifier on raw text that also gives masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin


class RationaleEstimator(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Base of the classifier and the ensemble: labels from probabilities, and the tags."""

    classes_: np.ndarray
    _doc_link_module = "sklearn_irx"

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the class probabilities: what a subclass has to say for itself."""
        raise NotImplementedError

    def predict(self, X: Any) -> np.ndarray:
        """Give the label of each document, from the rationale that is returned alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            As they were given to `fit`.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
