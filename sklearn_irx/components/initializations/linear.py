"""Linear text classifiers for both networks to start from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import logsumexp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from sklearn_irx.nn.linear import LinearStart, PairStart
from sklearn_irx.text import UNKNOWN, Documents, count_words

N_FOLDS = 5
HELD_OUT = N_FOLDS + 1
"""The fold of documents that are learned from, but not in training."""
LINEAR_STARTS = {
    "naive_bayes": ("naive_bayes",),
    "logistic": ("logistic",),
    "combined": ("naive_bayes", "logistic", "svm"),
}
"""The classifiers that each start adds up."""
SMOOTHINGS = (0.1, 0.3, 1.0, 3.0)
"""What naive Bayes may add to the count of each word."""
_FACTOR_BOUNDS = (0.0, 20.0)  # of scores with a standard deviation of 1
_LEAST_DOCUMENTS = 2  # that a pair of words occurs in
_LEAST_SPREAD = 1e-3  # of scores: documents without a telling word do not make it infinite


_Classifier: TypeAlias = ComplementNB | LogisticRegression | LinearSVC


def draw_folds(y: np.ndarray, random_state: np.random.RandomState) -> np.ndarray:
    """Give each document a fold, from 1, so that every fold has its share of every class."""
    folds = np.empty(len(y), dtype=np.int64)
    order = random_state.permutation(len(y))  # shuffled, then dealt out class by class
    folds[order[np.argsort(y[order], kind="stable")]] = 1 + np.arange(len(y)) % N_FOLDS
    return folds


def fit_linear_start(
    kind: str,
    documents: Documents,
    y: np.ndarray,
    validation: Documents,
    y_validation: np.ndarray,
    n_words: int,
    n_classes: int,
    folds: np.ndarray,
    sample_weight: np.ndarray,
    bigrams: bool = False,
) -> LinearStart:
    """Fit a linear classifier on TF-IDF, on all documents and without each fold.

    Parameters
    ----------
    kind : {"naive_bayes", "logistic", "combined"}
        Complement naive Bayes (Rennie et al., 2003), logistic regression, or the sum of both and
        of a linear support vector machine.
    documents, validation : Documents
        Weights are fitted on the first. The second tells their scale (one number for each
        classifier, so that the softmax of the logits gives probabilities) and the smoothing of
        naive Bayes: those with the least log loss, fitted on the training documents.
    y, y_validation : ndarray of shape (n_documents,), dtype int
        Class numbers.
    n_words : int
        Size of the vocabulary. Words with ids beyond it count as unknown.
    n_classes : int
        Number of classes.
    folds : ndarray of shape (n_documents,), dtype int
        Of training documents as :func:`draw_folds` gives them; `HELD_OUT` of others, which all
        folds do without.
    sample_weight : ndarray of shape (n_documents,)
        How much each document counts.
    bigrams : bool
        Whether to fit classifiers of the same kind on pairs of neighbouring words, to be added to
        that of the words where whole documents are read.

    Returns
    -------
    start : LinearStart
    """
    fits = _Fits(LINEAR_STARTS[kind], y, n_classes, folds, sample_weight)
    of_words = fits.on(_counts(documents, n_words), _counts(validation, n_words), y_validation)
    of_words.weights[:, : UNKNOWN + 1] = 0
    # They never occur in training: their own idf would be the largest.
    of_words.idf[: UNKNOWN + 1] = 1
    pairs = None
    if bigrams:
        known, counts, counts_validation = _count_pairs(
            documents, validation, n_words, fits.training
        )
        if len(known):
            of_pairs = fits.on(counts, counts_validation, y_validation, beside=of_words.scores)
            pairs = PairStart(known, of_pairs.weights, of_pairs.idf, of_pairs.factor_beside)
    return LinearStart(of_words.weights, of_words.idf, folds, pairs)


class _Sum(NamedTuple):
    """What classifiers of TF-IDF add up to.

    Attributes
    ----------
    weights : ndarray of shape (1 + n_folds, n_terms, n_classes), dtype float32
        As a :class:`LinearStart` has them.
    idf : ndarray of shape (n_terms,), dtype float32
        Inverse document frequencies.
    scores : ndarray of shape (n_validation_documents, n_classes)
        Logits of the validation documents, by classifiers that have not seen them.
    factor_beside : float
        Of the scores beside which they were fitted.
    """

    weights: np.ndarray
    idf: np.ndarray
    scores: np.ndarray
    factor_beside: float


class _Fits:
    """Fits the same classifiers on several counts of the same documents.

    Parameters
    ----------
    names : sequence of str
        Of the classifiers.
    y, n_classes, folds, sample_weight
        As :func:`fit_linear_start` has them.
    """

    def __init__(
        self,
        names: Sequence[str],
        y: np.ndarray,
        n_classes: int,
        folds: np.ndarray,
        sample_weight: np.ndarray,
    ) -> None:
        self.names = names
        self.y = y
        self.n_classes = n_classes
        self.sample_weight = sample_weight
        self.training = folds != HELD_OUT
        without_folds = [self.training & (folds != 1 + k) for k in range(N_FOLDS)]
        self.parts = [self.training, *without_folds]
        if not self.training.all():
            self.parts = [np.ones_like(self.training), *without_folds, self.training]

    def on(
        self,
        counts: csr_array,
        counts_validation: csr_array,
        y_validation: np.ndarray,
        beside: np.ndarray | None = None,
    ) -> _Sum:
        """Choose smoothing and factors on the validation documents, and fit without each fold.

        Parameters
        ----------
        counts, counts_validation : csr_array of shape (n_documents, n_terms)
            How often each word, or pair of words, occurs.
        y_validation : ndarray of shape (n_validation_documents,), dtype int
            Class numbers.
        beside : ndarray of shape (n_validation_documents, n_classes), default=None
            Scores of another classifier, with a factor of its own.
        """
        tfidf = TfidfTransformer(sublinear_tf=True).fit(counts[self.training])
        X, X_validation = tfidf.transform(counts), tfidf.transform(counts_validation)

        def candidate(model: _Classifier) -> tuple[_Classifier, np.ndarray, np.ndarray]:
            weights = self._weights(model, X, self.training)
            return model, weights, X_validation @ weights

        given = [] if beside is None else [beside]
        tried = []
        for fitted in product(*([candidate(m) for m in _classifiers(name)] for name in self.names)):
            scores = np.stack([*given, *(scores for *_, scores in fitted)])
            tried.append((fitted, scores, *_factors(scores, y_validation)))
        fitted, scores, factors, _ = min(tried, key=lambda one: one[3])
        own = factors[len(given) :]
        weights = np.zeros((len(self.parts), X.shape[1], self.n_classes), dtype=np.float32)
        for factor, (model, of_training, _) in zip(own, fitted, strict=True):
            if factor == 0:
                continue
            for of_part, part in zip(weights, self.parts, strict=True):
                known = part is self.training
                of_part += factor * (of_training if known else self._weights(model, X, part))
        return _Sum(
            weights, tfidf.idf_.astype(np.float32),
            np.tensordot(own, scores[len(given) :], axes=1), float(factors[: len(given)].sum()),
        )  # fmt: skip

    def _weights(self, model: _Classifier, X: csr_array, part: np.ndarray) -> np.ndarray:
        return _weights(model, X[part], self.y[part], self.n_classes, self.sample_weight[part])


def _counts(documents: Documents, n_words: int) -> csr_array:
    ids = np.where(documents.ids < n_words, documents.ids, UNKNOWN)
    return count_words(ids, documents.lengths, n_words)


def _count_pairs(
    documents: Documents, validation: Documents, n_words: int, training: np.ndarray
) -> tuple[np.ndarray, csr_array, csr_array]:
    """Find the pairs of neighbouring words that several training documents have, and count them.

    Returns
    -------
    known : ndarray of shape (n_pairs,), dtype int64
        The pairs, as :meth:`Documents.neighbours` gives them, ascending.
    counts, counts_validation : csr_array of shape (n_documents, n_pairs)
    """
    pairs, lengths = documents.neighbours(n_words)
    known, numbers = np.unique(pairs, return_inverse=True)
    counts = count_words(numbers.astype(np.int32), lengths, len(known))
    frequencies = np.bincount(counts[training].indices, minlength=len(known))
    frequent = frequencies >= _LEAST_DOCUMENTS
    known, counts = known[frequent], counts[:, frequent]

    pairs, lengths = validation.neighbours(n_words)
    found = np.isin(pairs, known)
    document = np.repeat(np.arange(len(lengths)), lengths)[found]
    numbers = np.searchsorted(known, pairs[found]).astype(np.int32)
    found_lengths = np.bincount(document, minlength=len(lengths))
    return known, counts, count_words(numbers, found_lengths, len(known))


def _classifiers(name: str) -> list[_Classifier]:
    """Give the classifiers of a name to choose from."""
    if name == "naive_bayes":
        return [ComplementNB(alpha=alpha) for alpha in SMOOTHINGS]
    if name == "logistic":
        return [LogisticRegression(C=5.0, max_iter=200, tol=1e-3)]
    return [LinearSVC(random_state=0)]


def _weights(
    model: _Classifier, X: csr_array, y: np.ndarray, n_classes: int, sample_weight: np.ndarray
) -> np.ndarray:
    """Weight of each word for each class, with mean 0 over the classes: (n_words, n_classes)."""
    weights = np.zeros((n_classes, X.shape[1]))
    if len(np.unique(y)) == 1:  # all documents of the other class are in the fold left out
        return weights.T
    if isinstance(model, ComplementNB):
        # It learns the words of a class from the documents of all others. What one class weighs
        # more than another would act backward in it, or drown the words of the others. The training
        # that follows heeds it.
        sample_weight = _within_classes(sample_weight, y)
    model.fit(X, y, sample_weight=sample_weight)
    found = model.feature_log_prob_ if isinstance(model, ComplementNB) else model.coef_
    if len(found) == 1:  # two classes and one row, the weights of the second class
        found = np.vstack([-found, found]) / 2
    weights[model.classes_] = found  # a class may be missing from a fold
    return (weights - weights.mean(axis=0)).T


def _within_classes(sample_weight: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Scale the weights of documents so that their mean is 1 in each class."""
    means = np.bincount(y, sample_weight) / np.maximum(np.bincount(y), 1)
    return sample_weight / np.where(means > 0, means, 1)[y]


