r"""Faithfulness: whether a prediction depends on the words of the rationale.

Let c be the class predicted from all words of a document x with the rationale r. If ``p(x)`` is the
probability of c from all words, ``p(r)`` from those of r alone and ``p(x \ r)`` from all others,

    comprehensiveness = p(x) - p(x \ r)        sufficiency = p(x) - p(r).

All three come from the same model. "All words" are those that masks cover: up to the ``max_length``
of a model. A :class:`~sklearn_irx.SelectiveRationaleClassifier` computes them with its predictor,
without its selector. The usual prediction of such a model is the ``p(r)`` of its own rationale;
compared with that, its sufficiency would be 0 by construction. Its predictor was trained on few
words per document, so ``p(x)`` and ``p(x \ r)`` are predictions outside its training distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, overload

import numpy as np

from sklearn_irx._pipelines import final_estimator, seen_by_final
from sklearn_irx.metrics._input import Average, Masks, averaged, check_scores
from sklearn_irx.metrics._masked_prediction import MaskedPredictor

BINS = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Rationale lengths of ERASER, as shares of the words of a document."""


@overload
def comprehensiveness_score(
    estimator: Any, X: Any, masks: Masks | None = ..., *, scores: Any = ...,
    bins: Sequence[float] = ..., tokenizer: Any = ..., average: Average = ...,
) -> float: ...  # fmt: skip
@overload
def comprehensiveness_score(
    estimator: Any, X: Any, masks: Masks | None = ..., *, scores: Any = ...,
    bins: Sequence[float] = ..., tokenizer: Any = ..., average: None,
) -> np.ndarray: ...  # fmt: skip
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
    r"""Compute how much the predicted probability drops without the rationale.

    The mean over documents of :math:`p(x) - p(x \setminus r)`: the probability, from all words, of
    the class predicted from all words, minus its probability from all words but the rationale. With
    `scores` instead of masks, the rationales are the highest-scored words, one rationale for each
    share in `bins`, and the drops are averaged over the bins (AOPC).

    Parameters
    ----------
    estimator : fitted classifier
        With ``predict_proba`` and raw text as input. If it takes ``masks``, as that of
        :class:`~sklearn_irx.SelectiveRationaleClassifier` does, its predictor encodes the masked
        documents, without its selector. Any other, such as an ensemble or a pipeline of
        scikit-learn, gets texts of the remaining words: characters between two adjacent words
        stay, and a gap becomes a space. Of a pipeline that ends in an estimator of this package,
        that estimator is asked, and words are those of the texts that it sees.
    X : sequence of n_samples str
        Documents.
    masks : array of shape (n_samples, n_words), dtype bool, or list of spans, default=None
        The rationales; missing columns count as False. Or the spans (start, end) of each document
        in words. Either `masks` or `scores` is needed.
    scores : array-like of shape (n_samples, n_words), dtype float, default=None
        Scores of words, nan past the end: ``selection_scores`` of a classifier, for example.
        Words without a score rank last; among equal scores, earlier words rank first.
    bins : sequence of float, default=(0.01, 0.05, 0.1, 0.2, 0.5)
        Lengths of the rationales made from `scores`: shares of the words of a document, rounded up.
    tokenizer : callable or fitted model, default=None
        Defines the words of the masks for an estimator that gets texts: a function that returns
        (word, start, end) for each word, or a model with ``split``, such as the one that made the
        masks. None means the estimator's own ``split`` if it has one, otherwise
        :class:`~sklearn_irx.text.WordTokenizer`. Unused if the estimator takes masks.
    average : {"samples"} or None, default="samples"
        "samples" returns the mean over documents, None the value of each.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between -1 and 1, the higher the better: the prediction depended on these words. Near 0 if
        the other words give the same prediction. It grows with the length of rationales, so
        compare with :func:`random_masks` of the same length.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `X` is not a sequence of str.
    ValueError
        If not exactly one of `masks` and `scores` is given, they do not match `X` or select words
        past the end of a document, or `bins` are not shares.

    References
    ----------
    J. DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020, section
    4.2. The AOPC is the mean over the bins, as in its program; the paper divides by their number
    plus one.

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
    >>> round(comprehensiveness_score(clf, ["Dull film!"], masks), 3)  # 2/3 - 1/2
    0.167
    """
    without = _drops(estimator, X, masks, scores, bins, tokenizer, without=True)
    return averaged(without, average)


@overload
def sufficiency_score(
    estimator: Any, X: Any, masks: Masks | None = ..., *, scores: Any = ...,
    bins: Sequence[float] = ..., tokenizer: Any = ..., average: Average = ...,
) -> float: ...  # fmt: skip
@overload
def sufficiency_score(
    estimator: Any, X: Any, masks: Masks | None = ..., *, scores: Any = ...,
    bins: Sequence[float] = ..., tokenizer: Any = ..., average: None,
) -> np.ndarray: ...  # fmt: skip
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
    r"""Compute how much the predicted probability drops with the rationale alone.

    The mean over documents of :math:`p(x) - p(r)`: the probability, from all words, of the class
    predicted from all words, minus its probability from the rationale alone. Parameters and errors
    are those of :func:`comprehensiveness_score`.

    Returns
    -------
    score : float, or ndarray of shape (n_samples,), dtype float
        Between -1 and 1, the lower the better: the rationale suffices for the prediction. Negative
        if the rationale makes the class more likely. It falls with the length of rationales.

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
    """Return the drop in probability `without` the rationale, or with it alone."""
    if (masks is None) == (scores is None):
        raise ValueError(
            f"masks and scores are {'both None' if masks is None else 'both given'}: give one of "
            "them."
        )
    if hasattr(final_estimator(estimator), "word_spans"):
        estimator, X = seen_by_final(estimator, X)
    model = MaskedPredictor(estimator, X, tokenizer)
    rationales = _top_words(scores, bins, model) if masks is None else [model.check(masks)]
    kept = [model.complement(mask) if without else mask for mask in rationales]
    full = model.full_probabilities()
    rows, best = np.arange(len(full)), full.argmax(axis=1)
    drops = [full[rows, best] - model.probabilities(mask)[rows, best] for mask in kept]
    return np.mean(drops, axis=0)


def _top_words(scores: Any, bins: Sequence[float], model: MaskedPredictor) -> list[np.ndarray]:
    """Return a mask of the highest-scored words for each share in `bins`."""
    if not len(bins) or not all(
        isinstance(share, Real) and 0 < float(share) <= 1 for share in bins
    ):
        raise ValueError(f"bins={bins!r}: give one or more shares above 0 and at most 1.")
    scores = check_scores(scores, len(model.texts))
    model.check(~np.isnan(scores))
    width = int(model.lengths.max())
    full = np.full((len(scores), width), -np.inf)
    shared = min(width, scores.shape[1])
    full[:, :shared] = np.nan_to_num(scores[:, :shared], nan=-np.inf)
    order = np.argsort(-full, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(width)[None, :], axis=1)
    # Rounded, so that a tenth of 30 words is three despite float error.
    counts = [np.ceil(np.round(float(share) * model.lengths, 10)) for share in bins]
    return [ranks < count[:, None] for count in counts]
