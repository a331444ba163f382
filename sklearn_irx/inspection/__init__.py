"""Rationales in the terminal, as HTML, as plots, and in a report."""

from sklearn_irx.classifier.sides import BothSides
from sklearn_irx.ensemble.result import CrossPrediction
from sklearn_irx.inspection._audit import RationaleAudit, rationale_audit
from sklearn_irx.inspection._auditing import AuditAnswer
from sklearn_irx.inspection._comparison import (
    ComparedDocument,
    ModelComparison,
    compare_models,
)
from sklearn_irx.inspection._counterfactuals import (
    Counterfactual,
    Counterfactuals,
    WordChange,
    counterfactuals,
)
from sklearn_irx.inspection._documents import (
    ExplainedDocument,
    ExplainedDocuments,
    explain_documents,
)
from sklearn_irx.inspection._html import to_html, write_html
from sklearn_irx.inspection._plots._accuracy_length import AccuracyLengthDisplay
from sklearn_irx.inspection._plots._flow_display import InteractionFlowDisplay
from sklearn_irx.inspection._plots._global_display import GlobalRationalesDisplay
from sklearn_irx.inspection._plots._history import TrainingHistoryDisplay
from sklearn_irx.inspection._plots._length import RationaleLengthDisplay
from sklearn_irx.inspection._plots._reliability import ReliabilityDisplay
from sklearn_irx.inspection._plots._risk_coverage import RiskCoverageDisplay
from sklearn_irx.inspection._report import RationaleReport, rationale_report
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.inspection._terminal import to_rich

__all__ = [
    "AccuracyLengthDisplay",
    "AuditAnswer",
    "BothSides",
    "ComparedDocument",
    "Counterfactual",
    "Counterfactuals",
    "CrossPrediction",
    "ExplainedDocument",
    "ExplainedDocuments",
    "GlobalRationalesDisplay",
    "InteractionFlowDisplay",
    "ModelComparison",
    "RationaleAudit",
    "RationaleLengthDisplay",
    "RationaleReport",
    "ReliabilityDisplay",
    "RiskCoverageDisplay",
    "SummaryTable",
    "TrainingHistoryDisplay",
    "WordChange",
    "compare_models",
    "counterfactuals",
    "explain_documents",
    "rationale_audit",
    "rationale_report",
    "to_html",
    "to_rich",
    "write_html",
]
