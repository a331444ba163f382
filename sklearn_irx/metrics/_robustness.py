"""Robustness: how many words of a rationale decide."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from sklearn_irx._pipelines import seen_by_final
from sklearn_irx.metrics._flips import FlipSearch, check_takes_masks, from_masks
from sklearn_irx.metrics._input import Average, averaged

_EXACT_UP_TO = 2


@overload
def robustness_score(
    estimator: Any, X: Any, y: Any = ..., *, average: Average = ...
) -> float: ...  # fmt: skip
@overload
def robustness_score(
    estimator: Any, X: Any, y: Any = ..., *, average: None
) -> np.ndarray: ...  # fmt: skip
def robustness_score(
    estimator: Any,
    X: Any,
    y: Any = None,  # noqa: ARG001
    *,
    average: Average | None = "samples",
) -> float | np.ndarray:
    """Compute which share of a rationale's words must be hidden until another class is predicted.

    The fewest words of each rationale are searched for without which the predictor says something
    else, as :func:`~sklearn_irx.inspection.counterfactuals` finds them: one or two words surely, of
    rationales of up to 200, and more step by step, so a share may be too large there.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier
        Or a pipeline that ends in one.
    X : sequence of n_samples str
        Documents.
    y : None
        Ignored, so that the function is a scorer of scikit-learn as it is.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the value of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between 0 and 1. Near 0, a single word of many decides; 1, the class stays until all words
        are hidden, or even then. Of an empty rationale nan, which the mean leaves out.

    Raises
    ------
    TypeError
        If the estimator predicts from no masks, as an ensemble does: ask a member.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.metrics import robustness_score
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(texts[:200], y[:200])
    >>> 0 < robustness_score(clf, texts[200:]) <= 1
    True
    """
    clf, X = seen_by_final(estimator, X)
    check_takes_masks(clf)
    documents = clf.look_up(X)
    base, masks = clf.predict_with_masks(documents)
    places = [np.flatnonzero(mask) for mask in masks]
    predict = from_masks(clf, documents, masks, places, shown=False)
    flips = FlipSearch(predict, places, base).flips(max_changes=None, exact_up_to=_EXACT_UP_TO)
    counts = np.array([len(words) for words in places], dtype=float)
    fewest = np.array([len(flip.changes) for flip in flips], dtype=float)
    with np.errstate(invalid="ignore"):
        return averaged(fewest / counts, average)
