"""Selection of the checks that apply to an estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import is_classifier
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from sklearn_irx.utils._checks import _documents as documents
from sklearn_irx.utils._checks import _fitting as fitting
from sklearn_irx.utils._checks import _interface as interface
from sklearn_irx.utils._checks import _predictions as predictions
from sklearn_irx.utils._checks import _side_effects as side_effects
from sklearn_irx.utils._checks import _targets as targets
from sklearn_irx.utils._checks import _weights as weights

Check = Callable[[str, Any], None]

THEMES = {
    "The estimator before training": interface,
    "Training": fitting,
    "Labels": targets,
    "Documents": documents,
    "Predictions": predictions,
    "Side effects": side_effects,
    "`sample_weight`, where `fit` takes it": weights,
}
"""Modules of the checks by their headings in the documentation."""


def text_checks_by_theme() -> dict[str, list[Check]]:
    """Return all checks for text by heading."""
    return {
        heading: [check for key, check in vars(module).items() if key.startswith("check_text_")]
        for heading, module in THEMES.items()
    }


def text_checks(estimator: Any) -> list[Check]:
    """Return the checks for text that apply to an estimator."""
    tags = get_tags(estimator)
    excluded = _missing_methods(estimator)
    if not is_classifier(estimator):
        excluded |= _FOR_CLASSIFIERS
    if not tags.target_tags.required:
        excluded |= {targets.check_text_y_none}
    if not tags.requires_fit:
        excluded |= {fitting.check_text_unfitted, fitting.check_text_is_fitted}
    if tags.non_deterministic:
        excluded |= _FOR_DETERMINISTIC
    if tags.target_tags.multi_output:
        excluded |= {targets.check_text_y_two_columns, targets.check_text_y_one_column}
    if not has_fit_parameter(estimator, "sample_weight"):
        excluded |= set(text_checks_by_theme()["`sample_weight`, where `fit` takes it"])
    if not hasattr(estimator, "_parameter_constraints"):
        excluded |= {interface.check_text_param_validation}
    if not hasattr(estimator, "max_iter"):
        excluded |= {fitting.check_text_n_iter}
    return [
        check
        for checks in text_checks_by_theme().values()
        for check in checks
        if check not in excluded
    ]


_FOR_CLASSIFIERS: set[Check] = {
    targets.check_text_classes,
    targets.check_text_labels,
    targets.check_text_label_containers,
    targets.check_text_one_class,
    targets.check_text_y_length,
    targets.check_text_y_continuous,
    targets.check_text_y_missing,
    targets.check_text_y_one_column,
    targets.check_text_y_two_columns,
    targets.check_text_class_weight,
    predictions.check_text_score,
}
_FOR_DETERMINISTIC: set[Check] = {
    fitting.check_text_fit_repeatable,
    fitting.check_text_fit_idempotent,
    fitting.check_text_in_pipeline,
    fitting.check_text_refit_forgets,
    targets.check_text_label_containers,
    targets.check_text_y_one_column,
    documents.check_text_containers,
    documents.check_text_readonly,
    predictions.check_text_order,
    predictions.check_text_subsets,
    predictions.check_text_predict_repeatable,
    predictions.check_text_fit_transform,
    weights.check_text_weights_of_one,
    weights.check_text_weights_containers,
    weights.check_text_weights_routed,
}


def _missing_methods(estimator: Any) -> set[Check]:
    """Return the checks of methods that an estimator does not have."""
    excluded: set[Check] = set()
    if not hasattr(estimator, "predict_proba"):
        excluded |= {predictions.check_text_probabilities, targets.check_text_class_weight}
    if not hasattr(estimator, "decision_function"):
        excluded |= {predictions.check_text_decision_function}
    if not hasattr(estimator, "transform"):
        excluded |= {predictions.check_text_transform, predictions.check_text_masks}
    if not hasattr(estimator, "fit_transform") or not hasattr(estimator, "transform"):
        excluded |= {predictions.check_text_fit_transform}
    if not hasattr(estimator, "explain") or not is_classifier(estimator):
        excluded |= {predictions.check_text_masks}
    if "class_weight" not in estimator.get_params():
        excluded |= {targets.check_text_class_weight}
    return excluded
