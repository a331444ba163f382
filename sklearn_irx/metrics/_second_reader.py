"""What a rationale says to a model that did not select it, and what words at random say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_irx._validation import check_labels
from sklearn_irx.metrics._input import Masks, check_counts
from sklearn_irx.metrics._reading import Reading


def second_reader_accuracy(
    reader: Any, X: Any, y: Any, masks: Masks, *, tokenizer: Any = None
) -> float:
    """Accuracy of another model that reads the same words: simulatability.

    A selector can tell its own predictor the label by a code: by which harmless words it picks,
    or how many. A model that was trained without it does not know the code. If it is right as often
    as the owner of the rationales, the words themselves say the label; if it is near what it says
    of :func:`random_masks`, they do not.

    Parameters
    ----------
    reader : fitted classifier
        Another model, not the one that made the masks, nor trained together with it. If its
        ``predict_proba`` takes ``masks``, its predictor reads the words in their places and its
        selector is not asked. Any other classifier of raw text gets a text of these words.
    X : sequence of n_samples str
        Documents.
    y : array-like of shape (n_samples,)
        True labels for accuracy; the labels of the owner of the rationales for how often the
        reader foresees what the owner says.
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of spans
        The rationales. Missing columns count as False. Or the spans (start, end) of each document
        in words.
    tokenizer : callable or fitted model, default=None
        As for :func:`comprehensiveness_score`.

    Returns
    -------
    accuracy : float
        Between 0 and 1, the higher the better.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `X` is no sequence of str.
    ValueError
        If `y` or `masks` do not fit `X`, or a document has fewer words than they select.

    References
    ----------
    F. Doshi-Velez and B. Kim, "Towards A Rigorous Science of Interpretable Machine Learning", 2017
    (simulatability). J. Dai et al., "Interactive Rationale Extraction for Text Classification",
    2022, whose models read each other.

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
    reading = Reading(reader, X, tokenizer)
    y = check_labels(y, len(reading.texts))
    return float((reading.labels(reading.check(masks)) == y).mean())


def random_masks(
    lengths: Sequence[int] | np.ndarray,
    n_words: int | Sequence[int] | np.ndarray,
    *,
    random_state: Any = None,
) -> np.ndarray:
    """Select words at random, every word of a document as likely as the others: a floor.

    Parameters
    ----------
    lengths : array-like of shape (n_samples,), dtype int
        Number of words of each document.
    n_words : int, or array-like of shape (n_samples,), dtype int
        How many to select, ``masks.sum(axis=1)`` for as many as a model does. Of a document that
        has fewer, all words.
    random_state : int, RandomState instance or None, default=None
        Draws them.

    Returns
    -------
    masks : ndarray of shape (n_samples, longest document), dtype bool

    Raises
    ------
    TypeError
        If `lengths` or `n_words` are no integers.
    ValueError
        If they are below 0, or differ in number.

    Examples
    --------
    >>> from sklearn_irx.metrics import random_masks
    >>> random_masks([4, 2], 2, random_state=0).sum(axis=1)
    array([2, 2])
    """
    n_samples = len(lengths)
    lengths = check_counts("lengths", lengths, n_samples, "documents")
    numbers = np.full(n_samples, n_words) if np.ndim(n_words) == 0 else n_words
    numbers = check_counts("n_words", numbers, n_samples, "documents")
    drawn = check_random_state(random_state).random_sample((n_samples, lengths.max(initial=0)))
    drawn[np.arange(drawn.shape[1]) >= lengths[:, None]] = 2  # past the end comes last
    ranks = drawn.argsort(axis=1).argsort(axis=1)
    masks: np.ndarray = ranks < np.minimum(numbers, lengths)[:, None]
    return masks
