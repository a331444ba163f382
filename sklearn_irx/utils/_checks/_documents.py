"""Checks of documents: what containers and what texts are read, and what is refused."""

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
    text_check_data,
    unfitted,
)

_REFUSED = (ValueError, TypeError)
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
    """Any sequence is read alike: list, tuple, array, column of pandas or polars.

    To fit on and to predict from. pandas and polars are tried if they are installed.
    """
    X, y = text_check_data()
    estimator = fitted(estimator_orig, X, y)
    wanted = outputs(estimator, X)
    for kind, texts in _containers(X):
        assert_same(outputs(estimator, texts), wanted, f"{name}, reading a list and {kind}")
        assert_same(
            outputs(fitted(estimator_orig, texts, y), X),
            wanted,
            f"{name}, fitted on a list and on {kind}",
        )


def _containers(X: list[str]) -> Iterator[tuple[str, Any]]:
    yield "a tuple", tuple(X)
    yield "an array of objects", objects(X)
    yield "an array of strings", np.array(X)
    try:
        import pandas as pd
    except ImportError:
        pass
    else:
        # An index that is not 0, 1, 2 … shows who looks rows up by it.
        yield "a pandas Series", pd.Series(X, index=np.arange(len(X))[::-1] + 5)
    try:
        import polars as pl
    except ImportError:
        pass
    else:
        yield "a polars Series", pl.Series(X)


def check_text_readonly(name: str, estimator_orig: Any) -> None:
    """Arrays that cannot be written to are read as others are, as joblib hands them over."""
    X, y = text_check_data()
    texts, labels = np.array(X), y.copy()
    texts.setflags(write=False)
    labels.setflags(write=False)
    estimator = fitted(estimator_orig, texts, labels)
    assert_same(
        outputs(estimator, texts),
        outputs(fitted(estimator_orig), X),
        f"{name}, fitted on a list and on arrays that are read-only",
    )


def check_text_unusual_documents(name: str, estimator_orig: Any) -> None:
    """Empty, blank, unknown, foreign and very long documents can be learned from and read."""
    X, y = text_check_data()
    unusual = list(_UNUSUAL.values())
    estimator = fitted(estimator_orig)
    for kind, text in _UNUSUAL.items():
        _assert_reads(name, estimator, [text], f"a document {kind}")
    learned = fitted(estimator_orig, [*X, *unusual], [*y, *y[: len(unusual)]])
    _assert_reads(name, learned, unusual, "unusual documents, having learned from such")


def _assert_reads(name: str, estimator: Any, texts: list[str], what: str) -> None:
    try:
        results = outputs(estimator, texts)
    except Exception as error:
        raise AssertionError(
            f"{name} should read {what}. It raises {type(error).__name__}: {error}"
        ) from error
    for method, result in results.items():
        assert len(result) == len(texts), (
            f"{name}.{method} gives {len(result)} results, not {len(texts)}, for {what}."
        )
        assert result.dtype.kind != "f" or np.isfinite(result).all(), (
            f"{name}.{method} gives {result} for {what}."
        )
    if is_classifier(estimator):
        strange = set(results["predict"].tolist()) - set(estimator.classes_.tolist())
        assert not strange, f"{name}.predict gives {sorted(map(repr, strange))} for {what}."


def check_text_nothing_to_read(name: str, estimator_orig: Any) -> None:
    """No documents give results of no rows, in the shape of others."""
    X, _ = text_check_data()
    estimator = fitted(estimator_orig)
    for method, some in outputs(estimator, X).items():
        wanted = (0, *some.shape[1:])
        try:
            none = dense(getattr(estimator, method)([]))
        except Exception as error:
            raise AssertionError(
                f"{name}.{method}([]) should give shape {wanted}. It raises "
                f"{type(error).__name__}: {error}"
            ) from error
        assert none.shape == wanted, f"{name}.{method}([]) gives shape {none.shape}, not {wanted}."


def check_text_nothing_to_learn(name: str, estimator_orig: Any) -> None:
    """`fit` without a document is refused."""
    with must_raise(_REFUSED, f"{name}.fit([], [])"):
        unfitted(estimator_orig).fit([], [])


def check_text_bare_string(name: str, estimator_orig: Any) -> None:
    """One bare string is refused: it would be read as documents of one character each."""
    _refuse(name, estimator_orig, "soup and bread " * 2, "one bare string")


def check_text_no_strings(name: str, estimator_orig: Any) -> None:
    """Documents that are no strings are refused: numbers, None, nan, lists of words."""
    X, _ = text_check_data()
    for value in (3, None, float("nan"), ["soup", "bread"]):
        _refuse(name, estimator_orig, [*X[:5], value, *X[6:]], f"the document {value!r}")


def check_text_two_dimensions(name: str, estimator_orig: Any) -> None:
    """Arrays and data frames of two dimensions are refused."""
    X, _ = text_check_data()
    _refuse(name, estimator_orig, objects(X).reshape(-1, 1), "an array of one column")
    _refuse(name, estimator_orig, np.column_stack([X, X]), "an array of two columns")
    try:
        import pandas as pd
    except ImportError:
        return
    _refuse(name, estimator_orig, pd.DataFrame({"text": X}), "a data frame")


def _refuse(name: str, estimator_orig: Any, X: Any, what: str) -> None:
    _, y = text_check_data()
    with must_raise(_REFUSED, f"{name}.fit, given {what}"):
        unfitted(estimator_orig).fit(X, y)
    estimator = fitted(estimator_orig)
    for method in ("predict", "predict_proba", "transform"):
        if hasattr(estimator, method):
            with must_raise(_REFUSED, f"{name}.{method}, given {what}"):
                getattr(estimator, method)(X)
