"""scikit-learn's own checks: used unchanged, rewritten for text, or not applicable."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isfunction
from typing import Any

from sklearn.base import is_classifier

SKLEARN_VERSION = "1.9"
"""Version of scikit-learn whose checks are listed here."""

AS_THEY_ARE = {
    "check_estimator_cloneable": "`clone` works",
    "check_estimator_tags_renamed": "tags are defined by `__sklearn_tags__`",
    "check_valid_tag_types": "tags have the correct types",
    "check_estimator_repr": "`repr` works",
    "check_no_attributes_set_in_init": "`__init__` sets only its parameters",
    "check_do_not_raise_errors_in_init_or_set_params": "parameters are not validated before `fit`",
    "check_mixin_order": "mixins come before `BaseEstimator`",
    "check_parameters_default_constructible": "defaults have simple types and are stored unchanged",
    "check_get_params_invariance": "shallow parameters are among the deep ones",
    "check_set_params": "`get_params` returns the values passed to `set_params`",
    "check_param_validation": (
        "`fit` rejects invalid parameters before it validates X; for estimators with "
        "`_parameter_constraints`"
    ),
    "check_get_feature_names_out_error": (
        "`get_feature_names_out` before `fit` raises NotFittedError; for transformers with it"
    ),
}
"""Checks that need no X, or never use it: name to what they assert."""

REWRITTEN = {
    "check_estimators_overwrite_params": ["check_text_params_unchanged"],
    "check_dont_overwrite_parameters": ["check_text_fit_attributes"],
    "check_estimators_fit_returns_self": ["check_text_fit_returns_self"],
    "check_fit_score_takes_y": ["check_text_fit_takes_y"],
    "check_readonly_memmap_input": ["check_text_readonly"],
    "check_estimators_unfitted": ["check_text_unfitted"],
    "check_transformers_unfitted": ["check_text_unfitted"],
    "check_fit_check_is_fitted": ["check_text_is_fitted"],
    "check_n_features_in": ["check_text_no_feature_names"],
    "check_n_features_in_after_fitting": ["check_text_no_feature_names"],
    "check_dataframe_column_names_consistency": ["check_text_no_feature_names"],
    "check_sample_weights_pandas_series": ["check_text_weights_containers"],
    "check_sample_weights_not_an_array": ["check_text_weights_containers"],
    "check_sample_weights_list": ["check_text_weights_containers"],
    "check_all_zero_sample_weights_error": ["check_text_weights_zero"],
    "check_sample_weights_shape": ["check_text_weights_shape"],
    "check_sample_weights_not_overwritten": ["check_text_inputs_unchanged"],
    "check_estimators_empty_data_messages": ["check_text_nothing_to_learn"],
    "check_pipeline_consistency": ["check_text_in_pipeline"],
    "check_estimators_nan_inf": ["check_text_no_strings"],
    "check_dtype_object": ["check_text_containers", "check_text_no_strings"],
    "check_estimators_pickle": ["check_text_pickle", "check_text_memory_mapped"],
    "check_estimators_data_not_an_array": ["check_text_containers"],
    "check_classifier_data_not_an_array": ["check_text_containers", "check_text_label_containers"],
    "check_transformer_data_not_an_array": ["check_text_containers"],
    "check_classifiers_one_label": ["check_text_one_class"],
    "check_classifiers_classes": ["check_text_classes", "check_text_labels"],
    "check_classifiers_predictions": ["check_text_classes", "check_text_labels"],
    "check_classifiers_train": [
        "check_text_y_length", "check_text_probabilities", "check_text_decision_function",
        "check_text_score",
    ],
    "check_classifiers_regression_target": ["check_text_y_continuous"],
    "check_supervised_y_no_nan": ["check_text_y_missing"],
    "check_supervised_y_2d": ["check_text_y_one_column", "check_text_y_two_columns"],
    "check_class_weight_classifiers": ["check_text_class_weight"],
    "check_non_transformer_estimators_n_iter": ["check_text_n_iter"],
    "check_transformer_n_iter": ["check_text_n_iter"],
    "check_decision_proba_consistency": ["check_text_decision_function"],
    "check_transformer_general": ["check_text_transform", "check_text_fit_transform"],
    "check_methods_sample_order_invariance": ["check_text_order"],
    "check_methods_subset_invariance": ["check_text_subsets"],
    "check_fit1d": ["check_text_bare_string", "check_text_two_dimensions"],
    "check_fit2d_predict1d": ["check_text_bare_string", "check_text_two_dimensions"],
    "check_dict_unchanged": ["check_text_predict_sets_nothing"],
    "check_fit_idempotent": ["check_text_fit_idempotent"],
    "check_requires_y_none": ["check_text_y_none"],
}  # fmt: skip
"""Checks that fit on numbers: name to the names of the equivalent checks on text."""

_NUMBERS = "documents are strings, not numbers"
_NO_COLUMNS = "documents have no columns, and outputs need no names"
_ARRAYS = "the array API does not support strings"
_SPARSE = "documents cannot be in a sparse matrix"
_MULTI_OUTPUT = "the checks for text use one label per document"

CANNOT_APPLY = {
    "check_estimators_dtypes": _NUMBERS,
    "check_complex_data": _NUMBERS,
    "check_f_contiguous_array_estimator": _NUMBERS,
    "check_fit2d_1sample": "one document has one class: check_text_one_class",
    "check_fit2d_1feature": _NO_COLUMNS,
    "check_positive_only_tag_during_fit": _NUMBERS,
    "check_fit_non_negative": _NUMBERS,
    "check_nonsquare_error": "for distance matrices",
    "check_inplace_ensure_writeable": _NUMBERS,
    "check_estimator_sparse_tag": _SPARSE,
    "check_estimator_sparse_array": _SPARSE,
    "check_estimator_sparse_matrix": _SPARSE,
    "check_sample_weight_equivalence_on_dense_data": (
        "a document of weight 0 may still add words to a vocabulary, so it is not equivalent to "
        "omission; check_text_weights_count checks the effect of weights"
    ),
    "check_sample_weight_equivalence_on_sparse_data": _SPARSE,
    "check_classifiers_one_label_sample_weights": (
        "a classifier may keep the class of documents of weight 0"
    ),
    "check_array_api_input": _ARRAYS,
    "check_array_api_input_and_values": _ARRAYS,
    "check_array_api_mixed_inputs": _ARRAYS,
    "check_array_api_same_namespace": _ARRAYS,
    "check_transformer_get_feature_names_out": _NO_COLUMNS,
    "check_transformer_get_feature_names_out_pandas": _NO_COLUMNS,
    "check_transformer_preserve_dtypes": "outputs for strings have another type",
    "check_set_output_transform": _NO_COLUMNS,
    "check_set_output_transform_pandas": _NO_COLUMNS,
    "check_set_output_transform_polars": _NO_COLUMNS,
    "check_global_output_transform_pandas": _NO_COLUMNS,
    "check_global_set_output_transform_polars": _NO_COLUMNS,
    "check_transformers_unfitted_stateless": "for transformers that do not require `fit`",
    "check_estimators_partial_fit_n_features": _NO_COLUMNS,
    "check_sparsify_coefficients": "for linear models",
    "check_class_weight_balanced_classifiers": "for linear models",
    "check_class_weight_balanced_linear_classifier": "for linear models",
    "check_classifier_not_supporting_multiclass": "for binary classifiers",
    "check_classifier_multioutput": _MULTI_OUTPUT,
    "check_classifiers_multilabel_representation_invariance": _MULTI_OUTPUT,
    "check_classifiers_multilabel_output_format_predict": _MULTI_OUTPUT,
    "check_classifiers_multilabel_output_format_predict_proba": _MULTI_OUTPUT,
    "check_classifiers_multilabel_output_format_decision_function": _MULTI_OUTPUT,
    "check_regressor_data_not_an_array": "for regressors",
    "check_regressor_multioutput": "for regressors",
    "check_regressors_int": "for regressors",
    "check_regressors_no_decision_function": "for regressors",
    "check_regressors_train": "for regressors",
    "check_clusterer_compute_labels_predict": "for clusterers",
    "check_clustering": "for clusterers",
    "check_outlier_contamination": "for outlier detectors",
    "check_outlier_corruption": "for outlier detectors",
    "check_outliers_fit_predict": "for outlier detectors",
    "check_outliers_train": "for outlier detectors",
}
"""Checks that do not apply to raw text: name to the reason."""


_BY_PIPELINE = "scikit-learn's `Pipeline` fits its steps in place"
_NO_FIT = "no part is fitted, so labels are only compared with the known classes"

KNOWN_FAILURES = {
    "Any `Pipeline`": {
        "check_text_tags": "scikit-learn's `Pipeline` does not inherit the tags for strings",
        "check_text_fit_attributes": _BY_PIPELINE,
        "check_text_params_unchanged": _BY_PIPELINE,
    },
    "A pipeline that begins with scikit-learn's `TfidfVectorizer`": {
        "check_text_no_strings": "`TfidfVectorizer` raises AttributeError for non-strings",
        "check_text_two_dimensions": "`TfidfVectorizer` raises AttributeError for rows of an array",
        "check_text_nothing_to_read": "`TfidfVectorizer` rejects an empty list of documents",
    },
    "`InteractiveEnsemble` and `InteractiveCommittee` of frozen members": {
        "check_text_refit_forgets": _NO_FIT,
        "check_text_labels": _NO_FIT,
        "check_text_one_class": _NO_FIT,
        "check_text_nothing_to_learn": "no part is fitted, so no documents are needed",
        "check_text_weights_count": "no part is fitted, so weights have no effect",
    },
    "`RejectOption`": {
        "check_text_labels": "labels are objects where a document may have none",
        "check_text_unusual_documents": "it abstains from a document in which nothing is selected",
    },
    "`RejectOption` around frozen members": {
        "check_text_refit_forgets": _NO_FIT,
        "check_text_labels": _NO_FIT,
        "check_text_one_class": _NO_FIT,
    },
    "`RationaleExtractor` around a frozen classifier": {
        "check_text_nothing_to_learn": "no part is fitted, so no documents are needed",
    },
    "`RationaleExtractor` with `cv`": {
        "check_text_fit_transform": (
            "`fit_transform` predicts each document with a classifier trained without it"
        ),
    },
}
"""Checks that are expected to fail, by estimator: name to the reason."""


def sklearn_check_names() -> set[str]:
    """Return the names of all checks of scikit-learn, also those `check_estimator` skips."""
    from sklearn.utils import estimator_checks

    return {
        name
        for name, function in vars(estimator_checks).items()
        if name.startswith("check_")
        and name != "check_estimator"
        and isfunction(function)
        and function.__module__ == estimator_checks.__name__
    }


def sklearn_checks(estimator: Any) -> list[Callable[[str, Any], None]]:
    """Return the checks of scikit-learn that apply to an estimator unchanged."""
    from sklearn.utils import estimator_checks

    names = dict.fromkeys(AS_THEY_ARE)
    if not hasattr(estimator, "_parameter_constraints"):
        del names["check_param_validation"]
    if is_classifier(estimator) or not hasattr(estimator, "get_feature_names_out"):
        del names["check_get_feature_names_out_error"]
    # Other versions of scikit-learn may lack some.
    return [getattr(estimator_checks, name) for name in names if hasattr(estimator_checks, name)]
