"""Rows of CSV, JSON lines and Parquet one by one: a bad row is a row that says what is wrong."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

FORMATS = (".csv", ".jsonl", ".parquet")
LONGEST = 2**24
"""Bytes of a line, or characters of a CSV cell, at most: what is longer is no row."""

_TOO_LONG = f"a line has more than {LONGEST:,} bytes"
_N_LOOKED_AT = 100  # lines of JSON, for the names of columns
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # no nan, no infinity
_BOM = b"\xef\xbb\xbf"


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


class _BadRowError(ValueError):
    """What is wrong with a row."""


def rows_of(
    source: Any, suffix: str, text: str, keep: Sequence[str], n_done: int, offset: int
) -> Iterator[tuple[Row, int]]:
    """Yield the rows of a file.

    Parameters
    ----------
    source : Source
        The file.
    suffix : str
        One of ``FORMATS``.
    text : str
        Column of the documents.
    keep : sequence of str
        Columns to keep. What a file does not have is None.
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
    records = _READERS[suffix](source, [text, *keep], n_done, offset)
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
            said = f"from here on, the file cannot be read: {_sentence(error)}"
            yield Row(source.name, None, None, (None,) * len(keep), said), source.size
            return
        if isinstance(record, _BadRowError):
            kept = tuple(source.partition.get(name) for name in keep)
            yield Row(source.name, number, None, kept, str(record)), offset
            continue
        value, kept = record[0], tuple(map(_whole, record[1:]))
        document, complaint = _checked(value, text)
        yield Row(source.name, number, document, kept, complaint), offset


def columns_of(path: Path, suffix: str) -> list[str]:
    """Return the names of the columns of a file; of JSON lines, those in its first lines.

    Raises
    ------
    ValueError, OSError
        If the file cannot be read.
    """
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        with path.open("rb") as file:
            return list(pq.ParquetFile(file).schema_arrow.names)
    with path.open("rb") as file:
        if suffix == ".csv":
            return _Cells(file).header()
        records = (_parsed(line) for line, _ in islice(_lines(file), _N_LOOKED_AT))
        return list(
            dict.fromkeys(n for record in records if isinstance(record, dict) for n in record)
        )


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


def _checked(value: Any, column: str) -> tuple[str | None, str | None]:
    """Return a document and None, or None and the error."""
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


def _read_csv(
    source: Any, columns: Sequence[str], n_done: int, offset: int
) -> Iterator[tuple[Any, int]]:
    with source.path.open("rb") as file:
        cells = _Cells(file)
        header = cells.header()
        if not header:
            return
        if columns[0] not in header:
            raise ValueError(f"it has no column {columns[0]!r}")
        places = [header.index(name) if name in header else None for name in columns]
        given = [source.partition.get(name) for name in columns]
        if n_done:
            cells.go_on_at(offset)
        for found in cells:
            if isinstance(found, list) and len(found) != len(header):
                found = _BadRowError(f"it has {len(found)} cells, and the header has {len(header)}")
            if isinstance(found, list):
                found = [
                    value if place is None else found[place]
                    for place, value in zip(places, given, strict=True)
                ]
            yield found, cells.offset


class _Cells:
    """Rows of a CSV file, with the place in bytes after each.

    A row that breaks the rules, a quote that is never closed say, is one line: what follows it is
    read by itself.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = len(_BOM) if file.read(len(_BOM)) == _BOM else 0
        self.go_on_at(self.offset)

    def go_on_at(self, offset: int) -> None:
        self._file.seek(offset)
        self.offset = offset
        self._reader = csv.reader(self._decoded(), strict=True)

    def header(self) -> list[str]:
        """Return the first row, empty if there is none."""
        found = next(self, [])
        if isinstance(found, _BadRowError):
            raise ValueError(f"its header cannot be read: {found}")
        return [name.encode("utf-8", "replace").decode() for name in found]

    def __iter__(self) -> Iterator[list[str] | _BadRowError]:
        return self

    def __next__(self) -> list[str] | _BadRowError:
        while True:
            self._first_line_end: int | None = None
            # The limit is that of all readers in the process, so it is put back at once.
            before = csv.field_size_limit(LONGEST)
            try:
                cells = next(self._reader)
            except (csv.Error, _BadRowError) as error:
                if self._first_line_end is not None:
                    self.go_on_at(self._first_line_end)
                return _BadRowError(_sentence(error))
            finally:
                csv.field_size_limit(before)
            if cells:  # an empty line is no row
                return cells

    def _decoded(self) -> Iterator[str]:
        while line := self._file.readline(LONGEST):
            self.offset += len(line)
            too_long = len(line) == LONGEST and not line.endswith(b"\n")
            while too_long and (rest := self._file.readline(LONGEST)):
                self.offset += len(rest)
                if rest.endswith(b"\n"):
                    break
            if self._first_line_end is None:
                self._first_line_end = self.offset
            if too_long:
                raise _BadRowError(_TOO_LONG)
            yield line.decode("utf-8", "surrogateescape")


def _read_jsonl(
    source: Any,
    columns: Sequence[str],
    n_done: int,  # noqa: ARG001
    offset: int,
) -> Iterator[tuple[Any, int]]:
    with source.path.open("rb") as file:
        file.seek(offset)
        for line, end in _lines(file):
            record = _parsed(line)
            if isinstance(record, _BadRowError):
                yield record, end
            else:
                given = source.partition | record
                yield [given.get(name) for name in columns], end


def _lines(file: BinaryIO) -> Iterator[tuple[bytes | None, int]]:
    """Yield lines that are not blank, None for one too long, and the byte position after each."""
    end = file.tell()
    while line := file.readline(LONGEST):
        first, end = end, end + len(line)
        too_long = len(line) == LONGEST and not line.endswith(b"\n")
        while too_long and (rest := file.readline(LONGEST)):
            end += len(rest)
            if rest.endswith(b"\n"):
                break
        if too_long:
            yield None, end
        elif line := (line.removeprefix(_BOM) if first == 0 else line).strip():
            yield line, end


def _parsed(line: bytes | None) -> dict[str, Any] | _BadRowError:
    if line is None:
        return _BadRowError(_TOO_LONG)
    try:
        found = _DECODER.decode(line.decode())
    except UnicodeDecodeError:
        return _BadRowError("the line is not UTF-8")
    except json.JSONDecodeError as error:
        return _BadRowError(f"the line is not JSON: {error.msg} at character {error.pos + 1}")
    except (ValueError, RecursionError) as error:  # a number too long, lists too deep
        return _BadRowError(f"the line is not JSON that can be read: {_sentence(error)}")
    return found if isinstance(found, dict) else _BadRowError("the line is not a JSON object")


def _read_parquet(
    source: Any,
    columns: Sequence[str],
    n_done: int,
    offset: int,  # noqa: ARG001
) -> Iterator[tuple[Any, int]]:
    import pyarrow.parquet as pq

    with source.path.open("rb") as raw:
        file = pq.ParquetFile(raw, pre_buffer=False)
        there = [name for name in columns if name in file.schema_arrow.names]
        if columns[0] not in there:
            raise ValueError(f"it has no column {columns[0]!r}")
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
                    for name in columns
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
