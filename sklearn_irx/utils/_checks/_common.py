"""Shared by the checks: documents, and comparisons with informative failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone

TOLERANCE = 1e-5
"""Absolute tolerance for floats, whose order of summation may differ.

Labels, masks and texts must be equal.
"""

OUTPUTS = ("predict", "predict_proba", "decision_function", "transform")
"""Methods whose outputs are compared."""

_SUBJECTS = {
    "food": ["soup", "bread", "pasta", "cheese", "salad", "pancakes", "porridge", "coffee"],
    "music": ["piano", "drums", "choir", "violin", "concert", "trumpet", "singer", "melody"],
    "weather": ["rain", "snow", "wind", "clouds", "thunder", "sunshine", "fog", "hail"],
}
_FRAMES = [
    "The {0} was better than the {1}.",
    "We had {0} and {1} on the first day, and {0} on the second",
    "{0}! {1}! It went on like this for an hour",
    "Nobody told us about the {1}, or the {0}; we asked twice.",
]


def text_check_data() -> tuple[list[str], np.ndarray]:
    """Return the documents and labels that estimators are checked on.

    Prefitted parts of an estimator, such as members of an ensemble, must be fitted on these.

    Returns
    -------
    texts : list of 24 str
        Short, distinct documents.
    labels : ndarray of shape (24,), dtype str
        Three classes with eight documents each, alternating.
    """
    texts, labels = [], []
    for i in range(8):
        for label, words in _SUBJECTS.items():
            texts.append(_FRAMES[i % len(_FRAMES)].format(words[i], words[(i + 3) % 8]))
            labels.append(label)
    return texts, np.array(labels)


def two_class_data() -> tuple[list[str], np.ndarray]:
    """Return the documents and labels of the first two classes."""
    texts, labels = text_check_data()
    rows = np.flatnonzero(labels != "weather")
    return [texts[row] for row in rows], labels[rows]


def undecided_documents() -> list[str]:
    """Return documents of several classes or none, whose probabilities depend on weights."""
    texts, _ = text_check_data()
    return ["", "qwxyz vbnmk", *(f"{one} {other}" for one, other in pairwise(texts))]


def objects(values: Any) -> np.ndarray:
    """Return a one-dimensional array of objects of any type."""
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def pandas_column(values: Any) -> dict[str, Any]:
    """Return values as a pandas Series, by its description; nothing without pandas."""
    try:
        import pandas as pd
    except ImportError:
        return {}
    # With this index, lookup by label instead of position is noticed.
    return {"a pandas Series": pd.Series(values, index=np.arange(len(values))[::-1] + 5)}


def unfitted(estimator: Any) -> Any:
    """Clone an estimator and set each `random_state`, of its parts too, to 0."""
    fresh = clone(estimator)
    seeds = {
        name: 0
        for name in fresh.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    }
    if seeds:
        fresh.set_params(**dict(sorted(seeds.items())))
    return fresh


def fitted(estimator: Any, X: Any = None, y: Any = None, **fit_params: Any) -> Any:
    """Fit a clone, by default on the documents of the checks."""
    if X is None:
        X, y = text_check_data()
    return unfitted(estimator).fit(X, y, **fit_params)


def outputs(estimator: Any, X: Any) -> dict[str, np.ndarray]:
    """Return the outputs of a fitted estimator for documents, by method."""
    return {
        method: dense(getattr(estimator, method)(X))
        for method in OUTPUTS
        if hasattr(estimator, method)
    }


def dense(result: Any) -> np.ndarray:
    """Convert a sparse matrix or a list to an array."""
    return result.toarray() if issparse(result) else np.asarray(result)


def assert_same(
    got: dict[str, np.ndarray],
    wanted: dict[str, np.ndarray],
    why: str,
    tolerance: float = TOLERANCE,
) -> None:
    """Compare outputs by method: floats within the absolute tolerance, all else exactly.

    The error begins with `why`, the reason for equality.
    """
    for method, expected in wanted.items():
        result = got[method]
        assert result.shape == expected.shape, (
            f"{why}: {method} returns shape {result.shape} instead of {expected.shape}."
        )
        if expected.dtype.kind == "f":
            largest = np.abs(result - expected).max(initial=0.0)
            assert largest <= tolerance, (
                f"{why}: {method} returns values that differ by up to {largest:.3g}, "
                f"but {tolerance:g} is allowed."
            )
        else:
            rows = np.flatnonzero((result != expected).reshape(len(expected), -1).any(axis=1))
            assert not len(rows), (
                f"{why}: {method} returns {result[rows[0]]!r} instead of {expected[rows[0]]!r} for "
                f"document {rows[0]}, and {len(rows) - 1} more differ."
            )


@contextmanager
def must_raise(
    errors: type[Exception] | tuple[type[Exception], ...], why: str, holding: str | None = None
) -> Iterator[None]:
    """Assert that the block raises one of these errors, with `holding` in its message, in any case.

    The failure begins with `why`, the call that should fail.
    """
    wanted = errors if isinstance(errors, tuple) else (errors,)
    names = " or ".join(error.__name__ for error in wanted)
    try:
        yield
    except wanted as error:
        if holding is not None and holding.lower() not in str(error).lower():
            raise AssertionError(
                f"{why}: the {type(error).__name__} should name {holding!r}. Its message: {error}"
            ) from error
    except Exception as error:
        raise AssertionError(
            f"{why}: raise {names}. It raises {type(error).__name__}: {error}"
        ) from error
    else:
        raise AssertionError(f"{why}: raise {names}. It raises nothing.")
