"""How a table of text is written: its encoding, its line ends, and what separates its cells."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

LONGEST = 2**24
"""Bytes of a line, or characters of a CSV cell, at most: what is longer is no row."""

_SEPARATORS = (",", ";", "\t", "|")
_NO_SEPARATOR = "\U0010ffff"  # is no character, so a line is one cell
_SPELLED = {"\\t": "\t", "tab": "\t"}
_BOMS = {  # that of UTF-32 begins as that of UTF-16 does
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WITHOUT_BOM = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_N_BYTES_LOOKED_AT = 2**16
_N_BYTES_READ = 2**18


class TableError(ValueError):
    """A table whose columns cannot be told, for a reason its user can mend."""


class EncodingError(TableError):
    """A table in another encoding than it is said to be; `likely` is one that it may be in."""

    def __init__(self, sentence: str, likely: str) -> None:
        super().__init__(sentence)
        self.likely = likely


class Dialect(NamedTuple):
    """How a file is written.

    Attributes
    ----------
    encoding : str
        The name of a codec that neither reads nor writes a byte order mark.
    start : int
        Bytes before the first row: a byte order mark, or the line of Excel that names a separator.
    line_end : bytes
        What ends a line, or the last byte or bytes of it.
    sep : str
        What separates the cells of CSV.
    """

    encoding: str
    start: int
    line_end: bytes
    sep: str


def check_dialect(suffix: str, sep: str | None, encoding: str | None) -> tuple[str | None, ...]:
    """Return separator and encoding as they are to be used, or raise ValueError.

    None stands for what is found in the file.
    """
    if sep is not None:
        sep = _SPELLED.get(sep, sep)
        if suffix != ".csv":
            raise ValueError(
                f"sep={sep!r} and {suffix} tables: it is for .csv alone, leave it out."
            )
        if len(sep) != 1 or sep in '"\r\n':
            raise ValueError(f"sep={sep!r}: give one character, ';' or '\\t' for example.")
    if encoding is not None:
        if suffix == ".parquet":
            raise ValueError(
                f"encoding={encoding!r} and .parquet tables, which are UTF-8 always: leave it out."
            )
        try:
            "".encode(encoding)
        except LookupError as error:
            raise ValueError(
                f"encoding={encoding!r} is unknown: give one that Python knows, 'utf-8', 'cp1252' "
                "or 'utf-16' for example."
            ) from error
        encoding = codecs.lookup(encoding).name
    return sep, encoding


def find_dialect(
    file: BinaryIO, suffix: str, columns: Sequence[str], sep: str | None, encoding: str | None
) -> Dialect:
    """Return how a file is written, from its beginning.

    A byte order mark tells the encoding; without one it is `encoding`, or UTF-8. Cells are
    separated by `sep`, or by what brings most of `columns`, and then most columns, into the header.

    Raises
    ------
    EncodingError
        If the file looks like UTF-16 without a byte order mark.
    """
    file.seek(0)
    head = file.read(_N_BYTES_LOOKED_AT)
    mark = next((mark for mark in _BOMS if head.startswith(mark)), b"")
    if mark:
        codec = _BOMS[mark]
    else:
        codec = "utf-8" if encoding is None else _WITHOUT_BOM.get(encoding, encoding)
    text = codecs.getincrementaldecoder(codec)("replace").decode(head[len(mark) :])
    first, end = _first_line(text, quotes=suffix == ".csv")
    if "\0" in first and codec == "utf-8":
        likely = "utf-16-be" if head.startswith(b"\0") else "utf-16-le"
        raise EncodingError("it holds zero bytes, as UTF-16 does", likely)
    start = len(mark)
    if suffix == ".csv" and (named := re.fullmatch(r'"?sep=(.)"?', first)):  # as Excel writes it
        sep = sep or named[1]
        start += len((first + end).encode(codec))
    elif suffix == ".csv" and sep is None:
        sep = _separator(first, columns)
    line_end = ("\r" if end == "\r" else "\n").encode(codec)
    return Dialect(codec, start, line_end, sep or ",")


def not_decoded(line: bytes, encoding: str) -> EncodingError:
    """Return the error of a line that is not in an encoding."""
    if encoding != "utf-8":
        return EncodingError(f"the text is not {encoding}", "utf-8")
    try:
        line.decode("cp1252")
    except UnicodeDecodeError:
        return EncodingError("the text is not UTF-8", "gb18030")
    return EncodingError("the text is not UTF-8", "cp1252")


class Lines:
    """Lines of a file as bytes, with the place after each; None stands for one too long."""

    def __init__(self, file: BinaryIO, dialect: Dialect) -> None:
        self._file = file
        self._end = dialect.line_end
        self.go_on_at(dialect.start)

    def go_on_at(self, offset: int) -> None:
        """Read on from a place between two lines."""
        self._file.seek(offset)
        self.offset = offset
        self._pieces = _pieces(self._file, self._end)

    def __iter__(self) -> Iterator[bytes | None]:
        return self

    def __next__(self) -> bytes | None:
        line = next(self._pieces)
        self.offset += len(line)
        if len(line) < LONGEST or line.endswith(self._end):
            return line
        for rest in self._pieces:
            self.offset += len(rest)
            if rest.endswith(self._end):
                break
        return None


def _first_line(text: str, *, quotes: bool) -> tuple[str, str]:
    """Return the first line and its end; a line does not end within quotes."""
    pattern = r'"[^"]*"|\r\n|\r|\n' if quotes else r"\r\n|\r|\n"
    for found in re.finditer(pattern, text):
        if not found[0].startswith('"'):
            return text[: found.start()], found[0]
    return text, ""


def _separator(header: str, columns: Sequence[str]) -> str:
    """Return what separates the cells of a header: none, if nothing does."""
    best, most = ",", (0, 0)
    for sep in (_NO_SEPARATOR, *_SEPARATORS):
        try:
            names = next(csv.reader([header], delimiter=sep, strict=True), [])
        except csv.Error:
            continue
        found = len({*names} & {*columns}), len(names)
        if found > most:
            best, most = sep, found
    return best


def _pieces(file: BinaryIO, end: bytes) -> Iterator[bytes]:
    """Yield lines with their ends, those that are longer than `LONGEST` in pieces."""
    if end == b"\n":
        yield from iter(lambda: file.readline(LONGEST), b"")
        return
    buffer, start, seen = b"", 0, 0
    while True:
        at = buffer.find(end, seen)
        if at >= 0 and (at - start) % len(end):  # the halves of two characters
            seen = at + 1
            continue
        stop = start + LONGEST if at < 0 else min(at + len(end), start + LONGEST)
        if at >= 0 or stop <= len(buffer):
            yield buffer[start:stop]
            start = seen = stop
            continue
        block = file.read(_N_BYTES_READ)
        if not block:
            if start < len(buffer):
                yield buffer[start:]
            return
        seen = max(0, len(buffer) - start - len(end) + 1)
        buffer, start = buffer[start:] + block, 0
