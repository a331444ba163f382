"""What ensembles have in common whose members read each other's rationales."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._compat import StrOptions, fit_context
from sklearn_irx._validation import (
    check_known_classes,
    check_labels,
    check_sample_weight,
    check_texts,
    check_validation_data,
)
from sklearn_irx.classifier.base import RationaleEstimator, is_used_as_is, needs_fit
from sklearn_irx.classifier.calibration import CALIBRATIONS, at_temperature, fit_temperature
from sklearn_irx.classifier.data import make_memory, make_tokenizer, tokenize
from sklearn_irx.classifier.estimator import SelectiveRationaleClassifier
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.components.training import TRAININGS
from sklearn_irx.exchange import Settlement
from sklearn_irx.text import TokenizedTexts

_METHODS_OF_MEMBERS = ("predict_with_masks", "tokenize", "has_same_words_as", "predict_proba")


@dataclass(frozen=True, eq=False)
class Exchange:
    """What members made of some documents, and what came of it.

    Attributes
    ----------
    own : ndarray of shape (n_members, n_samples, n_classes)
        Class probabilities of each member, from its own rationale.
    masks : ndarray of shape (n_members, n_samples, n_words), dtype bool
        Those rationales.
    disputed : ndarray of shape (n_disputed,), dtype int
        The documents on which the members disagree.
    readings : ndarray of shape (n_members, n_members, n_disputed, n_classes)
        For those, what member i says of the rationale of member j at ``[i, j]``.
    chosen, case, probabilities : ndarrays of n_samples entries
        As :class:`~sklearn_irx.exchange.Settlement` has them.
    scores : ndarray of shape (n_members, n_samples, n_words), dtype float, or None
        How much each word belongs to each rationale, if that was asked for.
    """

    own: np.ndarray
    masks: np.ndarray
    disputed: np.ndarray
    readings: np.ndarray
    chosen: np.ndarray
    case: np.ndarray
    probabilities: np.ndarray
    scores: np.ndarray | None = None


class ExchangingEnsemble(RationaleEstimator):
    """Base of the ensembles: everything but the parameters, the decision, and its table.

    A subclass says who its `_members` are, how documents are settled (`_decide`), and what
    `interact` tells of it (`_table`).
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "calibration": [StrOptions(set(CALIBRATIONS)), None],
        "prefit": ["boolean", StrOptions({"auto"})],
        "n_jobs": [int, None],
    }

    calibration: str | None
    prefit: bool | str
    n_jobs: int | None
    estimators_: list[Any]
    calibration_temperatures_: np.ndarray
    _names: list[str]

    @property
    def cases_(self) -> tuple[str, ...]:
        """What can happen to a document."""
        raise NotImplementedError

    def _members(self) -> list[tuple[str, Any]]:
        """Give the members as they were given, with their names, or say what is wrong."""
        raise NotImplementedError

    def _needing_validation(self) -> list[str]:
        """Name the parameters that ask for documents no member was trained on."""
        return [] if self.calibration is None else [f"calibration={self.calibration!r}"]

    def _prepare_decisions(self, validation: tuple[list[str], np.ndarray] | None) -> None:
        """Calibrate the members, from texts no member was trained on and class numbers.

        A subclass also learns here what its `_decide` needs.
        """
        self.calibration_temperatures_ = np.ones(len(self.estimators_))
        if self.calibration is not None and validation is not None:
            texts, y = validation
            own, *_ = self._read_own(self._tokenize(texts))
            self.calibration_temperatures_[:] = [fit_temperature(one, y) for one in own]

    def _decide(self, readings: np.ndarray) -> Settlement:
        """Settle disputed documents, from readings (reader, rationale, document, class)."""
        raise NotImplementedError

    def _table(self, exchange: Exchange) -> dict[str, np.ndarray]:
        """Tell what happened, one column a quantity."""
        raise NotImplementedError

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        validation_data: tuple[Any, Any] | None = None,
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
        validation_data : (sequence of str, array-like of labels), default=None
            Documents that no member was or will be trained on: what parameters that say so learn
            from. Members that are fitted here compare their epochs on them, too, in place of a
            part of `X`.

        Raises
        ------
        ValueError
            If the members know different classes or split the documents into different words,
            `y` has labels that fitted members do not know, `sample_weight` does not fit `X`, or a
            parameter needs validation data.
        NotFittedError
            If ``prefit=True`` and a member is not fitted.
        TypeError
            If a member cannot read rationales, or as raised by the members.
        """
        texts = check_texts(X)
        members = self._members()
        for name, member in members:
            if not all(hasattr(member, method) for method in _METHODS_OF_MEMBERS):
                raise TypeError(
                    f"{name}={member!r} cannot exchange rationales: give a "
                    "SelectiveRationaleClassifier."
                )
        as_is = [is_used_as_is(name, member, self.prefit) for name, member in members]
        if y is not None or not all(as_is):
            y = check_labels(y, len(texts))
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, len(texts))
        known = {
            name: member.classes_ for (name, member), use in zip(members, as_is, strict=True) if use
        }
        classes = check_known_classes(known, y, exactly=not all(as_is))
        validation = self._check_validation(validation_data, classes)
        unfitted = [
            clone(member) for (_, member), use in zip(members, as_is, strict=True) if not use
        ]
        fitted = iter(self._fit_members(unfitted, texts, y, sample_weight, validation, classes))
        self.estimators_ = [
            member if use else next(fitted) for (_, member), use in zip(members, as_is, strict=True)
        ]
        self.classes_ = classes
        self._names = [name for name, _ in members]
        if not self._split_alike():
            self._tokenize(texts)  # says where they split these texts differently
        self._prepare_decisions(validation)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the class probabilities, from the rationale that is kept alone.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.
        """
        return self._exchange(self._tokenize(X)).probabilities

    def transform(self, X: Any) -> np.ndarray:
        """Give the rationales that are kept, as masks.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words, False past the end of a document.
        """
        exchange = self._exchange(self._tokenize(X))
        return _kept(exchange, exchange.masks)

    def selection_scores(self, X: Any) -> np.ndarray:
        """Give how much each word belongs to the rationale that is kept, by the member it is of.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        scores : ndarray of shape (n_samples, max_length), dtype float
            As :meth:`~sklearn_irx.SelectiveRationaleClassifier.selection_scores` of the members
            gives them.
        """
        exchange = self._exchange(self._tokenize(X), scores=True)
        return _kept(exchange, exchange.scores)

    def word_spans(self, X: Any) -> list[list[tuple[int, int]]]:
        """Give the character spans of the words that the members read in each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        spans : list of n_samples lists of (start, end)
        """
        return self._tokenize(X, spans=True)[0].spans or []

    def explain(self, X: Any) -> list[Rationale]:
        """Give label, confidence, words and case of each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        rationales : list of n_samples Rationale
        """
        tokenized = self._tokenize(X, spans=True)
        exchange = self._exchange(tokenized, scores=True)
        rationales = self.estimators_[0].to_rationales(
            tokenized[0],
            exchange.probabilities,
            _kept(exchange, exchange.masks),
            _kept(exchange, exchange.scores),
        )
        return [
            replace(rationale, case=str(case))
            for rationale, case in zip(rationales, exchange.case, strict=True)
        ]

    def cross_predict_proba(self, X: Any) -> np.ndarray:
        """Let every member read every rationale, of all documents.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        probabilities : ndarray of shape (n_members, n_members, n_samples, n_classes)
            At ``[i, j]``, what member i says of the rationale of member j. With i other than j it
            is a *second reader*: its accuracy shows what a rationale says to a model that did not
            select it. Columns as ``classes_``.
        """
        tokenized = self._tokenize(X)
        own, masks, _ = self._read_own(tokenized)
        return self._read_all(tokenized, own, masks, np.arange(own.shape[1]))

    def _given(self, exchange: Exchange, reader: int, owner: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the labels that a member finds in another's rationales, and how sure it is.

        Where nothing was exchanged, the label is None and the confidence nan.
        """
        labels = np.full(len(exchange.case), None, dtype=object)
        confidence = np.full(len(exchange.case), np.nan)
        said = exchange.readings[reader, owner]
        labels[exchange.disputed] = self.classes_[said.argmax(axis=1)]
        confidence[exchange.disputed] = said.max(axis=1)
        return labels, confidence

    def _interact(self, X: Any, as_frame: bool) -> Any:
        happened = self._table(self._exchange(self._tokenize(X)))
        if not as_frame:
            return happened
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "as_frame=True needs pandas: pip install pandas, or use as_frame=False."
            ) from error
        return pd.DataFrame(happened)

    def _exchange(self, tokenized: list[TokenizedTexts], *, scores: bool = False) -> Exchange:
        """Let the members read and settle documents, tokenized for each of them."""
        own, masks, said = self._read_own(tokenized, scores=scores)
        labels = own.argmax(axis=2)
        disputed = np.flatnonzero((labels != labels[0]).any(axis=0))
        readings = self._read_all(tokenized, own, masks, disputed)
        n_samples = own.shape[1]
        chosen = np.zeros(n_samples, dtype=int)
        case = np.full(n_samples, "agree", dtype=np.array(self.cases_).dtype)
        probabilities = own[0].copy()
        chosen[disputed], case[disputed], probabilities[disputed] = self._decide(readings)
        return Exchange(own, masks, disputed, readings, chosen, case, probabilities, said)

    def _read_own(
        self, tokenized: list[TokenizedTexts], *, scores: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Give what each member says of its own rationales, those, and maybe scores of words."""
        wanted = {"scores": True} if scores else {}
        read = [
            member.predict_with_masks(texts, **wanted)
            for member, texts in zip(self.estimators_, tokenized, strict=True)
        ]
        return (
            np.stack([self._calibrated(i, said) for i, (said, *_) in enumerate(read)]),
            _stacked([masks for _, masks, *_ in read], False),
            _stacked([said for *_, said in read], np.nan) if scores else None,
        )

    def _read_all(
        self,
        tokenized: list[TokenizedTexts],
        own: np.ndarray,
        masks: np.ndarray,
        rows: np.ndarray,
    ) -> np.ndarray:
        """Give what each member says of each rationale of the documents at `rows`."""
        n_members, _, n_classes = own.shape
        readings = np.empty((n_members, n_members, len(rows), n_classes))
        for i, member in enumerate(self.estimators_):
            texts = tokenized[i].take(rows)
            for j in range(n_members):
                if i == j:
                    readings[i, j] = own[i, rows]
                else:
                    said = member.predict_proba(texts, masks=masks[j, rows])
                    readings[i, j] = self._calibrated(i, said)
        return readings

    def _calibrated(self, member: int, probabilities: np.ndarray) -> np.ndarray:
        return at_temperature(probabilities, self.calibration_temperatures_[member])

    def _split_alike(self) -> bool:
        """Tell whether all members surely split every document into the same words."""
        first, *others = self.estimators_
        return all(first.has_same_words_as(other) for other in others)

    def _tokenize(self, X: Any, *, spans: bool = False) -> list[TokenizedTexts]:
        """Split the documents for each member: once if all surely split alike."""
        check_is_fitted(self)
        if self._split_alike():
            return [self.estimators_[0].tokenize(X, spans=spans)] * len(self.estimators_)
        texts = check_texts(X)
        tokenized = [member.tokenize(texts, spans=True) for member in self.estimators_]
        first_name, *names = self._names
        for name, other in zip(names, tokenized[1:], strict=True):
            for row, (spans_1, spans_2) in enumerate(
                zip(tokenized[0].spans, other.spans, strict=True)
            ):
                if spans_1 != spans_2:
                    raise ValueError(
                        f"{first_name} and {name} split X[{row}] into different words "
                        f"({len(spans_1)} and {len(spans_2)}), so neither can read the other's "
                        "rationale: give both the same tokenizer and max_length."
                    )
        return tokenized

    def _check_validation(
        self, validation_data: tuple[Any, Any] | None, classes: np.ndarray
    ) -> tuple[list[str], np.ndarray] | None:
        if validation_data is not None:
            return check_validation_data(validation_data, classes)
        needing = self._needing_validation()
        if needing:
            raise ValueError(
                f"{' and '.join(needing)}, but validation_data=None: give fit "
                "validation_data=(texts, labels), documents that no member was trained on."
            )
        return None

    def _fit_members(
        self,
        unfitted: list[Any],
        texts: list[str],
        y: np.ndarray | None,
        sample_weight: np.ndarray | None,
        validation: tuple[list[str], np.ndarray] | None,
        classes: np.ndarray,
    ) -> list[Any]:
        given = _tokenized(unfitted, texts) if self.n_jobs in (None, 1) else texts
        more: dict[str, Any] = {}
        if sample_weight is not None:
            more["sample_weight"] = sample_weight
        if validation is not None:
            more["validation_data"] = (validation[0], classes[validation[1]])
        return Parallel(n_jobs=self.n_jobs)(
            delayed(_fit)(member, given, y, more) for member in unfitted
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        try:
            members = self._members()
        except (TypeError, ValueError):  # no members: `fit` says so
            return tags
        tags.target_tags.required = any(needs_fit(member, self.prefit) for _, member in members)
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "estimators_" in state:
            # Members that are used as they were given are saved once. None stands for these.
            given = self.get_params()
            members = [
                None if given.get(name) is member else member
                for name, member in zip(self._names, self.estimators_, strict=True)
            ]
            state = {**state, "estimators_": members}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "estimators_" in state:
            given = self.get_params()
            self.estimators_ = [
                given[name] if member is None else member
                for name, member in zip(self._names, state["estimators_"], strict=True)
            ]


def _kept(exchange: Exchange, of_members: Any) -> np.ndarray:
    """Give the rows (member, document, ...) of the members that are kept."""
    kept: np.ndarray = of_members[exchange.chosen, np.arange(len(exchange.chosen))]
    return kept


def _stacked(arrays: list[np.ndarray], padding: bool | float) -> np.ndarray:
    """Stack arrays (n_samples, n_words) of all members, made as wide as the widest."""
    width = max(array.shape[1] for array in arrays)
    return np.stack(
        [
            np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=padding)
            for array in arrays
        ]
    )


def _tokenized(members: list[Any], texts: list[str]) -> list[str] | TokenizedTexts:
    """Tokenize texts for members to be fitted that will split them alike, else leave them."""
    if len(members) < 2 or not all(isinstance(m, SelectiveRationaleClassifier) for m in members):
        return texts
    one, *others = members
    if any(_reads_by(one) != _reads_by(other) for other in others):
        return texts
    one._validate_params()
    tokenizer, n_words = _reads_by(one)
    return tokenize(texts, tokenizer, n_words, memory=make_memory(one.memory))


def _reads_by(member: SelectiveRationaleClassifier) -> tuple[Any, int]:
    settings = TRAININGS.make(member.training)
    return make_tokenizer(member.tokenizer), settings.n_words(member.max_length)


def _fit(
    member: Any, texts: list[str] | TokenizedTexts, y: np.ndarray, more: dict[str, Any]
) -> Any:
    return member.fit(texts, y, **more)
