"""Classifiers whose probabilities can be computed by hand."""

import numpy as np

from sklearn_irx.text import WordTokenizer


class Counting:
    """Of raw text: the more words begin with "g" rather than "b", the likelier is "good"."""

    classes_ = np.array(["bad", "good"])

    def __init__(self):
        self.seen = []

    def of_words(self, words):
        good, bad = (sum(word.startswith(letter) for word in words) for letter in "gb")
        p = (1 + good) / (2 + good + bad)
        return [1 - p, p]

    def predict_proba(self, X):
        self.seen.append(list(X))
        return np.array([self.of_words(WordTokenizer().words(text)) for text in X])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Masked(Counting):
    """Reads given words in their places, the first `max_length` of them; selects one by itself."""

    max_length = 6

    def word_spans(self, X):
        return [WordTokenizer().spans(text, self.max_length) for text in X]

    def transform(self, X):
        masks = np.zeros((len(X), self.max_length), dtype=bool)
        masks[:, 0] = [bool(spans) for spans in self.word_spans(X)]
        return masks

    def predict_with_masks(self, X):
        masks = self.transform(X)
        return self.predict_proba(X, masks=masks), masks

    def predict_proba(self, X, masks=None):
        masks = self.transform(X) if masks is None else masks
        words = [WordTokenizer().words(text, self.max_length) for text in X]
        assert not any(mask[len(row) :].any() for row, mask in zip(words, masks, strict=True))
        return np.array(
            [
                self.of_words([w for w, m in zip(row, mask, strict=False) if m])
                for row, mask in zip(words, masks, strict=True)
            ]
        )

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
