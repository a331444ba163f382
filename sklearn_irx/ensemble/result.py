"""The result of an exchange of rationales, for all documents and for one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from numbers import Integral
from typing import Any, NamedTuple, overload

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._pipelines import check_has_rationales, final_estimator, seen_by_final
from sklearn_irx.classifier.by_class import is_class_conditional
from sklearn_irx.classifier.classwise import ClasswiseDocuments, check_target
from sklearn_irx.classifier.rationale import Rationale, Rationales, plain
from sklearn_irx.classifier.sides import SidedDocuments
from sklearn_irx.exchange import CASES
from sklearn_irx.text import TokenizedTexts


class CrossPrediction(NamedTuple):
    """The prediction of one member from the rationale of another.

    Attributes
    ----------
    label : object
        The class predicted.
    confidence : float
        Its probability, between 0 and 1.
    """

    label: Any
    confidence: float


@dataclass(frozen=True, eq=False, repr=False)
class ExchangedDocument:
    """The exchange about one document, as ``exchange[row]`` returns it.

    Attributes
    ----------
    rationale : Rationale
        The rationale kept, with the final label and the case.
    members : dict of name to Rationale
        The rationale of each member, with the label that the member predicts from it.
    chosen : str or int
        Name of the member whose rationale is kept.
    cross_predictions : dict of (name, name) to CrossPrediction
        Predictions by (reader, owner of the rationale); empty where the members agree.
    """

    rationale: Rationale
    members: dict[Any, Rationale]
    chosen: Any
    cross_predictions: dict[tuple[Any, Any], CrossPrediction]

    def __repr__(self) -> str:
        return f"<ExchangedDocument, chosen={self.chosen!r}: {self.rationale!r}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the exchange as plain values of Python, ready for JSON.

        Returns
        -------
        values : dict
            ``rationale``, by :meth:`Rationale.to_dict <sklearn_irx.Rationale.to_dict>`; ``chosen``;
            ``members``, a list of such dicts with a ``name`` each; ``cross_predictions``, a list of
            dicts of ``reader``, ``owner``, ``label`` and ``confidence``.
        """
        return {
            "rationale": self.rationale.to_dict(),
            "chosen": self.chosen,
            "members": [{"name": name, **one.to_dict()} for name, one in self.members.items()],
            "cross_predictions": [
                {
                    "reader": reader,
                    "owner": owner,
                    "label": plain(found.label),
                    "confidence": float(found.confidence),
                }
                for (reader, owner), found in self.cross_predictions.items()
            ],
        }


