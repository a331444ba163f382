"""The files of Label Studio: tasks with annotations in, tasks with predictions out."""

from __future__ import annotations

import json
import os
import re
import reprlib
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from sklearn_irx._files import replacing
from sklearn_irx.datasets._annotated_texts import AnnotatedTexts, Document, collected, documents_of
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
from sklearn_irx.text.spans import Span, merged, n_covering, runs, utf16_places

_MOST_BYTES = 2**30  # parsed, JSON takes some ten times as much memory
_COMBINED = ("union", "majority", "first")
_AGAIN = "export the project as JSON again"
_NOT_TEXT = "annotate with <Labels> on <Text>, as label_studio_config writes it"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACE = re.compile(r"\\n|\s+")
_TEXT, _SPANS, _CLASS = "text", "rationale", "class"
"""Names of the tags of the labelling configuration."""


def label_studio_config(classes: Iterable[Any], *, text: str = "text") -> str:
    """Return the labelling configuration of a Label Studio project for rationales.

    Annotators see a text, mark its rationale and choose its class. Paste it into the settings of
    the project (Labeling Interface, Code) before you import what :func:`write_label_studio` writes.

    Parameters
    ----------
    classes : iterable
        The classes, as text or what ``str`` makes text of: ``clf.classes_``.
    text : str, default="text"
        The key of the texts in the data of a task.

    Returns
    -------
    config : str
        XML, with the classes escaped.

    Raises
    ------
    ValueError
        If there are no classes, two of one name, or one that XML cannot hold.

    Examples
    --------
    >>> from sklearn_irx.datasets import label_studio_config
    >>> print(label_studio_config(["bad", "R&B"]))
    <View>
      <Text name="text" value="$text" granularity="word"/>
      <Labels name="rationale" toName="text">
        <Label value="rationale"/>
      </Labels>
      <Choices name="class" toName="text" choice="single">
        <Choice value="bad"/>
        <Choice value="R&amp;B"/>
      </Choices>
    </View>
    """
    names = [str(name) for name in classes]
    if not names:
        raise ValueError("classes holds none: give the classes to choose from, clf.classes_.")
    for name in names:
        if not name.strip() or _NOT_XML.search(name):
            raise ValueError(f"classes holds {name!r}, which XML cannot hold: rename it.")
        if names.count(name) > 1:
            raise ValueError(f"classes holds {name!r} twice: give every class once.")
    choices = "".join(f"    <Choice value={quoteattr(name)}/>\n" for name in names)
    return (
        "<View>\n"
        f'  <Text name="{_TEXT}" value={quoteattr(f"${text}")} granularity="word"/>\n'
        f'  <Labels name="{_SPANS}" toName="{_TEXT}">\n'
        f'    <Label value="{SPAN_LABEL}"/>\n'
        "  </Labels>\n"
        f'  <Choices name="{_CLASS}" toName="{_TEXT}" choice="single">\n'
        f"{choices}"
        "  </Choices>\n"
        "</View>"
    )


def write_label_studio(
    path: str | os.PathLike[str],
    rationales: Any,
    *,
    ids: Iterable[Any] | None = None,
    text: str = "text",
    model_version: str = "sklearn_irx",
) -> None:
    """Write rationales as tasks of Label Studio, for people to correct.

    Each task has a prediction, which annotators see when they begin: a span for each maximal run
    of selected words, and the predicted class with its probability as the score. A text without
    spans and class has none. The file is written whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file to write, ``tasks.json`` for example.
    rationales : list of Rationale, or AnnotatedTexts
        As ``explain`` returns them; or texts, classes and spans from elsewhere.
    ids : iterable of str or int, default=None
        Names of the documents, by which :func:`read_label_studio` finds them again: they stand as
        ``id`` in the data of a task.
    text : str, default="text"
        The key of the texts in the data of a task.
    model_version : str, default="sklearn_irx"
        What Label Studio is to call the model.

    Raises
    ------
    TypeError
        If `rationales` are something else.
    ValueError
        If `ids` are not as many, or a span or a probability is impossible.

    See Also
    --------
    label_studio_config : The labelling configuration of the project.
    write_doccano : The same for doccano.

    Notes
    -----
    Offsets are code points, as Label Studio counts them in ``<Text>``. Both characters of a Windows
    line end count. ``<Text>`` shows HTML as its source, to which the offsets refer. Classes become
    text.

    Examples
    --------
    >>> from sklearn_irx.datasets import write_label_studio
    >>> write_label_studio("tasks.json", clf.explain(new_texts))  # doctest: +SKIP
    """
    content = tasks_json(rationales, ids=ids, text=text, model_version=model_version)
    with replacing(Path(path)) as part:
        part.write_text(content, encoding="ascii")


