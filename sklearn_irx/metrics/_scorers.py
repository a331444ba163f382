"""Scorers for ``scoring`` of scikit-learn's searches and cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

import numpy as np

from sklearn_irx._pipelines import final_estimator, seen_by_final
from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.ensemble.result import exchange_of, exchanges
from sklearn_irx.metrics._input import Masks, check_masks, check_same_documents
from sklearn_irx.metrics._masks import rationale_length
from sklearn_irx.metrics._plausibility import token_f1_score

Scorer = Callable[..., float]


def accuracy_within_length(max_length: float) -> Scorer:
    """Make a scorer: accuracy under a limit on the mean rationale length.

    ``scorer(estimator, X, y)`` returns the accuracy, between 0 and 1, if the mean length of
    rationales is at most `max_length`. Otherwise it returns minus the mean length divided by
    `max_length`, which is below -1. So any model within the limit scores above any model beyond it,
    and beyond the limit, shorter rationales score higher. A search averages scores over folds, so
    a model beyond the limit in only some folds may rank in between.

    Parameters
    ----------
    max_length : float
        Maximum mean number of selected words per document, above 0.

    Returns
    -------
    scorer : callable
        Can be pickled, so a search can use several processes.

    Raises
    ------
    ValueError
        If `max_length` is not above 0.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.metrics import accuracy_within_length
    >>> GridSearchCV(
    ...     SelectiveRationaleClassifier(),
    ...     {"lambda1": [0.001, 0.005, 0.02]},
    ...     scoring=accuracy_within_length(10),
    ... ).fit(texts, y)  # doctest: +SKIP
    """
    return _AccuracyWithinLength(max_length)


def token_f1_scorer(texts: Iterable[str], masks: Masks) -> Scorer:
    """Make a scorer: token F1 against human rationales.

    ``scorer(estimator, X, y=None)`` looks up the rationale of each document of `X` by its text, so
    it works on any fold of a cross-validation.

    Parameters
    ----------
    texts : iterable of n_samples str
        Documents, including all that will be scored, as they are given to the estimator.
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of spans
        Their rationales. Or the spans (start, end) of each document in words. The words must be
        those of the estimator's tokenizer; behind the cleaner of a pipeline, those of the cleaned
        documents.

    Returns
    -------
    scorer : callable
        Can be pickled, so a search can use several processes.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `texts` are not str.
    ValueError
        If `masks` do not match `texts`, or a text occurs twice with different rationales.

    See Also
    --------
    token_f1_score : The score.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import load_rationale_corpus
    >>> from sklearn_irx.metrics import token_f1_scorer
    >>> from sklearn_irx.text import WhitespaceTokenizer
    >>> texts, y, masks = load_rationale_corpus("movies", "train")  # doctest: +SKIP
    >>> GridSearchCV(
    ...     SelectiveRationaleClassifier(tokenizer=WhitespaceTokenizer()),
    ...     {"lambda1": [0.001, 0.005, 0.02]},
    ...     scoring={"accuracy": "accuracy", "token_f1": token_f1_scorer(texts, masks)},
    ...     refit="token_f1",
    ... ).fit(texts, y)  # doctest: +SKIP
    """
    return _TokenF1(texts, masks)


def rationale_length_scorer(estimator: Any, X: Any, y: Any = None) -> float:  # noqa: ARG001
    """Score a fitted model by the mean number of words that it selects.

    It is a scorer itself: give it to `scoring` as it is, beside a score to choose a model by. The
    length is not negated, so a search that chose by it would prefer long rationales.

    Parameters
    ----------
    estimator : fitted classifier or ensemble
        Or a pipeline that ends in one.
    X : sequence of n_samples str
        Documents.
    y : None
        Ignored.

    Returns
    -------
    length : float
        In words.

    Raises
    ------
    TypeError
        If the estimator has no rationales.

    See Also
    --------
    rationale_length : The length of rationales given as masks.
    accuracy_within_length : A scorer to choose a model by.
    sklearn_irx.inspection.AccuracyLengthDisplay : Draws accuracy against length.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import CNN, Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.metrics import rationale_length_scorer
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> small = {"training": Training(max_epochs=1), "encoder": CNN((3,), n_filters=4)}
    >>> search = GridSearchCV(
    ...     SelectiveRationaleClassifier(**small, random_state=0),
    ...     {"rationale_length": [4, 12]},
    ...     scoring={"accuracy": "accuracy", "length": rationale_length_scorer},
    ...     refit="accuracy",
    ...     cv=2,
    ... ).fit(texts, y)
    >>> short, long = search.cv_results_["mean_test_length"]
    >>> bool(short < long)
    True
    """
    if not hasattr(estimator, "transform"):
        raise TypeError(
            f"estimator={estimator!r} shows no rationales: give a SelectiveRationaleClassifier, "
            "InteractiveEnsemble or InteractiveCommittee, or a pipeline that ends in one."
        )
    return rationale_length(np.asarray(estimator.transform(X)))


class _AccuracyWithinLength:
    """The scorer of :func:`accuracy_within_length`."""

    def __init__(self, max_length: float) -> None:
        if not isinstance(max_length, Real) or not float(max_length) > 0:
            raise ValueError(f"max_length={max_length!r}: give a number of words above 0.")
        self.max_length: float = float(max_length)

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Score a fitted model on documents."""
        labels, masks = _labels_and_masks(estimator, X)
        y = check_labels(y, len(labels))
        length = rationale_length(masks)
        if length > self.max_length:
            return -length / self.max_length
        return float((labels == y).mean())

    def __repr__(self) -> str:
        return f"accuracy_within_length({self.max_length:g})"


class _TokenF1:
    """The scorer of :func:`token_f1_scorer`."""

    def __init__(self, texts: Iterable[str], masks: Masks) -> None:
        documents = check_texts(texts, "texts")
        self.masks = check_masks("masks", masks)
        check_same_documents(("texts", "masks"), documents, self.masks)
        self.rows: dict[str, int] = {}
        for row, text in enumerate(documents):
            earlier = self.rows.setdefault(text, row)
            if not np.array_equal(self.masks[earlier], self.masks[row]):
                raise ValueError(
                    f"texts[{earlier}] and texts[{row}] are equal, but their masks differ: remove "
                    "one of them."
                )

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:  # noqa: ARG002
        """Score a fitted model on documents."""
        texts = check_texts(X)
        for row, text in enumerate(texts):
            if text not in self.rows:
                raise ValueError(
                    f"X[{row}] is not among the texts of token_f1_scorer: make the scorer from all "
                    "documents that are scored."
                )
        rows = [self.rows[text] for text in texts]
        return token_f1_score(self.masks[rows], np.asarray(estimator.transform(texts)))

    def __repr__(self) -> str:
        return f"token_f1_scorer(<{len(self.rows)} texts>)"


def _labels_and_masks(estimator: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and masks, computed in one pass if the estimator can."""
    if hasattr(final_estimator(estimator), "predict_with_masks"):
        estimator, X = seen_by_final(estimator, X)
        probabilities, masks = estimator.predict_with_masks(X)
        return estimator.classes_[probabilities.argmax(axis=1)], masks
    if exchanges(estimator):
        exchange = exchange_of(estimator, X, spans=False)
        return exchange.labels, exchange.kept(exchange.masks)
    return np.asarray(estimator.predict(X)), np.asarray(estimator.transform(X))
