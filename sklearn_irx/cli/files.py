"""Tables and files, in and out: CSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import json
import os
import reprlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx._files import replacing
from sklearn_irx._tables import (
    FORMATS,
    BadRowError,
    Cells,
    Columns,
    EncodedRowError,
    EncodingError,
    check_dialect,
    check_names,
    document_of,
    objects,
)
from sklearn_irx.cli.errors import WRONG_USE, CommandError

if TYPE_CHECKING:
    import pandas as pd

_N_ROWS_NAMED = 5
_TEXT = Columns("text")


def check_format(path: Path) -> str:
    """Return the format of `path` by its extension.

    Raises
    ------
    CommandError
        If it is none of ``FORMATS``.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise CommandError(
            f"{path} ends in {suffix or 'no extension'!r}; tables end in {', '.join(FORMATS)}.",
            WRONG_USE,
        )
    return suffix


def check_output(path: Path) -> None:
    """Refuse, before anything is computed, a path that cannot be written to.

    Raises
    ------
    CommandError
        If the folder of `path` does not exist, or `path` is a folder.
    """
    check_parent(path)
    if path.is_dir():
        raise CommandError(f"{path} is a folder; a file is to be written.", WRONG_USE)


def check_parent(path: Path) -> None:
    """Refuse a path in a folder that is not there or cannot be written to."""
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {path.parent} to write {path.name} in.", WRONG_USE)
    if not os.access(path.parent, os.W_OK):
        raise CommandError(f"the folder {path.parent} is not writable.", WRONG_USE)


