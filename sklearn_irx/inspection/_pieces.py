"""What every picture of a rationale shares: text in a line, and how far the model read."""

from __future__ import annotations

from typing import Any

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.text import harmless

MISSING: Any = object()
"""Stands for a true label that was not given, since None could be a label."""


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
    pieces = rationale.segments(unread=False)
    return [(harmless(piece), selected) for piece, selected in pieces], rationale.unread


def is_wrong(rationale: Rationale, y_true: Any) -> bool:
    """Whether a true label was given and is another than the predicted one.

    What is predicted from words chosen for a given class is not judged.
    """
    if y_true is MISSING or rationale.target is not None:
        return False
    return bool(rationale.label != y_true)
