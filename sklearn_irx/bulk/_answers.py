"""Answers of a model as rows, and the tables that hold them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

from sklearn_irx._tables import Row
from sklearn_irx.ensemble.answers import ANSWER_COLUMNS, answer_columns
from sklearn_irx.nn.isolation import at_most

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class Answer(NamedTuple):
    """The values of `ANSWER_COLUMNS` for a text, each None if there is an error instead."""

    values: tuple[Any, ...]
    error: str | None


def no_answer(error: str) -> Answer:
    """Return an answer that holds an error alone."""
    return Answer((None,) * len(ANSWER_COLUMNS), error)


def answer(model: Any, texts: Sequence[str], n_threads: int | None = None) -> list[Answer]:
    """Explain texts with a model, with `n_threads` threads at most.

    A text that the model fails on gets an answer with the error.
    """
    with at_most(n_threads):
        return _answers(model, texts)


def _answers(model: Any, texts: Sequence[str]) -> list[Answer]:
    if not texts:
        return []
    try:
        columns = answer_columns(model, texts)
    except Exception as error:  # somebody's tokenizer may raise anything
        if len(texts) == 1:
            message = " ".join(f"{type(error).__name__}: {error}".split())
            return [no_answer(message.encode("utf-8", "replace").decode())]
        middle = len(texts) // 2
        return [*_answers(model, texts[:middle]), *_answers(model, texts[middle:])]
    columns["confidence"] = [round(confidence, 6) for confidence in columns["confidence"]]
    missing = [None] * len(texts)
    values = (columns.get(name, missing) for name in ANSWER_COLUMNS)
    return [Answer(row, None) for row in zip(*values, strict=True)]


class Columns:
    """The columns of the output, and the order of a row in them.

    Attributes
    ----------
    names : list of str
        All, in order.
    meaning : dict of str to str
        Names without the prefix of those that are not kept from the input.

    Parameters
    ----------
    keep : sequence of str
        Columns of the input that are kept.
    prefix : str
        Put before the names of all others.
    of_answers : sequence of str
        Those of `ANSWER_COLUMNS` that the model has.

    Raises
    ------
    ValueError
        If two would have the same name.
    """

    def __init__(self, keep: Sequence[str], prefix: str, of_answers: Sequence[str]) -> None:
        shown = [name in of_answers for name in ANSWER_COLUMNS]
        names = ("file", "row", *of_answers, "error")
        self.meaning = {f"{prefix}{name}": name for name in names}
        own = list(self.meaning)
        taken = [name for name in keep if name in own]
        if taken:
            raise ValueError(
                f"keep={list(keep)!r}: the answers have a column {taken[0]!r} themselves; a prefix "
                "gives them other names."
            )
        self.keep = list(keep)
        self.names = [*own[:2], *keep, *own[2:]]
        self._shown = shown

    def row(self, row: Row, answer: Answer) -> tuple[Any, ...]:
        """Join a row of the input with its answer."""
        values = compress(answer.values, self._shown)
        return (row.file, row.number, *row.kept, *values, answer.error)


@contextmanager
def csv_table(path: Path, columns: Columns, schema: Any) -> Iterator[Any]:  # noqa: ARG001
    """Yield a function that adds rows to a CSV file, and counts errors. Lists are JSON."""

    def add(rows: Sequence[tuple[Any, ...]]) -> int:
        writer.writerows([_cell(value) for value in row] for row in rows)
        return _n_errors(row[-1] for row in rows)

    with path.open("x", encoding="utf-8", errors="replace", newline="") as file:
        # Texts are all quoted, or a lone carriage return would end the row for some who read it.
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(columns.names)
        yield add


@contextmanager
def jsonl_table(path: Path, columns: Columns, schema: Any) -> Iterator[Any]:  # noqa: ARG001
    """Yield a function that adds rows to a file of JSON lines, and counts errors."""

    def add(rows: Sequence[tuple[Any, ...]]) -> int:
        for row in rows:
            found = dict(zip(columns.names, row, strict=True))
            file.write(_text(found) + "\n")
        return _n_errors(row[-1] for row in rows)

    with path.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        yield add


@contextmanager
def parquet_table(path: Path, columns: Columns, schema: Any) -> Iterator[Any]:  # noqa: ARG001
    """Yield a function that adds rows to a Parquet file, and counts errors."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def add(rows: Sequence[tuple[Any, ...]]) -> int:
        *arrays, errors = (list(values) for values in zip(*rows, strict=True))
        *fields, of_errors = schema
        made = [_array(values, field, errors) for values, field in zip(arrays, fields, strict=True)]
        made.append(_array(errors, of_errors, []))  # last, as the others may add to it
        writer.write_table(pa.Table.from_arrays(made, schema=schema))
        return _n_errors(errors)

    with pq.ParquetWriter(path, schema) as writer:
        yield add


TABLES = {".csv": csv_table, ".jsonl": jsonl_table, ".parquet": parquet_table}


def schema_of(columns: Columns, kept_types: Sequence[Any], classes: Sequence[Any]) -> Any:
    """Return the types of the columns in Parquet; text for a kept column without one."""
    import pyarrow as pa

    text, number = pa.string(), pa.int64()
    kinds = {
        "label": pa.array(classes).type, "number": pa.float64(), "text": text,
        "spans": pa.list_(pa.list_(number)), "flag": pa.bool_(),
    }  # fmt: skip
    types = {name: kinds[kind] for name, kind in ANSWER_COLUMNS.items()}
    types |= {"file": text, "row": number, "error": text}
    kept = dict(zip(columns.keep, kept_types, strict=True))
    return pa.schema(
        (name, (kept[name] or text) if name in kept else types[columns.meaning[name]])
        for name in columns.names
    )


def _array(values: list[Any], field: Any, errors: list[str | None]) -> Any:
    """Return an Arrow array. A value that its type cannot hold is missing, and an error."""
    import pyarrow as pa

    if field.type == pa.string():
        values = [
            value if value is None or isinstance(value, str) else _text(value) for value in values
        ]
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass
    held: list[Any] = []
    for place, value in enumerate(values):
        try:
            pa.array([value], field.type)
            held.append(value)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            held.append(None)
            complaint = f"column {field.name!r} holds a value that is no {field.type}"
            errors[place] = "; ".join(filter(None, (errors[place], complaint)))
    return pa.array(held, field.type)


def _n_errors(errors: Iterable[str | None]) -> int:
    return sum(error is not None for error in errors)


def _cell(value: Any) -> Any:
    """Return a value as a cell: JSON unless it is a text, number or truth value."""
    if value is None or isinstance(value, str | int | float):
        return value
    return _text(value)


def _text(value: Any) -> str:
    return _ENCODER.encode(value)
