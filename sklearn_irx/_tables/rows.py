"""Rows of CSV, JSON lines and Parquet one by one: a bad row is a row that says what is wrong."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sklearn_irx._tables.dialect import (
    LONGEST,
    Dialect,
    EncodingError,
    Lines,
    TableError,
    find_dialect,
    not_decoded,
)

FORMATS = (".csv", ".jsonl", ".parquet")

_TOO_LONG = f"a line has more than {LONGEST:,} bytes"
_N_LOOKED_AT = 100  # lines of JSON, for the names of columns


class Row(NamedTuple):
    """A row to answer.

    Attributes
    ----------
    file : str
        The file it is in.
    number : int or None
        Its number in the file, from 1; None stands for what is left of a file that cannot be read.
    text : str or None
        The document; None if there is an error.
    kept : tuple
        Values of the columns that are kept.
    error : str or None
        Why there is no document.
    """

    file: str
    number: int | None
    text: str | None
    kept: tuple[Any, ...]
    error: str | None


class Columns(NamedTuple):
    """What is read of a table.

    Attributes
    ----------
    text : str
        Column of the documents.
    keep : sequence of str
        Columns to keep. What a file does not have is None.
    sep, encoding : str or None
        How tables are written; None is found in each file.
    """

    text: str
    keep: Sequence[str] = ()
    sep: str | None = None
    encoding: str | None = None

    @property
    def names(self) -> list[str]:
        """The columns read."""
        return [self.text, *self.keep]

    def dialect(self, file: BinaryIO, suffix: str) -> Dialect:
        """Return how a file is written."""
        return find_dialect(file, suffix, self.names, self.sep, self.encoding)


class BadRowError(ValueError):
    """What is wrong with a row, and its cells, if they can be told."""

    def __init__(self, sentence: str, cells: list[str] | None = None) -> None:
        super().__init__(sentence)
        self.cells: list[Any] | None = cells


class EncodedRowError(BadRowError):
    """A row in another encoding than it is said to be."""

    def __init__(self, error: EncodingError, cells: list[str] | None = None) -> None:
        super().__init__(str(error), cells)
        self.likely = error.likely


def rows_of(
    source: Any, suffix: str, columns: Columns, n_done: int, offset: int
) -> Iterator[tuple[Row, int]]:
    """Yield the rows of a file.

    Parameters
    ----------
    source : Source
        The file.
    suffix : str
        One of ``FORMATS``.
    columns : Columns
        What to read.
    n_done, offset : int
        Rows, and bytes, of it that are done.

    Yields
    ------
    row : Row
    offset : int
        Bytes of the file up to the end of the row.

    Raises
    ------
    OSError
        If the system cannot read the file now. What is wrong with its content is said by rows.
    """
    keep = columns.keep
    records = _READERS[suffix](source, columns, n_done, offset)
    number = n_done
    while True:
        number += 1
        try:
            record, offset = next(records)
        except StopIteration:
            return
        except Exception as error:  # what a broken file raises depends on its format
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk or the network, and not what is in the file
            said = f"from here on, the file cannot be read: {with_remedy(error)}"
            yield Row(source.name, None, None, (None,) * len(keep), said), source.size
            return
        if isinstance(record, BadRowError):
            kept = tuple(source.partition.get(name) for name in keep)
            if record.cells is not None:
                kept = tuple(map(_whole, record.cells[1:]))
            yield Row(source.name, number, None, kept, with_remedy(record)), offset
            continue
        value, kept = record[0], tuple(map(_whole, record[1:]))
        document, complaint = document_of(value, columns.text)
        yield Row(source.name, number, document, kept, complaint), offset


def columns_of(path: Path, suffix: str, columns: Columns) -> list[str]:
    """Return the names of the columns of a file; of JSON lines, those in its first lines.

    Raises
    ------
    TableError
        If there are two columns of one name, or the file is in another encoding.
    ValueError, OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        if suffix == ".parquet":
            import pyarrow.parquet as pq

            return check_names(list(pq.ParquetFile(file).schema_arrow.names))
        dialect = columns.dialect(file, suffix)
        if suffix == ".csv":
            return Cells(file, dialect).header()
        records = (record for record, _ in islice(objects(file, dialect), _N_LOOKED_AT))
        return list(
            dict.fromkeys(n for record in records if isinstance(record, dict) for n in record)
        )


