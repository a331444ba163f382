"""Checks of `fit`: its result, its side effects and its repeatability."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_irx.utils._checks._common import (
    assert_same,
    fitted,
    must_raise,
    outputs,
    text_check_data,
    two_class_data,
    unfitted,
)

_AFTER_FIT = (
    "predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "explain",
)  # fmt: skip


def check_text_fit_returns_self(name: str, estimator_orig: Any) -> None:
    """`fit` returns the estimator itself."""
    X, y = text_check_data()
    estimator = unfitted(estimator_orig)
    returned = estimator.fit(X, y)
    assert returned is estimator, f"{name}.fit should return self. It returns {returned!r}."


def check_text_unfitted(name: str, estimator_orig: Any) -> None:
    """Methods that need a fitted estimator raise NotFittedError before `fit`."""
    X, y = text_check_data()
    estimator = unfitted(estimator_orig)
    for method in _AFTER_FIT:
        if hasattr(estimator, method):
            with must_raise(NotFittedError, f"{name}.{method} before fit"):
                getattr(estimator, method)(X)
    if hasattr(estimator, "score"):
        with must_raise(NotFittedError, f"{name}.score before fit"):
            estimator.score(X, y)


def check_text_is_fitted(name: str, estimator_orig: Any) -> None:
    """`check_is_fitted`, and `__sklearn_is_fitted__` if defined, report the fitted state."""
    X, y = text_check_data()
    estimator = unfitted(estimator_orig)
    with must_raise(NotFittedError, f"check_is_fitted of {name} before fit"):
        check_is_fitted(estimator)
    estimator.fit(X, y)
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise AssertionError(
            f"check_is_fitted reports that {name} is not fitted after fit: set an attribute that "
            "ends in an underscore, or define __sklearn_is_fitted__."
        ) from error
    if hasattr(estimator, "__sklearn_is_fitted__"):
        assert estimator.__sklearn_is_fitted__() is True, (
            f"{name}.__sklearn_is_fitted__() should return True after fit."
        )


def check_text_fit_repeatable(name: str, estimator_orig: Any) -> None:
    """With the same `random_state`, fitting on the same documents gives equal results."""
    X, _ = text_check_data()
    assert_same(
        outputs(fitted(estimator_orig), X),
        outputs(fitted(estimator_orig), X),
        f"Two {name} with the same random_state, fitted on the same documents",
    )


def check_text_fit_idempotent(name: str, estimator_orig: Any) -> None:
    """Fitting again on the same documents changes nothing."""
    X, y = text_check_data()
    estimator = fitted(estimator_orig)
    before = outputs(estimator, X)
    assert_same(outputs(estimator.fit(X, y), X), before, f"{name} fitted twice")


def check_text_refit_forgets(name: str, estimator_orig: Any) -> None:
    """After fitting on other documents and labels, no effect of the first fit remains."""
    X, y = two_class_data()
    other = np.where(y == "food", "yes", "no")
    again = fitted(estimator_orig).fit(X, other)
    new = fitted(estimator_orig, X, other)
    if is_classifier(new):
        assert list(again.classes_) == ["no", "yes"], (
            f"{name}, fitted on other labels than before, has classes_ {list(again.classes_)} "
            "instead of ['no', 'yes']."
        )
    assert_same(outputs(again, X), outputs(new, X), f"{name}, fitted before and not")


def check_text_fit_attributes(name: str, estimator_orig: Any) -> None:
    """`fit` adds and changes only attributes whose names begin or end with an underscore."""
    X, y = text_check_data()
    estimator = unfitted(estimator_orig)
    before = dict(vars(estimator))
    estimator.fit(X, y)
    public = {
        key: value
        for key, value in vars(estimator).items()
        if not key.startswith("_") and not key.endswith("_")
    }
    added = sorted(set(public) - set(before))
    assert not added, (
        f"{name}.fit sets {', '.join(added)}: end names of learned attributes with an underscore."
    )
    changed = sorted(key for key in public if public[key] is not before[key])
    assert not changed, f"{name}.fit changes the parameters {', '.join(changed)}: do not set them."


def check_text_params_unchanged(name: str, estimator_orig: Any) -> None:
    """`fit` changes no parameters, including those of nested estimators."""
    X, y = text_check_data()
    estimator = unfitted(estimator_orig)
    before = {key: joblib.hash(value) for key, value in estimator.get_params().items()}
    estimator.fit(X, y)
    after = {key: joblib.hash(value) for key, value in estimator.get_params().items()}
    changed = sorted(key for key in before if before[key] != after.get(key))
    assert not changed, (
        f"{name}.fit changes the parameters {', '.join(changed)}: fit clones of estimators, and "
        "copy values before changing them."
    )


def check_text_pickle(name: str, estimator_orig: Any) -> None:
    """Pickling, before or after `fit`, changes no results."""
    X, y = text_check_data()
    estimator = fitted(estimator_orig)
    wanted = outputs(estimator, X)
    again = pickle.loads(pickle.dumps(estimator))
    assert_same(outputs(again, X), wanted, f"{name} and its pickled copy", tolerance=0)
    later = pickle.loads(pickle.dumps(unfitted(estimator_orig)))
    assert_same(outputs(later.fit(X, y), X), wanted, f"{name} and one pickled before fit")


def check_text_memory_mapped(name: str, estimator_orig: Any) -> None:
    """Memory-mapped, read-only arrays change no results.

    joblib passes large estimators to its processes in this way.
    """
    X, _ = text_check_data()
    estimator = fitted(estimator_orig)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "estimator.joblib"
        joblib.dump(estimator, path)
        mapped = joblib.load(path, mmap_mode="r")
        assert_same(
            outputs(mapped, X), outputs(estimator, X), f"{name} and one with read-only arrays"
        )
        del mapped


def check_text_no_feature_names(name: str, estimator_orig: Any) -> None:
    """`n_features_in_` and `feature_names_in_` are not set, as documents have no features."""
    estimator = fitted(estimator_orig)
    for attribute in ("n_features_in_", "feature_names_in_"):
        assert not hasattr(estimator, attribute), (
            f"{name} has {attribute} after fit on raw text, which has no features. scikit-learn's "
            "meta-estimators would copy it: do not set it."
        )


def check_text_n_iter(name: str, estimator_orig: Any) -> None:
    """Estimators with a parameter `max_iter` set `n_iter_` to the number of iterations."""
    estimator = fitted(estimator_orig)
    assert hasattr(estimator, "n_iter_"), f"{name} has max_iter, so fit should set n_iter_."
    assert np.all(np.asarray(estimator.n_iter_) >= 1), (
        f"{name}.n_iter_ is {estimator.n_iter_!r}: it should be at least 1."
    )


def check_text_in_pipeline(name: str, estimator_orig: Any) -> None:
    """As the only step of a pipeline, an estimator gives equal results."""
    X, y = text_check_data()
    pipeline = Pipeline([("only", unfitted(estimator_orig))]).fit(X, y)
    assert_same(
        outputs(pipeline, X), outputs(fitted(estimator_orig), X), f"{name}, alone and in a pipeline"
    )
