"""Corpora: synthetic and real documents, with and without human rationales."""

from sklearn_irx.datasets._corpora import load_corpus
from sklearn_irx.datasets._eraser import read_eraser, write_eraser_predictions
from sklearn_irx.datasets._rationale_corpora import RationaleCorpus, load_rationale_corpus
from sklearn_irx.datasets._synthetic import make_rationale_classification

__all__ = [
    "RationaleCorpus",
    "load_corpus",
    "load_rationale_corpus",
    "make_rationale_classification",
    "read_eraser",
    "write_eraser_predictions",
]
