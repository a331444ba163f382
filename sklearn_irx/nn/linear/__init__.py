"""The linear path of the predictor, and the selection priors that come from its weights."""

from sklearn_irx.nn.linear.bigrams import BigramPath, WholeBigramPath
from sklearn_irx.nn.linear.correction import SelectionCorrection
from sklearn_irx.nn.linear.path import LinearPath
from sklearn_irx.nn.linear.prior import DocumentPrior, SelectionPrior
from sklearn_irx.nn.linear.smoothing import LEARNED
from sklearn_irx.nn.linear.weights import BigramWeights, LinearWeights

__all__ = [
    "LEARNED",
    "BigramPath",
    "BigramWeights",
    "DocumentPrior",
    "LinearPath",
    "LinearWeights",
    "SelectionCorrection",
    "SelectionPrior",
    "WholeBigramPath",
]
