"""A linear model of words and bigrams that reads whole texts, and says what unlabelled ones are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array, diags_array
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize


class NaiveBayesLogistic:
    """Logistic regression on words and bigrams, each times its naive Bayes log-count ratio.

    One model for each class against all others, or one for two classes (Wang and Manning, 2012,
    "Baselines and Bigrams", with logistic regression for the SVM).
    """

    def fit(self, texts: Sequence[str], y: np.ndarray) -> NaiveBayesLogistic:
        """Learn from labelled texts."""
        self._words = CountVectorizer(
            ngram_range=(1, 2), binary=True, min_df=2, token_pattern=r"\w+"
        )
        X = csr_array(self._words.fit_transform(texts), dtype=np.float64)
        self.classes_ = np.unique(y)
        told_apart = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        self._models = []
        for label in told_apart:
            of_class, of_others = (1 + X[rows].sum(axis=0) for rows in (y == label, y != label))
            ratios = np.log((of_class / of_class.sum()) / (of_others / of_others.sum()))
            model = LogisticRegression(C=40.0, max_iter=300, tol=1e-3)
            self._models.append((ratios, model.fit(_scaled(X, ratios), y == label)))
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give class probabilities, (n_texts, n_classes)."""
        X = csr_array(self._words.transform(texts), dtype=np.float64)
        said = np.stack(
            [model.predict_proba(_scaled(X, ratios))[:, 1] for ratios, model in self._models],
            axis=1,
        )
        if len(self.classes_) == 2:
            return np.hstack([1 - said, said])
        return said / said.sum(axis=1, keepdims=True)


def taught(
    texts: Sequence[str], y: np.ndarray, unlabelled: Sequence[str], confidence: float
) -> tuple[list[str], np.ndarray]:
    """Let a teacher fitted on texts label others: give those it is sure of, and their labels."""
    teacher = NaiveBayesLogistic().fit(texts, y)
    said = teacher.predict_proba(unlabelled)
    sure = np.flatnonzero(said.max(axis=1) >= confidence)
    labels = teacher.classes_[said[sure].argmax(axis=1)]
    return [unlabelled[row] for row in sure], labels


def _scaled(X: csr_array, ratios: np.ndarray) -> csr_array:
    return normalize(X @ diags_array(ratios))
