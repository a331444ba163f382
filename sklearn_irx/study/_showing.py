"""The words of a document that an annotator sees: never more than were selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.text import harmless

Show = Literal["in_place", "words"]
SHOWS: tuple[Show, ...] = ("in_place", "words")

# A gap stands for one or more words left out.
GAP = None
Pieces = Sequence[str | None]


def pieces_shown(rationale: Rationale, show: Show) -> list[str | None]:
    """Return the selected words of a document as a page shows them; None is a gap.

    "in_place" keeps adjacent words together as written, with a gap wherever words are left out.
    "words" lists the tokens one by one, without their positions.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx import Rationale
    >>> from sklearn_irx.study._showing import pieces_shown
    >>> rationale = Rationale("A dull, Dull film.", ["a", "dull", "dull", "film"],
    ...                       [(0, 1), (2, 6), (8, 12), (13, 17)],
    ...                       np.array([False, True, True, False]), label="bad", confidence=0.9)
    >>> pieces_shown(rationale, "in_place"), pieces_shown(rationale, "words")
    ([None, 'dull, Dull', None], ['dull', 'dull'])
    """
    if not rationale.mask.any():
        return []
    if show == "words":
        return [harmless(word) for word in rationale.words]
    runs = rationale.selected_spans
    pieces: list[str | None] = [] if rationale.mask[0] else [GAP]
    for number, (start, end) in enumerate(runs):
        pieces += [GAP] * (number > 0)
        pieces.append(harmless(rationale.text[start:end]))
    if not rationale.mask[-1] or rationale.unread:
        pieces.append(GAP)
    return pieces


def with_random_words(rationale: Rationale, rng: np.random.RandomState) -> Rationale:
    """Replace the selected words by as many words of the document, drawn at random."""
    n_words = int(rationale.mask.sum())
    mask = np.zeros(len(rationale.mask), dtype=bool)
    mask[rng.choice(len(mask), n_words, replace=False)] = True
    return replace(rationale, mask=mask, scores=None)


def readable_text(rationale: Rationale) -> list[str | None]:
    """Return the document up to the last word that the model encodes."""
    if not rationale.spans:
        return []
    if not rationale.unread:
        return [harmless(rationale.text)]
    return [harmless(rationale.text[: -rationale.unread]), GAP]


def as_text(pieces: Pieces) -> str:
    """Join what is shown into one string, each gap as an ellipsis."""
    return " ".join("…" if piece is GAP else piece for piece in pieces)
