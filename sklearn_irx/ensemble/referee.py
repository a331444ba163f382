"""A rule for the exchange that is learned: which member is right, by what all say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_irx._validation import hold_out
from sklearn_irx.exchange import FEATURES, LEARNED, settle, settle_by

LEAST_TEXTS = 20
"""Texts that a referee needs, and of these as many on which members disagree and one is right."""

_STRENGTHS = (0.01, 0.1, 1.0)  # values of C to choose from
_N_FOLDS = 5


@dataclass(frozen=True)
class Referee:
    """What was learned of the members of an ensemble, and whether it decides.

    The probability that the label of member j is right is the logistic function of
    ``intercepts[j]`` plus the sum of ``coefficients`` times the features of its rationale,
    :func:`sklearn_irx.exchange.candidate_features`.

    Attributes
    ----------
    n_texts : int
        Validation texts.
    n_disputed : int
        Those of them on which the members disagree.
    n_decidable : int
        Those of the disputed ones on which at least one member is right.
    accuracy : float or None
        How often the referee is right on the disputed texts, each settled by one that was fitted
        without it, in five folds; None if there were too few texts to fit one.
    accuracy_convinced : float or None
        How often the rule "convinced" is right on them; None if there are none.
    C : float or None
        Strength of the regularization, as of :class:`sklearn.linear_model.LogisticRegression`.
    coefficients : dict of str to float
        By the name of the feature; empty if none were fitted.
    intercepts : tuple of n_members float
        How often each member is right, other things being equal; empty if none were fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.ensemble.referee import Referee
    >>> from sklearn_irx.exchange import FEATURES
    >>> referee = Referee(
    ...     n_texts=300, n_disputed=40, n_decidable=38, accuracy=0.7, accuracy_convinced=0.6, C=0.1,
    ...     coefficients={**dict.fromkeys(FEATURES, 0.0), "n_convinced": 1.0},
    ...     intercepts=(0.0, -0.5),
    ... )
    >>> referee.rule
    'learned'
    >>> features = np.zeros((2, 1, len(FEATURES)))
    >>> features[1, 0, FEATURES.index("n_convinced")] = 1  # member 1 convinces the other
    >>> referee.probabilities(features).round(2)
    array([[0.5 ],
           [0.62]])
    """

    n_texts: int
    n_disputed: int
    n_decidable: int
    accuracy: float | None = None
    accuracy_convinced: float | None = None
    C: float | None = None
    coefficients: Mapping[str, float] = field(default_factory=dict)
    intercepts: tuple[float, ...] = ()

    @property
    def rule(self) -> str:
        """The rule in use: "learned" if it is right more often than "convinced", else that."""
        if self.accuracy is None or self.accuracy_convinced is None:
            return "convinced"
        return LEARNED if self.accuracy > self.accuracy_convinced else "convinced"

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return the probability that the label of each member is right.

        Parameters
        ----------
        features : array of shape (n_members, n_samples, n_features)
            As :func:`sklearn_irx.exchange.candidate_features` returns them.

        Returns
        -------
        probabilities : ndarray of shape (n_members, n_samples)
        """
        weights = np.array([self.coefficients[name] for name in FEATURES])
        log_odds = features @ weights + np.array(self.intercepts)[:, None]
        return np.exp(-np.logaddexp(0, -log_odds))


def rows_for_referee(
    y: np.ndarray, fraction: float | None, random_state: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to fit members on, and a held-out share for the referee.

    A `fraction` of None is for members that are fitted: then all rows are for the referee. `y` are
    labels.
    """
    if fraction is None:
        return np.array([], dtype=int), np.arange(len(y))
    _, numbers = np.unique(y, return_inverse=True)
    return hold_out(numbers, fraction, check_random_state(random_state))


def check_enough(n_texts: int) -> None:
    """Raise ValueError if there are too few texts for a referee."""
    if n_texts < LEAST_TEXTS:
        raise ValueError(
            f"rule={LEARNED!r} and {n_texts} texts to learn it from: give at least {LEAST_TEXTS} "
            "that no member is trained on, by validation_data of fit or a larger "
            "validation_fraction of more texts, or give rule='convinced'."
        )


def fit_referee(
    probabilities: np.ndarray, features: np.ndarray, y: np.ndarray, *, n_texts: int
) -> Referee:
    """Fit a referee on disputed documents, and compare it with the rule "convinced".

    It is a logistic regression with an L2 penalty over all pairs of a document and a member, whose
    target is whether the member's label is right. The strength of the penalty has the least log
    loss in cross-validation. Folds are of documents, always the same, and the comparison chooses
    the strength anew without each fold.

    Parameters
    ----------
    probabilities : array of shape (n_members, n_members, n_disputed, n_classes)
        What members predict from each other's rationales.
    features : array of shape (n_members, n_disputed, n_features)
        As :func:`sklearn_irx.exchange.candidate_features` returns them.
    y : array of shape (n_disputed,), dtype int
        Class numbers.
    n_texts : int
        Validation texts, with those on which the members agree.

    Returns
    -------
    referee : Referee
    """
    members = np.arange(len(probabilities))
    right = probabilities[members, members].argmax(axis=2) == y
    by_convinced = settle(probabilities).chosen
    n_decidable = int(right.any(axis=0).sum())
    figures: dict[str, Any] = {"n_texts": n_texts, "n_disputed": len(y), "n_decidable": n_decidable}
    if n_decidable < LEAST_TEXTS:
        share = _accuracy(right, by_convinced) if len(y) else None
        return Referee(**figures, accuracy_convinced=share)
    scores = np.empty(right.shape)
    folds = _folds(right)
    for fold in range(_N_FOLDS):
        out = folds == fold
        without = _fit(features[:, ~out], right[:, ~out], **figures)
        scores[:, out] = without.probabilities(features[:, out])
    return _fit(
        features,
        right,
        **figures,
        accuracy=_accuracy(right, settle_by(probabilities, scores, LEARNED).chosen),
        accuracy_convinced=_accuracy(right, by_convinced),
    )


def _fit(features: np.ndarray, right: np.ndarray, **figures: Any) -> Referee:
    n_members, n_documents = right.shape
    indicators = np.repeat(np.eye(n_members), n_documents, axis=0)
    pairs = np.hstack([features.reshape(len(indicators), -1), indicators])
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        {"logisticregression__C": _STRENGTHS},
        scoring="neg_log_loss",
        cv=PredefinedSplit(np.tile(_folds(right), n_members)),
    ).fit(pairs, right.ravel())
    scaler, model = (step for _, step in search.best_estimator_.steps)
    weights = model.coef_[0] / scaler.scale_
    intercepts = model.intercept_[0] - weights @ scaler.mean_ + weights[len(FEATURES) :]
    return Referee(
        **figures,
        C=search.best_params_["logisticregression__C"],
        coefficients=dict(zip(FEATURES, weights[: len(FEATURES)].tolist(), strict=True)),
        intercepts=tuple(intercepts.tolist()),
    )


def _folds(right: np.ndarray) -> np.ndarray:
    """Divide documents into folds that have equally many on which no member is right."""
    decidable = np.any(right, axis=0)
    order = np.random.RandomState(0).permutation(len(decidable))
    folds = np.empty(len(decidable), dtype=int)
    folds[order[np.argsort(decidable[order], kind="stable")]] = np.arange(len(order)) % _N_FOLDS
    return folds


def _accuracy(right: np.ndarray, chosen: np.ndarray) -> float:
    return float(right[chosen, np.arange(len(chosen))].mean())
