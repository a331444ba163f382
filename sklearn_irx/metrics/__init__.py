"""What rationales and confidence are worth, in numbers."""

from sklearn_irx.metrics._calibration import expected_calibration_error
from sklearn_irx.metrics._interaction import interaction_table
from sklearn_irx.metrics._masks import n_transitions, rationale_length
from sklearn_irx.metrics._plausibility import (
    token_f1_score,
    token_precision_score,
    token_recall_score,
)

__all__ = [
    "expected_calibration_error",
    "interaction_table",
    "n_transitions",
    "rationale_length",
    "token_f1_score",
    "token_precision_score",
    "token_recall_score",
]
