"""Checks of predictions: independent between documents and consistent between methods."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score

from sklearn_irx.utils._checks._common import (
    TOLERANCE,
    assert_same,
    dense,
    fitted,
    outputs,
    text_check_data,
    two_class_data,
    unfitted,
)


def check_text_order(name: str, estimator_orig: Any) -> None:
    """Documents in another order get equal results, within the tolerance."""
    X, _ = text_check_data()
    estimator = fitted(estimator_orig)
    wanted = outputs(estimator, X)
    order = np.random.RandomState(0).permutation(len(X))
    for rows in (order, np.arange(len(X))[::-1]):
        got = outputs(estimator, [X[row] for row in rows])
        assert_same(
            got,
            {method: result[rows] for method, result in wanted.items()},
            f"{name}, predicting documents in another order",
        )


def check_text_subsets(name: str, estimator_orig: Any) -> None:
    """Alone or a few at a time, documents get equal results, within the tolerance."""
    X, _ = text_check_data()
    estimator = fitted(estimator_orig)
    wanted = outputs(estimator, X)
    for size, n_documents in ((1, 6), (7, len(X))):
        parts = [outputs(estimator, X[i : i + size]) for i in range(0, n_documents, size)]
        got = {method: np.concatenate([part[method] for part in parts]) for method in wanted}
        assert_same(
            got,
            {method: result[:n_documents] for method, result in wanted.items()},
            f"{name}, predicting all documents at once and {size} at a time",
        )


def check_text_predict_repeatable(name: str, estimator_orig: Any) -> None:
    """Repeated predictions are exactly equal: nothing is random."""
    X, _ = text_check_data()
    estimator = fitted(estimator_orig)
    assert_same(outputs(estimator, X), outputs(estimator, X), f"{name}, called twice", tolerance=0)


def check_text_probabilities(name: str, estimator_orig: Any) -> None:
    """Rows of `predict_proba` are distributions, and `predict` returns the most likely class.

    `predict_log_proba`, if defined, is their logarithm.
    """
    X, y = text_check_data()
    estimator = fitted(estimator_orig)
    proba = np.asarray(estimator.predict_proba(X))
    wanted = (len(X), len(np.unique(y)))
    assert proba.shape == wanted, (
        f"{name}.predict_proba returns shape {proba.shape} for {wanted[0]} documents and "
        f"{wanted[1]} classes."
    )
    assert np.isfinite(proba).all(), f"{name}.predict_proba returns values that are not finite."
    assert proba.min() >= 0, f"{name}.predict_proba returns {proba.min():.3g}, below 0."
    off = np.abs(proba.sum(axis=1) - 1).max()
    assert off <= 1e-6, f"Rows of {name}.predict_proba should sum to 1. One is {off:.3g} off."
    best = estimator.classes_[proba.argmax(axis=1)]
    assert_same(
        {"predict": np.asarray(estimator.predict(X))},
        {"predict": best},
        f"{name}, whose predict should return the class of the largest probability",
    )
    if hasattr(estimator, "predict_log_proba"):
        assert np.allclose(np.exp(estimator.predict_log_proba(X)), proba, atol=TOLERANCE), (
            f"{name}.predict_log_proba is not the logarithm of predict_proba."
        )


def check_text_decision_function(name: str, estimator_orig: Any) -> None:
    """`predict` agrees with `decision_function`, and `predict_proba` ranks documents like it."""
    X, y = text_check_data()
    estimator = fitted(estimator_orig)
    decision = np.asarray(estimator.decision_function(X))
    assert decision.shape == (len(X), len(np.unique(y))), (
        f"{name}.decision_function returns shape {decision.shape} for {len(X)} documents and "
        f"{len(np.unique(y))} classes."
    )
    assert (
        np.asarray(estimator.predict(X)) == estimator.classes_[decision.argmax(axis=1)]
    ).all(), f"{name}.predict should return the class for which decision_function is largest."
    X, y = two_class_data()
    estimator = fitted(estimator_orig, X, y)
    decision = np.asarray(estimator.decision_function(X))
    assert decision.shape == (len(X),), (
        f"{name}.decision_function returns shape {decision.shape} for {len(X)} documents of two "
        f"classes: return {(len(X),)}."
    )
    if hasattr(estimator, "predict_proba"):
        proba = np.asarray(estimator.predict_proba(X))[:, 1]
        steps = np.diff(proba[np.argsort(decision)])
        assert steps.min() >= -TOLERANCE, (
            f"{name}.predict_proba of the second class falls where decision_function rises."
        )


def check_text_score(name: str, estimator_orig: Any) -> None:
    """`score` is the accuracy of `predict`."""
    X, y = text_check_data()
    estimator = fitted(estimator_orig)
    score, accuracy = estimator.score(X, y), accuracy_score(y, estimator.predict(X))
    assert abs(score - accuracy) <= TOLERANCE, (
        f"{name}.score returns {score}, but the accuracy of predict is {accuracy}."
    )


def check_text_transform(name: str, estimator_orig: Any) -> None:
    """`transform` returns a row for each document."""
    X, _ = text_check_data()
    shape = dense(fitted(estimator_orig).transform(X)).shape
    assert shape[:1] == (len(X),), (
        f"{name}.transform returns shape {shape} for {len(X)} documents: return a row for each."
    )


def check_text_fit_transform(name: str, estimator_orig: Any) -> None:
    """`fit_transform` equals `fit` followed by `transform`."""
    X, y = text_check_data()
    assert_same(
        {"transform": dense(unfitted(estimator_orig).fit_transform(X, y))},
        {"transform": dense(fitted(estimator_orig).transform(X))},
        f"{name}, whose fit_transform should equal fit followed by transform",
    )


def check_text_masks(name: str, estimator_orig: Any) -> None:
    """Rationales are boolean masks over the words of each document, and agree with `explain`."""
    X, _ = text_check_data()
    texts = [*X, ""]
    estimator = fitted(estimator_orig)
    masks = np.asarray(estimator.transform(texts))
    assert masks.dtype == bool, f"{name}.transform returns {masks.dtype}: return booleans."
    assert masks.ndim == 2, f"{name}.transform returns shape {masks.shape}: return two dimensions."
    explained = estimator.explain(texts)
    labels = estimator.predict(texts)
    assert len(explained) == len(texts), (
        f"{name}.explain returns {len(explained)} rationales for {len(texts)} documents."
    )
    for row, (rationale, label) in enumerate(zip(explained, labels, strict=True)):
        n_words = len(rationale.tokens)
        assert not masks[row, n_words:].any(), (
            f"{name}.transform selects words past the end of document {row}."
        )
        assert (np.asarray(rationale.mask) == masks[row, :n_words]).all(), (
            f"{name}.explain and transform select different words of document {row}."
        )
        assert rationale.label == label, (
            f"{name}.explain returns {rationale.label!r} and predict {label!r} for document {row}."
        )
