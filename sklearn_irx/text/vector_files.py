"""Readers of word vector files that do not trust the header.

Memory grows with the bytes read, not with the size a header announces, and the lengths of lines and
words are limited. So a damaged or hostile file soon raises an error.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

READING_ERRORS = (OSError, EOFError, ValueError, MemoryError, zlib.error, lzma.LZMAError)
"""Exceptions that damaged or foreign files raise, here or during decompression."""

_OPEN: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_LONGEST_LINE = 2**20  # bytes: room for about a hundred thousand numbers
_LARGEST_SIZE = 2**16  # numbers
_LONGEST_WORD = 2**16  # bytes
_CHUNK = 2**20  # bytes
_BYTES_A_NUMBER = 4
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_vectors(path: Path) -> tuple[list[str], np.ndarray]:
    """Read words and their vectors, a float32 array of shape (n_words, size), from a file.

    GloVe or word2vec text, or word2vec binary if the name says ``.bin``; compressed if it ends in
    ``.gz``, ``.bz2`` or ``.xz``. If a word occurs twice, its first vector is kept. Other files
    raise one of `READING_ERRORS`.
    """
    compression = path.suffix if path.suffix in _OPEN else ""
    is_binary = path.name.removesuffix(compression).endswith(".bin")
    with _OPEN.get(compression, open)(path, "rb") as file:
        words, vectors = (_read_binary if is_binary else _read_text)(file)
    if not words:
        raise ValueError("it contains no vectors")
    return words, vectors


def _read_text(file: IO[bytes]) -> tuple[list[str], np.ndarray]:
    lines = _lines(file)
    number, first = next(lines, (1, b""))
    fields = first.removeprefix(_BYTE_ORDER_MARK).split()
    if len(fields) < 2 or first[:1].isspace():
        raise ValueError("its first line is not a word with numbers")
    words: dict[str, None] = {}
    values = array("f")
    count, size = None, len(fields) - 1
    if len(fields) == 2:
        count, size = _counts(fields)
    else:
        _add(fields, number, words, values)
    n_read = len(words)
    for number, line in lines:
        if n_read == count:
            break
        fields = line.rsplit(None, size)  # a word may contain spaces
        if not fields:
            continue
        if len(fields) != size + 1:
            raise ValueError(f"line {number} has no word with {size} numbers")
        _add(fields, number, words, values)
        n_read += 1
    if count is not None and n_read < count:
        raise ValueError(f"its first line announces {count} words, and {n_read} follow")
    return list(words), np.frombuffer(values, np.float32).reshape(len(words), size)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise ValueError(f"line {number} has more than {_LONGEST_LINE} bytes")
        yield number, line


def _counts(fields: list[bytes]) -> tuple[int, int]:
    """Return the number of words and the vector size that a header announces."""
    try:
        count, size = map(int, fields)
    except ValueError:
        raise ValueError(
            "its first line is neither a word with numbers nor the number of words and their size"
        ) from None
    if count < 1 or not 1 <= size <= _LARGEST_SIZE:
        raise ValueError(
            f"its first line announces {count} vectors of {size} numbers; expected at least one "
            f"vector of 1 to {_LARGEST_SIZE}"
        )
    return count, size


def _add(fields: list[bytes], number: int, words: dict[str, None], values: array[float]) -> None:
    """Add the word and the numbers of a line, unless the word was added before."""
    try:
        word = fields[0].decode()
        if word not in words:
            values.extend(map(float, fields[1:]))
            words[word] = None
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error


def _read_binary(file: IO[bytes]) -> tuple[list[str], np.ndarray]:
    fields = file.readline(_LONGEST_WORD).split()
    if len(fields) != 2:
        raise ValueError("its first line is not the number of words and their size")
    count, size = _counts(fields)
    width = _BYTES_A_NUMBER * size
    words: dict[str, None] = {}
    values = bytearray()
    buffer, position = b"", 0
    for number in range(1, count + 1):
        while True:
            end = buffer.find(b" ", position)
            if (end if end >= 0 else len(buffer)) - position > _LONGEST_WORD:
                raise ValueError(f"word {number} has more than {_LONGEST_WORD} bytes")
            if 0 <= end < len(buffer) - width:
                break
            more = file.read(_CHUNK)
            if not more:
                raise EOFError(f"it ends within vector {number} of {count}")
            buffer, position = buffer[position:] + more, 0
        try:
            word = buffer[position:end].lstrip(b"\n").decode()
        except ValueError as error:
            raise ValueError(f"word {number}: {error}") from error
        position = end + 1 + width
        if word not in words:
            words[word] = None
            values += buffer[end + 1 : position]
    return list(words), np.frombuffer(values, "<f4").reshape(len(words), size)
