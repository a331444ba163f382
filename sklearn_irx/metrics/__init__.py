"""Metrics of rationales and of confidence."""

from sklearn_irx.ensemble.risk_coverage import (
    RiskCoverage,
    area_under_risk_coverage,
    risk_coverage_curve,
)
from sklearn_irx.metrics._agreement import (
    rationale_iou_score,
    rationale_kappa_score,
    rationale_stability_score,
)
from sklearn_irx.metrics._arguability import arguability_score
from sklearn_irx.metrics._calibration import expected_calibration_error
from sklearn_irx.metrics._encoding import Encoding, encoding_score
from sklearn_irx.metrics._evalx import EvalX, RandomMaskReader, evalx_score
from sklearn_irx.metrics._faithfulness import comprehensiveness_score, sufficiency_score
from sklearn_irx.metrics._global import global_rationales
from sklearn_irx.metrics._interaction import (
    cross_reading_matrix,
    exchange_table,
    interaction_table,
)
from sklearn_irx.metrics._leakage import MaskLeakage, mask_leakage_score
from sklearn_irx.metrics._masks import n_transitions, rationale_length
from sklearn_irx.metrics._plausibility import (
    token_f1_score,
    token_precision_score,
    token_recall_score,
)
from sklearn_irx.metrics._robustness import robustness_score
from sklearn_irx.metrics._scorers import (
    accuracy_within_length,
    rationale_length_scorer,
    token_f1_scorer,
)
from sklearn_irx.metrics._second_reader import random_masks, second_reader_accuracy
from sklearn_irx.metrics._shortcuts import find_shortcuts
from sklearn_irx.metrics._soft import auprc_score
from sklearn_irx.metrics._spans import (
    iou_f1_score,
    span_f1_score,
    span_precision_score,
    span_recall_score,
)
from sklearn_irx.metrics._suspicions import suspected_words

__all__ = [
    "Encoding",
    "EvalX",
    "MaskLeakage",
    "RandomMaskReader",
    "RiskCoverage",
    "accuracy_within_length",
    "area_under_risk_coverage",
    "arguability_score",
    "auprc_score",
    "comprehensiveness_score",
    "cross_reading_matrix",
    "encoding_score",
    "evalx_score",
    "exchange_table",
    "expected_calibration_error",
    "find_shortcuts",
    "global_rationales",
    "interaction_table",
    "iou_f1_score",
    "mask_leakage_score",
    "n_transitions",
    "random_masks",
    "rationale_iou_score",
    "rationale_kappa_score",
    "rationale_length",
    "rationale_length_scorer",
    "rationale_stability_score",
    "risk_coverage_curve",
    "robustness_score",
    "second_reader_accuracy",
    "span_f1_score",
    "span_precision_score",
    "span_recall_score",
    "sufficiency_score",
    "suspected_words",
    "token_f1_score",
    "token_f1_scorer",
    "token_precision_score",
    "token_recall_score",
]
