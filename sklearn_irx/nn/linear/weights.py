"""The weights of a linear text classifier, as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class BigramWeights(NamedTuple):
    """Weights of pairs of neighbouring words in a linear classifier.

    Attributes
    ----------
    bigrams : ndarray of shape (n_bigrams,), dtype int64
        The id of the first word times the number of words, plus the id of the second; ascending.
    weights, idf : ndarray of shape (1 + n_folds, n_bigrams, n_classes) and (n_bigrams,)
        As those of words in :class:`LinearWeights`.
    word_factor : float
        The logits of single words are multiplied by it before those of bigrams are added, where
        these have their own norm.
    """

    bigrams: np.ndarray
    weights: np.ndarray
    idf: np.ndarray
    word_factor: float


class LinearWeights(NamedTuple):
    """A linear text classifier that both networks are initialized with.

    Attributes
    ----------
    weights : ndarray of shape (1 + n_folds, n_words, n_classes), dtype float32
        Weight of each word for each class on the scale of logits, in ``weights[0]`` fitted on all
        documents and in ``weights[k]`` without those of fold ``k``; the last fold is that of
        documents held out, without which all of these are fitted.
    idf : ndarray of shape (n_words,), dtype float32
        Inverse document frequencies.
    folds : ndarray of shape (n_documents,), dtype int
        The fold of each document, from 1.
    bigrams : BigramWeights or None
        Those of bigrams.
    """

    weights: np.ndarray
    idf: np.ndarray
    folds: np.ndarray
    bigrams: BigramWeights | None = None