def tasks_json(rationales: Any, *, ids: Any, text: str, model_version: str) -> str:
    """Return what :func:`write_label_studio` writes."""
    if text == "id":
        raise ValueError("text='id': this key holds the ids, give another for the texts.")
    tasks = [
        _task(row, document, text, model_version)
        for row, document in enumerate(documents_of(rationales, ids))
    ]
    return json.dumps(tasks, allow_nan=False, indent=1) + "\n"


def read_label_studio(
    path: str | os.PathLike[str],
    *,
    text: str = "text",
    span_labels: Collection[str] | None = None,
    combine: str = "union",
) -> AnnotatedTexts:
    """Read what people annotated in Label Studio, from a project that was exported as JSON.

    What a model predicted, drafts, and annotations that were skipped do not count. An annotation
    without a span says that the text has no rationale.

    Parameters
    ----------
    path : str or path-like
        The exported file. It is not trusted, and nothing in it is run.
    text : str, default="text"
        The key of the texts in the data of a task.
    span_labels : list of str or None, default=None
        The labels of the spans that count. None counts all.
    combine : {"union", "majority", "first"}, default="union"
        What becomes of several annotations of a text. "union" keeps each character that somebody
        marked, "majority" those that more than half of the annotators marked, "first" takes the
        first annotation alone. The class is the one that most chose, of equally many the first.

    Returns
    -------
    texts : AnnotatedTexts
        The tasks in the order of the file. Spans are maximal: those that touch are one. Classes are
        text. An id is that of the data, or the number of the task.

    Raises
    ------
    ValueError
        If `combine` is not among the above, or the file is not such an export; a span that is not
        within its text is refused with the number of its task.
    FileNotFoundError
        If there is no such file.

    Notes
    -----
    Old versions of Label Studio counted UTF-16 code units. If the text that was saved with a span
    stands at these, and not where the code points lead, they are taken.

    Examples
    --------
    >>> from sklearn_irx.datasets import read_label_studio
    >>> marked = read_label_studio("project-1.json")  # doctest: +SKIP
    >>> masks = marked.rationales(clf.tokenizer)  # doctest: +SKIP
    """
    if combine not in _COMBINED:
        raise ValueError(f"combine={combine!r} is unknown: give one of {list(_COMBINED)}.")
    wanted = check_span_labels(span_labels)
    source = Path(path)
    documents = []
    for number, task in enumerate(_tasks(source), start=1):
        with reading(source, f"task {number}"):
            documents.append(_document(task, text, wanted, combine))
    return collected(documents)


def _task(row: int, document: Document, text: str, model_version: str) -> dict[str, Any]:
    """Return the task of a document; no two items of a file have the same id."""
    data = (
        {text: document.text} if document.id is None else {"id": document.id, text: document.text}
    )
    result = [
        {
            "id": f"span-{row}-{number}",
            "from_name": _SPANS,
            "to_name": _TEXT,
            "type": "labels",
            "value": {
                "start": start,
                "end": end,
                "text": document.text[start:end],
                "labels": [SPAN_LABEL],
            },
        }
        for number, (start, end) in enumerate(document.spans or [])
    ]
    if document.label is not None:
        result.append(
            {
                "id": f"class-{row}",
                "from_name": _CLASS,
                "to_name": _TEXT,
                "type": "choices",
                "value": {"choices": [document.label]},
            }
        )
    if not result:
        return {"data": data}
    score = {} if document.confidence is None else {"score": document.confidence}
    return {
        "data": data,
        "predictions": [{"model_version": model_version, **score, "result": result}],
    }


