"""What answers of several people to several documents say of people and documents at large.

Values stand in arrays of shape (n_annotators, n_documents), nan where an answer is missing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm, permutation_test

# Variances of annotators and documents are sought as these multiples of the rest's.
_LEAST, _MOST = 1e-6, 1e6
_TINY = 1e-12


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
        random_state=rng,
    )
    return float(found.pvalue)


def mixed_effect(differences: np.ndarray) -> Effect:
    """Fit the mean difference with a linear mixed model, crossed over people and documents.

    ``difference = mean + annotator + document + rest``, the last three normal, by restricted
    maximum likelihood. So people and documents may differ in how much better the one rationale is
    than the other.

    Parameters
    ----------
    differences : ndarray of shape (n_annotators, n_documents), dtype float
        nan where one of the two answers is missing.

    Returns
    -------
    effect : Effect
        With the p-value, two-sided, that the mean is 0 (Wald). Without error and p-value where all
        differences are the same, or are wholly those between annotators or between documents.

    Notes
    -----
    The covariance of all answers is never made: with sums over annotators and over documents, the
    largest matrix has a row for each of these. ``MixedLM`` of statsmodels finds the same mean and
    variances, in minutes where this takes a second.

    References
    ----------
    R. H. Baayen, D. J. Davidson, D. M. Bates, "Mixed-effects Modeling with Crossed Random Effects
    for Subjects and Items", Journal of Memory and Language, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.study._statistics import mixed_effect
    >>> rng = np.random.RandomState(0)
    >>> found = mixed_effect(1 + rng.normal(size=(3, 30)))
    >>> found.p_value < 0.01
    True
    """
    there = ~np.isnan(differences)
    given = differences[there]
    if len(given) < 2 or np.ptp(given) == 0:
        return Effect(float(given.mean()) if given.size else np.nan, np.nan, np.nan)
    values = np.where(there, differences, 0.0)
    counts = np.concatenate([there.sum(axis=1), there.sum(axis=0)])
    sums = np.concatenate([values.sum(axis=1), values.sum(axis=0)])
    together = np.diag(counts.astype(float))
    n_annotators = len(there)
    together[:n_annotators, n_annotators:] = there
    together[n_annotators:, :n_annotators] = there.T
    whole = np.array([[len(given), given.sum()], [given.sum(), given @ given]])

    def fit(shares: np.ndarray) -> tuple[float, float, float]:
        """Give minus twice the log likelihood, the mean and its standard error.

        `shares` are the variances of annotators and documents, as multiples of the rest's.
        """
        spread = np.sqrt(np.repeat(shares, differences.shape))
        inner = np.eye(len(spread)) + spread[:, None] * together * spread
        totals = spread[:, None] * np.column_stack([counts, sums])
        # Woodbury: products of ones and values under the inverse covariance.
        (precision, first), (_, second) = whole - totals.T @ np.linalg.solve(inner, totals)
        mean = first / precision
        variance = max(second - mean * first, _TINY) / (len(given) - 1)
        unlikely = (len(given) - 1) * np.log(variance) + np.linalg.slogdet(inner)[1]
        return unlikely + np.log(precision), mean, np.sqrt(variance / precision)

    # One annotator cannot be told from the mean, nor documents that were read once from the rest.
    free = [there.any(axis=axis).sum() > 1 and there.sum(axis=axis).max() > 1 for axis in (1, 0)]
    best = minimize(
        lambda logarithms: fit(np.where(free, np.exp(logarithms), 0))[0],
        np.log([0.5, 0.5]),
        bounds=[np.log([_LEAST, _MOST])] * 2,
        method="L-BFGS-B",
    )
    _, mean, error = fit(np.where(free, np.exp(best.x), 0))
    if best.x[free].max(initial=0) > np.log(_MOST / 2):
        # Annotators and documents explain all: nothing is left to judge the mean by.
        return Effect(float(mean), np.nan, np.nan)
    return Effect(float(mean), float(error), float(2 * norm.sf(abs(mean) / error)))
