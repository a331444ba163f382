"""Two models compared: where they disagree, where they agree for other reasons, by which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._pipelines import check_has_rationales, final_estimator
from sklearn_irx._validation import labels_array
from sklearn_irx.classifier.rationale import Rationale, Rationales, n_documents, plain
from sklearn_irx.inspection._documents import documents_of, read
from sklearn_irx.inspection._page import Page, framed
from sklearn_irx.inspection._pieces import percent
from sklearn_irx.inspection._records import DocumentRecord
from sklearn_irx.inspection._summary import answers_of, models_table, objects
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.inspection._templates import render
from sklearn_irx.metrics import rationale_iou_score
from sklearn_irx.metrics._input import check_at_least
from sklearn_irx.text.harmless import one_line
from sklearn_irx.text.spans import runs

KINDS = ("same class, words in common", "same class, other words", "another class")
"""How two models may differ on a document, the last being the most."""

_WORDS_SHOWN = 20
_NOTE_KINDS = (
    "Words in common: intersection over union of the two rationales. Two empty rationales are the "
    "same."
)


@dataclass(frozen=True, eq=False)
class ComparedDocument(DocumentRecord):
    """A document as two models see it, in `members`.

    Attributes
    ----------
    iou : float
        Intersection over union of the words of both rationales, between 0 and 1.
    kind : str
        One of :data:`KINDS`.
    """

    iou: float = float("nan")
    kind: str = ""


class ModelComparison(Page):
    """What two models predict and show of the same documents; :func:`compare_models` makes it.

    It shows itself in a notebook, and ``print`` says the figures.

    Attributes
    ----------
    names : (str, str)
        Of the models.
    documents : list of ComparedDocument
        All documents, in their order.
    words : dict of str to dict of ndarrays
        For each model by name, the words that it shows and the other one never: ``word``,
        ``label`` (the class that it mostly predicts where it shows the word), ``shown`` and
        ``present`` (in how many documents the word is selected, and stands), most shown first.
    tables : list of SummaryTable
        The figures: of the models, of their agreement, and of these words.
    """

    def __init__(
        self,
        documents: Sequence[ComparedDocument],
        words: dict[str, dict[str, np.ndarray]],
        tables: Sequence[SummaryTable],
        *,
        title: str,
        max_documents: int,
    ) -> None:
        self.documents = list(documents)
        self.words = words
        self.tables = list(tables)
        first, second = words
        self.names = first, second
        self._title = one_line(title)
        self._max_documents = max_documents

    @property
    def disagreements(self) -> list[ComparedDocument]:
        """Documents of which the models predict different classes, the surest pairs first."""
        found = [one for one in self.documents if one.kind == KINDS[2]]
        return sorted(found, key=lambda one: -min(m.confidence for m in one.members.values()))

    @property
    def other_reasons(self) -> list[ComparedDocument]:
        """Documents of the same class by other words, those with fewest in common first."""
        found = [one for one in self.documents if one.kind == KINDS[1]]
        return sorted(
            found, key=lambda one: (one.iou, -min(m.confidence for m in one.members.values()))
        )

    @property
    def html(self) -> str:
        """The page: it loads nothing and runs no script."""
        most = self._max_documents
        return render(
            "comparison.html",
            title=self._title,
            subtitle=f"{' and '.join(self.names)} · {n_documents(len(self.documents))}",
            tables=self.tables,
            parts_of=[
                ("They disagree", self.disagreements[:most], len(self.disagreements)),
                ("The same class, by other words", self.other_reasons[:most],
                 len(self.other_reasons)),
            ],
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return all as plain values of Python, ready for JSON."""
        return {
            "names": list(self.names),
            "documents": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "iou": one.iou,
                    "y_true": plain(one.y_true) if one.judged else None,
                    "rationales": [found.to_dict() for found in one.members.values()],
                }
                for one in self.documents
            ],
            "words": {
                name: {column: values.tolist() for column, values in table.items()}
                for name, table in self.words.items()
            },
        }

    def __str__(self) -> str:
        counts = Counter(one.kind for one in self.documents)
        lines = [f"{' and '.join(self.names)}, {n_documents(len(self.documents))}"]
        lines += [f"  {kind}: {counts[kind]:,}" for kind in KINDS]
        for (name, table), other in zip(self.words.items(), self.names[::-1], strict=True):
            words = ", ".join(map(one_line, table["word"][:10].tolist())) or "none"
            lines.append(f"  words that {name} shows and {other} never does: {words}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        counts = Counter(one.kind for one in self.documents)
        said = ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS)
        return f"<ModelComparison of {n_documents(len(self.documents))}: {said}>"

    def _repr_html_(self) -> str:
        return framed(self.html, self._title, height=40, sandbox="sandbox")