@dataclass(frozen=True, eq=False, repr=False)
class Exchange:
    """The result of an exchange of rationales between the members of an ensemble.

    ``exchange[3]`` is the :class:`ExchangedDocument` of one document; a slice, a mask or an array
    of rows selects documents and returns an `Exchange`.

    Attributes
    ----------
    members : tuple of n_members str or int
        Names of the members: those of a committee, or 1 and 2; "model" for a single model.
    classes : ndarray of shape (n_classes,)
        The labels.
    cases : tuple of str
        All cases, in the order in which they are tested.
    own_probabilities : ndarray of shape (n_members, n_samples, n_classes)
        Prediction of each member from its own rationale.
    masks : ndarray of shape (n_members, n_samples, n_words), dtype bool
        Rationale of each member.
    disputed : ndarray of shape (n_disputed,), dtype int
        Rows of the documents on which the members disagree.
    cross_probabilities : ndarray of shape (n_members, n_members, n_disputed, n_classes)
        For these, the prediction of member i from the rationale of member j at ``[i, j]``.
    chosen : ndarray of shape (n_samples,), dtype int
        The member whose rationale is kept, counted from 0 (`to_dict` has its name).
    case : ndarray of shape (n_samples,), dtype str
        How each document was settled, one of `cases`; None for a single model, which has none.
    probabilities : ndarray of shape (n_samples, n_classes)
        Final prediction, from the rationale kept alone.
    documents : TokenizedTexts or None
        The documents and their words; without them there are no rationales.
    scores : ndarray of shape (n_members, n_samples, n_words), dtype float, or None
        Selection scores of each member, if asked for.
    class_conditional : tuple of n_members bool, or ()
        Whether each member chooses its words to support the class that it predicts from the whole
        text; its rationales say so. Empty for no member.
    of_referee : ndarray of shape (n_members, n_disputed), or None
        With the rule "learned", its probability that the label of each member is right, for the
        disputed documents. `probabilities` are those of the owner of the rationale all the same.

    Examples
    --------
    >>> from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> from sklearn_irx.components import CNN, Training
    >>> small = {"training": Training(max_epochs=1), "encoder": CNN((3,), n_filters=4)}
    >>> both = InteractiveEnsemble(
    ...     SelectiveRationaleClassifier(**small, random_state=0),
    ...     SelectiveRationaleClassifier(**small, initialization="logistic", random_state=1),
    ... ).fit(texts[:150], y[:150])
    >>> exchange = both.exchange(texts[150:])
    >>> len(exchange), exchange.members
    (50, (1, 2))
    >>> document = exchange[0]
    >>> document.members[document.chosen].words == document.rationale.words
    True
    """

    members: tuple[Any, ...]
    classes: np.ndarray
    cases: tuple[str, ...]
    own_probabilities: np.ndarray
    masks: np.ndarray
    disputed: np.ndarray
    cross_probabilities: np.ndarray
    chosen: np.ndarray
    case: np.ndarray
    probabilities: np.ndarray
    documents: TokenizedTexts | None = None
    scores: np.ndarray | None = None
    class_conditional: tuple[bool, ...] = ()
    of_referee: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.chosen)

    def __repr__(self) -> str:
        return f"<Exchange about {len(self):,} documents, {len(self.disputed):,} of them disputed>"

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Integral):
            return self._document(range(len(self))[int(key)])
        rows = np.arange(len(self))[key]
        places = np.full(len(self), -1)
        places[self.disputed] = np.arange(len(self.disputed))
        disputed = np.flatnonzero(places[rows] >= 0)
        places = places[rows][disputed]
        return replace(
            self,
            own_probabilities=self.own_probabilities[:, rows],
            masks=self.masks[:, rows],
            disputed=disputed,
            cross_probabilities=self.cross_probabilities[:, :, places],
            chosen=self.chosen[rows],
            case=self.case[rows],
            probabilities=self.probabilities[rows],
            documents=None if self.documents is None else self.documents.take(rows),
            scores=None if self.scores is None else self.scores[:, rows],
            of_referee=None if self.of_referee is None else self.of_referee[:, places],
        )

    def __iter__(self) -> Iterator[ExchangedDocument]:
        return map(self._document, range(len(self)))

    @property
    def labels(self) -> np.ndarray:
        """The final label of each document, (n_samples,)."""
        return self.classes[self.probabilities.argmax(axis=1)]

    @property
    def own_labels(self) -> np.ndarray:
        """The label that each member predicts from its own rationale, (n_members, n_samples)."""
        return self.classes[self.own_probabilities.argmax(axis=2)]

    def kept(self, of_members: np.ndarray) -> np.ndarray:
        """Select the rows (n_samples, ...) of the members kept from (n_members, n_samples, ...)."""
        kept: np.ndarray = of_members[self.chosen, np.arange(len(self))]
        return kept

    @cached_property
    def rationales(self) -> Rationales:
        """The rationale kept of each document, with its case."""
        return Rationales(self._kept_rationale(row) for row in range(len(self)))

    def rationales_of(self, member: Any) -> Rationales:
        """Return the rationale that a member selects in each document, with its own label."""
        number = self.members.index(member)
        return Rationales(self._rationale(number, row) for row in range(len(self)))

    def to_dict(self) -> dict[str, np.ndarray]:
        """Return one column a quantity.

        Returns
        -------
        columns : dict of ndarrays of shape (n_samples,)
            For each member, 1 and 2 or its name in a committee: ``label_<name>``, its prediction
            from its own rationale, and ``confidence_<name>``, the probability of that label. For
            every two members, ``label_<reader>_given_<owner>`` and
            ``confidence_<reader>_given_<owner>``, the prediction of one from the rationale of the
            other; None and nan where all agree. Of a committee, ``convinced_by_<name>``: how many
            other members predict the same label from its rationale, nan where all agree. With the
            rule "learned" both, for a pair too, and ``referee_<name>``: its probability that the
            label of the member is right, nan where all agree. Then ``confidence``, the probability
            of the final label; ``case``; ``chosen``, the name of the member whose rationale is
            kept; ``label``, the final label.
        """
        of_pair = self.cases == CASES
        columns: dict[str, dict[str, np.ndarray]] = {}  # by member, or reader and owner
        for name, labels, own in zip(
            self.members, self.own_labels, self.own_probabilities, strict=True
        ):
            columns[str(name)] = {"label": labels, "confidence": own.max(axis=1)}
        if not of_pair:
            own_numbers = self.own_probabilities.argmax(axis=2)[:, self.disputed]
            convinced = (self.cross_probabilities.argmax(axis=3) == own_numbers).sum(axis=0) - 1
            for name, count in zip(self.members, convinced, strict=True):
                columns[str(name)]["convinced_by"] = self._spread(count, np.nan, float)
        if self.of_referee is not None:
            for name, of_label in zip(self.members, self.of_referee, strict=True):
                columns[str(name)]["referee"] = self._spread(of_label, np.nan, float)
        for (i, reader), (j, owner) in permutations(enumerate(self.members), 2):
            cross = self.cross_probabilities[i, j]
            columns[f"{reader}_given_{owner}"] = {
                "label": self._spread(self.classes[cross.argmax(axis=1)], None, object),
                "confidence": self._spread(cross.max(axis=1), np.nan, float),
            }
        named = [(kind, name) for name, quantities in columns.items() for kind in quantities]
        if of_pair:
            named.sort(key=lambda pair: pair[0], reverse=True)  # stable: all labels come first
        return {
            **{f"{kind}_{name}": columns[name][kind] for kind, name in named},
            "confidence": self.probabilities.max(axis=1),
            "case": self.case,
            "chosen": np.array(self.members)[self.chosen],
            "label": self.labels,
        }

    def to_frame(self) -> Any:
        """Return :meth:`to_dict` as a ``pandas.DataFrame``; an ImportError without pandas."""
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "as_frame=True and to_frame need pandas: pip install pandas, or use to_dict."
            ) from error
        return pd.DataFrame(self.to_dict())

    def _spread(self, of_disputed: np.ndarray, missing: Any, dtype: Any) -> np.ndarray:
        """Put values of the disputed documents among all documents."""
        column = np.full(len(self), missing, dtype=dtype)
        column[self.disputed] = of_disputed
        return column

    def _document(self, row: int) -> ExchangedDocument:
        members = {name: self._rationale(i, row) for i, name in enumerate(self.members)}
        place = np.searchsorted(self.disputed, row)
        cross = {}
        if place < len(self.disputed) and self.disputed[place] == row:
            for (i, reader), (j, owner) in permutations(enumerate(self.members), 2):
                probabilities = self.cross_probabilities[i, j, place]
                best = int(probabilities.argmax())
                cross[reader, owner] = CrossPrediction(
                    self.classes[best], float(probabilities[best])
                )
        chosen = self.members[self.chosen[row]]
        return ExchangedDocument(self._kept_rationale(row), members, chosen, cross)

    def _kept_rationale(self, row: int) -> Rationale:
        case = self.case[row]
        return replace(
            self._rationale(int(self.chosen[row]), row, self.probabilities[row]),
            case=None if case is None else str(case),
        )

    def _rationale(
        self, member: int, row: int, probabilities: np.ndarray | None = None
    ) -> Rationale:
        """Return the rationale of a member, with its own prediction or another."""
        if probabilities is None:
            probabilities = self.own_probabilities[member, row]
        documents, word_lists = self._located
        tokens, spans = word_lists[row], documents.spans
        assert spans is not None
        best = int(probabilities.argmax())
        scores = None if self.scores is None else self.scores[member, row, : len(tokens)].copy()
        return Rationale(
            text=documents.texts[row],
            tokens=tokens,
            spans=spans[row],
            mask=self.masks[member, row, : len(tokens)].copy(),
            label=self.classes[best],
            confidence=float(probabilities[best]),
            scores=scores,
            max_length=documents.max_length,
            class_conditional=bool(self.class_conditional) and self.class_conditional[member],
        )

    @cached_property
    def _located(self) -> tuple[TokenizedTexts, list[list[str]]]:
        """The documents with the spans of their words, and these words."""
        documents = self.documents
        if documents is None:
            raise ValueError("this Exchange has documents=None: rationales need the documents.")
        if documents.spans is None:
            documents = TokenizedTexts.from_texts(
                documents.texts, documents.tokenizer, documents.max_length, spans=True
            )
        return documents, documents.word_lists()


