"""A rationale in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_irx.classifier.classwise import ClasswiseRationales
from sklearn_irx.classifier.context import folded, not_read
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.classifier.sides import BothSides
from sklearn_irx.inspection._pieces import MISSING, is_wrong, percent
from sklearn_irx.inspection._records import DocumentRecord
from sklearn_irx.text.harmless import one_line

if TYPE_CHECKING:
    from rich.text import Text

# Reversed and bold shows on terminals without colours too.
_SELECTED, _OTHER, _LEFT_OUT, _WRONG = "bold reverse", "dim", "italic", "bold red"
_SIDES = {"for": _SELECTED, "against": "bold underline blue", "both": "bold reverse underline blue"}
_MARKS = {"for": ("[", "]"), "against": ("{", "}"), "both": ("[{", "}]")}


def to_rich(
    rationale: Rationale,
    *,
    y_true: Any = MISSING,
    marks: tuple[str, str] = ("", ""),
    whole: bool = False,
) -> Text:
    r"""Return a document for the terminal, with its rationale highlighted.

    A line about the prediction comes first: label, confidence, how many of the words the model
    read were selected and in how many spans, how an ensemble settled the document, and the true
    label. Of a long document, words far from those selected are only counted, and so is what the
    model did not read, past its ``max_length``. The document is
    taken literally: markup in it is not interpreted, and control characters are left out.

    Parameters
    ----------
    rationale : Rationale
        As ``explain`` of a classifier or an ensemble returns it.
    y_true : object, optional
        The true label.
    marks : (str, str)
        Put before and after selected words, for output that shows no styles, as a file.
    whole : bool, default=False
        Whether all that was read is shown; see :meth:`~sklearn_irx.Rationale.pieces`.

    Returns
    -------
    text : rich.text.Text
        For ``rich.console.Console.print``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx import Rationale
    >>> from sklearn_irx.inspection import to_rich
    >>> rationale = Rationale("A dull film.", ["a", "dull", "film"], [(0, 1), (2, 6), (7, 11)],
    ...                       np.array([False, True, False]), label="bad", confidence=0.9)
    >>> print(to_rich(rationale, y_true="good", marks=("[", "]")))
    bad · 90 % · 1 of 3 words · 1 span · wrong, true label: good
    A [dull] film.
    """
    from rich.text import Text

    facts = [percent(rationale.confidence), rationale.size()]
    told = [one_line(rationale.case or ""), rationale.outcome(), rationale.how_chosen()]
    facts += filter(None, told)
    text = Text.assemble((one_line(rationale.label), "bold"), *(f" · {fact}" for fact in facts))
    if is_wrong(rationale, y_true):
        text.append(" · ").append(f"wrong, true label: {one_line(y_true)}", style=_WRONG)
    elif y_true is not MISSING and rationale.target is None:
        text.append(" · right")
    text.append("\n")
    for piece in rationale.pieces(whole=whole):
        if piece.selected:
            text.append(f"{marks[0]}{piece.text}{marks[1]}", style=_SELECTED)
        elif piece.n_folded:
            text.append(f"({folded(piece.n_folded)})", style=_LEFT_OUT)
        else:
            text.append(piece.text, style=_OTHER)
    if rationale.unread:
        text.append(f" … ({not_read(rationale.unread)})", style=_LEFT_OUT)
    return text


def document_to_rich(
    document: DocumentRecord, *, marks: tuple[str, str] = ("", ""), whole: bool = False
) -> Text:
    """Return a document for the terminal, with the predictions of each member of an ensemble.

    Where members agree, it is :func:`to_rich` of the rationale, and those for classes, if asked
    for. Elsewhere their rationales follow each other, with the predictions of the others from the
    same words.
    """
    from rich.text import Text

    if not document.disputed:
        text = to_rich(document.rationale, y_true=document.y_true, marks=marks, whole=whole)
        if document.classwise is not None:
            _add_classes(text, document.classwise, marks=marks, whole=whole)
        if document.sides is not None:
            _add_sides(text, document.sides, marked=bool(marks[0]), whole=whole)
        return text
    text = Text.assemble((document.explanation, "italic"))
    for owner, rationale in document.members.items():
        text.append("\n\n").append(one_line(owner), style="bold underline")
        text.append(" (kept)\n" if owner == document.chosen else "\n")
        text.append_text(to_rich(rationale, y_true=document.y_true, marks=marks, whole=whole))
        for (reader, of), found in document.cross_predictions.items():
            if of != owner:
                continue
            outcome = "convinced" if found.label == rationale.label else "not convinced"
            text.append(f"\n{one_line(reader)}, reading these words: ")
            text.append(
                f"{one_line(found.label)}, {percent(found.confidence)}: {outcome}", style="bold"
            )
    return text


def _add_classes(text: Text, classwise: ClasswiseRationales, **options: Any) -> None:
    """Add the rationales of the most probable classes."""
    for rationale in classwise.shown:
        text.append("\n\nFor ").append(one_line(rationale.target), style="bold underline")
        text.append("\n").append_text(to_rich(rationale, **options))
    if classwise.more():
        text.append(f"\n\n…{classwise.more()}")


def _add_sides(text: Text, sides: BothSides, *, marked: bool, whole: bool) -> None:
    """Add the words for and against; `marked` puts brackets around them, for plain text."""
    text.append("\n\n")
    for side, rationale in {"for": sides.supporting, "against": sides.opposing}.items():
        begin, end = _MARKS[side] if marked else ("", "")
        text.append("For " if side == "for" else "\nAgainst, for ")
        text.append(f"{begin}{one_line(rationale.target)}{end}", style=_SIDES[side])
        text.append(f" · {sides.outcome(rationale)}")
    text.append(f"\n{sides.how_chosen()}\n", style=_LEFT_OUT)
    for piece in sides.pieces(whole=whole):
        begin, end = _MARKS[piece.side] if marked and piece.side else ("", "")
        if piece.n_folded:
            text.append(f"({folded(piece.n_folded)})", style=_LEFT_OUT)
        else:
            text.append(f"{begin}{piece.text}{end}", style=_SIDES.get(piece.side, _OTHER))
    if sides.own.unread:
        text.append(f" … ({not_read(sides.own.unread)})", style=_LEFT_OUT)
