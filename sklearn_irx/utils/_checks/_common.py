"""What the checks have in common: documents to check on, and comparisons that say what differs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone

TOLERANCE = 1e-5
"""Absolute difference allowed between numbers that are summed in another order.

Labels, masks and texts have to be equal.
"""

OUTPUTS = ("predict", "predict_proba", "decision_function", "transform")
"""Methods whose results are compared."""

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
    """Give the documents and labels that estimators are checked on.

    An estimator that holds fitted parts, members of an ensemble say, has to have them fitted on
    these.

    Returns
    -------
    texts : list of 24 str
        Short documents, all different.
    labels : ndarray of shape (24,), dtype str
        Three classes with eight documents each, in turn.
    """
    texts, labels = [], []
    for i in range(8):
        for label, words in _SUBJECTS.items():
            texts.append(_FRAMES[i % len(_FRAMES)].format(words[i], words[(i + 3) % 8]))
            labels.append(label)
    return texts, np.array(labels)


def two_class_data() -> tuple[list[str], np.ndarray]:
    """Give those of the documents that belong to the first two classes."""
    texts, labels = text_check_data()
    rows = np.flatnonzero(labels != "weather")
    return [texts[row] for row in rows], labels[rows]


def undecided_documents() -> list[str]:
    """Give documents that speak for several classes or for none, so that weights can tell."""
    texts, _ = text_check_data()
    return [
        "",
        "qwxyz vbnmk",
        *(f"{one} {other}" for one, other in pairwise(texts)),
    ]


def objects(values: Any) -> np.ndarray:
    """Give a one-dimensional array of objects, whatever they are."""
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def unfitted(estimator: Any) -> Any:
    """Clone an estimator, and set whatever `random_state` it or its parts have."""
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
    """Fit a clone, on the documents of the checks if no others are given."""
    if X is None:
        X, y = text_check_data()
    return unfitted(estimator).fit(X, y, **fit_params)


def outputs(estimator: Any, X: Any) -> dict[str, np.ndarray]:
    """Give what a fitted estimator says of documents, method by method."""
    return {
        method: dense(getattr(estimator, method)(X))
        for method in OUTPUTS
        if hasattr(estimator, method)
    }


def dense(result: Any) -> np.ndarray:
    """Give an array also where a transformer gives a sparse matrix or a list."""
    return result.toarray() if issparse(result) else np.asarray(result)


def assert_same(
    got: dict[str, np.ndarray],
    wanted: dict[str, np.ndarray],
    why: str,
    tolerance: float = TOLERANCE,
) -> None:
    """Compare results, method by method: numbers within the tolerance, all else exactly.

    Parameters
    ----------
    got, wanted : dict of str to ndarray
        As :func:`outputs` gives them.
    why : str
        What the two have in common, so that they should be the same: the error begins with it.
    tolerance : float
        Absolute difference allowed between numbers.
    """
    for method, expected in wanted.items():
        result = got[method]
        assert result.shape == expected.shape, (
            f"{why}: {method} gives shape {result.shape} instead of {expected.shape}."
        )
        if expected.dtype.kind == "f":
            largest = np.abs(result - expected).max(initial=0.0)
            assert largest <= tolerance, (
                f"{why}: {method} gives numbers that differ by up to {largest:.3g}, "
                f"and {tolerance:g} is allowed."
            )
        else:
            rows = np.flatnonzero((result != expected).reshape(len(expected), -1).any(axis=1))
            assert not len(rows), (
                f"{why}: {method} gives {result[rows[0]]!r} instead of {expected[rows[0]]!r} for "
                f"document {rows[0]}, and {len(rows) - 1} more differ."
            )


@contextmanager
def must_raise(
    errors: type[Exception] | tuple[type[Exception], ...], why: str, holding: str | None = None
) -> Iterator[None]:
    """Demand an error, of one of these types, and with `holding` in its message.

    Parameters
    ----------
    errors : type or tuple of types
        What may be raised.
    why : str
        What the estimator should do: the failure begins with it.
    holding : str or None
        What the message has to hold, in whatever case.
    """
    wanted = errors if isinstance(errors, tuple) else (errors,)
    names = " or ".join(error.__name__ for error in wanted)
    try:
        yield
    except wanted as error:
        if holding is not None and holding.lower() not in str(error).lower():
            raise AssertionError(
                f"{why}: the {type(error).__name__} should name {holding!r}. It says: {error}"
            ) from error
    except Exception as error:
        raise AssertionError(
            f"{why}: raise {names}. It raises {type(error).__name__}: {error}"
        ) from error
    else:
        raise AssertionError(f"{why}: raise {names}. It raises nothing.")