def check_names(names: list[str]) -> list[str]:
    """Return names of columns, or raise TableError if there are two of one name."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TableError(f"it has {names.count(twice)} columns named {twice!r}: rename one of them")
    return names


def type_of(path: Path, suffix: str, name: str) -> Any:
    """Return the type in which a Parquet file holds a column, None for other formats."""
    if suffix != ".parquet":
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            found = pq.ParquetFile(file).schema_arrow
    except (ValueError, OSError):
        return None
    kind = found.field(name).type if name in found.names else None
    return kind.value_type if kind is not None and pa.types.is_dictionary(kind) else kind


def document_of(value: Any, column: str) -> tuple[str | None, str | None]:
    """Return the document in a cell and None, or None and what is wrong with it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None, f"there is no text in column {column!r}"
    if isinstance(value, bytes):
        try:
            return value.decode(), None
        except UnicodeDecodeError:
            return None, "the text is not UTF-8"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None, f"there is a {type(value).__name__} in column {column!r} instead of a text"
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        escaped = "\udc80" <= text[error.start] <= "\udcff"
        return None, "the text is not UTF-8" if escaped else "the text holds half a character"
    return text, None


def _whole(value: Any) -> Any:
    """Return a value to keep in a form that every format can hold."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {_whole(str(name)): _whole(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return value


def _sentence(error: BaseException) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return said.encode("utf-8", "replace").decode()


def with_remedy(error: Exception) -> str:
    """Return what is wrong, with an encoding to try where it is another."""
    likely = getattr(error, "likely", None)
    said = _sentence(error)
    return f"{said}: give its encoding, {likely!r} for example" if likely else said


def _read_csv(source: Any, columns: Columns, n_done: int, offset: int) -> Iterator[tuple[Any, int]]:
    with source.path.open("rb") as file:
        cells = Cells(file, columns.dialect(file, ".csv"))
        header = cells.header()
        if not header:
            return
        if columns.text not in header:
            raise ValueError(f"it has no column {columns.text!r}")
        places = [header.index(name) if name in header else None for name in columns.names]
        given = [source.partition.get(name) for name in columns.names]

        def chosen(row: list[str]) -> list[Any]:
            return [
                value if place is None else row[place]
                for place, value in zip(places, given, strict=True)
            ]

        if n_done:
            cells.go_on_at(offset)
        for found in cells:
            if isinstance(found, list):
                yield chosen(found), cells.offset
            else:
                if found.cells is not None:
                    found.cells = chosen(found.cells)
                yield found, cells.offset


class Cells:
    """Rows of a CSV file, with the place in bytes after each.

    A row that breaks the rules, a quote that is never closed say, is one line: what follows it is
    read by itself.
    """

    def __init__(self, file: BinaryIO, dialect: Dialect) -> None:
        self._lines = Lines(file, dialect)
        self._dialect = dialect
        self._n_columns: int | None = None
        self.go_on_at(dialect.start)

    @property
    def offset(self) -> int:
        """Bytes of the file up to the end of the row."""
        return self._lines.offset

    def go_on_at(self, offset: int) -> None:
        """Read on from a place between two rows."""
        self._lines.go_on_at(offset)
        self._reader = csv.reader(self._decoded(), delimiter=self._dialect.sep, strict=True)

    def header(self) -> list[str]:
        """Return the first row, empty if there is none.

        Raises
        ------
        TableError
            If two columns have one name, or it is in another encoding.
        ValueError
            If it cannot be read.
        """
        found = next(self, [])
        if isinstance(found, EncodedRowError):
            raise EncodingError("its header " + str(found).removeprefix("the text "), found.likely)
        if isinstance(found, BadRowError):
            raise ValueError(f"its header cannot be read: {found}")
        self._n_columns = len(found) or None
        names = [name or f"Unnamed: {place}" for place, name in enumerate(found)]
        return check_names(names)

    def __iter__(self) -> Iterator[list[str] | BadRowError]:
        return self

    def __next__(self) -> list[str] | BadRowError:
        while True:
            self._first_line_end: int | None = None
            self._strange: EncodingError | None = None
            # The limit is that of all readers in the process, so it is put back at once.
            before = csv.field_size_limit(LONGEST)
            try:
                cells = next(self._reader)
            except (csv.Error, BadRowError) as error:
                if self._first_line_end is not None:
                    self.go_on_at(self._first_line_end)
                return BadRowError(_sentence(error))
            finally:
                csv.field_size_limit(before)
            if not cells:  # an empty line is no row
                continue
            if self._n_columns not in (None, len(cells)):
                return BadRowError(
                    f"it has {len(cells)} cells, and the header has {self._n_columns}"
                )
            return cells if self._strange is None else EncodedRowError(self._strange, cells)

    def _decoded(self) -> Iterator[str]:
        for line in self._lines:
            if self._first_line_end is None:
                self._first_line_end = self.offset
            if line is None:
                raise BadRowError(_TOO_LONG)
            try:
                text = line.decode(self._dialect.encoding)
            except UnicodeDecodeError:
                self._strange = not_decoded(line, self._dialect.encoding)
                text = line.decode(self._dialect.encoding, "replace")
            yield text


def _read_jsonl(
    source: Any,
    columns: Columns,
    n_done: int,
    offset: int,
) -> Iterator[tuple[Any, int]]:
    with source.path.open("rb") as file:
        dialect = columns.dialect(file, ".jsonl")
        for record, end in objects(file, dialect, offset if n_done else dialect.start):
            if isinstance(record, BadRowError):
                yield record, end
            else:
                given = source.partition | record
                yield [given.get(name) for name in columns.names], end


def objects(
    file: BinaryIO, dialect: Dialect, offset: int | None = None
) -> Iterator[tuple[dict[str, Any] | BadRowError, int]]:
    """Yield the objects of JSON lines, and the place in bytes after each; a blank line is none."""
    lines = Lines(file, dialect)
    if offset is not None:
        lines.go_on_at(offset)
    for line in lines:
        found = _parsed(line, dialect.encoding)
        if found is not None:
            yield found, lines.offset


def _parsed(line: bytes | None, encoding: str) -> dict[str, Any] | BadRowError | None:
    if line is None:
        return BadRowError(_TOO_LONG)
    try:
        text = line.decode(encoding).strip()
        found = _DECODER.decode(text) if text else None
    except UnicodeDecodeError:
        return EncodedRowError(not_decoded(line, encoding))
    except json.JSONDecodeError as error:
        return BadRowError(f"the line is not JSON: {error.msg} at character {error.pos + 1}")
    except TableError as error:
        return BadRowError(str(error))
    except RecursionError:
        return BadRowError("the line nests too deep")
    except ValueError as error:  # a number too long
        return BadRowError(f"the line is not JSON that can be read: {_sentence(error)}")
    if not text or isinstance(found, dict):
        return found
    return BadRowError("the line is not a JSON object")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        check_names([name for name, _ in pairs])
    return found


_DECODER = json.JSONDecoder(
    parse_constant=lambda _: None,  # no nan, no infinity
    object_pairs_hook=_object,
)


def _read_parquet(
    source: Any,
    columns: Columns,
    n_done: int,
    offset: int,  # noqa: ARG001
) -> Iterator[tuple[Any, int]]:
    import pyarrow.parquet as pq

    with source.path.open("rb") as raw:
        file = pq.ParquetFile(raw, pre_buffer=False)
        named = check_names(list(file.schema_arrow.names))
        there = [name for name in columns.names if name in named]
        if columns.text not in there:
            raise ValueError(f"it has no column {columns.text!r}")
        n_rows, first, group = file.metadata.num_rows, 0, 0
        while group < file.num_row_groups and first + (n := _n_rows(file, group)) <= n_done:
            first, group = first + n, group + 1
        batches = file.iter_batches(
            1000, row_groups=list(range(group, file.num_row_groups)), columns=there
        )
        done, skip = first, n_done - first
        for batch in batches:
            values = {name: _plain(batch.column(name)) for name in there}
            of_rows = zip(
                *(
                    values[name] if name in values else [source.partition.get(name)] * len(batch)
                    for name in columns.names
                ),
                strict=True,
            )
            for found in of_rows:
                done += 1
                if skip:
                    skip -= 1
                else:
                    yield list(found), source.size * done // n_rows


def _n_rows(file: Any, group: int) -> int:
    return int(file.metadata.row_group(group).num_rows)


def _plain(column: Any) -> list[Any]:
    """Return the values of an Arrow array; strings as bytes, where some are not UTF-8."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        large = pa.types.is_large_string(column.type)
        values = column.cast(pa.large_binary() if large else pa.binary()).to_pylist()
    return values


_READERS: dict[str, Callable[..., Iterator[tuple[Any, int]]]] = dict(
    zip(FORMATS, (_read_csv, _read_jsonl, _read_parquet), strict=True)
)
