r"""Whether a prediction rests on the words of the rationale.

For a document x with the rationale r, let c be the class predicted from all words of x. Written
``p(x)`` for the probability of c from all words, ``p(r)`` from the words of r alone and
``p(x \ r)`` from all others,

    comprehensiveness = p(x) - p(x \ r)        sufficiency = p(x) - p(r).

All three are said by the same model. "All words" are those that the masks can count: up to the
``max_length`` of a model. A :class:`~sklearn_irx.SelectiveRationaleClassifier` says them with its
predictor, and its selector is not asked. What such a model says of a document by itself is the
``p(r)`` of its own rationale; measured against that, its sufficiency would be 0 by construction and
say nothing. Its predictor was trained on few words a document, so all words, and all but a few, are
documents of a kind that it has hardly seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, overload

import numpy as np

from sklearn_irx.metrics._input import Average, Masks, averaged, check_scores
from sklearn_irx.metrics._reading import Reading

BINS = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares of the words of a document that ERASER looks at."""


@overload
def comprehensiveness_score(
    estimator: Any,
    X: Any,
    masks: Masks | None = ...,
    *,
    scores: Any = ...,
    bins: Sequence[float] = ...,
    tokenizer: Any = ...,
    average: Average = ...,
) -> float: ...
@overload
def comprehensiveness_score(
    estimator: Any,
    X: Any,
    masks: Masks | None = ...,
    *,
    scores: Any = ...,
    bins: Sequence[float] = ...,
    tokenizer: Any = ...,
    average: None,
) -> np.ndarray: ...
def comprehensiveness_score(
    estimator: Any,
    X: Any,
    masks: Masks | None = None,
    *,
    scores: Any = None,
    bins: Sequence[float] = BINS,
    tokenizer: Any = None,
    average: Average | None = "samples",
) -> float | np.ndarray:
    r"""How much less likely the predicted class gets when the rationale is taken away.

    The mean over documents of :math:`p(x) - p(x \setminus r)`, the probability of the class
    that is predicted from all words: from all words, less that from all but the rationale. With
    `scores` in place of masks, the rationales are the highest-scored words, as many as each of
    `bins` says, and the drops are averaged over the bins (AOPC).

    Parameters
    ----------
    estimator : fitted classifier
        With ``predict_proba`` and raw text as input. If that takes ``masks``, as
        :class:`~sklearn_irx.SelectiveRationaleClassifier` does, its predictor reads the words in
        their places, and its selector is not asked. Every other, an ensemble or a pipeline of
        scikit-learn, gets a text of the words that are left: what stands between two neighbours
        stays, and a gap is a space.
    X : sequence of n_samples str
        Documents.
    masks : array of shape (n_samples, n_words), dtype bool, or list of spans, default=None
        The rationales; missing columns count as False. Or the spans (start, end) of each document
        in words. Either `masks` or `scores` is needed.
    scores : array-like of shape (n_samples, n_words), dtype float, default=None
        How much each word belongs to the rationale, nan past the end: ``selection_scores`` of a
        classifier, for example. Words without a score come last, and of equal ones the earlier
        one first.
    bins : sequence of float, default=(0.01, 0.05, 0.1, 0.2, 0.5)
        Shares of the words of a document, rounded up, of the rationales made from `scores`.
    tokenizer : callable or fitted model, default=None
        What words the masks count, for an estimator that gets texts: a function that gives (word,
        start, end) for each, or a model with ``split``, such as the one that made the masks. None
        means the estimator's own ``split`` if it has one, and
        :class:`~sklearn_irx.text.WordTokenizer` if not. Not used where masks are read.
    average : {"samples"} or None, default="samples"
        "samples" gives the mean over documents, None the value of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between -1 and 1, the higher the better: the prediction rested on these words. Near 0 if
        the other words say the same. It grows with the length of rationales, so compare with
        :func:`random_masks` of the same length.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `X` is no sequence of str.
    ValueError
        If not exactly one of `masks` and `scores` is given, they do not fit `X`, a document has
        fewer words than they select, or `bins` holds something else than shares.

    References
    ----------
    J. DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020, section
    4.2. The AOPC is the mean over the bins, as in its program; the paper divides by one more.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_irx.metrics import comprehensiveness_score
    >>> clf = make_pipeline(CountVectorizer(), MultinomialNB())
    >>> clf = clf.fit(["dull film", "fine film"], ["bad", "good"])
    >>> masks = np.array([[True, False]])
    >>> round(comprehensiveness_score(clf, ["Dull film!"], masks), 3)  # 2/3 less 1/2
    0.167
    """
    without = _drops(estimator, X, masks, scores, bins, tokenizer, without=True)
    return averaged(without, average)