def check_input(path: Path) -> None:
    """Refuse a path that is no file.

    Raises
    ------
    CommandError
        If there is no file `path`.
    """
    if not path.is_file():
        raise CommandError(f"there is no file {path}.", WRONG_USE)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` only when complete."""
    try:
        with replacing(path) as part:
            yield part
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error


def read_table(path: Path, columns: Columns = _TEXT) -> pd.DataFrame:
    """Read a table by the extension of its name, as :func:`sklearn_irx.bulk.score` does.

    Parameters
    ----------
    path : Path
        A file in one of ``FORMATS``. In CSV every cell is text, ``"NA"`` and ``"007"`` too; JSON
        lines and Parquet keep the types they hold.
    columns : Columns
        What is asked for, and how the file is written.

    Returns
    -------
    table : DataFrame
        With at least one row.

    Raises
    ------
    CommandError
        If the file is missing, broken, empty or of an unknown format, has two columns of one name,
        or is in another encoding.
    """
    suffix = check_format(path)
    try:
        sep, encoding = check_dialect(suffix, columns.sep, columns.encoding)
    except ValueError as error:
        raise CommandError(f"--{error}", WRONG_USE) from error
    check_input(path)
    try:
        table = _READERS[suffix](path, columns._replace(sep=sep, encoding=encoding))
    except (EncodingError, EncodedRowError) as error:
        raise CommandError(
            f"{path}: {error}; --encoding {error.likely} may be its encoding."
        ) from error
    except (ValueError, OSError, NotImplementedError) as error:
        raise CommandError(
            f"{path} is not a readable {suffix} table: {error}".rstrip(".") + "."
        ) from error
    if table.empty:
        raise CommandError(f"{path} holds no rows.")
    return table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table by the extension of its name, whole or not at all.

    Raises
    ------
    CommandError
        If the file cannot be written, or its format cannot hold what is in `table`.
    """
    suffix = check_format(path)
    with written_whole(path) as part:
        try:
            _WRITERS[suffix](table, part)
        except (ValueError, TypeError, OverflowError) as error:
            raise CommandError(
                f"{path} cannot hold the table: {error}".rstrip(".") + "."
            ) from error


def to_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8."""
    # Texts are all quoted: the csv module by itself leaves a lone carriage return bare, and that
    # ends the row for whoever reads the file.
    text = table.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    return text.encode("utf-8", errors="replace")


def texts_of(table: pd.DataFrame, column: str, path: Path) -> list[str]:
    """Return the documents in a column of `table`, numbers as they are written.

    Raises
    ------
    CommandError
        If there is no such column, or a row holds no text.
    """
    values = _column(table, column, path)
    _refuse_rows(values.isna(), f"{path} has no text in column {column!r}")
    texts, complaints = zip(*(document_of(value, column) for value in values.tolist()), strict=True)
    alien = [complaint is not None for complaint in complaints]
    if any(alien):
        said = complaints[alien.index(True)]
        remedy = "give one text in each row, or name another column by --text"
        _refuse_rows(alien, f"{path}: {said}", remedy)
    return list(texts)


def labels_of(table: pd.DataFrame, column: str, path: Path) -> np.ndarray:
    """Return the labels in a column of `table`, in the type the file holds them in.

    Returns
    -------
    labels : ndarray of shape (n_rows,)

    Raises
    ------
    CommandError
        If there is no such column, a row has no label (in CSV: an empty cell), or the labels are
        of more than one type.
    """
    values = _column(table, column, path)
    labels = values.tolist()
    missing = np.array(values.isna(), dtype=bool)
    if path.suffix.lower() == ".csv":
        missing |= np.array([label == "" for label in labels])
    _refuse_rows(missing, f"{path} has no label in column {column!r}")
    kinds = [type(label) for label in labels]
    alike = next((alike for alike in ({str}, {bool}, {int, float}) if kinds[0] in alike), set())
    odd = [kind not in alike for kind in kinds]
    if any(odd):
        named = " and ".join(sorted({kind.__name__ for kind in kinds}))
        example = reprlib.repr(labels[odd.index(True)])
        _refuse_rows(
            odd,
            f"{path} holds labels of the type {named} in column {column!r}, {example}",
            "give labels that are all text, all numbers or all true and false",
        )
    return np.array(labels)


def read_labelled(path: Path, columns: Columns) -> tuple[list[str], np.ndarray]:
    """Read the texts of a table, and their labels from the first of the columns to keep."""
    table = read_table(path, columns)
    return texts_of(table, columns.text, path), labels_of(table, columns.keep[0], path)


def _column(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    _check_column(list(table.columns), column, path)
    return table[column]


def _check_column(names: Sequence[Any], column: str, path: Path) -> None:
    if column not in names:
        there = ", ".join(repr(str(name)) for name in names)
        hint = ""
        if path.suffix.lower() == ".csv" and len(names) == 1:
            hint = " If several are in one, --sep says what stands between them."
        raise CommandError(
            f"{path} has no column {column!r}; its columns are {there}.{hint}", WRONG_USE
        )


def _refuse_rows(bad: Sequence[bool] | pd.Series, complaint: str, remedy: str = "") -> None:
    rows = np.flatnonzero(np.asarray(bad)) + 1
    if rows.size:
        named = ", ".join(map(str, rows[:_N_ROWS_NAMED]))
        more = f" and {rows.size - _N_ROWS_NAMED:,} more" if rows.size > _N_ROWS_NAMED else ""
        where = f"in row{'s' if rows.size > 1 else ''} {named}{more}"
        raise CommandError(f"{complaint} {where}{remedy and ': ' + remedy}.")


def _read_csv(path: Path, columns: Columns) -> pd.DataFrame:
    import pandas as pd

    with path.open("rb") as file:
        cells = Cells(file, columns.dialect(file, ".csv"))
        names = cells.header()
        if not names:
            raise ValueError("it is empty")
        _check_column(names, columns.text, path)
        return pd.DataFrame(_good(cells), columns=names, dtype=object)


def _read_jsonl(path: Path, columns: Columns) -> pd.DataFrame:
    # Not pandas.read_json: it guesses dates, and has no whole numbers where one is missing.
    import pandas as pd

    with path.open("rb") as file:
        found = objects(file, columns.dialect(file, ".jsonl"))
        return pd.DataFrame(_good(record for record, _ in found), dtype=object)


def _good(rows: Iterable[Any]) -> list[Any]:
    """Return rows, or raise the error of the first that is none."""
    found = []
    for number, row in enumerate(rows, start=1):
        if isinstance(row, BadRowError):
            row.args = (f"row {number}: {row}",)
            raise row
        found.append(row)
    return found


def _read_parquet(path: Path, columns: Columns) -> pd.DataFrame:  # noqa: ARG001
    import pandas as pd
    import pyarrow.parquet as pq

    check_names(list(pq.read_schema(path).names))
    return pd.read_parquet(path)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    path.write_bytes(to_csv(table))


def _write_jsonl(table: pd.DataFrame, path: Path) -> None:
    cells = table.astype(object)
    records = cells.where(cells.notna(), None).to_dict("records")
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        for record in records:
            plain = {str(name): value for name, value in record.items()}
            file.write(json.dumps(plain, ensure_ascii=False, default=_plain) + "\n")


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    # Parquet holds UTF-8, which has no halves of characters; CSV gets "?" for them likewise.
    whole = table.rename(columns=lambda name: _whole(str(name))).map(_whole)
    whole.to_parquet(path, index=False)


def _whole(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


_READERS: dict[str, Callable[[Path, Columns], pd.DataFrame]] = dict(
    zip(FORMATS, (_read_csv, _read_jsonl, _read_parquet), strict=True)
)
_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = dict(
    zip(FORMATS, (_write_csv, _write_jsonl, _write_parquet), strict=True)
)