def _factors(scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Find the factors that make the sum of `scores` the best logits, in log loss.

    With one classifier this is temperature scaling (Guo et al., 2017).

    Parameters
    ----------
    scores : ndarray of shape (n_classifiers, n_documents, n_classes)
        Of each classifier.
    y : ndarray of shape (n_documents,), dtype int
        Class numbers.

    Returns
    -------
    factors : ndarray of shape (n_classifiers,)
        At least 0.
    loss : float
        With them.
    """
    spread = np.maximum(scores.std(axis=(1, 2)), _LEAST_SPREAD)
    scores = scores / spread[:, None, None]
    rows = np.arange(len(y))

    def log_loss(factors: np.ndarray) -> tuple[float, np.ndarray]:
        logits = np.tensordot(factors, scores, axes=1)
        of_all = logsumexp(logits, axis=1, keepdims=True)
        expected = (np.exp(logits - of_all) * scores).sum(axis=2)
        slope = (expected - scores[:, rows, y]).mean(axis=1)
        return float((of_all[:, 0] - logits[rows, y]).mean()), slope

    first = np.full(len(scores), 1 / len(scores))
    found = minimize(log_loss, first, jac=True, bounds=[_FACTOR_BOUNDS] * len(scores))
    return found.x / spread, float(found.fun)
