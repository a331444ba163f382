"""Checks of documents: containers and texts that are accepted or rejected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from sklearn_irx.utils._checks._common import (
    assert_same,
    dense,
    fitted,
    must_raise,
    objects,
    outputs,
    pandas_column,
    text_check_data,
    unfitted,
)

_REJECTED = (ValueError, TypeError)
_UNUSUAL = {
    "empty": "",
    "blank": " \t\n ",
    "without a known word": "qwxyz vbnmk",
    "of signs": "?!... --- <br/> &amp;",
    "of emoji": "🙂🙂 👩‍👩‍👧",
    "in Hebrew": "שלום עולם",
    "in Chinese": "今天天气很好。",
    "with a NUL character": "soup\x00bread",
    "very long": "soup and bread and rain " * 3000,
    "of one very long word": "soup" * 5000,
}


def check_text_containers(name: str, estimator_orig: Any) -> None:
    """All sequences give equal results: list, tuple, array, column of pandas or polars.

    In `fit` and in predictions. pandas and polars are checked if they are installed.
    """
    X, y = text_check_data()
    estimator = fitted(estimator_orig, X, y)
    wanted = outputs(estimator, X)
    for kind, texts in _containers(X):
        assert_same(outputs(estimator, texts), wanted, f"{name}, predicting from a list and {kind}")
        assert_same(
            outputs(fitted(estimator_orig, texts, y), X),
            wanted,
            f"{name}, fitted on a list and on {kind}",
        )


def _containers(X: list[str]) -> Iterator[tuple[str, Any]]:
    yield "a tuple", tuple(X)
    yield "an array of objects", objects(X)
    yield "an array of strings", np.array(X)
    yield from pandas_column(X).items()
    try:
        import polars as pl
    except ImportError:
        pass
    else:
        yield "a polars Series", pl.Series(X)


def check_text_readonly(name: str, estimator_orig: Any) -> None:
    """Read-only arrays, as joblib passes them to its processes, give equal results."""
    X, y = text_check_data()
    texts, labels = np.array(X), y.copy()
    texts.setflags(write=False)
    labels.setflags(write=False)
    estimator = fitted(estimator_orig, texts, labels)
    assert_same(
        outputs(estimator, texts),
        outputs(fitted(estimator_orig), X),
        f"{name}, fitted on a list and on read-only arrays",
    )


def check_text_unusual_documents(name: str, estimator_orig: Any) -> None:
    """Empty, blank, unknown, foreign and very long documents are accepted by all methods."""
    X, y = text_check_data()
    unusual = list(_UNUSUAL.values())
    estimator = fitted(estimator_orig)
    for kind, text in _UNUSUAL.items():
        _assert_accepts(name, estimator, [text], f"a document {kind}")
    trained = fitted(estimator_orig, [*X, *unusual], [*y, *y[: len(unusual)]])
    _assert_accepts(name, trained, unusual, "unusual documents after training on them")


def _assert_accepts(name: str, estimator: Any, texts: list[str], what: str) -> None:
    try:
        results = outputs(estimator, texts)
    except Exception as error:
        raise AssertionError(
            f"{name} should accept {what}. It raises {type(error).__name__}: {error}"
        ) from error
    for method, result in results.items():
        assert len(result) == len(texts), (
            f"{name}.{method} returns {len(result)} results, not {len(texts)}, for {what}."
        )
        assert result.dtype.kind != "f" or np.isfinite(result).all(), (
            f"{name}.{method} returns {result} for {what}."
        )
    if is_classifier(estimator):
        unknown = set(results["predict"].tolist()) - set(estimator.classes_.tolist())
        assert not unknown, f"{name}.predict returns {sorted(map(repr, unknown))} for {what}."


def check_text_nothing_to_read(name: str, estimator_orig: Any) -> None:
    """Without documents, predictions have zero rows and their usual shape otherwise."""
    X, _ = text_check_data()
    estimator = fitted(estimator_orig)
    for method, some in outputs(estimator, X).items():
        wanted = (0, *some.shape[1:])
        try:
            none = dense(getattr(estimator, method)([]))
        except Exception as error:
            raise AssertionError(
                f"{name}.{method}([]) should return shape {wanted}. It raises "
                f"{type(error).__name__}: {error}"
            ) from error
        assert none.shape == wanted, f"{name}.{method}([]) has shape {none.shape}, not {wanted}."


def check_text_nothing_to_learn(name: str, estimator_orig: Any) -> None:
    """`fit` without documents is rejected."""
    with must_raise(_REJECTED, f"{name}.fit([], [])"):
        unfitted(estimator_orig).fit([], [])


def check_text_bare_string(name: str, estimator_orig: Any) -> None:
    """Single strings are rejected: they would be sequences of one-character documents."""
    _assert_rejects(name, estimator_orig, "soup and bread " * 2, "a single string")


def check_text_no_strings(name: str, estimator_orig: Any) -> None:
    """Documents that are not strings are rejected: numbers, None, nan, lists of words."""
    X, _ = text_check_data()
    for value in (3, None, float("nan"), ["soup", "bread"]):
        _assert_rejects(name, estimator_orig, [*X[:5], value, *X[6:]], f"the document {value!r}")


def check_text_two_dimensions(name: str, estimator_orig: Any) -> None:
    """Two-dimensional arrays and data frames are rejected."""
    X, _ = text_check_data()
    _assert_rejects(name, estimator_orig, objects(X).reshape(-1, 1), "an array of one column")
    _assert_rejects(name, estimator_orig, np.column_stack([X, X]), "an array of two columns")
    try:
        import pandas as pd
    except ImportError:
        return
    _assert_rejects(name, estimator_orig, pd.DataFrame({"text": X}), "a data frame")


def _assert_rejects(name: str, estimator_orig: Any, X: Any, what: str) -> None:
    _, y = text_check_data()
    with must_raise(_REJECTED, f"{name}.fit, given {what}"):
        unfitted(estimator_orig).fit(X, y)
    estimator = fitted(estimator_orig)
    for method in ("predict", "predict_proba", "transform"):
        if hasattr(estimator, method):
            with must_raise(_REJECTED, f"{name}.{method}, given {what}"):
                getattr(estimator, method)(X)
