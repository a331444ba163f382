"""What every estimator of this package is: a classifier on raw text that also gives masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted


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


def is_used_as_is(name: str, estimator: Any, prefit: bool | str) -> bool:
    """Tell whether an estimator within another is used as it is, or cloned and fitted.

    Parameters
    ----------
    name : str
        What the parameter is called.
    estimator : estimator
        What it holds.
    prefit : bool or "auto"
        True demands a fitted estimator, False never uses one, "auto" does if it is fitted.

    Raises
    ------
    NotFittedError
        If a fitted one is demanded, and this one is not.
    """
    if prefit is False:
        return False
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        if prefit is True:
            raise NotFittedError(
                f"{name} is not fitted, and prefit=True: fit it first, or use prefit='auto'."
            ) from None
        return False
    return True


def needs_fit(estimator: Any, prefit: bool | str) -> bool:
    """Tell whether an estimator within another is to be fitted, whatever stands in its place."""
    try:
        return not is_used_as_is("estimator", estimator, prefit)
    except (TypeError, ValueError):  # no estimator, or not fitted: `fit` says so
        return True
