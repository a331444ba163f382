"""A text classifier as somebody else might write it, for the checks to find nothing wrong with."""

from numbers import Integral, Real
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._compat import Interval
from sklearn_irx._validation import check_labels, check_texts

WIDTH = 40


class Votes(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Each word votes for the classes it was seen with."""

    _parameter_constraints: ClassVar = {
        "smoothing": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, smoothing=1.0, class_weight=None, max_iter=1):
        self.smoothing = smoothing
        self.class_weight = class_weight
        self.max_iter = max_iter

    def fit(self, X, y, sample_weight=None):
        self._validate_params()
        texts = self._texts(X)
        labels = self._labels(y, len(texts))
        if not texts:
            raise ValueError("X holds no documents.")
        weights = self._weights(sample_weight, len(texts))
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if self.class_weight is not None:
            of_class = np.array([self._heavy(label) for label in self.classes_.tolist()])
            weights = weights * of_class[numbers]
        self.votes_ = {}
        self.prior_ = self.smoothing + np.bincount(numbers, weights, len(self.classes_))
        for text, number, weight in zip(texts, numbers, weights, strict=True):
            for word in self._words(text):
                votes = self.votes_.setdefault(word, np.full(len(self.classes_), 0.1))
                votes[number] += weight
        self.n_iter_ = 1
        return self

    def _texts(self, X):
        return check_texts(X)

    def _labels(self, y, n_samples):
        return check_labels(y, n_samples)

    def _heavy(self, label):
        return self.class_weight.get(label, 1.0)

    def _weights(self, sample_weight, n_samples):
        if sample_weight is None:
            return np.ones(n_samples)
        weights = np.asarray(sample_weight, dtype=float)
        if weights.shape != (n_samples,):
            raise ValueError(f"sample_weight has shape {weights.shape}: give {(n_samples,)}.")
        if not weights.any():
            raise ValueError("sample_weight is zero for all documents.")
        return weights

    def _words(self, text):
        return text.lower().split()[:WIDTH]

    def _checked(self):
        check_is_fitted(self)

    def _logits(self, X):
        self._checked()
        logits = np.empty((0, len(self.classes_)))
        for text in self._texts(X):
            votes = [np.log(self.votes_[w]) for w in self._words(text) if w in self.votes_]
            logits = np.vstack([logits, np.log(self.prior_) + 0.05 * np.sum(votes, axis=0)])
        return logits

    def predict_proba(self, X):
        odds = np.exp(self._logits(X))
        return odds / odds.sum(axis=1, keepdims=True)

    def decision_function(self, X):
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict(self, X):
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    def transform(self, X):
        self._checked()
        masks = np.zeros((0, WIDTH), dtype=bool)
        for text in self._texts(X):
            known = [word in self.votes_ for word in self._words(text)]
            masks = np.vstack([masks, np.pad(known, (0, WIDTH - len(known))).astype(bool)])
        return masks

    def explain(self, X):
        self._checked()
        return [
            SimpleNamespace(tokens=words, mask=mask[: len(words)], label=label)
            for words, mask, label in zip(
                map(self._words, self._texts(X)), self.transform(X), self.predict(X), strict=True
            )
        ]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
