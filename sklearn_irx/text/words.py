"""Lists of words as bytes: one word a line, in UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPES = {"\\": "\\", "n": "\n"}
_ESCAPED = re.compile(r"\\(.?)")


def pack_words(words: Iterable[str]) -> bytes:
    r"""Write words, one a line; a backslash is doubled and a line end within a word is ``\n``.

    Halves of surrogate pairs, which a tokenizer may leave in a word, are written as they are.

    Examples
    --------
    >>> from sklearn_irx.text.words import pack_words
    >>> pack_words(["naïve", "and/or"])
    b'na\xc3\xafve\nand/or\n'
    """
    text = "".join(f"{word}\n" for word in map(_escaped, words))
    return text.encode("utf-8", "surrogatepass")


def unpack_words(data: bytes, n_words: int) -> list[str]:
    """Read what :func:`pack_words` wrote.

    Parameters
    ----------
    data : bytes
        One word a line.
    n_words : int
        How many words there must be. They are counted before any is made.

    Raises
    ------
    ValueError
        If there are more or fewer, or `data` is no such text.
    """
    n_lines = data.count(b"\n")
    if n_lines != n_words or not data.endswith(b"\n" if n_words else b""):
        raise ValueError(f"there are {n_lines} lines where {n_words} words are to be")
    if not n_words:
        if data:
            raise ValueError("there is text where no word is to be")
        return []
    lines = data.decode("utf-8", "surrogatepass")[:-1].split("\n")
    if b"\\" not in data:
        return lines
    return [_ESCAPED.sub(_unescaped, line) for line in lines]


def _escaped(word: str) -> str:
    if "\\" in word or "\n" in word:
        return word.replace("\\", "\\\\").replace("\n", "\\n")
    return word


def _unescaped(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPES:
        raise ValueError(f"{match[0]!r} stands for nothing: a backslash is written twice")
    return _ESCAPES[match[1]]