@overload
def sufficiency_score(
    estimator: Any,
    X: Any,
    masks: Masks | None = ...,
    *,
    scores: Any = ...,
    bins: Sequence[float] = ...,
    tokenizer: Any = ...,
    average: Average = ...,
) -> float: ...
@overload
def sufficiency_score(
    estimator: Any,
    X: Any,
    masks: Masks | None = ...,
    *,
    scores: Any = ...,
    bins: Sequence[float] = ...,
    tokenizer: Any = ...,
    average: None,
) -> np.ndarray: ...
def sufficiency_score(
    estimator: Any,
    X: Any,
    masks: Masks | None = None,
    *,
    scores: Any = None,
    bins: Sequence[float] = BINS,
    tokenizer: Any = None,
    average: Average | None = "samples",
) -> float | np.ndarray:
    r"""How much less likely the predicted class gets when only the rationale is left.

    The mean over documents of :math:`p(x) - p(r)`, the probability of the class that is
    predicted from all words: from all words, less that from the rationale alone. Parameters and
    errors are those of :func:`comprehensiveness_score`.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between -1 and 1, the lower the better: the words say as much as all do. Below 0 where
        they say more. It falls with the length of rationales.

    References
    ----------
    J. DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020, section
    4.2.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_irx.metrics import sufficiency_score
    >>> clf = make_pipeline(CountVectorizer(), MultinomialNB())
    >>> clf = clf.fit(["dull film", "fine film"], ["bad", "good"])
    >>> round(sufficiency_score(clf, ["Dull film!"], [[(1, 2)]]), 3)  # "film!" alone
    0.167
    """
    alone = _drops(estimator, X, masks, scores, bins, tokenizer, without=False)
    return averaged(alone, average)


def _drops(
    estimator: Any,
    X: Any,
    masks: Any,
    scores: Any,
    bins: Sequence[float],
    tokenizer: Any,
    *,
    without: bool,
) -> np.ndarray:
    """Give what the predicted class loses `without` the rationale, or with it alone."""
    if (masks is None) == (scores is None):
        raise ValueError(
            f"masks and scores are {'both None' if masks is None else 'both given'}: give one of "
            "the two."
        )
    reading = Reading(estimator, X, tokenizer)
    chosen = _by_scores(scores, bins, reading) if masks is None else [reading.check(masks)]
    left = [reading.complement(mask) if without else mask for mask in chosen]
    full = reading.everything()
    rows, best = np.arange(len(full)), full.argmax(axis=1)
    drops = [full[rows, best] - reading.probabilities(mask)[rows, best] for mask in left]
    return np.mean(drops, axis=0)


def _by_scores(scores: Any, bins: Sequence[float], reading: Reading) -> list[np.ndarray]:
    """Mark the highest-scored words, as many as each of `bins` says."""
    if not len(bins) or not all(
        isinstance(share, Real) and 0 < float(share) <= 1 for share in bins
    ):
        raise ValueError(f"bins={bins!r}: give one or more shares of words above 0 and at most 1.")
    scores = check_scores(scores, len(reading.texts))
    reading.check(~np.isnan(scores))
    width = int(reading.lengths.max())
    full = np.full((len(scores), width), -np.inf)
    shared = min(width, scores.shape[1])
    full[:, :shared] = np.nan_to_num(scores[:, :shared], nan=-np.inf)
    order = np.argsort(-full, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(width)[None, :], axis=1)
    # To ten digits, so that a tenth of 30 words is three of them in floating point, too.
    numbers = [np.ceil(np.round(float(share) * reading.lengths, 10)) for share in bins]
    return [ranks < number[:, None] for number in numbers]
