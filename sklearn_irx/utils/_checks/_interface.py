"""Checks of an estimator before training: its parameters, tags and diagram."""

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
    """Tags declare that X is a sequence of strings, not a two-dimensional array."""
    tags = get_tags(estimator_orig).input_tags
    assert tags.string, (
        f"{name} takes strings: set input_tags.string = True in its __sklearn_tags__."
    )
    assert not tags.two_d_array, (
        f"{name} takes no two-dimensional array: set input_tags.two_d_array = False in its "
        "__sklearn_tags__."
    )


def check_text_clone(name: str, estimator_orig: Any) -> None:
    """Clones of a fitted estimator are unfitted, and after `fit` give equal results."""
    X, y = text_check_data()
    first = fitted(estimator_orig)
    copy = clone(first)
    assert copy is not first, f"clone({name}) is the estimator itself."
    if get_tags(copy).requires_fit:
        with must_raise(NotFittedError, f"A clone of a fitted {name} should be unfitted"):
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
    """`fit`, `fit_transform` and `score` take X and y in this order, as pipelines pass them."""
    for method in ("fit", "fit_transform", "score", "partial_fit"):
        function = getattr(estimator_orig, method, None)
        if function is None:
            continue
        names = [parameter for parameter in signature(function).parameters if parameter != "self"]
        assert names[1:2] == ["y"], (
            f"The second argument of {name}.{method} should be y, so that a pipeline can pass it. "
            f"The arguments are: {', '.join(names)}."
        )


def check_text_html(name: str, estimator_orig: Any) -> None:
    """HTML diagrams for notebooks name the estimator, before and after `fit`."""
    for estimator in (unfitted(estimator_orig), fitted(estimator_orig)):
        html = estimator_html_repr(estimator)
        assert name in html, f"The HTML diagram of {name} does not contain its name."
        shown = getattr(estimator, "_repr_html_", None)
        assert shown is None or "<" in shown(), (
            f"{name}._repr_html_() returns no HTML: inherit it from scikit-learn's BaseEstimator."
        )


def check_text_param_validation(name: str, estimator_orig: Any) -> None:
    """For invalid values of any parameter, `fit` raises an error that names it.

    The values violate `_parameter_constraints`; for "no_validation", the value is an object of an
    unknown class. The estimator must not be fitted afterwards.
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
            assert not _is_fitted(estimator), (
                f"{name} is fitted after a fit that failed with {parameter}={value!r}: validate "
                "parameters before setting attributes."
            )


def _is_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except Exception:  # an invalid parameter may cause any error
        return False
    return True
