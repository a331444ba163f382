"""EVAL-X: what the words say to a reader that has seen no selector's choices."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.metrics._input import Masks, check_at_least, columns_of
from sklearn_irx.metrics._masked_prediction import MaskedPredictor, MaskedTexts
from sklearn_irx.metrics._second_reader import random_masks

_LEAST = 1e-12  # probability, so that its logarithm is finite


class EvalX(NamedTuple):
    """How well a reader tells the label from some of the words.

    Attributes
    ----------
    accuracy : float
        Between 0 and 1.
    log_likelihood : float
        Mean logarithm of the probability of the true label, in nats, at most 0.
    """

    accuracy: float
    log_likelihood: float


class RandomMaskReader(ClassifierMixin, BaseEstimator):
    """Text classifier that learns from words drawn at random, and so reads any words.

    Each training text is read `n_masks` times. Each time a rate is drawn, uniform between 0 and 1,
    and each word is kept with that probability, independently of all others, but one at least. So
    what the reader says of some words is an estimate of p(y | words): it has never seen a selector
    at work, and does not know what a choice of words means. It is the reader of EVAL-X.

    Parameters
    ----------
    estimator : classifier or None, default=None
        A classifier of raw text with ``predict_proba``, which is cloned. None is logistic
        regression on TF-IDF of words.
    n_masks : int, default=4
        Masks drawn of each training text.
    tokenizer : callable or None, default=None
        Defines the words: a function that returns (word, start, end) for each. None is
        :class:`~sklearn_irx.text.WordTokenizer`.
    random_state : int, RandomState instance or None, default=None
        Seed of the masks.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        The labels.

    References
    ----------
    N. Jethani et al., "Have We Learned to Explain?: How Interpretability Methods Can Learn to
    Encode Predictions in their Interpretations", AISTATS 2021.

    Examples
    --------
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.metrics import RandomMaskReader, evalx_score
    >>> texts, y, masks = make_rationale_classification(400, n_words=40, random_state=0)
    >>> reader = RandomMaskReader(random_state=0).fit(texts[:300], y[:300])
    >>> evalx_score(reader, texts[300:], y[300:], masks[300:]).accuracy > 0.9
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_masks: int = 4,
        tokenizer: Any = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_masks = n_masks
        self.tokenizer = tokenizer
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train on words drawn at random.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,)
            Their labels.

        Raises
        ------
        TypeError
            If `X` is not a sequence of str, or `tokenizer` is not a function.
        ValueError
            If `y` does not fit `X`, or `n_masks` is not an integer of at least 1.
        """
        check_at_least(1, "n_masks", self.n_masks)
        if hasattr(self.tokenizer, "word_spans"):  # a copy of this reader would not be fitted
            raise TypeError(f"tokenizer={self.tokenizer!r}: give the tokenizer of this model.")
        texts = MaskedTexts(X, self.tokenizer)
        y = check_labels(y, len(texts.texts))
        random_state = check_random_state(self.random_state)
        kept: list[str] = []
        for _ in range(self.n_masks):
            kept += texts.kept(random_masks(texts.lengths, random_state=random_state))
        estimator = default_reader() if self.estimator is None else clone(self.estimator)
        self.estimator_ = estimator.fit(kept, np.tile(y, self.n_masks))
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities of texts, or of what is left of them.

        Parameters
        ----------
        X : sequence of n_samples str
            Texts.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        texts = check_texts(X)
        if not texts:  # which vectorizers refuse
            return np.empty((0, len(self.classes_)))
        return np.asarray(self.estimator_.predict_proba(texts))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each text.

        Parameters
        ----------
        X : sequence of n_samples str
            Texts.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def evalx_score(
    reader: Any, X: Any, y: Any, masks: Masks | None = None, *, tokenizer: Any = None
) -> EvalX:
    r"""Compute how well a reader trained on random masks tells the label from some words.

    With the reader's probability :math:`q(y \mid \text{words})`, the share of documents whose most
    probable label is the true one, and the mean of :math:`\log q(y \mid \text{words})`. The reader
    has not learned from the selector's choices, so a code between selector and predictor does not
    help it. But it takes words for what they say: words that were chosen to support a label which
    was found by reading everything convince it as well. See :func:`encoding_score` and
    :func:`arguability_score`.

    Parameters
    ----------
    reader : fitted classifier
        A :class:`RandomMaskReader` for EVAL-X as published; any classifier with ``predict_proba``,
        as in :func:`second_reader_accuracy`, will do.
    X : sequence of n_samples str
        Documents that the reader has not learned from.
    y : array-like of shape (n_samples,)
        Their true labels, of those that the reader knows.
    masks : array of shape (n_samples, n_words), dtype bool, or list of spans, default=None
        The rationales; missing columns count as False. Or the spans (start, end) of each document
        in words. None means all words.
    tokenizer : callable or fitted model, default=None
        As in :func:`comprehensiveness_score`; None is that of a :class:`RandomMaskReader`.

    Returns
    -------
    score : EvalX
        Named tuple of ``accuracy``, between 0 and 1, and ``log_likelihood``, in nats, at most 0;
        of both, the higher the better. Compare with :func:`random_masks` of the same length, with
        all words, and with the words that people marked.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `X` is not a sequence of str.
    ValueError
        If `y` or `masks` do not match `X`, select words past the end of a document, or `y` holds
        a label that the reader does not know.

    References
    ----------
    N. Jethani et al., "Have We Learned to Explain?: How Interpretability Methods Can Learn to
    Encode Predictions in their Interpretations", AISTATS 2021.

    Examples
    --------
    >>> from sklearn_irx.metrics import RandomMaskReader, evalx_score
    >>> texts, y = ["A dull film.", "A fine film."] * 10, ["bad", "good"] * 10
    >>> reader = RandomMaskReader(random_state=0).fit(texts, y)
    >>> evalx_score(reader, texts[:2], y[:2], [[(1, 2)], [(1, 2)]]).accuracy
    1.0
    >>> evalx_score(reader, texts[:2], y[:2], [[(2, 3)], [(2, 3)]]).accuracy  # "film."
    0.5
    """
    if tokenizer is None and isinstance(reader, RandomMaskReader):
        tokenizer = reader.tokenizer
    model = MaskedPredictor(reader, X, tokenizer)
    y = check_labels(y, len(model.texts))
    columns = columns_of(y, reader.classes_)
    given = model.whole if masks is None else model.check(masks)
    return evalx_of(log_probabilities(model.probabilities(given)), columns)


def evalx_of(log_probabilities: np.ndarray, columns: np.ndarray) -> EvalX:
    """Return the score from log probabilities and the columns of the true labels."""
    right = log_probabilities.argmax(axis=1) == columns
    likelihood = log_probabilities[np.arange(len(columns)), columns]
    return EvalX(float(right.mean()), float(likelihood.mean()))


def log_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Return finite logarithms."""
    return np.log(np.clip(probabilities, _LEAST, 1))


def default_reader() -> Any:
    """Return logistic regression on TF-IDF of words and signs, since a comma may be a code."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]")
    return make_pipeline(vectorizer, LogisticRegression(C=3.0, max_iter=200, tol=1e-3))
