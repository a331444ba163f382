"""Checks of labels: what is predicted, and what is rejected."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning

from sklearn_irx.utils._checks._common import (
    assert_same,
    fitted,
    must_raise,
    objects,
    outputs,
    pandas_column,
    text_check_data,
    two_class_data,
    undecided_documents,
    unfitted,
)

_REJECTED = (ValueError, TypeError)


def check_text_classes(name: str, estimator_orig: Any) -> None:
    """`classes_` contains the distinct labels of y in sorted order."""
    _, y = text_check_data()
    classes = getattr(fitted(estimator_orig), "classes_", None)
    assert isinstance(classes, np.ndarray), (
        f"{name}.classes_ is a {type(classes).__name__} after fit: set it to np.unique(y)."
    )
    assert classes.tolist() == np.unique(y).tolist(), (
        f"{name}.classes_ is {classes.tolist()}, but np.unique(y) is {np.unique(y).tolist()}."
    )


def check_text_labels(name: str, estimator_orig: Any) -> None:
    """Predicted labels have the values and the dtype of y: strings, objects, integers, booleans.

    The width of string dtypes may differ.
    """
    X, y = two_class_data()
    food = y == "food"
    for labels in (y, objects(y), np.where(food, -3, 7), food, np.where(food, 2, 1).astype("i2")):
        predicted = np.asarray(fitted(estimator_orig, X, labels).predict(X))
        wanted = f"{name}, fitted on labels of dtype {labels.dtype}, should predict these"
        assert predicted.shape == (len(X),), (
            f"{wanted}, in shape {(len(X),)}. The shape is {predicted.shape}."
        )
        both = predicted.dtype, labels.dtype
        assert both[0] == both[1] or [dtype.kind for dtype in both] == ["U", "U"], (
            f"{wanted}. The dtype is {predicted.dtype}."
        )
        unknown = set(predicted.tolist()) - set(labels.tolist())
        assert not unknown, f"{wanted}. It predicts {sorted(map(repr, unknown))}."


def check_text_label_containers(name: str, estimator_orig: Any) -> None:
    """Labels in a list, an array of objects or a column of pandas give equal results."""
    X, y = text_check_data()
    wanted = outputs(fitted(estimator_orig, X, y), X)
    containers = {"a list": y.tolist(), "an array of objects": objects(y), **pandas_column(y)}
    for kind, labels in containers.items():
        got = outputs(fitted(estimator_orig, X, labels), X)
        assert_same(got, wanted, f"{name}, fitted on labels in an array and in {kind}")


def check_text_one_class(name: str, estimator_orig: Any) -> None:
    """Labels of a single class are rejected by an error that names it, or always predicted."""
    X, y = text_check_data()
    labels = np.full(len(y), "food")
    try:
        estimator = fitted(estimator_orig, X, labels)
    except ValueError as error:
        if "class" not in str(error):
            raise AssertionError(
                f"The error of {name}.fit with labels of one class should mention it: {error}"
            ) from error
    else:
        assert set(estimator.predict(X)) == {"food"}, (
            f"{name}, fitted on one class, should predict that class, or fit should raise "
            "ValueError."
        )


def check_text_y_none(name: str, estimator_orig: Any) -> None:
    """`fit` without labels is rejected by an error that names y."""
    X, _ = text_check_data()
    with must_raise(_REJECTED, f"{name}.fit(X, None)", "y"):
        unfitted(estimator_orig).fit(X, None)


def check_text_y_length(name: str, estimator_orig: Any) -> None:
    """More or fewer labels than documents are rejected."""
    X, y = text_check_data()
    with must_raise(_REJECTED, f"{name}.fit with one label missing"):
        unfitted(estimator_orig).fit(X, y[:-1])
    with must_raise(_REJECTED, f"{name}.fit with one document missing"):
        unfitted(estimator_orig).fit(X[:-1], y)


def check_text_y_continuous(name: str, estimator_orig: Any) -> None:
    """Continuous labels are rejected by a classifier."""
    X, y = text_check_data()
    with must_raise(ValueError, f"{name}.fit with continuous y"):
        unfitted(estimator_orig).fit(X, np.linspace(0.1, 2.2, len(y)))


def check_text_y_missing(name: str, estimator_orig: Any) -> None:
    """Labels of nan and infinity are rejected."""
    X, y = text_check_data()
    for missing in (np.nan, np.inf):
        labels = np.where(y == "food", 1.0, 0.0)
        labels[3] = missing
        with must_raise(_REJECTED, f"{name}.fit with {missing} in y"):
            unfitted(estimator_orig).fit(X, labels)


def check_text_y_two_columns(name: str, estimator_orig: Any) -> None:
    """Two columns of labels are rejected by an estimator that predicts one label per document."""
    X, y = text_check_data()
    with must_raise(_REJECTED, f"{name}.fit with y of two columns"):
        unfitted(estimator_orig).fit(X, np.column_stack([y, y[::-1]]))


def check_text_class_weight(name: str, estimator_orig: Any) -> None:
    """Larger class weights make a class more likely."""
    X, y = two_class_data()
    likely = []
    for heavy, light in (("food", "music"), ("music", "food")):
        estimator = unfitted(estimator_orig).set_params(class_weight={heavy: 100.0, light: 0.01})
        estimator.fit(X, y)
        likely.append(np.mean(estimator.predict_proba(undecided_documents())[:, 0]))
    assert likely[0] > likely[1], (
        f"{name} predicts 'food' with probability {likely[0]:.6f} if class_weight is on 'food', "
        f"and {likely[1]:.6f} if it is on 'music': the first should be larger."
    )


def check_text_y_one_column(name: str, estimator_orig: Any) -> None:
    """Labels in an array of one column are used in its order, or rejected.

    A DataConversionWarning is allowed.
    """
    X, y = text_check_data()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataConversionWarning)
        try:
            estimator = fitted(estimator_orig, X, y.reshape(-1, 1))
        except _REJECTED:
            return
    assert_same(
        outputs(estimator, X),
        outputs(fitted(estimator_orig, X, y), X),
        f"{name}, fitted on labels in one dimension and in one column",
    )
