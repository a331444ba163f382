"""Two rationale models that exchange their rationales where they disagree."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from sklearn_irx.ensemble.base import Exchange, ExchangingEnsemble
from sklearn_irx.exchange import CASES, Settlement, chosen, decide


class InteractiveEnsemble(ExchangingEnsemble):
    """Two models: where they disagree, each reads the other's rationale (Algorithm 1).

    The ensemble keeps the rationale that changes the other model's mind, and the prediction made
    from it; if neither or both do, those of the model that is more confident. So it returns
    one rationale a document and a prediction made from that rationale alone.

    Parameters
    ----------
    est1, est2 : SelectiveRationaleClassifier
        The members. A ``sklearn.frozen.FrozenEstimator`` around one is used as it is.
    calibration : {"temperature"} or None, default=None
        "temperature" divides the logits of each member, whatever it reads, by the number at which
        `validation_data` of :meth:`fit`, read by its own rationales, have the least log loss. So
        members that were fitted without can be compared by confidence; they themselves are not
        changed.
    prefit : "auto" or bool, default="auto"
        "auto" uses a fitted member as it is, and clones and fits one that is not. True demands
        fitted members, False clones and fits both.
    n_jobs : int or None, default=None
        Members fitted at the same time, in processes of their own that share the cores.

    Attributes
    ----------
    estimators_ : list of two fitted classifiers
        The members in use.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    calibration_temperatures_ : ndarray of shape (n_members,)
        What the logits of each member are divided by, beside its own calibration; 1 without
        calibration.
    cases_ : tuple of str
        What can happen to a document, as ``case`` tells it.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Algorithm 1.

    Examples
    --------
    >>> from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> both = InteractiveEnsemble(
    ...     SelectiveRationaleClassifier(max_epochs=2, random_state=0),
    ...     SelectiveRationaleClassifier(max_epochs=2, hidden_size=120, random_state=1),
    ... ).fit(texts[:500], y[:500])
    >>> both.score(texts[500:], y[500:]) > 0.9
    True
    >>> sorted(both.interact(texts[500:]))[:3]
    ['case', 'chosen', 'confidence']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ExchangingEnsemble._parameter_constraints,
        "est1": "no_validation",
        "est2": "no_validation",
    }

    def __init__(
        self,
        est1: Any,
        est2: Any,
        *,
        calibration: str | None = None,
        prefit: bool | str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.est1 = est1
        self.est2 = est2
        self.calibration = calibration
        self.prefit = prefit
        self.n_jobs = n_jobs

    def interact(self, X: Any, *, as_frame: bool = False) -> Any:
        """Tell what happened to each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        as_frame : bool, default=False
            Whether to return a ``pandas.DataFrame``.

        Returns
        -------
        happened : dict of ndarrays of shape (n_samples,), or DataFrame
            ``label_1`` and ``label_2``, what each member says of its own rationale;
            ``label_1_given_2`` and ``label_2_given_1``, what it says of the other's, None where
            the members agree and nothing was exchanged; ``confidence_1``, ``confidence_2``,
            ``confidence_1_given_2`` and ``confidence_2_given_1``, the probability each gives that
            label, nan where nothing was exchanged; ``confidence``, that of the outcome; ``case``,
            as :func:`sklearn_irx.exchange.decide` names it; ``chosen``, the member kept, 1 or 2;
            ``label``, the outcome.
        """
        return self._interact(X, as_frame)

    @property
    def cases_(self) -> tuple[str, ...]:
        """What can happen to a document, in the order in which Algorithm 1 asks for it."""
        return CASES

    def _members(self) -> list[tuple[str, Any]]:
        return [("est1", self.est1), ("est2", self.est2)]

    def _decide(self, readings: np.ndarray) -> Settlement:
        labels, confidence = readings.argmax(axis=3), readings.max(axis=3)
        case = decide(
            labels[0, 0], labels[1, 1], labels[0, 1], labels[1, 0], confidence[0, 0],
            confidence[1, 1],
        )  # fmt: skip
        kept = chosen(case) - 1
        return Settlement(kept, case, readings[kept, kept, np.arange(len(kept))])

    def _table(self, exchange: Exchange) -> dict[str, np.ndarray]:
        label_1, label_2 = self.classes_[exchange.own.argmax(axis=2)]
        confidence_1, confidence_2 = exchange.own.max(axis=2)
        label_1_given_2, confidence_1_given_2 = self._given(exchange, 0, 1)
        label_2_given_1, confidence_2_given_1 = self._given(exchange, 1, 0)
        return {
            "label_1": label_1,
            "label_2": label_2,
            "label_1_given_2": label_1_given_2,
            "label_2_given_1": label_2_given_1,
            "confidence_1": confidence_1,
            "confidence_2": confidence_2,
            "confidence_1_given_2": confidence_1_given_2,
            "confidence_2_given_1": confidence_2_given_1,
            "confidence": exchange.probabilities.max(axis=1),
            "case": exchange.case,
            "chosen": exchange.chosen + 1,
            "label": self.classes_[exchange.probabilities.argmax(axis=1)],
        }
