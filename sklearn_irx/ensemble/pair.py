"""Two rationale models that exchange their rationales where they disagree."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from sklearn_irx._compat import StrOptions
from sklearn_irx.ensemble.base import ExchangingEnsemble
from sklearn_irx.exchange import CASES, LEARNED, Settlement, chosen, decide


class InteractiveEnsemble(ExchangingEnsemble):
    """Two models: where they disagree, each reads the other's rationale (Algorithm 1).

    The ensemble keeps the rationale from which the other model predicts the same label; if neither
    or both have this effect, that of the more confident model. So it returns one rationale a
    document, and a prediction made from that rationale alone.

    Parameters
    ----------
    est1, est2 : SelectiveRationaleClassifier
        The members. A ``sklearn.frozen.FrozenEstimator`` around one is used as it is.
    rule : {"convinced", "learned"}, default="convinced"
        "convinced" is Algorithm 1. "learned" keeps the rationale of the member that is likelier to
        be right, by a logistic regression on what both say, fitted on texts that neither learned
        from: see `rule` of :class:`InteractiveCommittee`, and `fit` for which texts these are. It
        falls back to "convinced" unless it is right more often.
    calibration : {"temperature"} or None, default=None
        "temperature" divides the logits of each member by the number at which its predictions for
        `validation_data` of :meth:`fit`, from its own rationales, have the least log loss. So the
        confidence of members that were fitted without can be compared. The members themselves are
        not changed.
    prefit : "auto" or bool, default="auto"
        "auto" uses a fitted member as it is, and clones and fits one that is not. True demands
        fitted members, False clones and fits both.
    n_jobs : int or None, default=None
        Members fitted at the same time, in processes of their own that share the cores.
    validation_fraction : float, default=0.1
        Share of the texts given to :meth:`fit`, between 0 and 1, that ``rule="learned"`` holds out
        of each class if members are fitted and there is no `validation_data`.
    random_state : int, RandomState instance or None, default=None
        Seed of what is held out, and of nothing else: members have their own.

    Attributes
    ----------
    estimators_ : list of two fitted classifiers
        The members in use.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    rule_ : str
        The rule in use.
    referee_ : :class:`~sklearn_irx.ensemble.referee.Referee` or None
        With ``rule="learned"``, what was learned, on how many texts, and how often it and
        "convinced" are right on those that are disputed.
    calibration_temperatures_ : ndarray of shape (n_members,)
        The logits of each member are divided by these, beside its own calibration; 1 without
        calibration.
    cases_ : tuple of str
        All cases in which a document can be settled: those of Algorithm 1; with the rule "learned"
        in use, "agree", "learned" and "confidence", as of a committee.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Algorithm 1.

    Examples
    --------
    >>> from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> both = InteractiveEnsemble(
    ...     SelectiveRationaleClassifier(training=Training(max_epochs=2), random_state=0),
    ...     SelectiveRationaleClassifier(training=Training(max_epochs=2), random_state=1),
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
        "rule": [StrOptions({"convinced", LEARNED})],
    }

    def __init__(
        self,
        est1: Any,
        est2: Any,
        *,
        rule: str = "convinced",
        calibration: str | None = None,
        prefit: bool | str = "auto",
        n_jobs: int | None = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.est1 = est1
        self.est2 = est2
        self.rule = rule
        self.calibration = calibration
        self.prefit = prefit
        self.n_jobs = n_jobs
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    @property
    def cases_(self) -> tuple[str, ...]:
        """All cases in which a document can be settled, in the order in which they are tested."""
        if getattr(self, "rule_", "convinced") == LEARNED:
            return ("agree", LEARNED, "confidence")
        return CASES

    @property
    def _members_in_results(self) -> tuple[int, ...]:
        return (1, 2)

    def _members(self) -> list[tuple[str, Any]]:
        return [("est1", self.est1), ("est2", self.est2)]

    def _decide(self, probabilities: np.ndarray) -> Settlement:
        labels, confidence = probabilities.argmax(axis=3), probabilities.max(axis=3)
        case = decide(
            label_1=labels[0, 0],
            label_2=labels[1, 1],
            label_1_given_2=labels[0, 1],
            label_2_given_1=labels[1, 0],
            confidence_1=confidence[0, 0],
            confidence_2=confidence[1, 1],
        )
        kept = chosen(case) - 1
        return Settlement(kept, case, probabilities[kept, kept, np.arange(len(kept))])
