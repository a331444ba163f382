"""What the classifier and the ensembles have in common: tags, and what `prefit` means."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted


class RationaleEstimator(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Base of the classifier and the ensembles: a classifier of strings that also transforms."""

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
    is not.
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
    """Return whether a nested estimator is to be fitted; True for anything unusable."""
    try:
        return not is_used_as_is("estimator", estimator, prefit)
    except (TypeError, ValueError):  # `fit` raises an error that explains it
        return True
