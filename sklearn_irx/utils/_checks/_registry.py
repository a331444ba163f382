"""Which checks an estimator is asked, by what it is and has."""

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
    "What a fitted estimator says": predictions,
    "What is to stay as it was": side_effects,
    "`sample_weight`, where `fit` takes it": weights,
}
"""The modules of the checks, by their headings in the documentation."""


def text_checks_by_theme() -> dict[str, list[Check]]:
    """Give all checks for text, under their headings."""
    return {
        heading: [check for key, check in vars(module).items() if key.startswith("check_text_")]
        for heading, module in THEMES.items()
    }


def text_checks(estimator: Any) -> list[Check]:
    """Give the checks for text that apply to an estimator."""
    tags = get_tags(estimator)
    left_out = _of_methods(estimator)
    if not is_classifier(estimator):
        left_out |= _FOR_CLASSIFIERS
    if not tags.target_tags.required:
        left_out |= {targets.check_text_y_none}
    if not tags.requires_fit:
        left_out |= {fitting.check_text_unfitted, fitting.check_text_is_fitted}
    if tags.non_deterministic:
        left_out |= _FOR_DETERMINISTIC
    if tags.target_tags.multi_output:
        left_out |= {targets.check_text_y_two_columns, targets.check_text_y_one_column}
    if not has_fit_parameter(estimator, "sample_weight"):
        left_out |= set(text_checks_by_theme()["`sample_weight`, where `fit` takes it"])
    if not hasattr(estimator, "_parameter_constraints"):
        left_out |= {interface.check_text_param_validation}
    if not hasattr(estimator, "max_iter"):
        left_out |= {fitting.check_text_n_iter}
    return [
        check
        for checks in text_checks_by_theme().values()
        for check in checks
        if check not in left_out
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


def _of_methods(estimator: Any) -> set[Check]:
    """Give the checks of methods that an estimator does not have."""
    left_out: set[Check] = set()
    if not hasattr(estimator, "predict_proba"):
        left_out |= {predictions.check_text_probabilities, targets.check_text_class_weight}
    if not hasattr(estimator, "decision_function"):
        left_out |= {predictions.check_text_decision_function}
    if not hasattr(estimator, "transform"):
        left_out |= {predictions.check_text_transform, predictions.check_text_masks}
    if not hasattr(estimator, "fit_transform") or not hasattr(estimator, "transform"):
        left_out |= {predictions.check_text_fit_transform}
    if not hasattr(estimator, "explain") or not is_classifier(estimator):
        left_out |= {predictions.check_text_masks}
    if "class_weight" not in estimator.get_params():
        left_out |= {targets.check_text_class_weight}
    return left_out
