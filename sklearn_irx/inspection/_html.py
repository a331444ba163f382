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
_STORIES_OF_COMMITTEES = {
    "agree": "All models say the same.",
    "convinced": "The words that convinced most of the other models were kept.",
    "mean": "The words kept are those whose readers, on average, find their label likeliest.",
    "product": "The words kept are those whose readers, in the geometric mean, find their label "
    "likeliest.",
    "vote": "The label is the likeliest in the mean over the models, each reading its own words.",
    "consensus": "The words that make all their readers together surest were kept.",
    "confidence": "The exchange settled nothing; the surest model decided.",
}
_ALL_CASES = (*CASES, *(case for case in _STORIES_OF_COMMITTEES if case not in CASES))


@dataclass(frozen=True)
class _Heard:
    """What came of a rationale when others read it: ``who: said outcome``."""

    who: str
    said: str
    outcome: str


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
    name: str = ""
    kept: bool = False
    heard: _Heard | None = None


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
    members : sequence of sequences of Rationale, optional
        What each model of an ensemble or a committee explains by itself. Where the models disagree,
        all rationales are shown side by side, and which one was kept. Empty for a single model.
    interactions : mapping of str to array of shape (n_samples,), optional
        As ``interact`` of an ensemble or a committee gives it; a committee's is needed to show its
        `members`. With `members`, the page also says what came of a rationale when others read it.

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
        cases=[case for case in _ALL_CASES if case in present],
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
    of_committee = any(key.startswith("convinced_by_") for key in exchange)
    if not members or case is None or case == "agree":
        readings = [_reading(rationale, truth)]
    elif of_committee:
        readings = _readings_of_committee(members, truth, exchange)
    else:
        readings = _readings_of_pair(members, truth, case, exchange)
    stories = _STORIES_OF_COMMITTEES if of_committee else _STORIES
    return _Document(
        name=name,
        label=one_line(rationale.label),
        confidence=percent(rationale.confidence),
        true_label=None if truth is MISSING else one_line(truth),
        wrong=is_wrong(rationale, truth),
        case=None if case is None else one_line(case),
        story="" if case is None else stories.get(case, one_line(case)),
        readings=readings,
    )


def _readings_of_pair(
    members: Sequence[Rationale], truth: Any, case: str, exchange: Mapping[str, Any]
) -> list[_Reading]:
    kept = int(chosen(np.array([case]))[0])
    readings = []
    for model, member in enumerate(members, start=1):
        heard, said = None, exchange.get(f"label_{3 - model}_given_{model}", MISSING)
        if said is not MISSING:
            outcome = " — convinced" if said == member.label else " — not convinced"
            heard = _Heard(f"Model {3 - model}, reading these words", one_line(said), outcome)
        readings.append(_reading(member, truth, f"Model {model}", model == kept, heard))
    return readings


def _readings_of_committee(
    members: Sequence[Rationale], truth: Any, exchange: Mapping[str, Any]
) -> list[_Reading]:
    prefix = "convinced_by_"
    names = [key.removeprefix(prefix) for key in exchange if key.startswith(prefix)]
    readings = []
    for name, member in zip(names, members, strict=True):
        convinced = f"{exchange[prefix + name]:.0f} of {len(names) - 1}"
        heard = _Heard("Others who say the same of these words", convinced, "")
        kept = bool(exchange["chosen"] == name)
        readings.append(_reading(member, truth, one_line(name), kept, heard))
    return readings


def _reading(
    rationale: Rationale,
    truth: Any,
    name: str = "",
    kept: bool = False,
    heard: _Heard | None = None,
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
        name=name,
        kept=kept,
        heard=heard,
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
