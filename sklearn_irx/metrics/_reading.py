"""Letting any classifier of texts read some words of a document and not the others."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_irx._validation import check_texts
from sklearn_irx.metrics._input import Span, check_masks, check_same_documents
from sklearn_irx.text import WordTokenizer
from sklearn_irx.text.tokenizer import tokens_of


class Reading:
    """Documents before a fitted classifier that shall see some of their words.

    Parameters
    ----------
    estimator : fitted classifier
        If its ``predict_proba`` takes ``masks``, as that of a
        :class:`~sklearn_irx.SelectiveRationaleClassifier` does, its predictor reads the words in
        their places and nothing is selected. Any other gets texts of the words that are left.
    X : sequence of n_samples str
        Documents.
    tokenizer : callable, fitted model with ``split``, or None
        What the words of a document are, for an estimator that gets texts. None means the
        estimator's own ``split``, or :class:`~sklearn_irx.text.WordTokenizer`.

    Attributes
    ----------
    lengths : ndarray of shape (n_samples,), dtype int
        Numbers of words.
    """

    def __init__(self, estimator: Any, X: Any, tokenizer: Any) -> None:
        self.estimator = estimator
        self.texts = check_texts(X)
        if not self.texts:
            raise ValueError("X holds no documents: give at least one.")
        if isinstance(tokenizer, str) or not (
            tokenizer is None or callable(tokenizer) or hasattr(tokenizer, "split")
        ):
            raise TypeError(
                f"tokenizer={tokenizer!r}: give a function that gives (word, start, end) for each "
                "word, a fitted model with split, or None."
            )
        self.takes_masks = reads_masks(estimator)
        splitter = tokenizer
        if tokenizer is None or self.takes_masks:
            splitter = estimator if hasattr(estimator, "split") else WordTokenizer()
        self.spans = _split(splitter, self.texts)
        self.lengths = np.array([len(spans) for spans in self.spans])
        # A model never reads past the words it splits off, and must not when others are gone.
        self.is_cut = hasattr(splitter, "split")

    def everything(self) -> np.ndarray:
        """Give the class probabilities from all words."""
        return self.probabilities(np.arange(self.lengths.max()) < self.lengths[:, None])

    def probabilities(self, masks: np.ndarray) -> np.ndarray:
        """Give the class probabilities from the words marked in `masks`."""
        if self.takes_masks:
            return np.asarray(self.estimator.predict_proba(self.texts, masks=masks))
        return np.asarray(self.estimator.predict_proba(self.kept(masks)))

    def labels(self, masks: np.ndarray) -> np.ndarray:
        """Give the labels from the words marked in `masks`."""
        if self.takes_masks:
            return self.estimator.classes_[self.probabilities(masks).argmax(axis=1)]
        return np.asarray(self.estimator.predict(self.kept(masks)))

    def check(self, masks: Any) -> np.ndarray:
        """Give masks of these documents, as wide as the longest, or say why they are none."""
        array = check_masks("masks", masks)
        check_same_documents(("X", "masks"), self.texts, array)
        width = max(int(self.lengths.max()), array.shape[1])
        full = np.pad(array, ((0, 0), (0, width - array.shape[1])))
        past = (full & (np.arange(width) >= self.lengths[:, None])).any(axis=1)
        if past.any():
            row = int(past.argmax())
            raise ValueError(
                f"masks[{row}] selects words past the end of X[{row}], which has "
                f"{self.lengths[row]}: give masks that count the same words, or as tokenizer the "
                "model that made them."
            )
        return full[:, : self.lengths.max()]

    def complement(self, masks: np.ndarray) -> np.ndarray:
        """Mark the words that `masks` does not."""
        return ~masks & (np.arange(masks.shape[1]) < self.lengths[:, None])

    def kept(self, masks: np.ndarray) -> list[str]:
        """Give each text without the words that `masks` does not mark."""
        return [
            kept_text(text[: spans[-1][1]] if self.is_cut and spans else text, spans, mask)
            for text, spans, mask in zip(self.texts, self.spans, masks, strict=True)
        ]


def reads_masks(estimator: Any) -> bool:
    """Tell whether a classifier's ``predict_proba`` can be told what words to read."""
    predict_proba = getattr(estimator, "predict_proba", None)
    return predict_proba is not None and "masks" in inspect.signature(predict_proba).parameters


def kept_text(text: str, spans: Sequence[Span], mask: np.ndarray) -> str:
    """Give a text without some of its words, a space in place of each gap.

    What stands between two neighbours that are kept is kept, and so is what stands before the
    first and after the last word of the text with that word.
    """
    pieces = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask[: len(spans)].astype(int), [0]])))
    for first, past in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        start = 0 if first == 0 else spans[first][0]
        end = len(text) if past == len(spans) else spans[past - 1][1]
        pieces.append(text[start:end])
    return " ".join(pieces)


def _split(splitter: Any, texts: list[str]) -> list[list[Span]]:
    """Give the character spans of the words of each text."""
    if hasattr(splitter, "split"):
        return splitter.word_spans(texts)
    return [
        [(token.start, token.end) for token in tokens_of(splitter, text, sys.maxsize)]
        for text in texts
    ]
