"""What every picture of a rationale shares: text in a line, and how far the model read."""

from __future__ import annotations

import re
from typing import Any

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.text import harmless

_WORD = re.compile(r"\w")

MISSING: Any = object()
"""Stands for a true label that was not given, since None could be a label."""


def one_line(value: Any) -> str:
    """Return a label as harmless text without line ends or tabs."""
    return " ".join(harmless(str(value)).split())


def percent(share: float) -> str:
    """Return a share between 0 and 1 in percent; never 100 % unless it is exactly 1."""
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
    end, unread = read_end(rationale)
    pieces, position = [], 0
    for piece, selected in rationale.segments():
        shown = piece[: end - position]
        if shown:
            pieces.append((harmless(shown), selected))
        position += len(piece)
        if position >= end:
            break
    return pieces, unread


def read_end(rationale: Rationale) -> tuple[int, int]:
    """Return where the last word read ends, and the number of characters after it.

    If no word is among these, it is the end of the document, and 0.
    """
    end = rationale.spans[-1][1] if rationale.spans else 0
    if not _WORD.search(rationale.text, end):
        return len(rationale.text), 0
    return end, len(rationale.text) - end


def is_wrong(rationale: Rationale, y_true: Any) -> bool:
    """Whether a true label was given and is another than the predicted one."""
    return y_true is not MISSING and bool(rationale.label != y_true)
