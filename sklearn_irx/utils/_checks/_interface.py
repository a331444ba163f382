"""Checks of what an estimator is before any training: its parameters, tags and pictures."""

from __future__ import annotations

from inspect import signature
from typing import Any

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_html_repr, get_tags
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._compat import invalid_values
from sklearn_irx.utils._checks._common import (
    assert_same,
    fitted,
    must_raise,
    outputs,
    text_check_data,
    unfitted,
)


def check_text_tags(name: str, estimator_orig: Any) -> None:
    """Tags say that X is a sequence of strings, and no array of two dimensions."""
    tags = get_tags(estimator_orig).input_tags
    assert tags.string, (
        f"{name} reads strings: set input_tags.string = True in its __sklearn_tags__."
    )
    assert not tags.two_d_array, (
        f"{name} reads no array of two dimensions: set input_tags.two_d_array = False in its "
        "__sklearn_tags__."
    )


def check_text_clone(name: str, estimator_orig: Any) -> None:
    """Cloned, a fitted estimator is unfitted, and fitted again it says the same."""
    X, y = text_check_data()
    first = fitted(estimator_orig)
    copy = clone(first)
    assert copy is not first, f"clone({name}) is the estimator itself."
    if get_tags(copy).requires_fit:
        with must_raise(NotFittedError, f"A clone of a fitted {name} is not to be fitted"):
            check_is_fitted(copy)
    names = sorted(first.get_params(deep=False))
    assert sorted(copy.get_params(deep=False)) == names, (
        f"A clone of {name} has other parameters: {sorted(copy.get_params(deep=False))} instead "
        f"of {names}."
    )
    if not get_tags(copy).non_deterministic:
        assert_same(
            outputs(copy.fit(X, y), X),
            outputs(first, X),
            f"A clone of {name}, fitted on the same documents",
        )


def check_text_fit_takes_y(name: str, estimator_orig: Any) -> None:
    """`fit`, `fit_transform` and `score` take X and y in this order, as pipelines give them."""
    for method in ("fit", "fit_transform", "score", "partial_fit"):
        function = getattr(estimator_orig, method, None)
        if function is None:
            continue
        names = [parameter for parameter in signature(function).parameters if parameter != "self"]
        assert names[1:2] == ["y"], (
            f"The second argument of {name}.{method} should be y, so that a pipeline can hand it "
            f"on. The arguments are: {', '.join(names)}."
        )


def check_text_html(name: str, estimator_orig: Any) -> None:
    """In notebooks, the diagram names the estimator, before `fit` and after it."""
    for estimator in (unfitted(estimator_orig), fitted(estimator_orig)):
        html = estimator_html_repr(estimator)
        assert name in html, f"The HTML diagram of {name} does not hold its name."
        shown = getattr(estimator, "_repr_html_", None)
        assert shown is None or "<" in shown(), (
            f"{name}._repr_html_() gives no HTML. Leave it to scikit-learn's BaseEstimator."
        )


def check_text_param_validation(name: str, estimator_orig: Any) -> None:
    """Wrong values of any parameter make `fit` raise an error that names it.

    Values are tried that no constraint in `_parameter_constraints` allows; where it says
    "no_validation", an object of a class made up here. The estimator is not fitted afterwards.
    """
    X, y = text_check_data()
    for parameter, constraints in estimator_orig._parameter_constraints.items():
        for value in invalid_values(constraints):
            estimator = unfitted(estimator_orig)
            estimator.set_params(**{parameter: value})
            with must_raise(
                (ValueError, TypeError), f"{name}.fit with {parameter}={value!r}", parameter
            ):
                estimator.fit(X, y)
            assert not _passes_for_fitted(estimator), (
                f"{name} passes for fitted after a fit that failed with {parameter}={value!r}: "
                "check parameters before anything is set."
            )


def _passes_for_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except Exception:  # with a wrong parameter an estimator may stumble in any way
        return False
    return True
