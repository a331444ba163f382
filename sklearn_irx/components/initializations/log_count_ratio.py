"""Logistic regression on terms scaled by their log-count ratios."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.sparse import csr_array, diags_array
from sklearn.linear_model import LogisticRegression


class LogCountRatioRegression:
    """Logistic regression of each class against all others, on terms scaled by naive Bayes.

    A term that naive Bayes finds to tell nothing of a class has a factor near 0, and so a weight
    near 0; one that few documents have is trusted the less the higher the smoothing is. With two
    classes there is one regression, of the second class.

    Parameters
    ----------
    alpha : float
        Smoothing: added to the number of documents with a term, in the class and in all others.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    coef_ : ndarray of shape (n_classes, n_terms), or (1, n_terms) for two classes
        Weights of terms, to be applied without the ratios.

    References
    ----------
    S. Wang and C. Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic
    Classification", ACL 2012, equation 1.
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def fit(self, X: csr_array, y: np.ndarray, sample_weight: np.ndarray) -> Self:
        """Fit on TF-IDF (n_documents, n_terms), whose entries say also which terms are there."""
        self.classes_ = np.unique(y)
        present = X.astype(bool).astype(float)
        counts = np.stack([sample_weight * (y == label) @ present for label in self.classes_])
        total = counts.sum(axis=0)
        first = 1 if len(self.classes_) == 2 else 0
        self.coef_ = np.empty((len(self.classes_) - first, X.shape[1]))
        for weights, label, of_class in zip(
            self.coef_, self.classes_[first:], counts[first:], strict=True
        ):
            ratio = self._log_share(of_class) - self._log_share(total - of_class)
            model = LogisticRegression(
                C=10.0, solver="liblinear", dual=True, tol=0.01, max_iter=1000, random_state=0
            )
            model.fit(X @ diags_array(ratio), y == label, sample_weight=sample_weight)
            weights[:] = model.coef_[0] * ratio
        return self

    def _log_share(self, counts: np.ndarray) -> np.ndarray:
        smoothed = np.maximum(counts, 0.0) + self.alpha
        return np.asarray(np.log(smoothed / smoothed.sum()))
