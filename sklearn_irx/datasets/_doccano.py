"""The files of doccano, JSON lines, in and out."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import regex

from sklearn_irx._files import replacing
from sklearn_irx._tables import BadRowError, Columns, TableError, objects
from sklearn_irx.datasets._annotated_texts import AnnotatedTexts, collected, documents_of
from sklearn_irx.datasets._annotation_files import (
    SPAN_LABEL,
    WrongEntryError,
    check_bounds,
    check_file,
    check_span_labels,
    checked,
    id_in,
    one_class,
    reading,
    value_of,
)
from sklearn_irx.text.spans import Span, merged, utf16_places

_MOST_BYTES = 2**32  # read line by line
_OFFSETS = ("utf-16", "graphemes", "characters")
_AGAIN = "export the project as JSONL again"
_OTHER_OFFSETS = "correct it, or give another unit as offsets="
_ONE_CLASS = "settle it in doccano, or export what one annotator did"


def write_doccano(
    path: str | os.PathLike[str],
    rationales: Any,
    *,
    ids: Iterable[Any] | None = None,
    offsets: str = "utf-16",
) -> None:
    """Write rationales as JSON lines of doccano, for people to correct.

    A line has ``text``, ``entities`` (a span for each maximal run of selected words), ``cats`` (the
    predicted class) and ``confidence``. A project for "Intent Detection and Slot Filling" takes it
    as it is. A project for "Sequence Labeling" takes the spans, if you give "entities" as the
    column of labels when you import, and one for "Text Classification" the class, with "cats". The
    file is written whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file to write, ``documents.jsonl`` for example.
    rationales : list of Rationale, or AnnotatedTexts
        As ``explain`` returns them; or texts, classes and spans from elsewhere.
    ids : iterable of str or int, default=None
        Names of the documents, which doccano exports as ``id`` again.
    offsets : {"utf-16", "graphemes", "characters"}, default="utf-16"
        The unit of offsets. doccano counts UTF-16 code units, of which an emoji has two;
        "graphemes" is for projects that count grapheme clusters as one character. "characters" are
        those of Python, code points.

    Raises
    ------
    TypeError
        If `rationales` are something else.
    ValueError
        If `offsets` is not among the above, `ids` are not as many, a span or a probability is
        impossible, or a text is empty, which doccano refuses.

    See Also
    --------
    write_label_studio : The same for Label Studio.

    Examples
    --------
    >>> from sklearn_irx.datasets import write_doccano
    >>> write_doccano("documents.jsonl", clf.explain(new_texts))  # doctest: +SKIP
    """
    content = json_lines(rationales, ids=ids, offsets=offsets)
    with replacing(Path(path)) as part:
        part.write_text(content, encoding="ascii", newline="\n")


def json_lines(rationales: Any, *, ids: Any, offsets: str) -> str:
    """Return what :func:`write_doccano` writes."""
    _check_offsets(offsets)
    documents = documents_of(rationales, ids)
    lines = []
    for row, document in enumerate(documents):
        if not document.text:
            raise ValueError(f"document {row} is empty, which doccano refuses: leave it out.")
        places = _places(document.text, offsets)
        line: dict[str, Any] = {} if document.id is None else {"id": document.id}
        line |= {
            "text": document.text,
            "entities": [
                [math.floor(places[start]), math.ceil(places[end]), SPAN_LABEL]
                for start, end in document.spans or []
            ],
            "cats": [] if document.label is None else [document.label],
        }
        if document.confidence is not None:
            line["confidence"] = document.confidence
        lines.append(json.dumps(line, allow_nan=False) + "\n")
    return "".join(lines)


def read_doccano(
    path: str | os.PathLike[str],
    *,
    span_labels: Collection[str] | None = None,
    offsets: str = "utf-16",
    confirmed: bool = False,
) -> AnnotatedTexts:
    """Read what people annotated in doccano, from a project that was exported as JSON lines.

    Projects for sequence labelling, with relations or without, for text classification, and for
    both ("Intent Detection and Slot Filling") are known by their keys. Classes and spans that were
    imported into a project which has none of the kind are exported, too, and are not read.

    Parameters
    ----------
    path : str or path-like
        The exported file. It is not trusted, and nothing in it is run. If annotators do not share
        their work, doccano exports a file for each; in one of all, spans are put together.
    span_labels : list of str or None, default=None
        The labels of the spans that count. None counts all.
    offsets : {"utf-16", "graphemes", "characters"}, default="utf-16"
        The unit of offsets, see :func:`write_doccano`.
    confirmed : bool, default=False
        Whether all documents were confirmed by somebody, as by "Export only approved documents".
        Then one without a span has no rationale. doccano does not tell otherwise whether anybody
        has looked at it, and its spans are None.

    Returns
    -------
    texts : AnnotatedTexts
        The documents in the order of the file. Spans are maximal: those that touch are one. Classes
        are text.

    Raises
    ------
    ValueError
        If `offsets` is not among the above, or the file is not such an export; a span that is not
        within its text is refused with the number of its document.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> from sklearn_irx.datasets import read_doccano
    >>> marked = read_doccano("all.jsonl", confirmed=True)  # doctest: +SKIP
    >>> masks = marked.rationales(clf.tokenizer)  # doctest: +SKIP
    """
    _check_offsets(offsets)
    wanted = check_span_labels(span_labels)
    source = Path(path)
    check_file(source, _MOST_BYTES)
    documents = []
    with source.open("rb") as file, reading(source, "line 1"):
        try:
            lines = objects(file, Columns("text").dialect(file, ".jsonl"))
        except TableError as error:
            raise WrongEntryError(f"{error}: {_AGAIN}") from error
        for number, (fields, _) in enumerate(lines, start=1):
            with reading(source, f"document {number}"):
                if isinstance(fields, BadRowError):
                    raise WrongEntryError(f"{fields}: {_AGAIN}")
                documents.append(_document(fields, wanted, offsets, confirmed))
    return collected(documents)


def _check_offsets(offsets: str) -> None:
    if offsets not in _OFFSETS:
        raise ValueError(f"offsets={offsets!r} is unknown: give one of {list(_OFFSETS)}.")


def _places(text: str, unit: str) -> np.ndarray:
    """Return the place of each character, and of the end, in units; half ones within a unit."""
    if unit == "characters":
        return np.arange(len(text) + 1)
    if unit == "utf-16":
        return utf16_places(text)
    starts = [match.start() for match in regex.finditer(r"\X", text)]
    edges = np.array([*starts, len(text)])
    places = np.searchsorted(edges, np.arange(len(text) + 1)).astype(float)
    places[np.setdiff1d(np.arange(len(text)), edges)] -= 0.5
    return places


def _document(
    fields: dict[str, Any], wanted: frozenset[str] | None, offsets: str, confirmed: bool
) -> tuple[str, str | None, list[Span] | None, str | int | None]:
    """Return text, label, spans and id of a line."""
    text = value_of(fields, "text", str, _AGAIN)
    if not fields.keys() & {"label", "entities", "cats"}:
        raise WrongEntryError(f"it has no 'label', 'entities' or 'cats' among its keys: {_AGAIN}")
    if "label" in fields:  # entities and cats beside it are what was imported
        labels = value_of(fields, "label", list, _AGAIN, [])
        classes = [label for label in labels if isinstance(label, str)]
        marks = [label for label in labels if not isinstance(label, str)]
        if classes and marks:
            raise WrongEntryError(f"'label' holds classes and spans: {_AGAIN}")
        has_spans = not classes
    else:
        given = {} if "relations" in fields else fields  # a project with relations has no classes
        classes = value_of(given, "cats", list, _AGAIN, [])
        marks = value_of(fields, "entities", list, _AGAIN, [])
        has_spans = "entities" in fields
    places = _places(text, offsets) if marks else np.zeros(1)
    spans = [
        _span(start, end, places, offsets)
        for start, end, label in map(_parts, marks)
        if wanted is None or label in wanted
    ]
    return (
        text,
        one_class(classes, _ONE_CLASS),
        merged(spans) if spans or (confirmed and has_spans) else None,
        id_in(fields, _AGAIN),
    )


def _parts(mark: Any) -> tuple[int, int, str]:
    """Return start, end and label of a span, a list or an object."""
    if isinstance(mark, list) and len(mark) == 3:
        mark = dict(zip(("start_offset", "end_offset", "label"), mark, strict=True))
    fields = checked(mark, "span", dict, _AGAIN)
    return (
        value_of(fields, "start_offset", int, _AGAIN),
        value_of(fields, "end_offset", int, _AGAIN),
        value_of(fields, "label", str, _AGAIN),
    )


def _span(start: int, end: int, places: np.ndarray, unit: str) -> Span:
    """Return a span in characters."""
    check_bounds(start, end, int(places[-1]), _OTHER_OFFSETS, unit)
    first, past = np.searchsorted(places, [start, end]).tolist()
    if places[first] != start or places[past] != end:
        raise WrongEntryError(
            f"a span goes from {start} to {end}, within a character: {_OTHER_OFFSETS}"
        )
    return first, past
