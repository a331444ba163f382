"""For and against: the words of a document that support its class, and those for another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sklearn_irx.classifier.by_class import own_chosen
from sklearn_irx.classifier.context import Piece, cut, folds_of, not_read_html
from sklearn_irx.classifier.rationale import (
    Rationale,
    ShownList,
    escaped,
    n_documents,
    piece_html,
)
from sklearn_irx.text.harmless import harmless, one_line
from sklearn_irx.text.spans import selected_spans

SIDES = ("for", "against", "both")
"""What a word may stand for, in the order of the numbers 1 (for), 2 (against) and 3 (both)."""


class SidedPiece(NamedTuple):
    """A piece of a document, and what it speaks for.

    Attributes
    ----------
    text : str
    side : {"for", "against", "both", ""}
        Empty for what neither side needs.
    n_folded : int
        Number of words, if it is folded away until somebody asks for it; else 0.
    """

    text: str
    side: str = ""
    n_folded: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class BothSides:
    """The words of one document that speak for its class, and those that speak against it.

    Of as many words as the model's own rationale has, chosen to support a class, those that the
    predictor confirms: each, or each span where spans are selected, is read alone, and must raise
    the log-odds of the class at least a third as much as the strongest of either side does. So a
    side may be empty. The words of a side are then read together, and what is predicted from them
    alone is its `label`.

    Attributes
    ----------
    own : Rationale
        The model's own rationale.
    supporting : Rationale
        Words for the class that is predicted from the own rationale.
    opposing : Rationale
        Words for another class, its `target`.

    See Also
    --------
    sklearn_irx.inspection.explain_documents : Finds them, with ``against=True``.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from sklearn_irx import Rationale
    >>> from sklearn_irx.classifier.sides import BothSides
    >>> own = Rationale("Dull, but witty.", ["dull", "but", "witty"], [(0, 4), (6, 9), (10, 15)],
    ...                 np.array([True, False, True]), label="bad", confidence=0.6)
    >>> bad = replace(own, mask=np.array([True, False, False]), label="bad", confidence=0.9,
    ...               target="bad", target_confidence=0.9)
    >>> good = replace(own, mask=np.array([False, False, True]), label="good", confidence=0.8,
    ...                target="good", target_confidence=0.8)
    >>> print(BothSides(own, bad, good))
    for bad (0.90): dull; against, for good (0.80): witty
    >>> [piece.side for piece in BothSides(own, bad, good).pieces()]
    ['for', '', 'against', '']
    """

    own: Rationale
    supporting: Rationale
    opposing: Rationale

    def pieces(self, *, whole: bool = False) -> Iterator[SidedPiece]:
        """Cut what was read of the document into the pieces that pictures of it show.

        Parameters
        ----------
        whole : bool, default=False
            Whether nothing is folded; see :meth:`Rationale.pieces`.

        Yields
        ------
        piece : SidedPiece
            Control characters are left out.
        """
        own = self.own
        read = own.text[: len(own.text) - own.unread]
        numbers = self.supporting.mask + 2 * self.opposing.mask
        begins: dict[int, str] = {}
        spans: list[tuple[int, int]] = []
        for number, side in enumerate(SIDES, start=1):
            of_side = selected_spans(own.spans, numbers == number)
            begins |= dict.fromkeys((start for start, _ in of_side), side)
            spans += of_side
        place = 0
        for piece in cut(read, spans, [] if whole else folds_of(read, own.spans, numbers > 0)):
            side = begins[place] if piece.selected else ""
            yield SidedPiece(harmless(piece.text), side, piece.n_folded)
            place += len(piece.text)

    def to_html(self, *, whole: bool = False) -> str:
        """Return the document as HTML, words of the sides in ``<mark class="for">`` and so on.

        Every character is escaped; see :meth:`Rationale.to_html`.

        Parameters
        ----------
        whole : bool, default=False
            Whether nothing is folded.
        """
        return "".join(map(_html, self.pieces(whole=whole))) + not_read_html(self.own.unread)

    def how_chosen(self) -> str:
        """Return how the words of both sides were chosen, as a sentence."""
        own = own_chosen(class_conditional=self.own.class_conditional)
        return (
            f"The words of each side were chosen to support its class ({own}), and the predictor, "
            "reading each word or span alone, confirms them."
        )

    @staticmethod
    def outcome(side: Rationale) -> str:
        """Return how many words a side has, and whether these alone convince the model."""
        if not side.mask.any():
            return "nothing speaks for it"
        convinced = f"convinced, {side.target_confidence:.2f}" if side.convinced else side.outcome()
        return f"{side.size()} · {convinced}"

    def to_dict(self) -> dict[str, Any]:
        """Return each rationale as :meth:`Rationale.to_dict` does, by the name of the attribute."""
        return {
            "own": self.own.to_dict(),
            "supporting": self.supporting.to_dict(),
            "opposing": self.opposing.to_dict(),
        }

    def __str__(self) -> str:
        return f"for {_said(self.supporting)}; against, for {_said(self.opposing)}"

    def __repr__(self) -> str:
        return f"<BothSides: {self}>"


class SidedDocuments(ShownList[BothSides]):
    """A list of documents with the words for and against the class of each."""


def summary_of_sides(documents: Iterable[BothSides]) -> str:
    """Return how words for and against were chosen, and how often there are any against."""
    found = list(documents)
    if not found:
        return ""
    n_against = sum(bool(one.opposing.mask.any()) for one in found)
    n_convinced = sum(bool(one.opposing.mask.any() and one.opposing.convinced) for one in found)
    return (
        f"{found[0].how_chosen()} In {n_against:,} of {n_documents(len(found))} words speak "
        f"against the predicted class, and in {n_convinced:,} they alone convince the model."
    )


def _said(rationale: Rationale) -> str:
    words = ", ".join(map(one_line, rationale.words)) or "no word"
    return f"{one_line(rationale.target)} ({rationale.target_confidence:.2f}): {words}"


def _html(piece: SidedPiece) -> str:
    if piece.side:
        return f'<mark class="{piece.side}">{escaped(piece.text)}</mark>'
    return piece_html(Piece(piece.text, n_folded=piece.n_folded))
