"""What is to be scored: the files, what tells them from others, and their rows in pieces."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from sklearn_irx._tables import (
    FORMATS,
    Columns,
    Row,
    TableError,
    columns_of,
    rows_of,
    type_of,
    with_remedy,
)

CHUNK_ROWS = 2000
CHUNK_CHARACTERS = 4_000_000
"""What is read together, and is in memory a few times over: whichever is less."""

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Source:
    """A file to read.

    Attributes
    ----------
    path : Path
        Where it is.
    name : str
        What the answers call it.
    size, modified : int
        Bytes, and nanoseconds.
    partition : dict of str to (str or None)
        What the folders ``column=value`` that it lies in say of all its rows.
    """

    path: Path
    name: str
    size: int
    modified: int
    partition: dict[str, str | None]


class Position(NamedTuple):
    """A place between two rows: a file by number, and how many rows and bytes of it are done."""

    file: int = 0
    row: int = 0
    offset: int = 0


class Chunk(NamedTuple):
    """Rows to be read together, the place after them, and whether they end a part."""

    rows: list[Row]
    after: Position
    ends_part: bool


class Input:
    """Files of one format, in an order that is the same every time.

    Parameters
    ----------
    paths : sequence of path
        Files, and folders with files of the same format in them, however deep. Names that begin
        with a dot or an underscore are left out, as Hive and Spark do.

    Raises
    ------
    FileNotFoundError
        If one is missing, or there is no file to read.
    ValueError
        If the files are of an unknown format, or of more than one.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.sources = [source for path in paths for source in _find(path, len(paths) > 1)]
        if not self.sources:
            raise FileNotFoundError(
                f"{', '.join(map(str, paths))} holds no file to read: give tables "
                f"({', '.join(FORMATS)}), or folders of them."
            )
        suffixes = sorted({source.path.suffix.lower() for source in self.sources})
        if len(suffixes) > 1:
            raise ValueError(
                f"the input holds files of the formats {' and '.join(suffixes)}: give those of one "
                "format at a time."
            )
        self.suffix = suffixes[0]
        self._before = [0, *accumulate(source.size for source in self.sources)]
        self.n_bytes = self._before[-1]

    def fingerprint(self) -> dict[str, Any]:
        """Return a fingerprint that differs for other or changed files."""
        digest = hashlib.sha256()
        for source in self.sources:
            digest.update(f"{source.name}\0{source.size}\0{source.modified}\0".encode())
        return {
            "files": len(self.sources),
            "bytes": self.n_bytes,
            "names_sizes_and_times": digest.hexdigest(),
        }

    def check_columns(self, columns: Columns) -> None:
        """Refuse columns that the first file surely does not have.

        Raises
        ------
        ValueError
            If one is missing, or there are two of one name, or the file is in another encoding.
        """
        first = self.sources[0]
        try:
            there = columns_of(first.path, self.suffix, columns)
        except TableError as error:
            raise ValueError(f"{first.path}: {with_remedy(error)}.") from error
        except (ValueError, OSError):  # that the file cannot be read is for the answers to say
            return
        names = [*there, *(name for name in first.partition if name not in there)]
        alone = self.suffix == ".csv" and len(there) == 1 and columns.sep is None
        hint = " If several are in one, give sep, what stands between them." if alone else ""
        for name in columns.names:
            if names and name not in names:
                raise ValueError(
                    f"{first.path} has no column {name!r}; its columns are "
                    f"{', '.join(map(repr, names))}.{hint}"
                )

    def type_of(self, name: str) -> Any:
        """Return the type of a column in Parquet files; None for other formats and folders."""
        first = self.sources[0]
        return None if name in first.partition else type_of(first.path, self.suffix, name)

    def done(self, position: Position) -> int:
        """Return the number of bytes before a position."""
        return min(self._before[position.file] + position.offset, self.n_bytes)

    def chunks(self, start: Position, columns: Columns, part_rows: int) -> Iterator[Chunk]:
        """Read on from a place where a part begins.

        Where chunks are cut depends on the rows of the part alone, so they are read in the same
        company whether a run was cut off or not. Parts are of `part_rows` rows, but the last.

        Yields
        ------
        chunk : Chunk
        """
        rows: list[Row] = []
        characters, in_part, after = 0, 0, start
        for row, after in self._rows(start, columns):
            rows.append(row)
            characters += len(row.text or "")
            in_part += 1
            if len(rows) == CHUNK_ROWS or characters >= CHUNK_CHARACTERS or in_part == part_rows:
                ends_part = in_part == part_rows
                yield Chunk(rows, after, ends_part)
                rows, characters = [], 0
                in_part = 0 if ends_part else in_part
        if rows or in_part:
            yield Chunk(rows, after, True)

    def _rows(self, start: Position, columns: Columns) -> Iterator[tuple[Row, Position]]:
        for file in range(start.file, len(self.sources)):
            source = self.sources[file]
            at = start if file == start.file else Position(file)
            row = at.row
            for row, (found, offset) in enumerate(
                rows_of(source, self.suffix, columns, at.row, at.offset), start=at.row + 1
            ):
                # After what stands for the rest of a file, there is nothing to go on with in it.
                broken = found.number is None
                yield found, Position(file + 1) if broken else Position(file, row, offset)


def _find(path: Path, several: bool) -> Iterator[Source]:
    """Return the files at a path with names: relative to it, or with it if there are several."""
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path} to read.")
    if not path.is_dir():
        if path.suffix.lower() not in FORMATS:
            raise ValueError(
                f"{path} ends in {path.suffix or 'no extension'!r}; tables end in "
                f"{', '.join(FORMATS)}."
            )
        yield _source(path, str(path) if several else path.name, {})
        return
    found = (file for file in path.rglob("*") if file.suffix.lower() in FORMATS and file.is_file())
    relatives = sorted((file.relative_to(path) for file in found), key=lambda file: file.parts)
    for relative in relatives:
        if any(part.startswith((".", "_")) for part in relative.parts):
            continue
        pairs = [part.partition("=") for part in relative.parts[:-1] if "=" in part]
        partition = {
            unquote(name): None if value == _NO_VALUE else unquote(value)
            for name, _, value in pairs
        }
        name = (path / relative if several else relative).as_posix()
        yield _source(path / relative, name, partition)


def _source(path: Path, name: str, partition: dict[str, str | None]) -> Source:
    found = path.stat()
    whole = os.fsencode(name).decode("utf-8", "replace")
    return Source(path, whole, found.st_size, found.st_mtime_ns, partition)
