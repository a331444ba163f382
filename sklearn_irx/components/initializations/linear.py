"""Initialization with a linear text classifier."""

from __future__ import annotations

from itertools import product
from numbers import Real
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array, diags_array, hstack
from scipy.sparse.linalg import norm
from scipy.special import logsumexp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from sklearn_irx._compat import Interval, StrOptions
from sklearn_irx._stages import expect, step
from sklearn_irx.components.initializations.base import (
    HELD_OUT,
    N_FOLDS,
    Initialization,
    InitializationData,
)
from sklearn_irx.components.initializations.log_count_ratio import LogCountRatioRegression
from sklearn_irx.nn.linear import LEARNED, BigramWeights, LinearWeights
from sklearn_irx.text import UNKNOWN, Documents, count_words

LINEAR_MODELS = {
    "naive_bayes": ("naive_bayes",),
    "logistic": ("logistic",),
    "combined": ("naive_bayes", "logistic", "svm"),
    "average": ("naive_bayes", "logistic"),
    "log_count_ratio": ("log_count_ratio",),
}
"""The classifiers whose logits each model sums."""
OUT_OF_FOLD = ("average", "log_count_ratio")
"""Models whose smoothing and scale are chosen on training documents, out of fold."""
SMOOTHINGS = (0.1, 0.3, 1.0, 3.0)
"""Candidates for the smoothing of naive Bayes."""
_FACTOR_BOUNDS = (0.0, 20.0)  # of scores with a standard deviation of 1
_MIN_DF = 2  # documents that a bigram occurs in
_MOST_CELLS = 5_000_000  # weights of bigrams: 20 MB, and seven times as much in training
_MIN_SPREAD = 1e-3  # of scores, which is 0 if no document has a known word

_Classifier: TypeAlias = ComplementNB | LogisticRegression | LinearSVC | LogCountRatioRegression


