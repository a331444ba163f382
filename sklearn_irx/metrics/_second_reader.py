"""Predictions of a second model from a rationale, and random masks as a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_irx._validation import check_labels
from sklearn_irx.metrics._input import Masks, check_counts, check_numbers_of_words
from sklearn_irx.metrics._masked_prediction import MaskedPredictor


def second_reader_accuracy(
    reader: Any, X: Any, y: Any, masks: Masks, *, tokenizer: Any = None
) -> float:
    """Compute the accuracy of another model on the same words: simulatability.

    A selector can encode the label for its own predictor, by the choice or the number of
    uninformative words. An independently trained model does not know this code. If its accuracy is
    that of the model that selected the rationales, the words themselves imply the label; if it is
    only that on :func:`random_masks`, they do not.

    Parameters
    ----------
    reader : fitted classifier
        A model trained independently of the one that made the masks. If its ``predict_proba`` takes
        ``masks``, its predictor encodes the masked documents, without its selector. Any other
        classifier of raw text gets texts of these words.
    X : sequence of n_samples str
        Documents.
    y : array-like of shape (n_samples,)
        True labels for accuracy, or the predictions of the model that made the masks for the
        agreement with that model.
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of spans
        The rationales. Missing columns count as False. Or the spans (start, end) of each document
        in words.
    tokenizer : callable or fitted model, default=None
        As in :func:`comprehensiveness_score`.

    Returns
    -------
    accuracy : float
        Between 0 and 1, the higher the better.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `X` is not a sequence of str.
    ValueError
        If `y` or `masks` do not match `X`, or select words past the end of a document.

    References
    ----------
    F. Doshi-Velez and B. Kim, "Towards A Rigorous Science of Interpretable Machine Learning", 2017
    (simulatability). J. Dai et al., "Interactive Rationale Extraction for Text Classification",
    2022 (models that predict from the rationales of each other).

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_irx.metrics import second_reader_accuracy
    >>> reader = make_pipeline(CountVectorizer(), MultinomialNB())
    >>> reader = reader.fit(["dull film", "fine film"], ["bad", "good"])
    >>> X, y = ["A fine day, a dull film.", "A fine one."], ["bad", "good"]
    >>> second_reader_accuracy(reader, X, y, [[(4, 6)], [(1, 2)]])  # "dull film." and "fine"
    1.0
    """
    model = MaskedPredictor(reader, X, tokenizer)
    y = check_labels(y, len(model.texts))
    return float((model.labels(model.check(masks)) == y).mean())


def random_masks(
    lengths: Sequence[int] | np.ndarray,
    n_words: int | Sequence[int] | np.ndarray | None = None,
    *,
    random_state: Any = None,
) -> np.ndarray:
    """Select words uniformly at random, as a baseline for rationales.

    Parameters
    ----------
    lengths : array-like of shape (n_samples,), dtype int
        Number of words of each document.
    n_words : int, or array-like of shape (n_samples,), dtype int, default=None
        Number of words to select, for example ``masks.sum(axis=1)`` of a model. All words of a
        document that has fewer. None draws a rate for each document, uniform between 0 and 1, and
        selects each of its words with that probability, independently, but one at least: the masks
        that :class:`RandomMaskReader` learns from.
    random_state : int, RandomState instance or None, default=None
        Seed of the selection.

    Returns
    -------
    masks : ndarray of shape (n_samples, longest document), dtype bool

    Raises
    ------
    TypeError
        If `lengths` or `n_words` are not integers.
    ValueError
        If one is negative, or their numbers of documents differ.

    References
    ----------
    N. Jethani et al., "Have We Learned to Explain?: How Interpretability Methods Can Learn to
    Encode Predictions in their Interpretations", AISTATS 2021 (masks of random rates).

    Examples
    --------
    >>> from sklearn_irx.metrics import random_masks
    >>> random_masks([4, 2], 2, random_state=0).sum(axis=1)
    array([2, 2])
    """
    n_samples = len(lengths)
    lengths = check_counts("lengths", lengths, n_samples, "documents")
    random_state = check_random_state(random_state)
    if n_words is not None:
        counts = check_numbers_of_words(n_words, n_samples)
    drawn = random_state.random_sample((n_samples, lengths.max(initial=0)))
    drawn[np.arange(drawn.shape[1]) >= lengths[:, None]] = 2  # words past the end rank last
    if n_words is None:
        rates = random_state.random_sample(n_samples)
        one = drawn.min(axis=1, initial=2)
        selected = drawn <= np.where(lengths > 0, np.maximum(rates, one), -1)[:, None]
    else:
        ranks = drawn.argsort(axis=1).argsort(axis=1)
        selected = ranks < np.minimum(counts, lengths)[:, None]
    return np.asarray(selected)
