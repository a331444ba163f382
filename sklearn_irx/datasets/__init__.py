"""Corpora: synthetic and real documents, with and without human rationales; annotation files."""

from sklearn_irx.datasets._annotated_texts import AnnotatedTexts
from sklearn_irx.datasets._corpora import load_corpus
from sklearn_irx.datasets._doccano import read_doccano, write_doccano
from sklearn_irx.datasets._eraser import read_eraser, write_eraser_predictions
from sklearn_irx.datasets._hatexplain import read_hatexplain
from sklearn_irx.datasets._label_studio import (
    label_studio_config,
    read_label_studio,
    write_label_studio,
)
from sklearn_irx.datasets._r2a import read_r2a
from sklearn_irx.datasets._rationale_corpora import RationaleCorpus, load_rationale_corpus
from sklearn_irx.datasets._synthetic import make_rationale_classification

__all__ = [
    "AnnotatedTexts",
    "RationaleCorpus",
    "label_studio_config",
    "load_corpus",
    "load_rationale_corpus",
    "make_rationale_classification",
    "read_doccano",
    "read_eraser",
    "read_hatexplain",
    "read_label_studio",
    "read_r2a",
    "write_doccano",
    "write_eraser_predictions",
    "write_label_studio",
]