class LinearInit(Initialization):
    """Start both networks from a linear classifier on TF-IDF.

    Its weights rank the words for the selector, and its logits are added to those of the predictor.
    It is fitted on all training documents and also without each of five folds: in training, a
    document is encoded with weights that have not seen it.

    Parameters
    ----------
    model : {"average", "naive_bayes", "logistic", "combined", "log_count_ratio"}, default="average"
        Complement naive Bayes [1]_, logistic regression, or both: "average" scales them to the same
        spread and chooses smoothing and scale out of fold, so that a few texts suffice. "combined"
        is their sum with a linear support vector machine, weighted for the least log loss on
        validation texts, and the slowest to fit. "log_count_ratio" is logistic regression of words
        and pairs at once, each scaled by its log-count ratio in naive Bayes [2]_; smoothing and
        scale are chosen as for "average".
    class_focus : float, default=0.0
        0, the default, is class-blind selection: the rank of a word depends on its neighbours at
        most. Above 0, selection is class-conditional: words are chosen to support the predicted
        class by a model that read the whole text: this classifier, with a transformer together
        with what that makes of all words, which learns the class, too. They rank by their largest
        weight for any class, each times the probability of the class to this power. At 0.5 or
        more, short rationales are more often right, and have fewer words that support other
        classes. That such a model can use no other words than it shows does not hold as it stands:
        the prediction is computed from these words alone, but a model that read the whole text
        chose them for the class it had settled on.
    bigrams : bool or "whole", default=True
        Whether pairs of neighbouring words that occur in several texts ("not good") have weights,
        too, by naive Bayes if it is among the classifiers. A pair counts in the prediction if both
        its words are selected, and in the rank of each. "whole" leaves both alone, and uses pairs
        in the prediction from the whole text for `class_focus`.
    bigram_share : float, default=0.5
        Share of the weight of a pair that is added to the rank of each of its words. At 1, short
        rationales of single words have more pairs, and are a little more often right.
    smoothing : float, "learned" or "auto", default="auto"
        Above 0, words rank by their weights averaged over neighbouring words: the standard
        deviation of a Gaussian, in words. Neighbours then tell of one class. "auto" is 1 for
        ``style="phrases"``, 2 for a few spans, 16 for one, and 0 for words and sentences.
        "learned" starts at 2 and is trained with the selector, between 0.25 and 16.
    initial_selection : float or "auto", default="auto"
        Share of the words selected at the start, in (0, 1). "auto" is `rationale_length` or else
        0.3, and 0.9 for samplers with a budget.

    References
    ----------
    .. [1] J. Rennie et al., "Tackling the Poor Assumptions of Naive Bayes Text Classifiers", ICML
       2003.
    .. [2] S. Wang and C. Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic
       Classification", ACL 2012.

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
        "bigrams": ["boolean", StrOptions({"whole"})],
        "bigram_share": [Interval(Real, 0, 1, closed="both")],
        "smoothing": [Interval(Real, 0, 100, closed="left"), StrOptions({"auto", LEARNED})],
        "initial_selection": [Interval(Real, 0, 1, closed="neither"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        model: str = "average",
        *,
        class_focus: float = 0.0,
        bigrams: bool | str = True,
        bigram_share: float = 0.5,
        smoothing: float | str = "auto",
        initial_selection: float | str = "auto",
    ) -> None:
        self.model = model
        self.class_focus = class_focus
        self.bigrams = bigrams
        self.bigram_share = bigram_share
        self.smoothing = smoothing
        self.initial_selection = initial_selection

    def fit_weights(self, data: InitializationData) -> LinearWeights:
        """Fit the classifier on all documents and without each fold.

        The smoothing of naive Bayes, and one factor for each classifier that calibrates the softmax
        of the sum, are those with the least log loss: of "average" and "log_count_ratio" on the
        training documents, out of fold, and with a smoothing for each classifier by itself;
        otherwise on the validation documents.
        """
        names = of_pairs = LINEAR_MODELS[self.model]
        shared = self.bigrams_in_path
        if shared and "naive_bayes" in names:
            of_pairs = ("naive_bayes",)
        wanted = shared or (self.bigrams and self.class_focus)
        fits = (_AverageFits if self.model in OUT_OF_FOLD else _Fits)(data)
        if self.model == "log_count_ratio":
            return self._fit_at_once(fits, with_bigrams=bool(wanted))
        expect(fits.n_fits(names) + (fits.n_fits(of_pairs) if wanted else 0))
        words = fits.on(
            _counts(data.documents, data.n_words), _counts(data.validation, data.n_words), names
        )
        words.weights[:, : UNKNOWN + 1] = 0
        bigrams = None
        if wanted:
            known, counts, of_validation = _count_bigrams(data, fits.training)
            if len(known):
                pairs = fits.on(counts, of_validation, of_pairs, base=words, shares_norm=shared)
                tells = pairs.weights.any()
                word_factor = pairs.base_factor if pairs.base_factor or tells else 1.0
                if shared:
                    words.weights[:] *= np.float32(word_factor)
                    word_factor = 1.0
                if tells:
                    bigrams = BigramWeights(known, pairs.weights, pairs.idf, word_factor)
        return LinearWeights(words.weights, words.idf, data.folds, bigrams=bigrams)

    def _fit_at_once(self, fits: _Fits, *, with_bigrams: bool) -> LinearWeights:
        """Fit the weights of words and bigrams in one classifier.

        A term counts once in a document, as it does in the linear path.
        """
        data, names = fits.data, LINEAR_MODELS[self.model]
        expect(fits.n_fits(names))
        words = fits.tfidf(
            _present(_counts(data.documents, data.n_words)),
            _present(_counts(data.validation, data.n_words)),
        )
        blocks, known = [words.divided(words.norms)], np.empty(0, dtype=np.int64)
        if with_bigrams:
            known, counts, of_validation = _count_bigrams(data, fits.training)
        if len(known):
            pairs = fits.tfidf(_present(counts), _present(of_validation))
            blocks.append(pairs.divided((words if self.bigrams_in_path else pairs).norms))
        X, X_validation = (csr_array(hstack(of_both)) for of_both in zip(*blocks, strict=True))
        weights, *_ = fits.summed(X, X_validation, names, None)
        of_words, of_pairs = (one.copy() for one in np.split(weights, [data.n_words], axis=1))
        of_words[:, : UNKNOWN + 1] = 0
        bigrams = BigramWeights(known, of_pairs, pairs.idf, 1.0) if of_pairs.any() else None
        return LinearWeights(of_words, words.idf, data.folds, bigrams=bigrams)


class _Tfidf(NamedTuple):
    """TF-IDF of the documents and of the validation documents, not yet divided by their norms."""

    idf: np.ndarray
    both: tuple[csr_array, csr_array]

    @property
    def norms(self) -> tuple[np.ndarray, np.ndarray]:
        """The Euclidean norm of each document, at least 1: the smallest idf."""
        first, second = (np.maximum(norm(one, axis=1), 1.0) for one in self.both)
        return first, second

    def divided(self, norms: tuple[np.ndarray, np.ndarray]) -> tuple[csr_array, csr_array]:
        """Return both, divided by norms of documents and validation documents."""
        first, second = (
            csr_array(diags_array(1 / norm_of) @ one)
            for one, norm_of in zip(self.both, norms, strict=True)
        )
        return first, second


class _Fitted(NamedTuple):
    """A weighted sum of classifiers on TF-IDF.

    `weights` and `idf` are as in :class:`LinearWeights`. `scores` (n_documents, n_classes) are
    logits by classifiers that have not seen these documents, `base_factor` is the factor of the
    scores that they are added to, and `norms` are those that the TF-IDF of documents and
    validation documents were divided by.
    """

    weights: np.ndarray
    idf: np.ndarray
    scores: np.ndarray
    base_factor: float
    norms: tuple[np.ndarray, np.ndarray]


class _Fits:
    """Fits classifiers on several counts of the same documents.

    The validation documents decide smoothing and factors.
    """

    def __init__(self, data: InitializationData) -> None:
        self.data = data
        self.training = data.folds != HELD_OUT
        without_folds = [self.training & (data.folds != 1 + k) for k in range(N_FOLDS)]
        self.parts = [self.training, *without_folds]
        if not self.training.all():
            self.parts = [np.ones_like(self.training), *without_folds, self.training]

    def n_fits(self, names: tuple[str, ...]) -> int:
        """Return how many fits there will be, at most."""
        return sum(len(_classifiers(name)) + len(self.parts) - 1 for name in names)

    def on(
        self,
        counts: csr_array,
        counts_validation: csr_array,
        names: tuple[str, ...],
        *,
        base: _Fitted | None = None,
        shares_norm: bool = False,
    ) -> _Fitted:
        """Fit classifiers on counts (n_documents, n_terms).

        `base` is another sum of classifiers, to which this one is added. With `shares_norm`, TF-IDF
        is divided by the norms of the other one's.
        """
        tfidf = self.tfidf(counts, counts_validation)
        norms = tfidf.norms if base is None or not shares_norm else base.norms
        weights, scores, base_factor = self.summed(
            *tfidf.divided(norms), names, None if base is None else base.scores
        )
        return _Fitted(weights, tfidf.idf, scores=scores, base_factor=base_factor, norms=norms)

    def tfidf(self, counts: csr_array, counts_validation: csr_array) -> _Tfidf:
        """Return the TF-IDF of counts (n_documents, n_terms), with idf of training documents."""
        transformer = TfidfTransformer(norm=None, sublinear_tf=True).fit(counts[self.training])
        both = transformer.transform(counts), transformer.transform(counts_validation)
        return _Tfidf(transformer.idf_.astype(np.float32), both)

    def summed(
        self,
        X: csr_array,
        X_validation: csr_array,
        names: tuple[str, ...],
        base_scores: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return weights, scores and the base factor, as :class:`_Fitted` has them, of TF-IDF."""

        def candidate(model: _Classifier) -> tuple[_Classifier, np.ndarray, np.ndarray]:
            weights = self._weights(model, X, self.training)
            return model, weights, X_validation @ weights

        base = [] if base_scores is None else [base_scores]
        tried = []
        for fitted in product(*([candidate(m) for m in _classifiers(name)] for name in names)):
            scores = np.stack([*base, *(scores for *_, scores in fitted)])
            tried.append((fitted, scores, *_factors(scores, self.data.y_validation)))
        fitted, scores, factors, _ = min(tried, key=lambda one: one[3])
        if not base and not factors.any():  # a few texts may tell nothing: then any are as good
            factors = np.full(len(factors), 1 / len(factors))
        own = factors[len(base) :]
        weights = np.zeros((len(self.parts), X.shape[1], self.data.n_classes), dtype=np.float32)
        for factor, (model, of_training, _) in zip(own, fitted, strict=True):
            if factor == 0:
                continue
            for part_weights, part in zip(weights, self.parts, strict=True):
                known = part is self.training
                part_weights += factor * (of_training if known else self._weights(model, X, part))
        scores = np.tensordot(own, scores[len(base) :], axes=1)
        return weights, scores, float(factors[: len(base)].sum())

    def _weights(self, model: _Classifier, X: csr_array, part: np.ndarray) -> np.ndarray:
        data = self.data
        step()
        return _weights(
            model, X[part], data.y[part], n_classes=data.n_classes,
            sample_weight=data.sample_weight[part],
        )  # fmt: skip


