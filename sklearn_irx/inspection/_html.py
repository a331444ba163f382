"""Rationales as one HTML file that works offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_irx.classifier.classwise import ClasswiseDocuments
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.ensemble.result import Exchange
from sklearn_irx.inspection._cases import ALL_CASES
from sklearn_irx.inspection._documents import ExplainedDocuments, documents_of
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.inspection._templates import render
from sklearn_irx.text.harmless import one_line


def to_html(
    rationales: Exchange | Sequence[Rationale] | ClasswiseDocuments | ExplainedDocuments,
    *,
    title: str = "Rationales",
    subtitle: str = "",
    y_true: Sequence[Any] | np.ndarray | None = None,
    names: Sequence[str] | None = None,
    tables: Sequence[SummaryTable] = (),
    whole: bool = False,
) -> str:
    """Return a self-contained page: tables of results, then documents with their rationales.

    The page loads nothing and runs no script. All text is escaped, and documents cannot smuggle in
    control characters. Rendering needs jinja2, which the extra ``sklearn-irx[report]`` installs.

    Parameters
    ----------
    rationales : Exchange, sequence of Rationale, ClasswiseDocuments, or ExplainedDocuments
        As ``exchange`` of an ensemble or ``explain`` of any model returns them. With an `Exchange`,
        where members disagree, all their rationales are shown side by side, which one was kept,
        and the predictions of the others from the same words. With ``explain(X, target="all")``,
        each document is shown with the words for its four most probable classes. What
        :func:`explain_documents` returns has names and true labels of its own.
    title, subtitle : str
        Heading of the page, and a line below it.
    y_true : sequence of shape (n_samples,), optional
        True labels. Wrong predictions are marked.
    names : sequence of str of shape (n_samples,), optional
        How to call the documents. The default is their position, counted from 1.
    tables : sequence of SummaryTable
        Shown above the documents.
    whole : bool, default=False
        Whether documents are shown whole. By default, of long ones the sentences around the
        selected words are shown, and the rest is folded, to be opened; see
        :meth:`~sklearn_irx.Rationale.pieces`.

    Returns
    -------
    html : str

    Raises
    ------
    ValueError
        If `y_true` or `names` does not hold one entry for each of `rationales`, or is given for
        explained documents.

    See Also
    --------
    rationale_report : A page with figures and many documents, to search and to sort.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx import Rationale
    >>> from sklearn_irx.inspection import to_html
    >>> rationale = Rationale("A dull film.", ["a", "dull", "film"], [(0, 1), (2, 6), (7, 11)],
    ...                       np.array([False, True, False]), label="bad", confidence=0.9)
    >>> "A <mark>dull</mark> film." in to_html([rationale])
    True
    """
    documents = documents_of(rationales, y_true=y_true, names=names)
    present = {document.rationale.case for document in documents}
    return render(
        "rationales.html",
        title=one_line(title),
        subtitle=one_line(subtitle),
        tables=tables,
        about=documents.summary(),
        documents=documents,
        cases=[case for case in ALL_CASES if case in present],
        n_wrong=sum(document.wrong for document in documents),
        whole=whole,
    )


def write_html(
    path: str | Path,
    rationales: Exchange | Sequence[Rationale] | ClasswiseDocuments | ExplainedDocuments,
    **options: Any,
) -> None:
    """Write :func:`to_html` of `rationales` to a file; a file of this name is replaced.

    Parameters
    ----------
    path : str or Path
        Where to write, UTF-8.
    rationales, **options
        As :func:`to_html` takes them.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    html = to_html(rationales, **options)
    Path(path).write_text(html, encoding="utf-8")
