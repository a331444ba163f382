"""Two rationale models that exchange their rationales where they disagree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_irx import exchange
from sklearn_irx._base import RationaleEstimator
from sklearn_irx._classifier import SelectiveRationaleClassifier
from sklearn_irx._compat import StrOptions, fit_context
from sklearn_irx._rationale import Rationale
from sklearn_irx._training_data import make_memory, make_tokenizer, tokenize
from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.text import TokenizedTexts

_METHODS_OF_MEMBERS = ("read", "tokenize", "splits_like", "predict_proba")
_UNREAD = -1  # class number where a rationale was not read by the other model


class InteractiveEnsemble(RationaleEstimator):
    """Two models: where they disagree, each reads the other's rationale (Algorithm 1).

    The ensemble keeps the rationale that changes the other model's mind, and the prediction made
    from it; if neither or both do, those of the model that is more confident. So it returns
    one rationale a document and a prediction made from that rationale alone.

    Parameters
    ----------
    est1, est2 : SelectiveRationaleClassifier
        The members. A ``sklearn.frozen.FrozenEstimator`` around one is used as it is.
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
    ['case', 'chosen', 'confidence_1']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "est1": "no_validation",
        "est2": "no_validation",
        "prefit": ["boolean", StrOptions({"auto"})],
        "n_jobs": [int, None],
    }

    def __init__(
        self, est1: Any, est2: Any, *, prefit: bool | str = "auto", n_jobs: int | None = None
    ) -> None:
        self.est1 = est1
        self.est2 = est2
        self.prefit = prefit
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the members that need it, and check that they can exchange rationales.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,), default=None
            Labels. Not needed if both members are used as they are.

        Raises
        ------
        ValueError
            If the members know different classes or split the documents into different words, or
            `y` has labels that fitted members do not know.
        NotFittedError
            If ``prefit=True`` and a member is not fitted.
        TypeError
            If a member cannot read rationales, or as raised by the members.
        """
        texts = check_texts(X)
        members = [("est1", self.est1), ("est2", self.est2)]
        for name, member in members:
            if not all(hasattr(member, method) for method in _METHODS_OF_MEMBERS):
                raise TypeError(
                    f"{name}={member!r} cannot exchange rationales: give a "
                    "SelectiveRationaleClassifier."
                )
        use = [self._use_as_is(name, member) for name, member in members]
        if y is not None or not all(use):
            y = check_labels(y, len(texts))
        unfitted = [
            clone(member) for (_, member), as_is in zip(members, use, strict=True) if not as_is
        ]
        given = _tokenized(unfitted, texts) if self.n_jobs in (None, 1) else texts
        fitted = iter(
            Parallel(n_jobs=self.n_jobs)(delayed(_fit)(member, given, y) for member in unfitted)
        )
        self.estimators_ = [
            member if as_is else next(fitted)
            for (_, member), as_is in zip(members, use, strict=True)
        ]
        self._check_classes(y)
        if not self.estimators_[0].splits_like(self.estimators_[1]):
            self._tokenize(texts)  # says where they split these texts differently
        self.classes_ = self.estimators_[0].classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the class probabilities of the member that was kept, from the rationale kept.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns as ``classes_``.
        """
        return self._settle(*self._tokenize(X))[0]

    def transform(self, X: Any) -> np.ndarray:
        """Give the rationales that Algorithm 1 keeps, as masks.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words, False past the end of a document.
        """
        return self._settle(*self._tokenize(X))[1]

    def explain(self, X: Any) -> list[Rationale]:
        """Give label, confidence, words and case of Algorithm 1 of each document.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        rationales : list of n_samples Rationale
        """
        tokenized = self._tokenize(X, spans=True)
        probabilities, masks, happened = self._settle(*tokenized)
        rationales = self.estimators_[0].to_rationales(tokenized[0], probabilities, masks)
        return [
            replace(rationale, case=str(case))
            for rationale, case in zip(rationales, happened["case"], strict=True)
        ]

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
            the members agree and nothing was exchanged; ``confidence_1`` and ``confidence_2``,
            the probability each gives its label; ``case``, as
            :func:`sklearn_irx.exchange.decide` names it; ``chosen``, the member kept, 1 or 2;
            ``label``, the outcome.
        """
        happened = self._settle(*self._tokenize(X))[2]
        if not as_frame:
            return happened
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "as_frame=True needs pandas: pip install pandas, or use as_frame=False."
            ) from error
        return pd.DataFrame(happened)

    def _tokenize(self, X: Any, *, spans: bool = False) -> tuple[TokenizedTexts, TokenizedTexts]:
        """Split the documents for both members: once if they surely split alike."""
        check_is_fitted(self)
        one, two = self.estimators_
        if one.splits_like(two):
            tokenized = one.tokenize(X, spans=spans)
            return tokenized, tokenized
        texts = check_texts(X)
        first, second = one.tokenize(texts, spans=True), two.tokenize(texts, spans=True)
        for row, (spans_1, spans_2) in enumerate(zip(first.spans, second.spans, strict=True)):
            if spans_1 != spans_2:
                raise ValueError(
                    f"est1 and est2 split X[{row}] into different words ({len(spans_1)} and "
                    f"{len(spans_2)}), so neither can read the other's rationale: give both the "
                    "same tokenizer and max_length."
                )
        return first, second

    def _settle(
        self, first: TokenizedTexts, second: TokenizedTexts
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Run Algorithm 1: probabilities and masks that are kept, and what happened.

        `first` and `second` are the same documents, tokenized for each member.
        """
        one, two = self.estimators_
        (proba_1, mask_1), (proba_2, mask_2) = one.read(first), two.read(second)
        number_1, number_2 = proba_1.argmax(axis=1), proba_2.argmax(axis=1)
        disputed = np.flatnonzero(number_1 != number_2)
        one_given_two, two_given_one = (np.full(len(first), _UNREAD) for _ in range(2))
        if len(disputed):
            for reader, tokenized, mask, numbers in (
                (one, first, mask_2, one_given_two),
                (two, second, mask_1, two_given_one),
            ):
                read = reader.predict_proba(tokenized.take(disputed), masks=mask[disputed])
                numbers[disputed] = read.argmax(axis=1)
        confidence_1, confidence_2 = proba_1.max(axis=1), proba_2.max(axis=1)
        case = exchange.decide(
            number_1, number_2, one_given_two, two_given_one, confidence_1, confidence_2
        )
        chosen = exchange.chosen(case)
        is_first = (chosen == 1)[:, None]
        probabilities = np.where(is_first, proba_1, proba_2)
        width = max(mask_1.shape[1], mask_2.shape[1])
        masks = np.where(
            is_first, *(np.pad(m, ((0, 0), (0, width - m.shape[1]))) for m in (mask_1, mask_2))
        )
        happened = {
            "label_1": self.classes_[number_1],
            "label_2": self.classes_[number_2],
            "label_1_given_2": self._labels_or_none(one_given_two),
            "label_2_given_1": self._labels_or_none(two_given_one),
            "confidence_1": confidence_1,
            "confidence_2": confidence_2,
            "case": case,
            "chosen": chosen,
            "label": self.classes_[probabilities.argmax(axis=1)],
        }
        return probabilities, masks, happened

    def _labels_or_none(self, numbers: np.ndarray) -> np.ndarray:
        labels = self.classes_[numbers].astype(object)
        labels[numbers == _UNREAD] = None
        return labels

    def _use_as_is(self, name: str, member: Any) -> bool:
        if self.prefit is False:
            return False
        try:
            check_is_fitted(member)
        except NotFittedError:
            if self.prefit is True:
                raise NotFittedError(
                    f"{name} is not fitted, and prefit=True: fit it first, or use prefit='auto'."
                ) from None
            return False
        return True

    def _check_classes(self, y: np.ndarray | None) -> None:
        known_1, known_2 = (member.classes_ for member in self.estimators_)
        if not np.array_equal(known_1, known_2):
            raise ValueError(
                f"est1 knows the classes {known_1.tolist()} and est2 {known_2.tolist()}: fit both "
                "on the same labels."
            )
        strange = set() if y is None else set(y.tolist()) - set(known_1.tolist())
        if strange:
            raise ValueError(
                f"y has labels {sorted(map(str, strange))} that the fitted members do not know: "
                f"give some of {known_1.tolist()}, or refit with prefit=False."
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimators_")


def _tokenized(members: list[Any], texts: list[str]) -> list[str] | TokenizedTexts:
    """Tokenize texts for two members to be fitted that will split them alike, else leave them."""
    if len(members) < 2 or not all(isinstance(m, SelectiveRationaleClassifier) for m in members):
        return texts
    one, two = members
    tokenizer = make_tokenizer(one.tokenizer)
    if (tokenizer, one.max_length) != (make_tokenizer(two.tokenizer), two.max_length):
        return texts
    one._validate_params()
    return tokenize(texts, tokenizer, one.max_length, make_memory(one.memory))


def _fit(member: Any, texts: list[str] | TokenizedTexts, y: np.ndarray) -> Any:
    return member.fit(texts, y)
