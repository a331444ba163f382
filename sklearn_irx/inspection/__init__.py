"""Pictures of rationales: for the terminal, and as one HTML file that needs nothing else."""

from sklearn_irx.inspection._documents import ExplainedDocument, Heard, explain_documents
from sklearn_irx.inspection._html import to_html, write_html
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.inspection._terminal import to_rich

__all__ = [
    "ExplainedDocument",
    "Heard",
    "SummaryTable",
    "explain_documents",
    "to_html",
    "to_rich",
    "write_html",
]