def exchanges(estimator: Any) -> bool:
    """Return whether an estimator is an ensemble whose members exchange rationales.

    Of a pipeline, whether the estimator at its end is one.
    """
    return hasattr(final_estimator(estimator), "exchange")


@overload
def explain(estimator: Any, X: Any) -> Rationales: ...
@overload
def explain(estimator: Any, X: Any, *, target: Any) -> Rationales | ClasswiseDocuments: ...
def explain(estimator: Any, X: Any, *, target: Any = None) -> Rationales | ClasswiseDocuments:
    """Return label, confidence and selected words of each document, also through a pipeline.

    Parameters
    ----------
    estimator : fitted classifier, ensemble or committee, or a pipeline that ends in one
        Whose ``explain`` is called.
    X : sequence of n_samples documents
        What the estimator takes: texts, or whatever the first step of the pipeline makes texts of.
    target : {"all", "predicted", "runner_up"} or a label, default=None
        Of a single classifier, the class that words are chosen to support: see
        :meth:`~sklearn_irx.SelectiveRationaleClassifier.explain`.

    Returns
    -------
    rationales : Rationales, or ClasswiseDocuments with ``target="all"``
        Of a pipeline, text and spans of each are those that the estimator at its end sees: of the
        cleaned text.

    Raises
    ------
    TypeError
        If the estimator, or the one at the end of the pipeline, has no rationales.
    NotFittedError
        If it is not fitted.
    ValueError
        If `target` is no class, or given for an ensemble, before any step of a pipeline is run.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> import sklearn_irx
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> stripped = FunctionTransformer(lambda texts: [text.strip() for text in texts])
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=1), random_state=0)
    >>> pipeline = make_pipeline(stripped, clf).fit(texts, y)
    >>> sklearn_irx.explain(pipeline, ["  There were ants in the bed. "])[0].text
    'There were ants in the bed.'
    """
    check_has_rationales(estimator)
    if target is not None:
        check_target_of(final_estimator(estimator), target)
    final, texts = seen_by_final(estimator, X)
    given = {} if target is None else {"target": target}  # others than ours may take none
    rationales: Rationales | ClasswiseDocuments = final.explain(texts, **given)
    return rationales


