"""What rationales are worth, in numbers: pure functions on masks and on what an ensemble did."""

from sklearn_irx.metrics._interaction import interaction_table
from sklearn_irx.metrics._masks import n_transitions, rationale_length
from sklearn_irx.metrics._plausibility import (
    token_f1_score,
    token_precision_score,
    token_recall_score,
)

__all__ = [
    "interaction_table",
    "n_transitions",
    "rationale_length",
    "token_f1_score",
    "token_precision_score",
    "token_recall_score",
]