class _AverageFits(_Fits):
    """Fits classifiers on several counts of the same documents, and averages them, out of fold.

    Each is scaled to the same spread of its logits; the smoothing, the scale of the average and
    that of a sum with another average are those of the least log loss. All this is of training
    documents, each with the weights that were fitted without its fold, so that it does not depend
    on a few documents held out.
    """

    def n_fits(self, names: tuple[str, ...]) -> int:
        """Return how many fits there will be."""
        n_others = len(self.parts) - N_FOLDS
        return sum(len(_classifiers(name)) * N_FOLDS + n_others for name in names)

    def summed(
        self,
        X: csr_array,
        X_validation: csr_array,  # noqa: ARG002
        names: tuple[str, ...],
        base_scores: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, float]:
        y = self.data.y[self.training]
        weights = np.zeros((len(self.parts), X.shape[1], self.data.n_classes), dtype=np.float32)
        total = np.zeros((len(y), self.data.n_classes))
        for name in names:
            tried = []
            for model in _classifiers(name):
                of_folds = [self._weights(model, X, part) for part in self.parts[1 : 1 + N_FOLDS]]
                scores = self._out_of_fold(X, of_folds)
                tried.append((_factors(scores[None], y)[1], model, of_folds, scores))
            _, model, of_folds, scores = min(tried, key=lambda one: one[0])
            spread = max(float(scores.std()), _MIN_SPREAD)
            total += scores / spread
            for number, part in enumerate(self.parts):
                is_fold = 1 <= number <= N_FOLDS
                found = of_folds[number - 1] if is_fold else self._weights(model, X, part)
                weights[number] += found / spread
        if base_scores is None:
            base_factor, factor = 1.0, float(_factors(total[None], y)[0][0])
            # Of a few texts, those of the other folds may tell nothing: then any scale is as good.
            factor = factor or 1.0
        else:
            both = _factors(np.stack([base_scores, total]), y)[0]
            base_factor, factor = map(float, both)
        weights *= np.float32(factor)
        return weights, total * factor, base_factor

    def _out_of_fold(self, X: csr_array, of_folds: list[np.ndarray]) -> np.ndarray:
        """Return the scores (n_documents, n_classes) of training documents without their fold."""
        folds = self.data.folds[self.training]
        X, scores = X[self.training], np.empty((len(folds), self.data.n_classes))
        for k, weights in enumerate(of_folds):
            scores[folds == 1 + k] = X[folds == 1 + k] @ weights
        return scores


