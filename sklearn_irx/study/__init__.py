"""Studies with people who tell the class from a rationale alone."""

from sklearn_irx.study._agreement import Agreement, agreement
from sklearn_irx.study._analysis import StudyAnalysis, analyse_study
from sklearn_irx.study._create import create_study
from sklearn_irx.study._records import Annotator, Answer, Item, Page
from sklearn_irx.study._simulation import power_table, simulate_annotators, train_readers
from sklearn_irx.study._store import Study
from sklearn_irx.study.web import links_of, serve

__all__ = [
    "Agreement",
    "Annotator",
    "Answer",
    "Item",
    "Page",
    "Study",
    "StudyAnalysis",
    "agreement",
    "analyse_study",
    "create_study",
    "links_of",
    "power_table",
    "serve",
    "simulate_annotators",
    "train_readers",
]
