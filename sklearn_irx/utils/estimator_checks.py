"""Checks that an estimator on raw text keeps scikit-learn's conventions.

scikit-learn's own `check_estimator` fits on numbers, so of a text classifier it checks next to
nothing. These checks fit on texts. They are for classifiers and transformers, pipelines included;
all of them are listed in ``docs/estimator_checks.md``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from unittest import SkipTest

from sklearn import config_context
from sklearn.base import is_clusterer, is_outlier_detector, is_regressor
from sklearn.exceptions import EstimatorCheckFailedWarning, SkipTestWarning

from sklearn_irx.utils._checks._common import TOLERANCE, text_check_data
from sklearn_irx.utils._checks._of_sklearn import AS_THEY_ARE, sklearn_checks
from sklearn_irx.utils._checks._registry import text_checks, text_checks_by_theme

__all__ = [
    "TOLERANCE",
    "check_text_estimator",
    "parametrize_with_text_checks",
    "text_check_data",
    "text_estimator_checks_generator",
]


def text_estimator_checks_generator(
    estimator: Any, *, expected_failed_checks: dict[str, str] | None = None
) -> Iterator[tuple[Any, Callable[[Any], None]]]:
    """Give the checks that apply to an estimator, one by one.

    Parameters
    ----------
    estimator : estimator object
        A classifier or transformer on raw text. It is cloned before anything is done with it.
    expected_failed_checks : dict of str to str, default=None
        Names of checks that are expected to fail, and the reasons. Here they are only looked up:
        a name that no check has is an error.

    Yields
    ------
    estimator : estimator object
        The one given.
    check : callable
        To be called with it.

    Raises
    ------
    TypeError
        If `estimator` is a class, or neither a classifier nor a transformer.
    ValueError
        If `expected_failed_checks` names what is no check.
    """
    if isinstance(estimator, type):
        raise TypeError(
            f"estimator is the class {estimator.__name__}: give an instance, "
            f"{estimator.__name__}() for example."
        )
    for what, is_one in {
        "regressor": is_regressor,
        "clusterer": is_clusterer,
        "detector of outliers": is_outlier_detector,
    }.items():
        if is_one(estimator):
            raise TypeError(
                f"estimator={estimator!r} is a {what}: give a classifier or a transformer."
            )
    known = {check.__name__ for checks in text_checks_by_theme().values() for check in checks}
    unknown = sorted(set(expected_failed_checks or {}) - known - set(AS_THEY_ARE))
    if unknown:
        raise ValueError(
            f"expected_failed_checks names {', '.join(unknown)}: give names of checks, as "
            "docs/estimator_checks.md lists them."
        )
    name = type(estimator).__name__
    for check in [*sklearn_checks(estimator), *text_checks(estimator)]:
        yield estimator, partial(check, name)


def parametrize_with_text_checks(
    estimators: Sequence[Any],
    *,
    expected_failed_checks: Callable[[Any], dict[str, str]] | None = None,
    xfail_strict: bool = True,
) -> Any:
    """Make a pytest test run once for each estimator and each check that applies to it.

    Parameters
    ----------
    estimators : list of estimator objects
        Classifiers and transformers on raw text, pipelines for example.
    expected_failed_checks : callable, default=None
        Takes an estimator, and gives a dict with the names of checks it is expected to fail and
        the reasons. They are marked as expected failures.
    xfail_strict : bool, default=True
        Whether a check fails that was expected to fail and does not.

    Returns
    -------
    decorator : ``pytest.mark.parametrize``
        For a function of `estimator` and `check`.

    Raises
    ------
    TypeError
        If one of `estimators` is a class, or neither a classifier nor a transformer.
    ValueError
        If an expected failure names what is no check.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_irx.utils.estimator_checks import parametrize_with_text_checks
    >>> @parametrize_with_text_checks([make_pipeline(TfidfVectorizer(), LogisticRegression())])
    ... def test_text_estimator(estimator, check):
    ...     check(estimator)
    """
    import pytest

    parameters = []
    for estimator in estimators:
        expected = expected_failed_checks(estimator) if expected_failed_checks else {}
        for one, check in text_estimator_checks_generator(
            estimator, expected_failed_checks=expected
        ):
            name = _check_name(check)
            marks = (
                [pytest.mark.xfail(reason=expected[name], strict=xfail_strict)]
                if name in expected
                else []
            )
            parameters.append(pytest.param(one, check, marks=marks))
    return pytest.mark.parametrize(("estimator", "check"), parameters, ids=_test_id)


def check_text_estimator(
    estimator: Any,
    *,
    expected_failed_checks: dict[str, str] | None = None,
    on_skip: str | None = "warn",
    on_fail: str | None = "raise",
    callback: Callable[..., None] | None = None,
) -> list[dict[str, Any]]:
    """Check that an estimator on raw text keeps scikit-learn's conventions.

    Parameters
    ----------
    estimator : estimator object
        A classifier or transformer on raw text. It is cloned before anything is done with it.
    expected_failed_checks : dict of str to str, default=None
        Names of checks that are expected to fail, and the reasons. If one passes, that is a
        failure.
    on_skip : "warn" or None, default="warn"
        Whether to warn of a check that could not be done.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do if a check fails: raise its error and stop, warn, or go on.
    callback : callable, default=None
        Called after each check with the entries of its result as keywords.

    Returns
    -------
    results : list of dict
        For each check: ``estimator``; ``check_name``; ``exception``, None if it passed; ``status``,
        "passed", "failed", "skipped", or "xfail" for a failure that was expected;
        ``expected_to_fail`` and ``expected_to_fail_reason``.

    Raises
    ------
    Exception
        With ``on_fail="raise"``, that of the first check that fails.
    TypeError
        If `estimator` is a class, or neither a classifier nor a transformer.
    ValueError
        If `expected_failed_checks` names what is no check, or `on_skip` or `on_fail` is none of
        the values above.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_irx.utils.estimator_checks import check_text_estimator
    >>> pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    >>> results = check_text_estimator(pipeline, on_fail=None)
    >>> status = {result["check_name"]: result["status"] for result in results}
    >>> status["check_text_pickle"], status["check_text_no_strings"]
    ('passed', 'failed')
    """
    if on_skip not in ("warn", None):
        raise ValueError(f"on_skip={on_skip!r}: give 'warn' or None.")
    if on_fail not in ("raise", "warn", None):
        raise ValueError(f"on_fail={on_fail!r}: give 'raise', 'warn' or None.")
    expected = expected_failed_checks or {}
    results = []
    for one, check in text_estimator_checks_generator(estimator, expected_failed_checks=expected):
        result = _result(one, check, expected)
        if result["status"] == "failed" and on_fail == "raise":
            raise result["exception"]
        if result["status"] == "failed" and on_fail == "warn":
            warnings.warn(EstimatorCheckFailedWarning(**result), stacklevel=2)
        if result["status"] == "skipped" and on_skip == "warn":
            warnings.warn(
                f"{result['check_name']} was skipped: {result['exception']}",
                SkipTestWarning,
                stacklevel=2,
            )
        if callback is not None:
            callback(**result)
        results.append(result)
    return results


def _result(
    estimator: Any, check: Callable[[Any], None], expected: dict[str, str]
) -> dict[str, Any]:
    """Run a check and tell what came of it."""
    name = _check_name(check)
    exception: Exception | None = None
    status = "passed"
    try:
        check(estimator)
    except SkipTest as error:
        status, exception = "skipped", error
    except Exception as error:
        status, exception = "xfail" if name in expected else "failed", error
    else:
        if name in expected:
            status = "failed"
            exception = AssertionError(
                f"{name} passed, and expected_failed_checks says it would fail "
                f"({expected[name]!r}): remove it from there."
            )
    return {
        "estimator": estimator,
        "check_name": name,
        "exception": exception,
        "status": status,
        "expected_to_fail": name in expected,
        "expected_to_fail_reason": expected.get(name, "Check is not expected to fail"),
    }


def _check_name(check: Any) -> str:
    return str(check.func.__name__)


def _test_id(value: Any) -> str:
    """Name a parameter of a test: a check by its name, an estimator by its changed parameters."""
    if isinstance(value, partial):
        return _check_name(value)
    with config_context(print_changed_only=True):
        shown = re.sub(r"\s| at 0x[0-9a-f]+", "", repr(value))
    return shown if len(shown) <= 100 else f"{shown[:99]}…"