def compare_models(
    first: Any,
    second: Any,
    X: Any,
    y: Any = None,
    *,
    model_names: tuple[str, str] = ("Model 1", "Model 2"),
    names: Sequence[str] | None = None,
    max_iou: float = 0.1,
    min_shown: int = 3,
    title: str = "Two models compared",
    max_documents: int = 100,
) -> ModelComparison:
    """Compare what two fitted models predict of documents, and by which words.

    Where do they disagree? Where do they predict the same class for other reasons, by rationales
    with next to no word in common? Which words does one show that the other never does?

    Parameters
    ----------
    first, second : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        The models, or pipelines that end in one. Both must split the documents into the same words;
        one may read more of them.
    X : sequence of n_samples str
        Documents neither was trained on.
    y : array-like of shape (n_samples,), default=None
        Their true labels.
    model_names : (str, str), default=("Model 1", "Model 2")
        How to call the models.
    names : sequence of n_samples str, default=None
        How to call the documents. None means their position, counted from 1.
    max_iou : float, default=0.1
        Rationales whose intersection over union is at most this, between 0 and 1, are other
        reasons.
    min_shown : int, default=3
        Words that a model shows in fewer documents are not counted among those that it alone shows.
    title : str
        Heading of the page.
    max_documents : int, default=100
        Documents of each kind on the page at most.

    Returns
    -------
    comparison : ModelComparison
        With ``tables``, ``disagreements``, ``other_reasons``, ``words``, ``to_dict()``, ``html``
        and ``write_html(path)``; ``print`` it.

    Raises
    ------
    TypeError
        If a model has no rationales.
    ValueError
        If there is no document, an argument is out of range, or the models have no class in common
        or split the documents into different words.
    NotFittedError
        If a model is not fitted.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.inspection import compare_models
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> few, many = (
    ...     SelectiveRationaleClassifier(random_state=0).fit(texts[:n], y[:n]) for n in (50, 200)
    ... )
    >>> found = compare_models(few, many, texts[200:], y[200:], model_names=("few", "many"))
    >>> found
    <ModelComparison of 100 documents: 95 same class, words in common, ...>
    >>> str(found.disagreements[0].members["few"].label)
    'hygiene'
    >>> str(found.words["many"]["word"][0])
    'clumped'
    """
    first_name, second_name = map(one_line, model_names)
    if first_name == second_name:
        raise ValueError(f"model_names={model_names!r} are the same: give two different names.")
    if not 0 <= max_iou <= 1:
        raise ValueError(f"max_iou={max_iou!r}: give a share between 0 and 1.")
    check_at_least(1, "min_shown", min_shown)
    check_at_least(0, "max_documents", max_documents)
    _check_classes((first, second), (first_name, second_name))
    truth = None if y is None else labels_array(y)
    exchanges = [read(model, X) for model in (first, second)]
    rationales = dict(
        zip((first_name, second_name), (one.rationales for one in exchanges), strict=True)
    )
    if not len(exchanges[0]):
        raise ValueError("X has no documents: give at least one to compare the models on.")
    _check_same_words(rationales)
    spans = ([runs(one.mask) for one in found] for found in rationales.values())
    iou = rationale_iou_score(*spans, average=None)
    documents = [
        _compared(document, dict(zip(rationales, both, strict=True)), float(share), max_iou)
        for document, *both, share in zip(
            documents_of(rationales[first_name], y_true=y, names=names), *rationales.values(), iou,
            strict=True,
        )
    ]  # fmt: skip
    words = _words(rationales, min_shown)
    answers = {
        name: list(answers_of(exchange).values())[-1]
        for name, exchange in zip(rationales, exchanges, strict=True)
    }
    tables = [
        models_table(answers, None if truth is None else objects(truth)),
        _kinds_table(documents),
        *(_words_table(name, table) for name, table in words.items() if len(table["word"])),
    ]
    return ModelComparison(documents, words, tables, title=title, max_documents=max_documents)


