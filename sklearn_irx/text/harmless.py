"""Removal of characters that a terminal, a browser or a file may misinterpret."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain
from typing import Any

_BIDI_OVERRIDES = chain(range(0x202A, 0x202F), range(0x2066, 0x206A))
_HARMFUL: dict[int, str | None] = {
    code: None for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc"
}
# They display words in an order that differs from the one the model processes.
_HARMFUL |= dict.fromkeys(_BIDI_OVERRIDES)
# Surrogate halves: valid in JSON, but no file or terminal can encode them.
_HARMFUL |= dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
for _kept in "\n\t":
    del _HARMFUL[ord(_kept)]

_LINE_END = re.compile(r"\r\n?")


def harmless(text: str) -> str:
    r"""Remove the characters from `text` that a terminal or a browser would interpret.

    Control characters (escape sequences begin with one) and bidirectional overrides are removed,
    line ends become ``\n``, halves of surrogate pairs become U+FFFD. Tabs stay.

    Examples
    --------
    >>> from sklearn_irx.text import harmless
    >>> harmless("red: \x1b[31m, bell: \a, next\r\nline")
    'red: [31m, bell: , next\nline'
    """
    return _LINE_END.sub("\n", text).translate(_HARMFUL)


def one_line(value: Any) -> str:
    """Return a label, or any text, as harmless text without line ends or tabs."""
    return " ".join(harmless(str(value)).split())
