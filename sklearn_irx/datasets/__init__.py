"""Documents to learn from: invented reviews with known rationales, and the corpora of the paper."""

from sklearn_irx.datasets._corpora import load_corpus
from sklearn_irx.datasets._synthetic import make_rationale_classification

__all__ = ["load_corpus", "make_rationale_classification"]
