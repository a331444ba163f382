"""Base of the ensembles whose members exchange rationales."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._compat import Interval, StrOptions, fit_context
from sklearn_irx._validation import (
    check_known_classes,
    check_labels,
    check_sample_weight,
    check_texts,
    check_validation_data,
)
from sklearn_irx.classifier.base import is_used_as_is, needs_fit
from sklearn_irx.classifier.by_class import is_class_conditional
from sklearn_irx.classifier.calibration import CALIBRATIONS, at_temperature, fit_temperature
from sklearn_irx.classifier.rationale import Rationales
from sklearn_irx.classifier.trained import params_of_training
from sklearn_irx.ensemble.arrays import disputed_rows, features_of, stacked
from sklearn_irx.ensemble.members import (
    check_can_exchange,
    check_same_words,
    fit_members,
    tokenize_by_each,
)
from sklearn_irx.ensemble.pickling import PickledEnsemble
from sklearn_irx.ensemble.referee import Referee, check_enough, fit_referee, rows_for_referee
from sklearn_irx.ensemble.result import Exchange, check_target_of
from sklearn_irx.exchange import LEARNED, Settlement, settle_by
from sklearn_irx.text import Documents, TokenizedTexts
from sklearn_irx.text.annotations import check_rationales


class ExchangingEnsemble(PickledEnsemble):
    """Base of the ensembles: everything but the parameters and the decision.

    A subclass defines its `_members`, and in `_decide` how documents are settled.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "calibration": [StrOptions(set(CALIBRATIONS)), None],
        "prefit": ["boolean", StrOptions({"auto"})],
        "n_jobs": [int, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    rule: str
    calibration: str | None
    prefit: bool | str
    n_jobs: int | None
    validation_fraction: float
    random_state: Any
    classes_: np.ndarray
    estimators_: list[Any]
    rule_: str
    referee_: Referee | None
    calibration_temperatures_: np.ndarray
    _names: list[str]

    @property
    def cases_(self) -> tuple[str, ...]:
        """All cases in which a document can be settled."""
        raise NotImplementedError

    @property
    def _members_in_results(self) -> tuple[Any, ...]:
        """Names of the members in an `Exchange`."""
        return tuple(self._names)

    def _members(self) -> list[tuple[str, Any]]:
        """Check and return the members as parameters, with their names."""
        raise NotImplementedError

    def _needing_validation(self) -> list[str]:
        """Return the parameters that need documents no member was trained on."""
        return [] if self.calibration is None else [f"calibration={self.calibration!r}"]

    def _prepare_decisions(self, validation: tuple[list[str], np.ndarray] | None) -> None:
        """Calibrate the members and fit the referee on texts no member was trained on.

        They come with class numbers. A subclass also fits here what its `_decide` needs.
        """
        self.calibration_temperatures_ = np.ones(len(self.estimators_))
        if self.calibration is not None and validation is not None:
            texts, y = validation
            own, *_ = self._predict_own(self._look_up(self._tokenize(texts)))
            self.calibration_temperatures_[:] = [fit_temperature(one, y) for one in own]
        self.rule_, self.referee_ = self.rule, None
        if self.rule == LEARNED and validation is not None:
            texts, y = validation
            documents = self._look_up(self._tokenize(texts))
            own, masks, _ = self._predict_own(documents)
            disputed = disputed_rows(own)
            cross = self._predict_cross(documents, own, masks=masks, rows=disputed)
            features = features_of(cross, masks, documents[0], disputed)
            self.referee_ = fit_referee(cross, features, y[disputed], n_texts=len(y))
            self.rule_ = self.referee_.rule

    def _decide(self, probabilities: np.ndarray) -> Settlement:
        """Settle disputed documents, from predictions (reader, rationale, document, class)."""
        raise NotImplementedError

    def _settle(
        self, cross: np.ndarray, masks: np.ndarray, documents: Documents, rows: np.ndarray
    ) -> tuple[Settlement, np.ndarray | None]:
        """Settle the documents at `rows`, which `cross` is about, by the rule in use.

        Also return what the referee says, if it decides.
        """
        if self.rule_ == LEARNED and self.referee_ is not None:
            of_referee = self.referee_.probabilities(features_of(cross, masks, documents, rows))
            return settle_by(cross, of_referee, LEARNED), of_referee
        return self._decide(cross), None

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        rationales: Any = None,
        validation_data: tuple[Any, ...] | None = None,
    ) -> Self:
        """Fit the members that need it, and check that they can exchange rationales.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,), default=None
            Labels. Not needed if all members are used as they are.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each document counts when members are fitted.
        rationales : sequence of n_samples entries, or array of shape (n_samples, n_words) of bool
            Words that people marked, for members that are fitted, as
            :meth:`SelectiveRationaleClassifier.fit <sklearn_irx.SelectiveRationaleClassifier.fit>`
            takes them.
        validation_data : (texts, labels) or (texts, labels, rationales), default=None
            Documents that no member was or will be trained on, for the parameters that need them.
            Members that are fitted here also compare their epochs on them, in place of a part of
            `X`. With ``rule="learned"`` and None, they are a share of `X`, which is held out; if
            all members are used as they are, all of `X`: then give texts that no member was
            trained on.

        Raises
        ------
        ValueError
            If the members know different classes, read other numbers of words of a document, or
            split the documents into different words, all of which is found out before training;
            `y` has labels that fitted members do not know, `sample_weight` or `rationales` do not
            fit `X`, a parameter needs validation data, or there are too few for
            ``rule="learned"``.
        NotFittedError
            If ``prefit=True`` and a member is not fitted.
        TypeError
            If a member cannot read rationales, or as raised by the members.
        """
        texts = check_texts(X)
        members = self._members()
        check_can_exchange(members)
        as_is = [is_used_as_is(name, member, self.prefit) for name, member in members]
        holds_out = self.rule == LEARNED and validation_data is None
        if y is not None or holds_out or not all(as_is):
            y = check_labels(y, len(texts))
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, len(texts))
        marked = check_rationales(rationales, len(texts))
        known = {
            name: member.classes_ for (name, member), use in zip(members, as_is, strict=True) if use
        }
        classes = check_known_classes(known, y, exactly=not all(as_is))
        validation = self._check_validation(validation_data, classes)
        tried = {"X": texts, "validation_data[0]": validation[0] if validation else []}
        check_same_words(members, as_is, tried)
        if holds_out:
            fraction = None if all(as_is) else self.validation_fraction
            kept, held_out = rows_for_referee(y, fraction, self.random_state)
            validation_data = [texts[row] for row in held_out], y[held_out]
            if marked is not None:
                validation_data = *validation_data, marked.take(held_out)
                marked = marked.take(kept)
            validation = self._check_validation(validation_data, classes)
            texts, y = [texts[row] for row in kept], y[kept]
            sample_weight = None if sample_weight is None else sample_weight[kept]
        if self.rule == LEARNED and validation is not None:
            check_enough(len(validation[0]))
        unfitted = [
            clone(member) for (_, member), use in zip(members, as_is, strict=True) if not use
        ]
        fit_params: dict[str, Any] = {}
        if sample_weight is not None:
            fit_params["sample_weight"] = sample_weight
        if marked is not None:
            fit_params["rationales"] = marked
        if validation_data is not None and validation is not None:
            fit_params["validation_data"] = validation[0], *validation_data[1:]
        fitted = iter(fit_members(unfitted, texts, y, n_jobs=self.n_jobs, **fit_params))
        self.estimators_ = [
            member if use else next(fitted) for (_, member), use in zip(members, as_is, strict=True)
        ]
        self.classes_ = classes
        self._names = [name for name, _ in members]
        self._prepare_decisions(validation)
        self._trained_params = params_of_training(self)
        return self

    def exchange(self, X: Any, *, spans: bool = True, scores: bool = False) -> Exchange:
        """Exchange the rationales of documents on which the members disagree.

        Each member selects words once in each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        spans : bool, default=True
            Whether to keep where the words stand in the documents. If not, rationales take longer.
        scores : bool, default=False
            Whether to compute selection scores.

        Returns
        -------
        exchange : Exchange
            Predictions, cross-predictions, masks and cases; rationales are made when asked for.
        """
        tokenized = self._tokenize(X, spans=spans)
        documents = self._look_up(tokenized)
        own, masks, selection_scores = self._predict_own(documents, scores=scores)
        disputed = disputed_rows(own)
        cross = self._predict_cross(documents, own, masks=masks, rows=disputed)
        settlement, of_referee = self._settle(cross, masks, documents[0], disputed)
        n_samples = own.shape[1]
        chosen = np.zeros(n_samples, dtype=int)
        case = np.full(n_samples, "agree", dtype=np.array(self.cases_).dtype)
        probabilities = own[0].copy()
        chosen[disputed], case[disputed], probabilities[disputed] = settlement
        return Exchange(
            members=self._members_in_results,
            classes=self.classes_,
            cases=self.cases_,
            own_probabilities=own,
            masks=masks,
            disputed=disputed,
            cross_probabilities=cross,
            chosen=chosen,
            case=case,
            probabilities=probabilities,
            documents=tokenized[0],
            scores=selection_scores,
            class_conditional=tuple(map(is_class_conditional, self.estimators_)),
            of_referee=of_referee,
        )

    def interact(self, X: Any, *, as_frame: bool = False) -> Any:
        """Return the result of the exchange as columns.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        as_frame : bool, default=False
            Whether to return a ``pandas.DataFrame``.

        Returns
        -------
        columns : dict of ndarrays of shape (n_samples,), or DataFrame
            As :meth:`Exchange.to_dict <sklearn_irx.Exchange.to_dict>` returns them.
        """
        exchange = self.exchange(X, spans=False)
        return exchange.to_frame() if as_frame else exchange.to_dict()

    def predict(self, X: Any) -> np.ndarray:
        """Predict the label of each document, from the rationale that is kept alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            As they were given to `fit`.
        """
        return self.exchange(X, spans=False).labels

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the class probabilities, from the rationale that is kept alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.
        """
        return self.exchange(X, spans=False).probabilities

    def transform(self, X: Any) -> np.ndarray:
        """Return the rationales that are kept, as masks.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words, False past the end of a document.
        """
        exchange = self.exchange(X, spans=False)
        return exchange.kept(exchange.masks)

    def selection_scores(self, X: Any) -> np.ndarray:
        """Return the selection scores of the member whose rationale is kept.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        scores : ndarray of shape (n_samples, max_length), dtype float
            As :meth:`~sklearn_irx.SelectiveRationaleClassifier.selection_scores` of the members
            returns them.
        """
        exchange = self.exchange(X, spans=False, scores=True)
        assert exchange.scores is not None
        return exchange.kept(exchange.scores)

    def word_spans(self, X: Any) -> list[list[tuple[int, int]]]:
        """Return the character spans of the words that the members read in each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        spans : list of n_samples lists of (start, end)
        """
        return self._tokenize(X, spans=True)[0].spans or []

    def explain(self, X: Any, *, target: None = None) -> Rationales:
        """Return label, confidence, words and case of each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        target : None
            Words that support a class are those of one model: ask a member for them,
            ``estimators_[0].explain(X, target=...)``.

        Returns
        -------
        rationales : Rationales
            A list of n_samples :class:`~sklearn_irx.Rationale`, shown with marked words in a
            notebook.

        Raises
        ------
        ValueError
            If a `target` is given.
        """
        if target is not None:
            check_target_of(self, target)
        return self.exchange(X, scores=True).rationales

    def cross_predict_proba(self, X: Any) -> np.ndarray:
        """Predict all documents with every member from every rationale.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        probabilities : ndarray of shape (n_members, n_members, n_samples, n_classes)
            At ``[i, j]``, the prediction of member i from the rationale of member j. With i other
            than j, member i is a *second reader*: its accuracy shows what a model that did not
            select a rationale can predict from it. Columns as ``classes_``.
        """
        documents = self._look_up(self._tokenize(X))
        own, masks, _ = self._predict_own(documents)
        return self._predict_cross(documents, own, masks=masks, rows=np.arange(own.shape[1]))

    def _look_up(self, tokenized: list[TokenizedTexts]) -> list[Documents]:
        """Look up the words of the documents in the vocabulary of each member."""
        return [
            member.look_up(texts) for member, texts in zip(self.estimators_, tokenized, strict=True)
        ]

    def _predict_own(
        self, documents: list[Documents], *, scores: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return each member's predictions, rationales and, if asked for, selection scores."""
        wanted = {"scores": True} if scores else {}
        read = [
            member.predict_with_masks(own_ids, **wanted)
            for member, own_ids in zip(self.estimators_, documents, strict=True)
        ]
        return (
            np.stack([self._calibrated(i, own) for i, (own, *_) in enumerate(read)]),
            stacked([masks for _, masks, *_ in read], False),
            stacked([of_words for *_, of_words in read], np.nan) if scores else None,
        )

    def _predict_cross(
        self,
        documents: list[Documents],
        own: np.ndarray,
        *,
        masks: np.ndarray,
        rows: np.ndarray,
    ) -> np.ndarray:
        """Predict the documents at `rows` with each member from each rationale."""
        n_members, _, n_classes = own.shape
        cross = np.empty((n_members, n_members, len(rows), n_classes))
        for i, member in enumerate(self.estimators_):
            disputed = documents[i].take(rows)
            for j in range(n_members):
                if i == j:
                    cross[i, j] = own[i, rows]
                else:
                    found, _ = member.predict_with_masks(disputed, masks[j, rows])
                    cross[i, j] = self._calibrated(i, found)
        return cross

    def _calibrated(self, member: int, probabilities: np.ndarray) -> np.ndarray:
        return at_temperature(probabilities, self.calibration_temperatures_[member])

    def _split_alike(self) -> bool:
        """Return whether all members are sure to split every document into the same words."""
        first, *others = self.estimators_
        return all(first.has_same_words_as(other) for other in others)

    def _tokenize(self, X: Any, *, spans: bool = False) -> list[TokenizedTexts]:
        """Split the documents for each member: once if all are sure to split alike."""
        check_is_fitted(self)
        if self._split_alike():
            spans = spans or any(member.needs_offsets for member in self.estimators_)
            return [self.estimators_[0].tokenize(X, spans=spans)] * len(self.estimators_)
        return tokenize_by_each(self._names, self.estimators_, check_texts(X))

    def _check_validation(
        self, validation_data: tuple[Any, ...] | None, classes: np.ndarray
    ) -> tuple[list[str], np.ndarray] | None:
        if validation_data is not None:
            return check_validation_data(validation_data, classes)
        needing = self._needing_validation()
        if needing and self.rule != LEARNED:  # which holds some out
            raise ValueError(
                f"{' and '.join(needing)}, but validation_data=None: give fit "
                "validation_data=(texts, labels), documents that no member was trained on."
            )
        return None

    @property
    def _n_features_out(self) -> int:
        return max(member._max_length for member in self.estimators_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        try:
            members = self._members()
        except (TypeError, ValueError):  # no members: `fit` says so
            return tags
        tags.target_tags.required = self.rule == LEARNED or any(
            needs_fit(member, self.prefit) for _, member in members
        )
        return tags
