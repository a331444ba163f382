"""Checks that an estimator on raw text follows scikit-learn's conventions.

scikit-learn's own `check_estimator` fits on numbers, so it can check almost nothing of a text
classifier. These checks fit on texts. They apply to classifiers and transformers, including
pipelines, and are listed in ``docs/estimator_checks.md``.
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
    """Yield the checks that apply to an estimator.

    Parameters
    ----------
    estimator : estimator object
        A classifier or transformer on raw text. The checks use clones of it.
    expected_failed_checks : dict of str to str, default=None
        Names of checks that are expected to fail, and the reasons. Here, the names are only
        validated.

    Yields
    ------
    estimator : estimator object
        The `estimator` passed.
    check : callable
        The check, to be called with `estimator`.

    Raises
    ------
    TypeError
        If `estimator` is a class, a regressor, a clusterer or an outlier detector.
    ValueError
        If `expected_failed_checks` contains an unknown name.
    """
    if isinstance(estimator, type):
        raise TypeError(
            f"estimator is the class {estimator.__name__}: give an instance, "
            f"{estimator.__name__}() for example."
        )
    for kind, is_kind in {
        "a regressor": is_regressor,
        "a clusterer": is_clusterer,
        "an outlier detector": is_outlier_detector,
    }.items():
        if is_kind(estimator):
            raise TypeError(f"estimator={estimator!r} is {kind}: give a classifier or transformer.")
    known = {check.__name__ for checks in text_checks_by_theme().values() for check in checks}
    unknown = sorted(set(expected_failed_checks or {}) - known - set(AS_THEY_ARE))
    if unknown:
        raise ValueError(
            f"expected_failed_checks names {', '.join(unknown)}: give names of checks, which "
            "docs/estimator_checks.md lists."
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
    """Parametrize a pytest test with estimators and the checks that apply to each.

    Parameters
    ----------
    estimators : list of estimator objects
        Classifiers and transformers on raw text, including pipelines.
    expected_failed_checks : callable, default=None
        A function that takes an estimator and returns a dict of the names of checks that it is
        expected to fail, and the reasons. They are marked as expected failures.
    xfail_strict : bool, default=True
        Whether an expected failure that passes is a failure.

    Returns
    -------
    decorator : ``pytest.mark.parametrize``
        Decorator of a test function of `estimator` and `check`.

    Raises
    ------
    TypeError
        If one of `estimators` is a class, a regressor, a clusterer or an outlier detector.
    ValueError
        If the name of an expected failure is unknown.

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
    """Check that an estimator on raw text follows scikit-learn's conventions.

    Parameters
    ----------
    estimator : estimator object
        A classifier or transformer on raw text. The checks use clones of it.
    expected_failed_checks : dict of str to str, default=None
        Names of checks that are expected to fail, and the reasons. One that passes is a failure.
    on_skip : "warn" or None, default="warn"
        Whether to warn of skipped checks.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do if a check fails: raise its error, warn, or continue silently.
    callback : callable, default=None
        Called after each check with the entries of its result as keyword arguments.

    Returns
    -------
    results : list of dict
        For each check: ``estimator``; ``check_name``; ``exception``, None if it passed; ``status``,
        "passed", "failed", "skipped" or "xfail" (expected failure); ``expected_to_fail`` and
        ``expected_to_fail_reason``.

    Raises
    ------
    Exception
        With ``on_fail="raise"``, the exception of the first check that fails.
    TypeError
        If `estimator` is a class, a regressor, a clusterer or an outlier detector.
    ValueError
        If `expected_failed_checks` contains an unknown name, or `on_skip` or `on_fail` is not
        among the above.

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
    """Run a check and return its result."""
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
                f"{name} passed, but is in expected_failed_checks ({expected[name]!r}): remove it "
                "from there."
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
    """Return a test id: the name of a check, or the repr of an estimator."""
    if isinstance(value, partial):
        return _check_name(value)
    with config_context(print_changed_only=True):
        shown = re.sub(r" at 0x[0-9a-f]+|\s", "", repr(value))
    return shown if len(shown) <= 100 else f"{shown[:99]}…"
