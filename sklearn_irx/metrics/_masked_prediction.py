"""Predictions of any text classifier from a subset of the words of a document."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

import numpy as np

from sklearn_irx._stages import uncounted
from sklearn_irx._validation import check_texts
from sklearn_irx.metrics._input import Span, check_masks, check_same_documents, first_past
from sklearn_irx.text import WordTokenizer
from sklearn_irx.text.spans import runs
from sklearn_irx.text.tokenizer import tokens_of


class MaskedTexts:
    """The documents `X`, and texts of some of their words.

    `tokenizer` defines the words: a callable, a model with ``word_spans``, or None for
    ``WordTokenizer``.
    """

    def __init__(self, X: Any, tokenizer: Any) -> None:
        self.texts = check_texts(X)
        if not self.texts:
            raise ValueError("X contains no documents: give at least one.")
        _check_tokenizer(tokenizer)
        splitter = WordTokenizer() if tokenizer is None else tokenizer
        self.spans = _word_spans(splitter, self.texts)
        self.lengths = np.array([len(spans) for spans in self.spans])
        # A model ignores words past its max_length, also in texts of the remaining words.
        self.is_cut = hasattr(tokenizer, "word_spans")

    @property
    def whole(self) -> np.ndarray:
        """Masks of all words."""
        words: np.ndarray = np.arange(self.lengths.max()) < self.lengths[:, None]
        return words

    @property
    def words(self) -> list[str]:
        """The words of all documents as the texts have them, end to end."""
        return [
            text[start:end]
            for text, spans in zip(self.texts, self.spans, strict=True)
            for start, end in spans
        ]

    def check(self, masks: Any, name: str = "masks") -> np.ndarray:
        """Check masks of these documents and pad or cut them to the longest document."""
        array = check_masks(name, masks)
        check_same_documents(("X", name), self.texts, array)
        width = max(int(self.lengths.max()), array.shape[1])
        full = np.pad(array, ((0, 0), (0, width - array.shape[1])))
        if (row := first_past(full, self.lengths)) is not None:
            raise ValueError(
                f"{name}[{row}] selects words past the end of X[{row}], which has "
                f"{self.lengths[row]}: give masks of the same words, or pass the model that made "
                "them as tokenizer."
            )
        return full[:, : self.lengths.max()]

    def complement(self, masks: np.ndarray) -> np.ndarray:
        """Return masks of the words that `masks` does not select."""
        return ~masks & self.whole

    def kept(self, masks: np.ndarray) -> list[str]:
        """Return each text reduced to the words selected by `masks`."""
        return [
            kept_text(text[: spans[-1][1]] if self.is_cut and spans else text, spans, mask)
            for text, spans, mask in zip(self.texts, self.spans, masks, strict=True)
        ]


class MaskedPredictor(MaskedTexts):
    """Predict with a fitted classifier from some words of the documents `X`.

    If its ``predict_proba`` takes ``masks``, its predictor encodes the masked documents, without
    its selector. Any other gets texts of the remaining words, which `tokenizer` defines; None
    stands for the estimator's own, if it has one.
    """

    def __init__(self, estimator: Any, X: Any, tokenizer: Any) -> None:
        _check_tokenizer(tokenizer)
        self.estimator = estimator
        self.takes_masks = accepts_masks(estimator)
        if tokenizer is None or self.takes_masks:
            tokenizer = estimator if hasattr(estimator, "word_spans") else None
        super().__init__(X, tokenizer)

    def take(self, rows: np.ndarray) -> MaskedPredictor:
        """Return the same for some of the documents; one may occur many times."""
        part = copy(self)
        part.texts = [self.texts[row] for row in rows]
        part.spans = [self.spans[row] for row in rows]
        part.lengths = self.lengths[rows]
        return part

    def full_probabilities(self) -> np.ndarray:
        """Return the class probabilities from all words."""
        return self.probabilities(self.whole)

    def probabilities(self, masks: np.ndarray) -> np.ndarray:
        """Return the class probabilities from the words selected by `masks`."""
        with uncounted():
            if self.takes_masks:
                return np.asarray(self.estimator.predict_proba(self.texts, masks=masks))
            return np.asarray(self.estimator.predict_proba(self.kept(masks)))

    def labels(self, masks: np.ndarray) -> np.ndarray:
        """Return the labels predicted from the words selected by `masks`."""
        if self.takes_masks:
            return self.estimator.classes_[self.probabilities(masks).argmax(axis=1)]
        return np.asarray(self.estimator.predict(self.kept(masks)))


def numbered(words: Iterable[str]) -> tuple[list[str], np.ndarray]:
    """Return all different words, and for each word its number among them."""
    words = list(words)
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return list(numbers), np.array([numbers[word] for word in words], dtype=int)


def accepts_masks(estimator: Any) -> bool:
    """Check whether ``predict_proba`` of a classifier has the parameter ``masks``."""
    predict_proba = getattr(estimator, "predict_proba", None)
    return predict_proba is not None and "masks" in inspect.signature(predict_proba).parameters


def kept_text(text: str, spans: Sequence[Span], mask: np.ndarray) -> str:
    """Return a text reduced to the words in `mask`, with a space in place of each gap.

    Characters between two adjacent kept words stay. Those before the first and after the last word
    of the text stay if that word is kept.
    """
    pieces = []
    for first, past in runs(mask[: len(spans)]):
        start = 0 if first == 0 else spans[first][0]
        end = len(text) if past == len(spans) else spans[past - 1][1]
        pieces.append(text[start:end])
    return " ".join(pieces)


def _check_tokenizer(tokenizer: Any) -> None:
    if isinstance(tokenizer, str) or not (
        tokenizer is None or callable(tokenizer) or hasattr(tokenizer, "word_spans")
    ):
        raise TypeError(
            f"tokenizer={tokenizer!r}: give a function that returns (word, start, end) for each "
            "word, a fitted model with word_spans, or None."
        )


def _word_spans(splitter: Any, texts: list[str]) -> list[list[Span]]:
    """Return the character spans of the words of each text."""
    if hasattr(splitter, "word_spans"):
        return splitter.word_spans(texts)
    return [
        [(token.start, token.end) for token in tokens_of(splitter, text, sys.maxsize)]
        for text in texts
    ]
