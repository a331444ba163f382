"""Lists of words as UTF-8 bytes, one word per line."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPES = {"\\": "\\", "n": "\n"}
_ESCAPED = re.compile(r"\\(.?)")


def pack_words(words: Iterable[str]) -> bytes:
    r"""Encode words, one per line; backslashes are doubled and a line end in a word is ``\n``.

    Halves of surrogate pairs, which a tokenizer may leave in a word, are kept.

    Examples
    --------
    >>> from sklearn_irx.text.words import pack_words
    >>> pack_words(["naïve", "and/or"])
    b'na\xc3\xafve\nand/or\n'
    """
    text = "".join(f"{word}\n" for word in map(_escaped, words))
    return text.encode("utf-8", "surrogatepass")


def unpack_words(data: bytes, n_words: int) -> list[str]:
    """Decode `n_words` words from :func:`pack_words`, or raise ValueError.

    Their number is checked before any word is created.
    """
    n_lines = data.count(b"\n")
    if n_lines != n_words or not data.endswith(b"\n" if n_words else b""):
        raise ValueError(f"there are {n_lines} lines instead of {n_words} words")
    if not n_words:
        if data:
            raise ValueError("there is text instead of 0 words")
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
        raise ValueError(f"{match[0]!r} is no escape sequence: a backslash must be doubled")
    return _ESCAPES[match[1]]
