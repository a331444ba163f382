"""Documents that show themselves: in a notebook, in a terminal, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from sklearn_irx._validation import labels_array
from sklearn_irx.classifier.classwise import ClasswiseDocuments, summary_of
from sklearn_irx.classifier.rationale import MOST_SHOWN, Rationale, ShownList
from sklearn_irx.classifier.sides import SidedDocuments, summary_of_sides
from sklearn_irx.ensemble.cases import shown_names
from sklearn_irx.ensemble.result import Exchange, classwise_of, exchange_of, sides_of
from sklearn_irx.inspection._pieces import MISSING
from sklearn_irx.inspection._records import DocumentRecord
from sklearn_irx.inspection._templates import render
from sklearn_irx.inspection._terminal import document_to_rich
from sklearn_irx.text.harmless import one_line

if TYPE_CHECKING:
    from rich.text import Text


class ExplainedDocument(DocumentRecord):
    """One document: its rationale and, of an ensemble, the predictions of each member.

    It shows itself in a notebook, in a terminal (:meth:`to_rich`, or ``print``) and as HTML.

    Attributes
    ----------
    name : str
        How to call the document.
    rationale : Rationale
        The words that the prediction was made from, with label, confidence and case.
    y_true : object
        The true label, if it was given.
    members : dict of str to Rationale
        The rationale of each member of an ensemble; empty for a single model.
    chosen : str or None
        The member whose rationale was kept; None for a single model.
    cross_predictions : dict of (str, str) to CrossPrediction
        Where members disagree, the prediction of each *reader* from the words of each *owner*:
        ``cross_predictions[reader, owner]``.
    classwise : ClasswiseRationales or None
        The words that support each class, if they were asked for.
    sides : BothSides or None
        The words for the predicted class and those against it, if they were asked for.

    See Also
    --------
    explain_documents : Makes them.
    """

    def to_rich(self, *, whole: bool = False) -> Text:
        """Return the document for the terminal; see :func:`to_rich`."""
        return document_to_rich(self, whole=whole)

    def to_html(self, *, whole: bool = False) -> str:
        """Return the document as a fragment of HTML, every text escaped.

        Words far from those selected are folded, unless `whole`; see
        :meth:`~sklearn_irx.Rationale.pieces`.
        """
        return _fragment([self], uid=id(self), whole=whole)

    def __str__(self) -> str:
        return str(document_to_rich(self, marks=("[", "]")))

    def __repr__(self) -> str:
        return f"<ExplainedDocument {self.name}: {self.rationale!r}>"

    def _repr_html_(self) -> str:
        return self.to_html()


class ExplainedDocuments(ShownList[ExplainedDocument]):
    """A list of explained documents that shows itself, as :func:`explain_documents` returns it.

    In a notebook it shows the words of all members side by side, in a terminal a line for each
    document, 20 at most. It is a list in all else; slices are `ExplainedDocuments`, too.
    """

    @staticmethod
    def _line(one: ExplainedDocument) -> str:
        return f"{one.name} · {one.rationale}"

    def _repr_html_(self) -> str:
        return _fragment(self[:MOST_SHOWN], uid=id(self), about=self.summary(), notes=self.more())

    def summary(self) -> str:
        """Return how words for classes were chosen, and how often those for others convince.

        Empty if no words for classes were asked for.
        """
        classwise = summary_of(one.classwise for one in self if one.classwise is not None)
        return classwise or summary_of_sides(one.sides for one in self if one.sides is not None)


def explain_documents(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    target: Any = None,
    against: bool = False,
) -> ExplainedDocuments:
    """Explain documents, with the predictions of each member of an ensemble.

    With a `target`, also with the words that support classes, beside the own rationale; with
    `against`, with the words for the predicted class and those against it in one picture.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        Whose predictions to explain. Or a pipeline that ends in one: text and spans
        are then those that it sees, of the cleaned documents.
    X : sequence of n_samples str
        Documents.
    y : array-like of shape (n_samples,), default=None
        True labels. Wrong predictions are marked.
    names : sequence of n_samples str, default=None
        How to call the documents. None means their position, counted from 1.
    target : {"all", "predicted", "runner_up"} or a label, default=None
        Of a single classifier, the class that words are to support: see
        :meth:`~sklearn_irx.SelectiveRationaleClassifier.explain`. Of "all", the four classes that
        are most probable are shown. With `against`, a label names the class that speaks against
        the predicted one, where that is another; None and "runner_up" are the next by probability.
    against : bool, default=False
        Whether to show the words for the predicted class and those against it, in two colours that
        are also underlined differently. Of as many words as the own rationale has, chosen for a
        class as with `target`, those that the predictor confirms: each of them, or each span or
        sentence where rationales consist of these, is read alone, and must raise the log-odds of
        the class at least a third as much as the strongest of the document does for its own.

    Returns
    -------
    documents : ExplainedDocuments
        A list of n_samples `ExplainedDocument`. In a notebook, it shows itself with the words of
        all members side by side, and so do slices and single documents.

    Raises
    ------
    ValueError
        If `y` or `names` does not hold one entry a document, `target` is no class, `target` or
        `against` is given for an ensemble, or as raised by the estimator.
    NotFittedError
        If `estimator` is not fitted.

    Examples
    --------
    >>> from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.inspection import explain_documents
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> from sklearn_irx.components import CNN, Training
    >>> small = {"training": Training(max_epochs=1), "encoder": CNN((3,), n_filters=4)}
    >>> both = InteractiveEnsemble(
    ...     SelectiveRationaleClassifier(**small, random_state=0),
    ...     SelectiveRationaleClassifier(**small, initialization="logistic", random_state=1),
    ... ).fit(texts[:150], y[:150])
    >>> documents = explain_documents(both, texts[150:], y[150:])
    >>> list(documents[0].members)
    ['Model 1', 'Model 2']
    >>> documents[0].judged
    True
    """
    if y is not None:
        y = labels_array(y)
    found: Exchange | ClasswiseDocuments | SidedDocuments
    if against:
        found = sides_of(estimator, X, target)
    else:
        found = read(estimator, X) if target is None else classwise_of(estimator, X, target)
    return documents_of(found, y_true=y, names=names)


def read(estimator: Any, X: Any) -> Exchange:
    """Run an estimator on documents to explain, reading each once."""
    return exchange_of(estimator, X, scores=True)


def documents_of(
    source: Exchange
    | Sequence[Rationale]
    | ClasswiseDocuments
    | SidedDocuments
    | ExplainedDocuments,
    *,
    y_true: Any = None,
    names: Sequence[str] | None = None,
) -> ExplainedDocuments:
    """Join an exchange, or rationales alone, with true labels and names.

    Parameters are those of :func:`~sklearn_irx.inspection.to_html`.

    Raises
    ------
    ValueError
        If `y_true` or `names` does not hold one entry for each document, or is given for explained
        documents, which have them.
    """
    if isinstance(source, ExplainedDocuments):
        if y_true is not None or names is not None:
            raise ValueError(
                "explained documents have names and true labels already: leave out y_true and "
                "names, or give rationales."
            )
        return source
    for name, values in {"y_true": y_true, "names": names}.items():
        if values is not None and len(values) != len(source):
            raise ValueError(
                f"{name} has {len(values)} entries; there are {len(source)} rationales."
            )
    # Columns of data frames are taken by position, not by their index.
    truths = repeat(MISSING) if y_true is None else labels_array(y_true, "y_true").tolist()
    called = [str(row + 1) for row in range(len(source))]
    if names is not None:
        called = list(map(one_line, _listed(names)))
    if isinstance(source, ClasswiseDocuments):
        return ExplainedDocuments(
            ExplainedDocument(name, one.own, truth, classwise=one)
            for name, one, truth in zip(called, source, truths, strict=False)
        )
    if isinstance(source, SidedDocuments):
        return ExplainedDocuments(
            ExplainedDocument(name, one.own, truth, sides=one)
            for name, one, truth in zip(called, source, truths, strict=False)
        )
    if not isinstance(source, Exchange) or not source.cases:
        rationales = source.rationales if isinstance(source, Exchange) else source
        return ExplainedDocuments(map(ExplainedDocument, called, rationales, truths))
    shown = dict(zip(source.members, shown_names(source.members), strict=True))
    return ExplainedDocuments(
        ExplainedDocument(
            name,
            document.rationale,
            truth,
            members={shown[member]: one for member, one in document.members.items()},
            chosen=shown[document.chosen],
            cross_predictions={
                (shown[reader], shown[owner]): found
                for (reader, owner), found in document.cross_predictions.items()
            },
        )
        for name, document, truth in zip(called, source, truths, strict=False)
    )


def _fragment(
    documents: Sequence[DocumentRecord],
    *,
    uid: int,
    about: str = "",
    notes: Sequence[str] = (),
    whole: bool = False,
) -> str:
    return render(
        "fragment.html", documents=documents, uid=uid, about=about, notes=notes, whole=whole
    )


def _listed(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)
