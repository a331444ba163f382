"""Any number of rationale models that exchange their rationales where they disagree."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import Bunch

from sklearn_irx._compat import BaseComposition, StrOptions, VisualBlock
from sklearn_irx._validation import check_members
from sklearn_irx.ensemble.base import ExchangingEnsemble
from sklearn_irx.exchange import LEARNED, RULES, Settlement, settle


class InteractiveCommittee(ExchangingEnsemble, BaseComposition):
    """Two or more models: where they disagree, each reads the rationales of all others.

    The committee keeps the rationale of one member for each document, and predicts from that
    rationale alone. The default keeps the one that convinces most members; for two members, this
    is Algorithm 1 as :class:`InteractiveEnsemble` runs it.

    Parameters
    ----------
    estimators : list of (str, SelectiveRationaleClassifier)
        The members and their names, two at least. A ``sklearn.frozen.FrozenEstimator`` around one
        is used as it is. The parameters of a member named "a" are set as ``a__lambda1``, the
        member itself as ``a``.
    rule : {"convinced", "mean", "product", "vote", "consensus", "auto", "learned"}, \
            default="convinced"
        Which rationale is kept where the members disagree. "convinced": the one from which most
        members predict the label of its owner. "mean" and "product": the one with the highest
        probability of that label, in the arithmetic or the geometric mean over members. "vote":
        that of a member with the label of highest mean probability, each member predicting from
        its own rationale. "consensus": the one whose mean probability over members is highest for
        any label; this mean is then the prediction, whatever its owner predicts. Ties go to the
        member most confident of its own prediction. "auto" takes that of these rules with the
        highest accuracy on `validation_data` of :meth:`fit`, the first named here of equal ones.
        :func:`sklearn_irx.exchange.settle` defines them all. "learned": that of the member whose
        label is most probably right, by a logistic regression on what all members say of all
        rationales, on the lengths of these, and on who the members are
        (:func:`sklearn_irx.exchange.candidate_features`). It is fitted on texts that no member
        learned from, see :meth:`fit`, and falls back to "convinced" unless it is right more often
        in cross-validation on them. Its probabilities only choose: the label, and what
        `predict_proba` returns, are those of the rationale's owner.
    calibration : {"temperature"} or None, default=None
        "temperature" divides the logits of each member by the number at which its predictions for
        `validation_data` of :meth:`fit`, from its own rationales, have the least log loss. So the
        confidence of members that were fitted without can be compared. The members themselves are
        not changed.
    prefit : "auto" or bool, default="auto"
        "auto" uses a fitted member as it is, and clones and fits one that is not. True demands
        fitted members, False clones and fits all.
    n_jobs : int or None, default=None
        Members fitted at the same time, in processes of their own that share the cores.
    validation_fraction : float, default=0.1
        Share of the texts given to :meth:`fit`, between 0 and 1, that ``rule="learned"`` holds out
        of each class if members are fitted and there is no `validation_data`.
    random_state : int, RandomState instance or None, default=None
        Seed of what is held out, and of nothing else: members have their own.

    Attributes
    ----------
    estimators_ : list of fitted classifiers
        The members in use.
    named_estimators_ : :class:`~sklearn.utils.Bunch`
        The same by name.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    rule_ : str
        The rule in use.
    rule_scores_ : dict of str to float
        With ``rule="auto"``, the accuracy of each rule on the validation data; else empty.
    referee_ : :class:`~sklearn_irx.ensemble.referee.Referee` or None
        With ``rule="learned"``, what was learned, on how many texts, and how often it and
        "convinced" are right on those that are disputed.
    calibration_temperatures_ : ndarray of shape (n_members,)
        The logits of each member are divided by these, beside its own calibration; 1 without
        calibration.
    cases_ : tuple of str
        All cases in which a document can be settled: "agree", the name of the rule, or
        "confidence", where that of the members decided between labels of equal score.

    See Also
    --------
    InteractiveEnsemble : Two members, and cases named as in the paper.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Algorithm 1.

    Examples
    --------
    >>> from sklearn.base import clone
    >>> from sklearn_irx import InteractiveCommittee, SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(500, n_words=40, random_state=0)
    >>> from sklearn_irx.components import CNN, Training
    >>> small = SelectiveRationaleClassifier(
    ...     training=Training(max_epochs=3), encoder=CNN(n_filters=20), random_state=0
    ... )
    >>> committee = InteractiveCommittee([
    ...     ("bayes", small),
    ...     ("logistic", clone(small).set_params(initialization="logistic")),
    ...     ("short", clone(small).set_params(rationale_length=3)),
    ... ]).fit(texts[:400], y[:400])
    >>> committee.score(texts[400:], y[400:]) > 0.9
    True
    >>> committee.get_params()["short__rationale_length"]
    3
    >>> sorted(set(committee.interact(texts[400:])["chosen"]) - set(committee.named_estimators_))
    []
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ExchangingEnsemble._parameter_constraints,
        "estimators": [list],
        "rule": [StrOptions({*RULES, LEARNED, "auto"})],
    }

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        *,
        rule: str = "convinced",
        calibration: str | None = None,
        prefit: bool | str = "auto",
        n_jobs: int | None = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.estimators = estimators
        self.rule = rule
        self.calibration = calibration
        self.prefit = prefit
        self.n_jobs = n_jobs
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    @property
    def cases_(self) -> tuple[str, ...]:
        """All cases in which a document can be settled, in the order in which they are tested."""
        return ("agree", self.rule_, "confidence")

    @property
    def named_estimators_(self) -> Bunch:
        """The members in use by name."""
        return Bunch(**dict(zip(self._names, self.estimators_, strict=True)))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, and those of the members by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the members and their parameters, too.

        Returns
        -------
        params : dict
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> Self:
        """Set parameters, members and parameters of members.

        Parameters
        ----------
        **params
            ``rule="mean"``; ``a=...`` for the member named "a"; ``a__lambda1=...`` for its
            parameters.

        Returns
        -------
        self : InteractiveCommittee
        """
        return self._set_params("estimators", **params)

    def _members(self) -> list[tuple[str, Any]]:
        check_members(self.estimators, reserved=self.get_params(deep=False))
        return self.estimators

    def _needing_validation(self) -> list[str]:
        return [*super()._needing_validation(), *(["rule='auto'"] if self.rule == "auto" else [])]

    def _prepare_decisions(self, validation: tuple[list[str], np.ndarray] | None) -> None:
        super()._prepare_decisions(validation)
        self.rule_scores_: dict[str, float] = {}
        if self.rule != "auto" or validation is None:
            return
        texts, y = validation
        probabilities = self.cross_predict_proba(texts)
        self.rule_scores_ = {
            rule: float(np.mean(settle(probabilities, rule).probabilities.argmax(axis=1) == y))
            for rule in RULES
        }
        self.rule_ = max(self.rule_scores_, key=self.rule_scores_.__getitem__)

    def _decide(self, probabilities: np.ndarray) -> Settlement:
        return settle(probabilities, self.rule_)

    def _sk_visual_block_(self) -> VisualBlock:
        names, members = zip(*self.estimators, strict=True)
        return VisualBlock("parallel", members, names=names)