def classwise_of(estimator: Any, X: Any, target: Any) -> ClasswiseDocuments:
    """Return the own rationale of each document, and those for the classes asked for.

    `target` is not None; otherwise as :func:`explain`.
    """
    check_has_rationales(estimator)
    check_target_of(final_estimator(estimator), target)
    final, texts = seen_by_final(estimator, X)
    documents: ClasswiseDocuments = final._classwise(texts, target)
    return documents


def sides_of(estimator: Any, X: Any, target: Any = None) -> SidedDocuments:
    """Return the words of each document for the class predicted, and those against it.

    Words against it are for `target`, a label, where another class is predicted, and else for the
    next by probability, as with "runner_up" and None. Otherwise as :func:`explain`.
    """
    check_has_rationales(estimator)
    final = final_estimator(estimator)
    rival = check_target_of(final, "runner_up" if target is None else target)
    if rival in ("all", "predicted"):
        raise ValueError(
            f"target={target!r} does not name one class to speak against the predicted one: give a "
            "label, or leave it out for the next by probability."
        )
    final, texts = seen_by_final(estimator, X)
    documents: SidedDocuments = final._sides(texts, None if rival == "runner_up" else rival)
    return documents


def check_target_of(final: Any, target: Any) -> str | int:
    """Return a target as ``check_target`` does, if words can be chosen for it.

    Raises ValueError if they cannot, NotFittedError before a fit.
    """
    check_is_fitted(final)
    if not hasattr(final, "_classwise"):
        remedy = "give a SelectiveRationaleClassifier."
        if hasattr(final, "estimators_"):
            remedy = f"ask one of its members, estimators_[0].explain(X, target={target!r})."
        raise ValueError(
            f"target={target!r} asks one model for the words that support a class, and "
            f"{type(final).__name__} has no such words: {remedy}"
        )
    return check_target(target, final.classes_)


def exchange_of(estimator: Any, X: Any, *, spans: bool = True, scores: bool = False) -> Exchange:
    """Run any estimator with rationales on documents, reading each once.

    The parameters beside `estimator` are those of ``InteractiveEnsemble.exchange``. For a single
    classifier the result has one member, no cases, and None in place of each case. Of a pipeline,
    documents are as the estimator at its end sees them. Raises as :func:`explain`.
    """
    check_has_rationales(estimator)
    estimator, X = seen_by_final(estimator, X)
    if exchanges(estimator):
        result: Exchange = estimator.exchange(X, spans=spans, scores=scores)
        return result
    documents = estimator.tokenize(X, spans=spans)
    probabilities, masks, *of_words = estimator.predict_with_masks(documents, scores=scores)
    n_samples, n_classes = probabilities.shape
    return Exchange(
        members=("model",),
        classes=estimator.classes_,
        cases=(),
        own_probabilities=probabilities[None],
        masks=masks[None],
        disputed=np.array([], dtype=int),
        cross_probabilities=np.empty((1, 1, 0, n_classes)),
        chosen=np.zeros(n_samples, dtype=int),
        case=np.full(n_samples, None),
        probabilities=probabilities,
        documents=documents,
        scores=of_words[0][None] if scores else None,
        class_conditional=(is_class_conditional(estimator),),
    )