def _counts(documents: Documents, n_words: int) -> csr_array:
    """Count the known words of documents: (n_documents, n_words)."""
    ids = np.where(documents.ids < n_words, documents.ids, UNKNOWN)
    counts = count_words(ids, documents.lengths, n_words)
    counts.data[counts.indices == UNKNOWN] = 0
    counts.eliminate_zeros()
    return counts


def _present(counts: csr_array) -> csr_array:
    """Return 1 for each term that a document has, and 0 for all others."""
    return counts.astype(bool).astype(float)


def _count_bigrams(
    data: InitializationData, training: np.ndarray
) -> tuple[np.ndarray, csr_array, csr_array]:
    """Return the bigrams of two training documents or more, ascending, and their counts in both.

    Bigrams are numbered as by :meth:`Documents.neighbours`; counts are (n_documents, n_bigrams).
    """
    bigrams, lengths = data.documents.neighbours(data.n_words)
    known, inverse = np.unique(bigrams, return_inverse=True)
    counts = count_words(inverse.astype(np.int32), lengths, len(known))
    frequency = np.bincount(counts[training].indices, minlength=len(known))
    most = np.argsort(-frequency, kind="stable")[: _MOST_CELLS // data.n_classes]
    kept = np.sort(most[frequency[most] >= _MIN_DF])
    known, counts = known[kept], counts[:, kept]

    bigrams, lengths = data.validation.neighbours(data.n_words)
    is_known = np.isin(bigrams, known)
    document = np.repeat(np.arange(len(lengths)), lengths)[is_known]
    index = np.searchsorted(known, bigrams[is_known]).astype(np.int32)
    known_lengths = np.bincount(document, minlength=len(lengths))
    return known, counts, count_words(index, known_lengths, len(known))


def _classifiers(name: str) -> list[_Classifier]:
    """Return the candidates of a name."""
    return {
        "naive_bayes": [ComplementNB(alpha=alpha) for alpha in SMOOTHINGS],
        "logistic": [LogisticRegression(C=5.0, max_iter=200, tol=1e-3)],
        "svm": [LinearSVC(random_state=0)],
        "log_count_ratio": [LogCountRatioRegression(alpha) for alpha in SMOOTHINGS],
    }[name]


def _weights(
    model: _Classifier, X: csr_array, y: np.ndarray, *, n_classes: int, sample_weight: np.ndarray
) -> np.ndarray:
    """Fit weights (n_words, n_classes), with mean 0 over the classes."""
    weights = np.zeros((n_classes, X.shape[1]))
    if len(np.unique(y)) == 1:  # all other documents are in the fold left out
        return weights.T
    if isinstance(model, ComplementNB):
        # It learns a class from the documents of all others, so that class weights would work in
        # reverse. Only the later training uses them.
        sample_weight = _within_classes(sample_weight, y)
    model.fit(X, y, sample_weight=sample_weight)
    found = model.feature_log_prob_ if isinstance(model, ComplementNB) else model.coef_
    found = np.atleast_2d(found)
    if len(found) == 1:  # two classes and one row, the weights of the second class
        found = np.vstack([-found, found]) / 2
    weights[model.classes_] = found  # a class may be missing from a fold
    return (weights - weights.mean(axis=0)).T


def _within_classes(sample_weight: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Scale the weights of documents so that their mean is 1 in each class."""
    means = np.bincount(y, sample_weight) / np.maximum(np.bincount(y), 1)
    return sample_weight / np.where(means > 0, means, 1)[y]


def _factors(scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the factors (n_classifiers,) for the weighted sum of least log loss, and that loss.

    `scores` are (n_classifiers, n_documents, n_classes), `y` class numbers. With one classifier
    this is temperature scaling (Guo et al., 2017).
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
