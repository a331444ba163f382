"""Start from a linear text classifier."""

from __future__ import annotations

from itertools import product
from numbers import Real
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import logsumexp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from sklearn_irx._compat import Interval, StrOptions
from sklearn_irx.components.initializations.base import (
    HELD_OUT,
    N_FOLDS,
    Initialization,
    InitializationData,
)
from sklearn_irx.nn.linear import BigramWeights, LinearWeights
from sklearn_irx.text import UNKNOWN, Documents, count_words

LINEAR_MODELS = {
    "naive_bayes": ("naive_bayes",),
    "logistic": ("logistic",),
    "combined": ("naive_bayes", "logistic", "svm"),
}
"""The classifiers whose logits each model adds up."""
SMOOTHINGS = (0.1, 0.3, 1.0, 3.0)
"""What naive Bayes may add to the count of each word."""
_FACTOR_BOUNDS = (0.0, 20.0)  # of scores with a standard deviation of 1
_MIN_DF = 2  # documents that a bigram occurs in
_MIN_SPREAD = 1e-3  # of scores: documents without a telling word do not make it infinite

_Classifier: TypeAlias = ComplementNB | LogisticRegression | LinearSVC


class LinearInit(Initialization):
    """Start both networks from a linear classifier on TF-IDF.

    It ranks the words for the selector, and its logits are added to those of the predictor. Its
    weights are fitted on all training documents and also without each of five folds: in training,
    a document is encoded with weights that have not seen it.

    Parameters
    ----------
    model : {"naive_bayes", "logistic", "combined"}, default="naive_bayes"
        Complement naive Bayes, logistic regression, or the sum of both and of a linear support
        vector machine, weighted for the least log loss on validation texts: the most accurate, and
        the slowest to fit.
    class_focus : float, default=0.0
        With a value above 0, selection is class-conditional: the classifier reads the whole text,
        and a word ranks by its largest weight for any class, each times the probability of the
        class to this power. Rationales then support the class that was predicted from the whole
        text. From 0.5, short rationales are more often right, and hold less of what speaks for
        other classes. With 0 a word ranks as high in all texts.
    bigrams : bool, default=False
        Whether the classifier that reads the whole text for `class_focus` also knows pairs of
        neighbouring words. More accurate, above all for opinions ("not good"), and several times
        as slow to fit.
    initial_selection : float or "auto", default="auto"
        Share of the words selected at the start, in (0, 1). "auto" is `rationale_length` or else
        0.3, and 0.9 for samplers with a budget.

    References
    ----------
    J. Rennie et al., "Tackling the Poor Assumptions of Naive Bayes Text Classifiers", ICML 2003.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import LinearInit
    >>> SelectiveRationaleClassifier(initialization=LinearInit("combined", class_focus=1))
    SelectiveRationaleClassifier(initialization=LinearInit(class_focus=1,
                                                           model='combined'))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "model": [StrOptions(set(LINEAR_MODELS))],
        "class_focus": [Interval(Real, 0, None, closed="left")],
        "bigrams": ["boolean"],
        "initial_selection": [Interval(Real, 0, 1, closed="neither"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        model: str = "naive_bayes",
        *,
        class_focus: float = 0.0,
        bigrams: bool = False,
        initial_selection: float | str = "auto",
    ) -> None:
        self.model = model
        self.class_focus = class_focus
        self.bigrams = bigrams
        self.initial_selection = initial_selection

    def fit_weights(self, data: InitializationData) -> LinearWeights:
        """Fit the classifier on all documents and without each fold.

        Validation documents determine the scale (one factor for each classifier, so that the
        softmax of the logits is calibrated) and the smoothing of naive Bayes: those with the least
        log loss.
        """
        fits = _Fits(LINEAR_MODELS[self.model], data)
        words = fits.on(
            _counts(data.documents, data.n_words), _counts(data.validation, data.n_words)
        )
        words.weights[:, : UNKNOWN + 1] = 0
        # They never occur in training: their own idf would be the largest.
        words.idf[: UNKNOWN + 1] = 1
        bigrams = None
        if self.bigrams and self.class_focus:
            known, counts, counts_validation = _count_bigrams(data, fits.training)
            if len(known):
                pairs = fits.on(counts, counts_validation, base_scores=words.scores)
                bigrams = BigramWeights(known, pairs.weights, pairs.idf, pairs.base_factor)
        return LinearWeights(words.weights, words.idf, data.folds, bigrams)


class _Fitted(NamedTuple):
    """The sum of classifiers of TF-IDF.

    Attributes
    ----------
    weights : ndarray of shape (1 + n_folds, n_terms, n_classes), dtype float32
        As in :class:`LinearWeights`.
    idf : ndarray of shape (n_terms,), dtype float32
        Inverse document frequencies.
    scores : ndarray of shape (n_validation_documents, n_classes)
        Logits of the validation documents, by classifiers that have not seen them.
    base_factor : float
        Factor of the scores that they are added to.
    """

    weights: np.ndarray
    idf: np.ndarray
    scores: np.ndarray
    base_factor: float


class _Fits:
    """Fits the same classifiers on several counts of the same documents."""

    def __init__(self, names: tuple[str, ...], data: InitializationData) -> None:
        self.names = names
        self.data = data
        self.training = data.folds != HELD_OUT
        without_folds = [self.training & (data.folds != 1 + k) for k in range(N_FOLDS)]
        self.parts = [self.training, *without_folds]
        if not self.training.all():
            self.parts = [np.ones_like(self.training), *without_folds, self.training]

    def on(
        self,
        counts: csr_array,
        counts_validation: csr_array,
        *,
        base_scores: np.ndarray | None = None,
    ) -> _Fitted:
        """Choose smoothing and factors on the validation documents, and fit without each fold.

        Parameters
        ----------
        counts, counts_validation : csr_array of shape (n_documents, n_terms)
            Counts of words or bigrams.
        base_scores : ndarray of shape (n_validation_documents, n_classes), default=None
            Scores of another classifier that is added, with a factor of its own.
        """
        tfidf = TfidfTransformer(sublinear_tf=True).fit(counts[self.training])
        X, X_validation = tfidf.transform(counts), tfidf.transform(counts_validation)

        def candidate(model: _Classifier) -> tuple[_Classifier, np.ndarray, np.ndarray]:
            weights = self._weights(model, X, self.training)
            return model, weights, X_validation @ weights

        base = [] if base_scores is None else [base_scores]
        tried = []
        for fitted in product(*([candidate(m) for m in _classifiers(name)] for name in self.names)):
            scores = np.stack([*base, *(scores for *_, scores in fitted)])
            tried.append((fitted, scores, *_factors(scores, self.data.y_validation)))
        fitted, scores, factors, _ = min(tried, key=lambda one: one[3])
        own = factors[len(base) :]
        weights = np.zeros((len(self.parts), X.shape[1], self.data.n_classes), dtype=np.float32)
        for factor, (model, of_training, _) in zip(own, fitted, strict=True):
            if factor == 0:
                continue
            for part_weights, part in zip(weights, self.parts, strict=True):
                known = part is self.training
                part_weights += factor * (of_training if known else self._weights(model, X, part))
        return _Fitted(
            weights, tfidf.idf_.astype(np.float32),
            np.tensordot(own, scores[len(base) :], axes=1), float(factors[: len(base)].sum()),
        )  # fmt: skip

    def _weights(self, model: _Classifier, X: csr_array, part: np.ndarray) -> np.ndarray:
        data = self.data
        return _weights(
            model, X[part], data.y[part], n_classes=data.n_classes,
            sample_weight=data.sample_weight[part],
        )  # fmt: skip


def _counts(documents: Documents, n_words: int) -> csr_array:
    ids = np.where(documents.ids < n_words, documents.ids, UNKNOWN)
    return count_words(ids, documents.lengths, n_words)


def _count_bigrams(
    data: InitializationData, training: np.ndarray
) -> tuple[np.ndarray, csr_array, csr_array]:
    """Find the bigrams of several training documents, and count them.

    Returns
    -------
    known : ndarray of shape (n_bigrams,), dtype int64
        The bigrams, as :meth:`Documents.neighbours` returns them, ascending.
    counts, counts_validation : csr_array of shape (n_documents, n_bigrams)
    """
    bigrams, lengths = data.documents.neighbours(data.n_words)
    known, inverse = np.unique(bigrams, return_inverse=True)
    counts = count_words(inverse.astype(np.int32), lengths, len(known))
    frequent = np.bincount(counts[training].indices, minlength=len(known)) >= _MIN_DF
    known, counts = known[frequent], counts[:, frequent]

    bigrams, lengths = data.validation.neighbours(data.n_words)
    is_known = np.isin(bigrams, known)
    document = np.repeat(np.arange(len(lengths)), lengths)[is_known]
    index = np.searchsorted(known, bigrams[is_known]).astype(np.int32)
    known_lengths = np.bincount(document, minlength=len(lengths))
    return known, counts, count_words(index, known_lengths, len(known))


def _classifiers(name: str) -> list[_Classifier]:
    """Return the classifiers of a name to choose from."""
    if name == "naive_bayes":
        return [ComplementNB(alpha=alpha) for alpha in SMOOTHINGS]
    if name == "logistic":
        return [LogisticRegression(C=5.0, max_iter=200, tol=1e-3)]
    return [LinearSVC(random_state=0)]


def _weights(
    model: _Classifier, X: csr_array, y: np.ndarray, *, n_classes: int, sample_weight: np.ndarray
) -> np.ndarray:
    """Fit weights (n_words, n_classes), with mean 0 over the classes."""
    weights = np.zeros((n_classes, X.shape[1]))
    if len(np.unique(y)) == 1:  # all documents of the other class are in the fold left out
        return weights.T
    if isinstance(model, ComplementNB):
        # It learns the words of a class from the documents of all others: a class of more weight
        # would count for less. The training that follows respects the weights between classes.
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
    spread = np.maximum(scores.std(axis=(1, 2)), _MIN_SPREAD)
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
