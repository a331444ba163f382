"""What every picture of a rationale shares: harmless text, and how far the model read."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain
from typing import Any

from sklearn_irx._rationale import Rationale

_BIDI_OVERRIDES = chain(range(0x202A, 0x202F), range(0x2066, 0x206A))
_HARMFUL: dict[int, str | None] = {
    code: None for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc"
}
# They let a document show its words in another order than the model read them.
_HARMFUL |= dict.fromkeys(_BIDI_OVERRIDES)
# Half a character, which JSON can hold and no file or terminal can be given.
_HARMFUL |= dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
for _kept in "\n\t":
    del _HARMFUL[ord(_kept)]

_LINE_END = re.compile(r"\r\n?")
_WORD = re.compile(r"\w")

MISSING: Any = object()
"""Stands for a true label that was not given, since None could be a label."""


def harmless(text: str) -> str:
    r"""Take the characters out of `text` that a terminal or a browser would act upon.

    Control characters (escape sequences begin with one) and bidirectional overrides go, line ends
    become ``\n``, halves of surrogate pairs become U+FFFD. Tabs stay.

    Examples
    --------
    >>> from sklearn_irx.inspection._pieces import harmless
    >>> harmless("red: \x1b[31m, bell: \a, next\r\nline")
    'red: [31m, bell: , next\nline'
    """
    return _LINE_END.sub("\n", text).translate(_HARMFUL)


def one_line(value: Any) -> str:
    """Give a label as harmless text without line ends or tabs."""
    return " ".join(harmless(str(value)).split())


def percent(share: float) -> str:
    """Give a share between 0 and 1 in percent; never 100 % unless it is exactly 1."""
    if share < 1.0 and round(100 * share) >= 100:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def read_pieces(rationale: Rationale) -> tuple[list[tuple[str, bool]], int]:
    """Cut the part of a document that the model read into selected and unselected pieces.

    Returns
    -------
    pieces : list of (str, bool)
        As :meth:`Rationale.segments` gives them, harmless, up to the last word read.
    unread : int
        Number of characters after it; 0 if no word is among them, since then the pieces go to
        the end of the document.
    """
    end = rationale.spans[-1][1] if rationale.spans else 0
    unread = len(rationale.text) - end
    if not _WORD.search(rationale.text, end):
        end, unread = len(rationale.text), 0
    pieces, position = [], 0
    for piece, selected in rationale.segments():
        shown = piece[: end - position]
        if shown:
            pieces.append((harmless(shown), selected))
        position += len(piece)
        if position >= end:
            break
    return pieces, unread


def is_wrong(rationale: Rationale, y_true: Any) -> bool:
    """Whether a true label was given and is another than the predicted one."""
    return y_true is not MISSING and bool(rationale.label != y_true)
