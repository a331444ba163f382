"""Rationales as one HTML file that works offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx._rationale import Rationale
from sklearn_irx.exchange import CASES, chosen
from sklearn_irx.inspection._pieces import MISSING, is_wrong, one_line, percent, read_pieces
from sklearn_irx.inspection._tables import SummaryTable

if TYPE_CHECKING:
    from jinja2 import Template

_STORIES = {
    "agree": "Both models say the same.",
    "convinced_2": "Model 1’s words convinced model 2, and not the other way round.",
    "convinced_1": "Model 2’s words convinced model 1, and not the other way round.",
    "confidence_1": "The exchange settled nothing; model 1 was the surer one.",
    "confidence_2": "The exchange settled nothing; model 2 was the surer one.",
}


@dataclass(frozen=True)
class _Reading:
    """One rationale of a document, as the template shows it."""

    label: str
    confidence: str
    n_selected: int
    n_words: int
    pieces: list[tuple[str, bool]]
    unread: int
    wrong: bool
    model: int | None = None
    kept: bool = False
    other_says: str | None = None
    other_convinced: bool = False


@dataclass(frozen=True)
class _Document:
    """One document of the report: what was decided, and the readings to show."""

    name: str
    label: str
    confidence: str
    true_label: str | None
    wrong: bool
    case: str | None
    story: str
    readings: list[_Reading]


def to_html(
    rationales: Sequence[Rationale],
    *,
    title: str = "Rationales",
    subtitle: str = "",
    y_true: Sequence[Any] | np.ndarray | None = None,
    names: Sequence[str] | None = None,
    tables: Sequence[SummaryTable] = (),
    members: Sequence[Sequence[Rationale]] = (),
    interactions: Mapping[str, Any] | None = None,
) -> str:
    """Give a self-contained page: tables of results, then documents with their rationales.

    The page loads nothing and runs no script. All text is escaped, and documents cannot smuggle in
    control characters. Rendering needs jinja2, which the extra ``sklearn-irx[cli]`` installs.

    Parameters
    ----------
    rationales : sequence of Rationale
        As ``explain`` of a classifier or an ensemble gives them.
    title, subtitle : str
        Heading of the page, and a line below it.
    y_true : sequence of shape (n_samples,), optional
        True labels. Wrong predictions are marked.
    names : sequence of str of shape (n_samples,), optional
        How to call the documents. The default is their position, counted from 1.
    tables : sequence of SummaryTable
        Shown above the documents.
    members : pair of sequences of Rationale, optional
        What models 1 and 2 of an ensemble explain by themselves. Where the models disagree, both
        rationales are shown side by side, and which one was kept. Empty for a single model.
    interactions : mapping of str to array of shape (n_samples,), optional
        As ``interact`` of an ensemble gives it. With `members`, the page also says how each model
        labels the document when it reads the words of the other.

    Returns
    -------
    html : str

    Raises
    ------
    ValueError
        If an argument does not hold one entry for each of `rationales`.

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
    interactions = dict(interactions or {})
    given: dict[str, Any] = {"y_true": y_true, "names": names, **interactions}
    given |= {f"members[{index}]": member for index, member in enumerate(members)}
    for name, values in given.items():
        if values is not None and len(values) != len(rationales):
            raise ValueError(
                f"{name} has {len(values)} entries; there are {len(rationales)} rationales."
            )
    truths = repeat(MISSING) if y_true is None else y_true
    documents = []
    for row, (rationale, truth) in enumerate(zip(rationales, truths, strict=False)):
        pair = [member[row] for member in members]
        exchange = {name: values[row] for name, values in interactions.items()}
        name = str(row + 1) if names is None else one_line(names[row])
        documents.append(_document(name, rationale, truth, pair, exchange))
    present = {document.case for document in documents}
    return _template().render(
        title=one_line(title),
        subtitle=one_line(subtitle),
        tables=tables,
        documents=documents,
        cases=[case for case in CASES if case in present],
        stories=_STORIES,
        n_wrong=sum(document.wrong for document in documents),
        has_truth=y_true is not None,
    )


def write_html(path: str | Path, rationales: Sequence[Rationale], **options: Any) -> None:
    """Write :func:`to_html` of `rationales` to a file; a file of this name is replaced.

    Parameters
    ----------
    path : str or Path
        Where to write, UTF-8.
    rationales : sequence of Rationale
        As ``explain`` of a classifier or an ensemble gives them.
    **options
        As :func:`to_html` takes them.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    html = to_html(rationales, **options)
    Path(path).write_text(html, encoding="utf-8")


def _document(
    name: str,
    rationale: Rationale,
    truth: Any,
    members: Sequence[Rationale],
    exchange: Mapping[str, Any],
) -> _Document:
    case = rationale.case
    if not members or case is None or case == "agree":
        readings = [_reading(rationale, truth)]
    else:
        kept = int(chosen(np.array([case]))[0])
        readings = [
            _reading(
                member,
                truth,
                model,
                model == kept,
                exchange.get(f"label_{3 - model}_given_{model}", MISSING),
            )
            for model, member in enumerate(members, start=1)
        ]
    return _Document(
        name=name,
        label=one_line(rationale.label),
        confidence=percent(rationale.confidence),
        true_label=None if truth is MISSING else one_line(truth),
        wrong=is_wrong(rationale, truth),
        case=None if case is None else one_line(case),
        story="" if case is None else _STORIES.get(case, one_line(case)),
        readings=readings,
    )


def _reading(
    rationale: Rationale,
    truth: Any,
    model: int | None = None,
    kept: bool = False,
    other_says: Any = MISSING,
) -> _Reading:
    pieces, unread = read_pieces(rationale)
    return _Reading(
        label=one_line(rationale.label),
        confidence=percent(rationale.confidence),
        n_selected=int(rationale.mask.sum()),
        n_words=len(rationale.tokens),
        pieces=pieces,
        unread=unread,
        wrong=is_wrong(rationale, truth),
        model=model,
        kept=kept,
        other_says=None if other_says is MISSING else one_line(other_says),
        other_convinced=other_says is not MISSING and bool(other_says == rationale.label),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sklearn_irx.inspection"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
