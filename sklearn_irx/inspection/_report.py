"""A report on a model and its rationales: one page to read, to search and to pass on."""

from __future__ import annotations

import base64
import hashlib
import tempfile
import webbrowser
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_irx._pipelines import cleaning_steps, final_estimator
from sklearn_irx._validation import labels_array
from sklearn_irx.classifier.by_class import how_selected
from sklearn_irx.ensemble.result import Exchange
from sklearn_irx.inspection._audit import RationaleAudit
from sklearn_irx.inspection._cases import CASE_LABELS
from sklearn_irx.inspection._charts import FlowChart, LengthChart, ReliabilityChart
from sklearn_irx.inspection._documents import documents_of, read
from sklearn_irx.inspection._embedding import as_script, embedded
from sklearn_irx.inspection._flow import count_flow
from sklearn_irx.inspection._page import Page, framed
from sklearn_irx.inspection._pieces import percent
from sklearn_irx.inspection._records import DocumentRecord
from sklearn_irx.inspection._reliance import Reliance, reliance_of
from sklearn_irx.inspection._summary import (
    N_BINS,
    answers_of,
    cases_table,
    classes_table,
    mistakes_table,
    models_table,
    names_of,
    objects,
)
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.inspection._telling import telling_documents
from sklearn_irx.inspection._templates import render, source_of
from sklearn_irx.metrics._suspicions import compiled
from sklearn_irx.text.harmless import one_line


