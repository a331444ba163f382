"""One document as every picture shows it: what was decided, and what each model made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.exchange import CASES, chosen
from sklearn_irx.inspection._pieces import MISSING, is_wrong, one_line

if TYPE_CHECKING:
    from rich.text import Text

_CONFIDENCE = "confidence_"

_STORIES_OF_PAIRS = {
    "agree": "Both models say the same.",
    "convinced_2": "Model 1’s words convinced model 2, and not the other way round.",
    "convinced_1": "Model 2’s words convinced model 1, and not the other way round.",
    "confidence_1": "The exchange settled nothing; model 1 was the surer one.",
    "confidence_2": "The exchange settled nothing; model 2 was the surer one.",
}
_STORIES_OF_COMMITTEES = {
    "agree": "All models say the same.",
    "convinced": "The words of {} convinced most of the other models.",
    "mean": "The readers of the words of {} find their label likeliest, on average.",
    "product": "The readers of the words of {} find their label likeliest, in the geometric mean.",
    "vote": "The label of {} is the likeliest on average, each model reading its own words.",
    "consensus": "The words of {} make all their readers together surest.",
    "confidence": "The exchange settled nothing; {} was the surest one.",
}


class Heard(NamedTuple):
    """What a model says of the words of another.

    Attributes
    ----------
    label : object
        The class.
    confidence : float
        Its probability, between 0 and 1; nan if it is not known.
    """

    label: Any
    confidence: float


@dataclass(frozen=True, eq=False)
class ExplainedDocument:
    """One document: its rationale and, of an ensemble, what each member made of it.

    It shows itself in a notebook, in a terminal (:meth:`to_rich`, or ``print``) and as HTML.

    Attributes
    ----------
    name : str
        What to call the document.
    rationale : Rationale
        The words that the prediction was made from, with label, confidence and case.
    y_true : object
        The true label, if it was given.
    members : dict of str to Rationale
        What each member of an ensemble explains by itself; empty for a single model.
    chosen : str or None
        The member whose rationale was kept; None for a single model.
    heard : dict of (str, str) to Heard
        Where members disagree, what each *reader* says of the words of each *owner*:
        ``heard[reader, owner]``.

    See Also
    --------
    explain_documents : Makes them.
    """

    name: str
    rationale: Rationale
    y_true: Any = MISSING
    members: Mapping[str, Rationale] | None = None
    chosen: str | None = None
    heard: Mapping[tuple[str, str], Heard] | None = None

    @property
    def judged(self) -> bool:
        """Whether the true label is known."""
        return self.y_true is not MISSING

    @property
    def wrong(self) -> bool:
        """Whether the true label is known, and another than the predicted one."""
        return is_wrong(self.rationale, self.y_true)

    @property
    def disputed(self) -> bool:
        """Whether members gave different labels."""
        return bool(self.members) and self.rationale.case != "agree"

    @property
    def story(self) -> str:
        """How an ensemble came to its prediction, in a sentence; empty for a single model."""
        case = self.rationale.case
        if case is None:
            return ""
        of_pair = not self.members or set(self.members) == {"Model 1", "Model 2"}
        if of_pair and case in CASES:
            return _STORIES_OF_PAIRS[case]
        who = one_line(self.chosen or "one model")
        return _STORIES_OF_COMMITTEES.get(case, one_line(case)).format(who)

    def to_rich(self) -> Text:
        """Give the document for the terminal; see :func:`to_rich`.

        Returns
        -------
        text : rich.text.Text
        """
        from sklearn_irx.inspection._terminal import document_to_rich

        return document_to_rich(self)

    def to_html(self) -> str:
        """Give the document as a fragment of HTML, every text escaped.

        Returns
        -------
        html : str
        """
        from sklearn_irx.inspection._templates import render

        return render("fragment.html", document=self, uid=id(self))

    def __str__(self) -> str:
        from sklearn_irx.inspection._terminal import document_to_rich

        return str(document_to_rich(self, marks=("[", "]")))

    def _repr_html_(self) -> str:
        return self.to_html()


def explain_documents(
    estimator: Any, X: Any, y: Any = None, *, names: Sequence[str] | None = None
) -> list[ExplainedDocument]:
    """Explain documents, with what each member of an ensemble says of them.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        Whose predictions to explain.
    X : sequence of n_samples str
        Documents.
    y : array-like of shape (n_samples,), default=None
        True labels. Wrong predictions are marked.
    names : sequence of n_samples str, default=None
        How to call the documents. None means their position, counted from 1.

    Returns
    -------
    documents : list of n_samples ExplainedDocument
        In a notebook, each shows itself with the words of all members side by side.

    Raises
    ------
    ValueError
        If `y` or `names` does not hold one entry a document, or as raised by the estimator.
    NotFittedError
        If `estimator` is not fitted.

    Examples
    --------
    >>> from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.inspection import explain_documents
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> small = {"max_epochs": 1, "n_filters": 4, "filter_sizes": (3,)}
    >>> both = InteractiveEnsemble(
    ...     SelectiveRationaleClassifier(**small, random_state=0),
    ...     SelectiveRationaleClassifier(**small, linear_start="logistic", random_state=1),
    ... ).fit(texts[:150], y[:150])
    >>> documents = explain_documents(both, texts[150:], y[150:])
    >>> list(documents[0].members)
    ['Model 1', 'Model 2']
    >>> documents[0].judged
    True
    """
    return read_documents(estimator, X, y, names=names)[0]


def read_documents(
    estimator: Any, X: Any, y: Any = None, *, names: Sequence[str] | None = None
) -> tuple[list[ExplainedDocument], dict[str, Any]]:
    """Explain documents, and give what ``interact`` told of them, too; {} for a single model."""
    check_is_fitted(estimator)
    if isinstance(X, str):
        raise TypeError("X is a single str: give a sequence of documents, for example [X].")
    texts = list(X)
    if not hasattr(estimator, "interact"):
        return documents_of(estimator.explain(texts), y_true=y, names=names), {}
    members = estimator.estimators_
    first, *others = members
    # Split once for all who split alike.
    given = texts
    if all(first.has_same_words_as(other) for other in others):
        given = first.tokenize(texts, spans=True)
    happened = estimator.interact(given)
    rationales = []
    for name, member in zip(keys_of_members(happened), members, strict=True):
        # As the ensemble calibrates it, if it does.
        confidence = happened[f"confidence_{name}"].tolist()
        rationales.append(
            [
                replace(rationale, confidence=sure)
                for rationale, sure in zip(member.explain(given), confidence, strict=True)
            ]
        )
    columns = (happened[key] for key in ("label", "confidence", "case"))
    kept = [
        replace(rationales[number][row], label=label, confidence=float(sure), case=str(case))
        for row, (number, label, sure, case) in enumerate(
            zip(_chosen(happened), *columns, strict=True)
        )
    ]
    documents = documents_of(kept, y_true=y, names=names, members=rationales, interactions=happened)
    return documents, happened


def documents_of(
    rationales: Sequence[Rationale],
    *,
    y_true: Any = None,
    names: Sequence[str] | None = None,
    members: Sequence[Sequence[Rationale]] = (),
    interactions: Mapping[str, Any] | None = None,
) -> list[ExplainedDocument]:
    """Put together what is known of each document.

    Parameters are those of :func:`~sklearn_irx.inspection.to_html`.

    Raises
    ------
    ValueError
        If an argument does not hold one entry for each of `rationales`.
    """
    happened = dict(interactions or {})
    given: dict[str, Any] = {"y_true": y_true, "names": names, **happened}
    given |= {f"members[{index}]": member for index, member in enumerate(members)}
    for name, values in given.items():
        if values is not None and len(values) != len(rationales):
            raise ValueError(
                f"{name} has {len(values)} entries; there are {len(rationales)} rationales."
            )
    keys = keys_of_members(happened, len(members))
    shown = _shown_names(keys)
    kept: Sequence[int | None] = [None] * len(rationales)
    if "chosen" in happened:
        kept = _chosen(happened)
    elif len(members) == 2:
        cases = np.array([str(rationale.case) for rationale in rationales])
        kept = (chosen(cases) - 1).tolist()
    heard = _heard(happened, keys, shown, len(rationales))
    # Columns of data frames are asked by position, not by their index.
    truths = repeat(MISSING) if y_true is None else _listed(y_true)
    called = None if names is None else _listed(names)
    documents = []
    for row, (rationale, truth) in enumerate(zip(rationales, truths, strict=False)):
        number = kept[row]
        documents.append(
            ExplainedDocument(
                str(row + 1) if called is None else one_line(called[row]),
                rationale,
                truth,
                {name: of[row] for name, of in zip(shown, members, strict=True)},
                None if number is None or not members else shown[number],
                heard[row],
            )
        )
    return documents


def _listed(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def keys_of_members(happened: Mapping[str, Any], n_members: int = 2) -> list[str]:
    """Give the names of the members as the columns of `interact` have them."""
    names = [
        key.removeprefix(_CONFIDENCE)
        for key in happened
        if key.startswith(_CONFIDENCE) and "_given_" not in key
    ]
    return names or [str(number + 1) for number in range(n_members)]


def _shown_names(keys: Sequence[str]) -> list[str]:
    """Give names to show: those of a committee, or "Model 1" for "1"; each only once."""
    shown = [f"Model {key}" if key.isdecimal() else one_line(key) for key in keys]
    # Two names may differ in nothing that can be shown.
    return [
        name if shown.count(name) == 1 else f"{name} ({number})"
        for number, name in enumerate(shown, start=1)
    ]


def _chosen(happened: Mapping[str, Any]) -> list[int]:
    """Give the members kept, counted from 0."""
    places = {key: number for number, key in enumerate(keys_of_members(happened))}
    return [places[str(name)] for name in np.asarray(happened["chosen"]).tolist()]


def _heard(
    happened: Mapping[str, Any], keys: Sequence[str], shown: Sequence[str], n_rows: int
) -> list[dict[tuple[str, str], Heard]]:
    """Give what each reader says of the words of each owner, document by document."""
    heard: list[dict[tuple[str, str], Heard]] = [{} for _ in range(n_rows)]
    for (reader, by), (owner, of) in permutations(zip(keys, shown, strict=True), 2):
        labels = happened.get(f"label_{reader}_given_{owner}")
        if labels is None:
            continue
        confidence = happened.get(f"confidence_{reader}_given_{owner}", np.full(n_rows, np.nan))
        for found, label, sure in zip(heard, labels, confidence, strict=True):
            if label is not None:
                found[by, of] = Heard(label, float(sure))
    return heard
