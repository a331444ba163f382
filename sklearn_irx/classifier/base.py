"""What the classifier and the ensembles have in common: tags, and what `prefit` means."""

from __future__ import annotations

from typing import Any

from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._validation import check_labels
from sklearn_irx.classifier.trained import changed_params, warn_of_changes


class RationaleEstimator(
    ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseEstimator
):
    """Base of the classifier and the ensembles: a classifier of strings that also transforms.

    A subclass has `_n_features_out` once it is fitted, the number of words in a mask.
    """

    _doc_link_module = "sklearn_irx"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of the predicted labels.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,)
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the documents.

        Returns
        -------
        accuracy : float
            Between 0 and 1.

        Raises
        ------
        ValueError
            If a label is missing or of another type than the others, or there are not as many
            labels as documents.
        """
        y = check_labels(y)
        predicted = self.predict(X)
        if len(predicted) != len(y):
            raise ValueError(
                f"X has {len(predicted)} documents and y {len(y)} labels: give as many of the one "
                "as of the other."
            )
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))


def is_used_as_is(name: str, estimator: Any, prefit: bool | str) -> bool:
    """Return whether a nested estimator is used as it is, not cloned and fitted.

    `prefit` True demands a fitted estimator, False always fits, "auto" fits if it is not fitted.
    `name` is that of the parameter. Raises NotFittedError if a fitted one is demanded, and this one
    is not. Warns if parameters of a fitted one were set after its training.
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
    warn_of_changes(
        {f"{name}__{key}": pair for key, pair in changed_params(estimator).items()},
        f"with prefit={prefit!r}, {name} is used as it was trained. To train it again, give "
        f"prefit=False, or sklearn.base.clone({name}).",
    )
    return True


def needs_fit(estimator: Any, prefit: bool | str) -> bool:
    """Return whether a nested estimator is to be fitted; True for anything unusable."""
    try:
        check_is_fitted(estimator)
    except (TypeError, ValueError):  # `fit` raises an error that explains it
        return True
    return prefit is False
