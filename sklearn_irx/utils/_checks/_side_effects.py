"""Checks that inputs and global state stay unchanged."""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.utils.validation import has_fit_parameter

from sklearn_irx.utils._checks._common import (
    OUTPUTS,
    fitted,
    objects,
    outputs,
    text_check_data,
    unfitted,
)

_REMEDIES = {
    "NumPy's global random state": "draw from check_random_state(self.random_state)",
    "Python's random state": "draw from random.Random(seed)",
    "torch's random state": "seed inside torch.random.fork_rng()",
    "the number of threads of torch": "restore it",
    "torch's default dtype": "set the dtype of each tensor",
    "the warning filters": "use warnings.catch_warnings()",
    "the environment variables": "do not change them",
    "NumPy's handling of errors": "use np.errstate",
    "scikit-learn's configuration": "use sklearn.config_context",
    "the working directory": "use absolute paths",
}


def check_text_inputs_unchanged(name: str, estimator_orig: Any) -> None:
    """`fit` and predictions change no documents, labels and weights."""
    texts, labels = text_check_data()
    for make in (list, objects):
        X, y = make(texts), labels.copy()
        fit_params = {}
        if has_fit_parameter(unfitted(estimator_orig), "sample_weight"):
            fit_params["sample_weight"] = np.linspace(0.5, 1.5, len(y))
        estimator = unfitted(estimator_orig).fit(X, y, **fit_params)
        _assert_equal(name, "fit", "X", list(X), texts)
        _assert_equal(name, "fit", "y", y.tolist(), labels.tolist())
        if fit_params:
            weights = np.linspace(0.5, 1.5, len(y))
            _assert_equal(
                name, "fit", "sample_weight", fit_params["sample_weight"].tolist(), weights.tolist()
            )
        for method in OUTPUTS:
            if hasattr(estimator, method):
                getattr(estimator, method)(X)
                _assert_equal(name, method, "X", list(X), texts)


def _assert_equal(name: str, method: str, what: str, now: list[Any], before: list[Any]) -> None:
    assert now == before, f"{name}.{method} changes {what}: work on a copy of it."


def check_text_global_state(name: str, estimator_orig: Any) -> None:
    """`fit` and predictions change no global state.

    Random states of NumPy, Python and torch, threads and default dtype of torch, warning filters,
    environment variables, NumPy's handling of errors, scikit-learn's configuration, the working
    directory. The state of torch is checked if it is imported.
    """
    X, y = text_check_data()
    estimator = unfitted(estimator_orig)
    _assert_unchanged(f"{name}.fit", lambda: estimator.fit(X, y))
    for method in OUTPUTS:
        if hasattr(estimator, method):
            _assert_unchanged(f"{name}.{method}", partial(getattr(estimator, method), X))


def _assert_unchanged(what: str, call: Callable[[], Any]) -> None:
    torch_was_imported = "torch" in sys.modules
    before = _global_state()
    call()
    after = _global_state()
    if not torch_was_imported:
        after = {key: value for key, value in after.items() if key in before}
    changed = [key for key in before if before[key] != after[key]]
    assert not changed, "".join(
        f"{what} changes {key}: {_REMEDIES[key]}. " for key in changed
    ).strip()


def _global_state() -> dict[str, Any]:
    """Return the global state as values that can be compared."""
    # The legacy generator, because it is the only global one.
    state: Any = np.random.get_state()  # noqa: NPY002
    values = {
        "NumPy's global random state": (state[0], state[1].tolist(), *state[2:]),
        "Python's random state": random.getstate(),
        "the warning filters": list(warnings.filters),
        "the environment variables": dict(os.environ),
        "NumPy's handling of errors": np.geterr(),
        "scikit-learn's configuration": get_config(),
        "the working directory": os.getcwd(),
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        values["torch's random state"] = torch.get_rng_state().tolist()
        values["the number of threads of torch"] = torch.get_num_threads()
        values["torch's default dtype"] = torch.get_default_dtype()
    return values


def check_text_predict_sets_nothing(name: str, estimator_orig: Any) -> None:
    """Predictions set no attributes of the estimator or of nested estimators."""
    X, _ = text_check_data()
    estimator = fitted(estimator_orig)
    before = dict(_attributes(estimator))
    outputs(estimator, X)
    after = dict(_attributes(estimator))
    changed = sorted(
        key
        for key in {*before, *after}
        if key not in before or key not in after or before[key] is not after[key]
    )
    assert not changed, f"{name} sets attributes when it predicts: {', '.join(changed)}."


def _attributes(estimator: Any, path: str = "", seen: Any = ()) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an estimator and of nested estimators by path."""
    for key, value in vars(estimator).items():
        yield path + key, value
        for part in _parts(value):
            if id(part) not in seen and hasattr(part, "__dict__"):
                yield from _attributes(part, f"{path}{key}.", {*seen, id(estimator), id(part)})


def _parts(value: Any) -> list[Any]:
    """Return the estimators in an attribute: itself, or those in a collection."""
    if hasattr(value, "get_params") and not isinstance(value, type):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [part for member in value for part in _parts(member)]
    return []