class RationaleReport(Page):
    """A page about a model and its rationales; :func:`rationale_report` makes it.

    It shows itself in a notebook.

    Parameters
    ----------
    documents : sequence of DocumentRecord
        What to report on, one at least.
    exchange : Exchange
        Where they come from; of a single model, an exchange without cases.
    title, subtitle : str
        Heading of the page, and a line below it.
    notes : sequence of str
        In what the rationales are not as the parameters ask.
    audit : RationaleAudit or None
        What the rationales are evidence of, to be shown among the results.
    reliance : Reliance or None
        The words that the model relies on, and what is suspected.
    n_telling : int
        Documents of each kind to show before all others.
    max_documents : int or None
        Documents on the page at most.

    Attributes
    ----------
    notes : list of str
        In what the rationales of these documents are not as the parameters of the model ask, with
        a remedy each: many are empty, or length or transitions are off by more than a tenth.
    tables : list of SummaryTable
        The figures: of the models, of the cases, of each class, and of mistakes.
    reliance : Reliance or None
        Tables of the words that the model relies on, and of what is suspected.
    """

    def __init__(
        self,
        documents: Sequence[DocumentRecord],
        *,
        exchange: Exchange,
        title: str,
        subtitle: str,
        notes: Sequence[str] = (),
        audit: RationaleAudit | None = None,
        reliance: Reliance | None = None,
        n_telling: int,
        max_documents: int | None,
    ) -> None:
        self._documents = documents
        self._exchange = exchange
        self._title = one_line(title)
        self._subtitle = one_line(subtitle)
        self.notes = list(notes)
        self.audit = audit
        self.reliance = reliance
        self._n_telling = n_telling
        self._max_documents = max_documents
        self._truth = None
        if documents[0].judged:
            self._truth = objects(document.y_true for document in documents)
        answers = answers_of(exchange)
        *_, self._answers = answers.values()
        self.tables: list[SummaryTable] = [models_table(answers, self._truth)]
        if exchange.cases:
            self.tables.append(cases_table(exchange, self._truth))
        self.tables.append(classes_table(self._answers, self._truth))
        if self._truth is not None:
            self.tables.append(mistakes_table(self._answers, self._truth))

    @cached_property
    def html(self) -> str:
        """The page: it loads nothing, and shows all text as text."""
        shown: Sequence[DocumentRecord] = self._documents
        n_documents = len(shown)
        if self._max_documents is not None and n_documents > self._max_documents:
            # Evenly over all, since labels may be sorted.
            rows = np.linspace(0, n_documents - 1, self._max_documents).astype(int)
            shown = [self._documents[row] for row in rows]
        script = source_of("report.js")
        digest = hashlib.sha256(script.encode()).digest()
        tables = {table.title: table for table in self.tables}
        classes, mistakes = tables.pop("Classes"), tables.pop("Most frequent mistakes", None)
        return render(
            "report.html",
            title=self._title,
            subtitle=self._subtitle,
            notes=self.notes,
            figures=self._figures(),
            tables=list(tables.values()),
            classes=classes,
            mistakes=mistakes if mistakes is not None and mistakes.rows else None,
            charts=self._charts(),
            audit=self.audit,
            reliance=self.reliance,
            telling=telling_documents(self._documents, self._n_telling),
            n_documents=n_documents,
            n_shown=len(shown),
            judged=self._truth is not None,
            cases=[(case, CASE_LABELS.get(case, case)) for case in self._exchange.cases],
            labels=self._labels(),
            data=as_script(embedded(shown)),
            script=script,
            script_hash=base64.b64encode(digest).decode(),
        )

    def open(self) -> None:
        """Show the page in a browser, from a file in the folder for temporary files."""
        with tempfile.NamedTemporaryFile(
            "w", suffix=".html", prefix="rationale_report_", encoding="utf-8", delete=False
        ) as file:
            file.write(self.html)
        webbrowser.open(Path(file.name).as_uri())

    def __repr__(self) -> str:
        return (
            f"<RationaleReport of {len(self._documents):,} documents: "
            "write_html(path) keeps it, open() shows it>"
        )

    def _repr_html_(self) -> str:
        return framed(self.html, self._title, height=48, sandbox='sandbox="allow-scripts"')

    def _labels(self) -> list[str]:
        """Return the classes that are predicted or true, to choose from."""
        there = set(names_of(self._answers.labels))
        if self._truth is not None:
            there |= set(names_of(self._truth))
        return sorted(there)

    def _figures(self) -> list[tuple[str, str, str]]:
        """Return the numbers at the top: name, value, and a remark."""
        found, n_documents = self._answers, len(self._documents)
        read = max(1, int(found.n_words.sum()))
        figures = []
        if self._truth is not None:
            right = found.labels == self._truth
            n_right = f"{int(right.sum()):,} of {n_documents:,} documents right"
            figures.append(("Accuracy", f"{100 * right.mean():.1f} %", n_right))
        share = f"{100 * found.n_selected.sum() / read:.0f} % of those read"
        figures.append(("Words shown", f"{found.n_selected.mean():.1f}", f"a document, {share}"))
        n_empty = int((found.n_selected == 0).sum())
        empty = f"a document; {n_empty:,} have none" if n_empty else "a document; all have some"
        figures.append(("Spans", f"{found.n_spans.mean():.1f}", empty))
        sure = f"{100 * found.confidence.mean():.1f} %"
        if self._truth is not None:
            over = found.confidence.mean() - right.mean()
            remark = f"{100 * abs(over):.1f} points {'too sure' if over > 0 else 'too modest'}"
            figures.append(("Mean confidence", sure, remark))
        else:
            figures.append(("Mean confidence", sure, f"{n_documents:,} documents"))
        if self._exchange.cases:
            n_disputed = len(self._exchange.disputed)
            remark = f"{n_disputed:,} of {n_documents:,} documents"
            figures.append(("Models disagree", percent(n_disputed / n_documents), remark))
        return figures

    def _charts(self) -> dict[str, Any]:
        charts: dict[str, Any] = {
            "length": LengthChart.of(self._answers.n_selected),
            "reliability": None,
            "flow": None,
        }
        if self._truth is None:
            return charts
        right = self._answers.labels == self._truth
        charts["reliability"] = ReliabilityChart.of(
            self._answers.confidence, right.astype(bool), N_BINS
        )
        if self._exchange.cases:
            flow = FlowChart.of(count_flow(self._exchange, self._truth))
            if flow.n_disputed:
                charts["flow"] = flow
        return charts