def _tasks(path: Path) -> list[Any]:
    check_file(path, _MOST_BYTES)
    try:
        found = _DECODER.decode(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"path={str(path)!r} is not JSON ({error}): {_AGAIN}.") from error
    if not isinstance(found, list):
        raise ValueError(
            f"path={str(path)!r} holds a {type(found).__name__} and no list of tasks: {_AGAIN}."
        )
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ValueError(f"an object has the key {reprlib.repr(twice)} twice")
    return found


_DECODER = json.JSONDecoder(
    parse_constant=lambda _: None,  # no nan, no infinity
    object_pairs_hook=_object,
)


def _document(
    task: Any, text_key: str, wanted: frozenset[str] | None, combine: str
) -> tuple[str, str | None, list[Span] | None, str | int | None]:
    """Return text, label, spans and id of a task."""
    fields = checked(task, "task", dict, _AGAIN)
    data = value_of(fields, "data", dict, f"{_AGAIN}, not as JSON-MIN")
    text = value_of(data, text_key, str, "give the key of the texts as text=")
    annotations = [
        annotation
        for one in value_of(fields, "annotations", list, _AGAIN, [])
        if not (annotation := checked(one, "annotation", dict, _AGAIN)).get("was_cancelled")
    ]
    if combine == "first":
        annotations = annotations[:1]
    classes: Counter[str] = Counter()
    of_all: list[Span] = []
    for annotation in annotations:
        spans, chosen = _annotated(annotation, text, wanted)
        of_all += merged(spans)
        classes.update([] if chosen is None else [chosen])
    least = len(annotations) // 2 + 1 if combine == "majority" else 1
    return (
        text,
        classes.most_common(1)[0][0] if classes else None,
        runs(n_covering(of_all, len(text)) >= least) if annotations else None,
        id_in(data, _AGAIN) if "id" in data else id_in(fields, _AGAIN),
    )


def _annotated(
    annotation: dict[str, Any], text: str, wanted: frozenset[str] | None
) -> tuple[list[Span], str | None]:
    """Return the spans of an annotation, and the class."""
    spans, classes = [], []
    for one in value_of(annotation, "result", list, _AGAIN, []):
        item = checked(one, "result", dict, _AGAIN)
        kind = item.get("type")
        if kind in ("hypertextlabels", "paragraphlabels"):
            raise WrongEntryError(f"it has results of type {kind!r}: {_NOT_TEXT}")
        if kind not in ("labels", "choices"):
            continue
        value = value_of(item, "value", dict, _AGAIN)
        if kind == "labels":
            names = value_of(value, "labels", list, _AGAIN, [])
            if wanted is None or wanted.intersection(map(str, names)):
                spans.append(_span(value, text))
        elif "start" not in value:  # and not the choice for a span
            classes += value_of(value, "choices", list, _AGAIN)
    return spans, one_class(classes, "let annotators choose one, with choice='single'")


def _span(value: dict[str, Any], text: str) -> Span:
    """Return a span in code points."""
    start = value_of(value, "start", int, _NOT_TEXT)
    end = value_of(value, "end", int, _NOT_TEXT)
    saved = value.get("text")
    if isinstance(saved, str) and not _alike(text[max(start, 0) : max(end, 0)], saved):
        units = utf16_places(text)
        if len(text) < units[-1] and 0 <= start < end <= units[-1]:
            first, past = np.searchsorted(units, [start, end]).tolist()
            if _alike(text[first:past], saved):
                return first, past
    check_bounds(start, end, len(text), "correct it in Label Studio")
    return start, end


def _alike(found: str, saved: str) -> bool:
    """Return whether texts are the same but for whitespace, of which Label Studio saves less."""
    return _SPACE.sub("", found) == _SPACE.sub("", saved)
