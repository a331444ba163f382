"""What an annotator is shown of a document: never more than a model, or chance, selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.text import harmless

Show = Literal["in_place", "words"]
SHOWS: tuple[Show, ...] = ("in_place", "words")

# A gap stands for words left out, whatever their number.
GAP = None
Pieces = Sequence[str | None]


def pieces_shown(rationale: Rationale, show: Show) -> list[str | None]:
    """Give the selected words of a document as they are put on a page.

    Parameters
    ----------
    rationale : Rationale
        The document and its selected words.
    show : {"in_place", "words"}
        "in_place" keeps neighbouring words together, as they are written, with a gap for whatever
        is left out before, between and after them. "words" gives the words one by one, in the form
        the model read them, and nothing of their places.

    Returns
    -------
    pieces : list of str or None
        What to show, in order; None is a gap. Empty if no word was selected.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx import Rationale
    >>> from sklearn_irx.study._showing import pieces_shown
    >>> rationale = Rationale("A dull, Dull film.", ["a", "dull", "dull", "film"],
    ...                       [(0, 1), (2, 6), (8, 12), (13, 17)],
    ...                       np.array([False, True, True, False]), label="bad", confidence=0.9)
    >>> pieces_shown(rationale, "in_place")
    [None, 'dull, Dull', None]
    >>> pieces_shown(rationale, "words")
    ['dull', 'dull']
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
    if not rationale.mask[-1] or _goes_on(rationale):
        pieces.append(GAP)
    return pieces


def with_random_words(rationale: Rationale, rng: np.random.RandomState) -> Rationale:
    """Give the same number of words of the same document, drawn at random."""
    n_words = int(rationale.mask.sum())
    mask = np.zeros(len(rationale.mask), dtype=bool)
    mask[rng.choice(len(mask), n_words, replace=False)] = True
    return replace(rationale, mask=mask, scores=None)


def readable_text(rationale: Rationale) -> list[str | None]:
    """Give the whole document as far as the model can read it."""
    if not rationale.spans:
        return []
    if not _goes_on(rationale):
        return [harmless(rationale.text)]
    return [harmless(rationale.text[: rationale.spans[-1][1]]), GAP]


def _goes_on(rationale: Rationale) -> bool:
    """Tell whether the text goes on after the words that the model can read."""
    return any(char.isalnum() for char in rationale.text[rationale.spans[-1][1] :])


def as_text(pieces: Pieces) -> str:
    """Give what is shown as one string, each gap as an ellipsis.

    Examples
    --------
    >>> from sklearn_irx.study._showing import as_text
    >>> as_text([None, "dull, Dull", None])
    '… dull, Dull …'
    """
    return " ".join("…" if piece is GAP else piece for piece in pieces)
