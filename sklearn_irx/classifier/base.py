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
from sklearn.utils.validation import check_is_fitted

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
