"""Checks of `sample_weight`, for estimators whose `fit` takes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import is_classifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx.utils._checks._common import (
    assert_same,
    fitted,
    must_raise,
    outputs,
    pandas_column,
    text_check_data,
    undecided_documents,
    unfitted,
)

_REJECTED = (ValueError, TypeError)


def _uneven(y: np.ndarray) -> np.ndarray:
    """Return weights that emphasize one class."""
    return np.where(y == "food", 20.0, 0.05)


def check_text_weights_of_one(name: str, estimator_orig: Any) -> None:
    """Weights of one are equivalent to no weights."""
    X, y = text_check_data()
    weighted = fitted(estimator_orig, X, y, sample_weight=np.ones(len(y)))
    assert_same(
        outputs(weighted, X),
        outputs(fitted(estimator_orig, X, y, sample_weight=None), X),
        f"{name}, fitted with sample_weight of ones and with None",
    )


def check_text_weights_count(name: str, estimator_orig: Any) -> None:
    """Uneven weights have an effect: a class of more weight becomes more likely."""
    X, y = text_check_data()
    weighted = fitted(estimator_orig, X, y, sample_weight=_uneven(y))
    even = fitted(estimator_orig, X, y)
    if is_classifier(even) and hasattr(even, "predict_proba"):
        undecided = undecided_documents()
        likely = [np.mean(one.predict_proba(undecided)[:, 0]) for one in (weighted, even)]
        assert likely[0] > likely[1], (
            f"{name} predicts 'food' with probability {likely[0]:.6f} if sample_weight is on its "
            f"documents, and {likely[1]:.6f} without: the first should be larger."
        )
        return
    results, others = outputs(weighted, X), outputs(even, X)
    assert any(not np.array_equal(results[method], others[method]) for method in others), (
        f"{name} learns the same with uneven sample_weight as without: weight the documents."
    )


def check_text_weights_shape(name: str, estimator_orig: Any) -> None:
    """Weights that are too few, too many or in two columns are rejected."""
    X, y = text_check_data()
    for kind, weights in {
        "too few": np.ones(len(y) - 1),
        "too many": np.ones(len(y) + 1),
        "in two columns": np.ones((len(y), 2)),
    }.items():
        with must_raise(_REJECTED, f"{name}.fit with weights {kind}"):
            unfitted(estimator_orig).fit(X, y, sample_weight=weights)


def check_text_weights_zero(name: str, estimator_orig: Any) -> None:
    """Weights that are all zero are rejected."""
    X, y = text_check_data()
    with must_raise(_REJECTED, f"{name}.fit with weights of zero"):
        unfitted(estimator_orig).fit(X, y, sample_weight=np.zeros(len(y)))


def check_text_weights_containers(name: str, estimator_orig: Any) -> None:
    """Weights in a list, an array of integers or a column of pandas give equal results."""
    X, y = text_check_data()
    weights = np.where(y == "food", 3, 1)
    containers: dict[str, Any] = {
        "a list": weights.tolist(), "an array of integers": weights, **pandas_column(weights),
    }  # fmt: skip
    wanted = outputs(fitted(estimator_orig, X, y, sample_weight=weights.astype(float)), X)
    for kind, given in containers.items():
        assert_same(
            outputs(fitted(estimator_orig, X, y, sample_weight=given), X),
            wanted,
            f"{name}, fitted with sample_weight in an array of floats and in {kind}",
        )


def check_text_weights_routed(name: str, estimator_orig: Any) -> None:
    """With metadata routing, a pipeline and a grid search pass the weights to `fit`.

    They are requested by ``set_fit_request(sample_weight=True)``. The results must equal those of
    `fit` with the weights.
    """
    X, y = text_check_data()
    weights = _uneven(y)
    wanted = outputs(fitted(estimator_orig, X, y, sample_weight=weights), X)
    with config_context(enable_metadata_routing=True):
        requesting = unfitted(estimator_orig).set_fit_request(sample_weight=True)
        pipeline = Pipeline([("before", FunctionTransformer()), ("last", requesting)])
        pipeline.fit(X, y, sample_weight=weights)
        assert_same(
            outputs(pipeline, X), wanted, f"{name}, given weights directly and in a pipeline"
        )
        if not hasattr(requesting, "score"):
            return
        if hasattr(requesting, "set_score_request"):
            requesting.set_score_request(sample_weight=False)
        search = GridSearchCV(requesting, {}, cv=2, error_score="raise")
        search.fit(X, y, sample_weight=weights)
        assert_same(
            outputs(search, X), wanted, f"{name}, given weights directly and by GridSearchCV"
        )