def rationale_report(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    title: str = "Rationale report",
    subtitle: str | None = None,
    names: Sequence[str] | None = None,
    audit: RationaleAudit | None = None,
    suspects: Mapping[str, str] | Iterable[str] | None = None,
    n_telling: int = 3,
    max_documents: int | None = 20_000,
) -> RationaleReport:
    """Report on the predictions and rationales of a fitted model.

    The page has figures and plots, the words that the model relies on for each class and those that
    look like shortcuts, the most telling documents (right and sure, wrong and sure, changed by the
    exchange, no words found), and all documents, to search, to filter and to sort. The words are
    found by hiding 20,000 selected words at most, of 2,000 documents at most, evenly chosen.
    It is one file that loads nothing, in light and dark. Without scripts it still shows all but the
    list of documents. It needs jinja2, which the extra ``sklearn-irx[report]`` installs.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        The model. Or a pipeline that ends in one: the report then shows the cleaned documents, as
        the model sees them.
    X : sequence of n_samples str
        Documents it was not trained on.
    y : array-like of shape (n_samples,), default=None
        Their true labels. None means that nothing is judged.
    title : str
        Heading of the page.
    subtitle : str, default=None
        Line below it. None names the class of the model and the number of documents.
    names : sequence of n_samples str, default=None
        How to call the documents. None means their position, counted from 1.
    audit : RationaleAudit or None, default=None
        As :func:`rationale_audit` returns it, to be shown among the results.
    suspects : list of str, or mapping of str to str, default=None
        Words, or regular expressions by name, that are suspected to be shortcuts, as
        :func:`~sklearn_irx.metrics.suspected_words` takes them: a table says what they do.
    n_telling : int, default=3
        Documents of each kind to show before all others.
    max_documents : int or None, default=20_000
        Documents on the page at most, chosen evenly over all; figures and plots count all. None
        means all.

    Returns
    -------
    report : RationaleReport
        With ``html``, ``write_html(path)``, ``open()``, ``tables`` and ``notes``.

    Raises
    ------
    ValueError
        If there is no document, `y` or `names` does not hold one entry a document, a number is
        out of range, or as raised by the estimator.
    NotFittedError
        If `estimator` is not fitted.

    Examples
    --------
    >>> from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.inspection import rationale_report
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> from sklearn_irx.components import CNN, Training
    >>> small = {"training": Training(max_epochs=1), "encoder": CNN((3,), n_filters=4)}
    >>> both = InteractiveEnsemble(
    ...     SelectiveRationaleClassifier(**small, random_state=0),
    ...     SelectiveRationaleClassifier(**small, initialization="logistic", random_state=1),
    ... ).fit(texts[:150], y[:150])
    >>> report = rationale_report(both, texts[150:], y[150:])
    >>> report
    <RationaleReport of 50 documents: write_html(path) keeps it, open() shows it>
    >>> [table.title for table in report.tables][:2]
    ['Models', 'Cases of the exchange']
    """
    if n_telling < 0:
        raise ValueError(f"n_telling={n_telling}: give 0 or more documents of each kind.")
    if max_documents is not None and max_documents < 1:
        raise ValueError(f"max_documents={max_documents}: give at least 1, or None for all.")
    if y is not None:
        y = labels_array(y)
    patterns = {} if suspects is None else compiled(suspects)
    exchange = read(estimator, X)
    documents = documents_of(exchange, y_true=y, names=names)
    if not documents:
        raise ValueError("X has no documents: give at least one to report on.")
    if subtitle is None:
        n_documents = f"{len(documents):,} document{'' if len(documents) == 1 else 's'}"
        subtitle = f"{type(final_estimator(estimator)).__name__} · {n_documents}"
        if any(cleaning_steps(estimator)):
            subtitle += ", as cleaned by the pipeline"
    return RationaleReport(
        documents,
        exchange=exchange,
        title=title,
        subtitle=subtitle,
        notes=_notes(estimator, exchange),
        audit=audit,
        reliance=reliance_of(final_estimator(estimator), exchange, y, patterns),
        n_telling=n_telling,
        max_documents=max_documents,
    )


def _notes(estimator: Any, exchange: Exchange) -> list[str]:
    """Return how words are chosen, if by class, and what is not as asked, by member."""
    assert exchange.documents is not None
    from sklearn_irx.classifier.estimator import SelectiveRationaleClassifier  # they import torch
    from sklearn_irx.classifier.shortfalls import shortfalls

    final = final_estimator(estimator)
    members = getattr(final, "estimators_", [final])
    notes = []
    for name, member, masks in zip(exchange.members, members, exchange.masks, strict=True):
        said = list(filter(None, [how_selected(member)]))
        if isinstance(member, SelectiveRationaleClassifier):
            said += shortfalls(member, masks, exchange.documents.lengths, n_errors=3.0)
        owner = f"model {name}: " if len(members) > 1 else ""
        notes += [one_line(f"{owner}{note}") for note in said]
    return notes