def _check_classes(models: tuple[Any, Any], names: tuple[str, str]) -> None:
    """Raise an error unless both models are fitted, have rationales and predict a same class."""
    known = []
    for model in models:
        check_has_rationales(model)
        check_is_fitted(final_estimator(model))
        known.append(final_estimator(model).classes_.tolist())
    if not set(known[0]) & set(known[1]):
        raise ValueError(
            f"{names[0]} and {names[1]} have no class in common ({known[0][0]!r}, …; "
            f"{known[1][0]!r}, …): give models that were fitted on the same labels."
        )


def _check_same_words(rationales: dict[str, Rationales]) -> None:
    """Raise ValueError unless one model reads the words of the other, or more of them."""
    for row, both in enumerate(zip(*rationales.values(), strict=True)):
        shorter, longer = sorted((one.spans for one in both), key=len)
        if both[0].text != both[1].text or longer[: len(shorter)] != shorter:
            raise ValueError(
                f"{' and '.join(rationales)} split document {row} into different words: give "
                "models with the same tokenizer and cleaning."
            )


def _compared(
    document: DocumentRecord, members: dict[str, Rationale], iou: float, max_iou: float
) -> ComparedDocument:
    first, second = members.values()
    kind = KINDS[2] if first.label != second.label else KINDS[int(iou <= max_iou)]
    return ComparedDocument(
        document.name, document.rationale, document.y_true, members, iou=iou, kind=kind
    )


def _words(rationales: dict[str, Rationales], min_shown: int) -> dict[str, dict[str, np.ndarray]]:
    """Return the words that each model shows and the other never does."""
    present: Counter[str] = Counter()
    shown: dict[str, dict[str, Counter[Any]]] = {name: {} for name in rationales}
    for both in zip(*rationales.values(), strict=True):
        present.update(set().union(*(one.tokens for one in both)))
        for name, one in zip(rationales, both, strict=True):
            for word in set(one.words):
                shown[name].setdefault(word, Counter())[plain(one.label)] += 1
    tables = {}
    for name, other in zip(shown, reversed(shown), strict=True):
        own = {
            word: labels
            for word, labels in shown[name].items()
            if labels.total() >= min_shown and word not in shown[other]
        }
        order = sorted(own, key=lambda word: (-own[word].total(), word))
        tables[name] = {
            "word": np.array(order, dtype=str),
            "label": objects(own[word].most_common(1)[0][0] for word in order),
            "shown": np.array([own[word].total() for word in order], dtype=int),
            "present": np.array([present[word] for word in order], dtype=int),
        }
    return tables


def _kinds_table(documents: Sequence[ComparedDocument]) -> SummaryTable:
    """Count the documents of each kind, and say how right each model is there."""
    judged = documents[0].judged
    names = list(documents[0].members)
    columns = ["", "documents", "share", "words in common"]
    columns += [f"{name} right" for name in names] if judged else []
    rows = []
    for kind in KINDS:
        found = [one for one in documents if one.kind == kind]
        row = [kind, f"{len(found):,}", percent(len(found) / len(documents))]
        row.append(percent(float(np.mean([one.iou for one in found]))) if found else "–")
        for name in names if judged else []:
            right = [one.members[name].label == one.y_true for one in found]
            row.append(percent(float(np.mean(right))) if found else "–")
        rows.append(row)
    return SummaryTable("Agreement", columns, rows, _NOTE_KINDS)


def _words_table(name: str, table: dict[str, np.ndarray]) -> SummaryTable:
    rows = [
        [word, one_line(label), f"{shown:,}", f"{present:,}"]
        for word, label, shown, present in zip(
            *(values[:_WORDS_SHOWN].tolist() for values in table.values()), strict=True
        )
    ]
    n_more = len(table["word"]) - len(rows)
    note = "Shown: documents in which the word is selected; stands in: those that have it."
    return SummaryTable(
        f"Words that only {name} shows",
        ["word", "mostly for", "shown", "stands in"],
        rows,
        f"{note} {n_more:,} more." if n_more else note,
    )
