"""What answers of several people to several documents say of people and documents at large.

Values stand in arrays of shape (n_annotators, n_documents), nan where an answer is missing.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy.stats import permutation_test


class Interval(NamedTuple):
    """A mean and where it may lie.

    Attributes
    ----------
    mean, low, high : float
        nan if there is nothing to average.
    """

    mean: float
    low: float
    high: float


class Effect(NamedTuple):
    """A mean difference, as a mixed model finds it.

    Attributes
    ----------
    difference, standard_error, p_value : float
        nan where the model could not be fitted.
    """

    difference: float
    standard_error: float
    p_value: float


def bootstrap_mean(
    values: np.ndarray, *, n_resamples: int, level: float, rng: np.random.RandomState
) -> Interval:
    """Give the mean of all answers with a bootstrap interval over people and documents.

    Annotators and documents are drawn anew, both with replacement, and a drawn annotator answers a
    drawn document as often as both were drawn [1]_. So the interval is about other people reading
    other documents. One annotator alone stays as they are.

    Parameters
    ----------
    values : ndarray of shape (n_annotators, n_documents), dtype float
        nan where an answer is missing.
    n_resamples : int
        How often to draw.
    level : float
        Share of the draws inside the interval, between 0 and 1.
    rng : RandomState
        What draws.

    References
    ----------
    .. [1] A. B. Owen, "The Pigeonhole Bootstrap", Annals of Applied Statistics, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.study._statistics import bootstrap_mean
    >>> values = np.array([[1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, np.nan]])
    >>> found = bootstrap_mean(
    ...     values, n_resamples=1000, level=0.95, rng=np.random.RandomState(0)
    ... )
    >>> round(found.mean, 3), found.low < found.mean < found.high
    (0.571, True)
    """
    there = ~np.isnan(values)
    if not there.any():
        return Interval(np.nan, np.nan, np.nan)
    # Who answered nothing is no annotator to draw, and what nobody read is no document.
    values = values[there.any(axis=1)][:, there.any(axis=0)]
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    n_annotators, n_documents = values.shape
    people = rng.multinomial(n_annotators, np.full(n_annotators, 1 / n_annotators), n_resamples)
    documents = rng.multinomial(n_documents, np.full(n_documents, 1 / n_documents), n_resamples)
    total = ((people @ filled) * documents).sum(axis=1)
    count = ((people @ there.astype(float)) * documents).sum(axis=1)
    # A draw may hold nothing that was answered.
    means = total[count > 0] / count[count > 0]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values[there].mean()), float(low), float(high))


def sign_flip_test(
    differences: np.ndarray, *, n_resamples: int, rng: np.random.RandomState
) -> float:
    """Give the p-value, two-sided, that the mean difference of documents is 0.

    If it makes no difference which rationale was which, they can be swapped in every document. All
    answers to a document are swapped together, so documents may differ in any way, and annotators,
    too. Exact if all swaps were tried, as they are if they are no more than `n_resamples`.

    Parameters
    ----------
    differences : ndarray of shape (n_annotators, n_documents), dtype float
        nan where one of the two answers is missing.
    n_resamples : int
        Swaps to try at most.
    rng : RandomState
        What draws them.

    Returns
    -------
    p_value : float
        nan with fewer than two documents.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.study._statistics import sign_flip_test
    >>> always = np.ones((2, 5))
    >>> sign_flip_test(always, n_resamples=999, rng=np.random.RandomState(0))  # 2 of 2**5 swaps
    0.0625
    """
    there = ~np.isnan(differences)
    answered = there.any(axis=0)
    if answered.sum() < 2:
        return np.nan
    of_documents = np.nanmean(differences[:, answered], axis=0)
    found = permutation_test(
        (of_documents, np.zeros_like(of_documents)),
        lambda one, other, axis: one.mean(axis=axis) - other.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=n_resamples,
        rng=rng,
    )
    return float(found.pvalue)


def mixed_effect(differences: np.ndarray) -> Effect:
    """Fit the mean difference with a linear mixed model, crossed over people and documents.

    ``difference = mean + annotator + document + rest``, the last three normal, by REML. So people
    and documents may differ in how much better the one rationale is than the other.

    Parameters
    ----------
    differences : ndarray of shape (n_annotators, n_documents), dtype float
        nan where one of the two answers is missing.

    Returns
    -------
    effect : Effect
        With the p-value, two-sided, that the mean is 0 (Wald).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.study._statistics import mixed_effect
    >>> rng = np.random.RandomState(0)
    >>> found = mixed_effect(1 + rng.normal(size=(3, 30)))
    >>> found.p_value < 0.01
    True
    """
    import pandas as pd
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, ModelWarning

    people, documents = np.nonzero(~np.isnan(differences))
    data = pd.DataFrame(
        {
            "difference": differences[people, documents],
            "annotator": people,
            "document": documents,
            "together": 1,
        }
    )
    if len(np.unique(documents)) < 2 or data["difference"].nunique() < 2:
        return Effect(float(data["difference"].mean()), np.nan, np.nan)
    parts = {}
    if len(np.unique(people)) > 1:
        # With one answer a document, the document cannot be told from the rest.
        parts = {"annotator": "0 + C(annotator)", "document": "0 + C(document)"}
    with warnings.catch_warnings():
        for kind in (ConvergenceWarning, ModelWarning, RuntimeWarning):
            warnings.simplefilter("ignore", kind)
        fit = _fit_mixed(data, parts)
    if fit is None:
        return Effect(np.nan, np.nan, np.nan)
    return Effect(*(float(found["Intercept"]) for found in (fit.params, fit.bse, fit.pvalues)))


def _fit_mixed(data, parts):  # type: ignore[no-untyped-def]
    import statsmodels.formula.api as smf

    if not parts:
        return smf.ols("difference ~ 1", data).fit()
    try:
        # Methods that follow the gradient get stuck where a variance is 0, as it often is.
        fit = smf.mixedlm(
            "difference ~ 1", data, groups="together", re_formula="0", vc_formula=parts
        ).fit(method="nm")
    except (np.linalg.LinAlgError, ValueError):
        return None
    return fit if fit.converged else None
