"""Inference about annotators and documents at large, from the answers of a sample of both.

Arrays have shape (n_annotators, n_documents), with nan where an answer is missing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm, permutation_test

# Bounds of the variances of annotators and documents, as multiples of the residual variance.
_MIN_RATIO, _MAX_RATIO = 1e-6, 1e6
_MIN_VARIANCE = 1e-12


class Interval(NamedTuple):
    """A mean and its interval; nan without any answer."""

    mean: float
    low: float
    high: float


class Effect(NamedTuple):
    """A mean difference, as a mixed model estimates it; nan where undefined."""

    difference: float
    standard_error: float
    p_value: float


def bootstrap_mean(
    values: np.ndarray, *, n_resamples: int, level: float, rng: np.random.RandomState
) -> Interval:
    """Compute the mean of all answers, with a bootstrap interval over people and documents.

    Each resample draws annotators and documents with replacement; an answer counts as often as its
    annotator was drawn, times as often as its document was [1]_. So the interval generalizes to
    other people and other documents. A single annotator is not resampled.

    References
    ----------
    .. [1] A. B. Owen, "The Pigeonhole Bootstrap", Annals of Applied Statistics, 2007.
    """
    known = ~np.isnan(values)
    if not known.any():
        return Interval(np.nan, np.nan, np.nan)
    # Annotators and documents without any answer are not resampled.
    values = values[known.any(axis=1)][:, known.any(axis=0)]
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    n_annotators, n_documents = values.shape
    people = rng.multinomial(n_annotators, np.full(n_annotators, 1 / n_annotators), n_resamples)
    documents = rng.multinomial(n_documents, np.full(n_documents, 1 / n_documents), n_resamples)
    total = ((people @ filled) * documents).sum(axis=1)
    count = ((people @ known.astype(float)) * documents).sum(axis=1)
    # A resample may be without answers.
    means = total[count > 0] / count[count > 0]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values[known].mean()), float(low), float(high))


def sign_flip_test(
    differences: np.ndarray, *, n_resamples: int, rng: np.random.RandomState
) -> float:
    """Compute the two-sided permutation p-value of a mean difference of 0 over documents.

    Under the null hypothesis, the two rationales of a document can be swapped. All answers to a
    document are swapped together, so documents and annotators may differ in any way. The test is
    exact if the number of possible swaps is at most `n_resamples`. nan with fewer than two
    documents.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.study._statistics import sign_flip_test
    >>> always = np.ones((2, 5))
    >>> sign_flip_test(always, n_resamples=999, rng=np.random.RandomState(0))  # 2 of 2**5 swaps
    0.0625
    """
    known = ~np.isnan(differences)
    answered = known.any(axis=0)
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
    """Fit the mean difference by a linear mixed model, with crossed people and documents.

    The model is ``difference = mean + annotator + document + residual``, with normal random effects
    and residuals, fitted by restricted maximum likelihood. So the difference may vary between
    people and between documents. The p-value is two-sided, of a Wald test of a mean of 0. Error
    and p-value are nan if all differences are equal, or annotators or documents explain all the
    variance.

    Notes
    -----
    By the Woodbury identity, the largest matrix has one row per annotator and per document, not one
    per answer. ``MixedLM`` of statsmodels finds the same mean and variances, in minutes where this
    takes a second.

    References
    ----------
    R. H. Baayen, D. J. Davidson, D. M. Bates, "Mixed-effects Modeling with Crossed Random Effects
    for Subjects and Items", Journal of Memory and Language, 2008.
    """
    known = ~np.isnan(differences)
    given = differences[known]
    if len(given) < 2 or np.ptp(given) == 0:
        return Effect(float(given.mean()) if given.size else np.nan, np.nan, np.nan)
    values = np.where(known, differences, 0.0)
    counts = np.concatenate([known.sum(axis=1), known.sum(axis=0)])
    sums = np.concatenate([values.sum(axis=1), values.sum(axis=0)])
    crossed = np.diag(counts.astype(float))
    n_annotators = len(known)
    crossed[:n_annotators, n_annotators:] = known
    crossed[n_annotators:, :n_annotators] = known.T
    whole = np.array([[len(given), given.sum()], [given.sum(), given @ given]])

    def fit(ratios: np.ndarray) -> tuple[float, float, float]:
        """Return minus twice the log likelihood, the mean and its standard error.

        `ratios` are the variances of annotators and documents over the residual variance.
        """
        spread = np.sqrt(np.repeat(ratios, differences.shape))
        inner = np.eye(len(spread)) + spread[:, None] * crossed * spread
        totals = spread[:, None] * np.column_stack([counts, sums])
        # Inner products of ones and values under the inverse covariance.
        (precision, first), (_, second) = whole - totals.T @ np.linalg.solve(inner, totals)
        mean = first / precision
        variance = max(second - mean * first, _MIN_VARIANCE) / (len(given) - 1)
        deviance = (len(given) - 1) * np.log(variance) + np.linalg.slogdet(inner)[1]
        return deviance + np.log(precision), mean, np.sqrt(variance / precision)

    # A variance needs several annotators or documents, one of them with several answers.
    free = [known.any(axis=axis).sum() > 1 and known.sum(axis=axis).max() > 1 for axis in (1, 0)]
    best = minimize(
        lambda logs: fit(np.where(free, np.exp(logs), 0))[0],
        np.log([0.5, 0.5]),
        bounds=[np.log([_MIN_RATIO, _MAX_RATIO])] * 2,
        method="L-BFGS-B",
    )
    _, mean, error = fit(np.where(free, np.exp(best.x), 0))
    if best.x[free].max(initial=0) > np.log(_MAX_RATIO / 2):
        # Annotators and documents explain everything: no residual to test the mean against.
        return Effect(float(mean), np.nan, np.nan)
    return Effect(float(mean), float(error), float(2 * norm.sf(abs(mean) / error)))
