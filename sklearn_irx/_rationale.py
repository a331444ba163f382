"""The answer of a rationale model for one document: a label and the words behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from sklearn_irx.text import harmless


@dataclass(frozen=True, eq=False)
class Rationale:
    """The words of one document that a prediction was made from.

    Attributes
    ----------
    text : str
        The document as it was given.
    tokens : list of str
        The words the model could read, in the form it read them, at most ``max_length``.
    spans : list of (int, int)
        Start and end of each token as character offsets into `text`, end exclusive.
    mask : ndarray of shape (len(tokens),), dtype bool
        True for the selected words.
    label : object
        The class predicted from the selected words alone, as it was given to ``fit``.
    confidence : float
        Probability of `label` between 0 and 1, from the selected words alone.
    case : str or None
        How an :class:`~sklearn_irx.InteractiveEnsemble` or
        :class:`~sklearn_irx.InteractiveCommittee` settled the document (``"agree"``,
        ``"convinced_1"``, ...); None for a single model.
    scores : ndarray of shape (len(tokens),), dtype float, or None
        How much each word belongs to the rationale, between 0 and 1: see
        :meth:`~sklearn_irx.SelectiveRationaleClassifier.selection_scores`. Of an ensemble, those
        of the member whose rationale was kept. None if the rationale was given and not selected.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx import Rationale
    >>> rationale = Rationale(
    ...     text="A dull, dull film.",
    ...     tokens=["a", "dull", "dull", "film"],
    ...     spans=[(0, 1), (2, 6), (8, 12), (13, 17)],
    ...     mask=np.array([False, True, True, False]),
    ...     label="bad",
    ...     confidence=0.9,
    ... )
    >>> rationale.words
    ['dull', 'dull']
    >>> print(rationale)
    bad (0.90): … dull, dull …
    """

    text: str
    tokens: list[str]
    spans: list[tuple[int, int]]
    mask: np.ndarray
    label: Any
    confidence: float
    case: str | None = None
    scores: np.ndarray | None = None

    @property
    def words(self) -> list[str]:
        """The selected tokens, in order."""
        return [token for token, chosen in zip(self.tokens, self.mask, strict=True) if chosen]

    def segments(self) -> Iterator[tuple[str, bool]]:
        """Cut `text` into pieces that are wholly selected or wholly not.

        Yields
        ------
        piece : str
            Joined together, the pieces give `text` back. Neighbouring selected words form one
            piece, with what stands between them.
        selected : bool
            Whether the piece belongs to the rationale.
        """
        position = 0
        for start, end in self._runs():
            if start > position:
                yield self.text[position:start], False
            yield self.text[start:end], True
            position = end
        if position < len(self.text):
            yield self.text[position:], False

    def _runs(self) -> list[tuple[int, int]]:
        """Character spans of the maximal runs of selected words."""
        edges = np.flatnonzero(np.diff(np.concatenate([[0], self.mask.astype(np.int8), [0]])))
        firsts, lasts = edges[::2], edges[1::2] - 1
        return [(self.spans[i][0], self.spans[j][1]) for i, j in zip(firsts, lasts, strict=True)]

    def __str__(self) -> str:
        pieces = [piece if selected else "…" for piece, selected in self.segments()]
        shown = " ".join(harmless(" ".join(pieces)).split()) if any(self.mask) else "(no words)"
        return f"{harmless(str(self.label))} ({self.confidence:.2f}): {shown}"

    def to_html(self) -> str:
        """Give the document as HTML, selected words in ``<mark>``.

        Every character is escaped. What a browser would act upon otherwise is left out, see
        :func:`~sklearn_irx.text.harmless`, and half a character is replaced, so that the HTML can
        be written to a file.
        """
        return "".join(
            f"<mark>{_escaped(piece)}</mark>" if selected else _escaped(piece)
            for piece, selected in self.segments()
        )

    def _repr_html_(self) -> str:
        return (
            '<div style="white-space: pre-wrap; max-width: 60em">'
            f"<b>{_escaped(str(self.label))}</b> ({self.confidence:.2f})\n{self.to_html()}</div>"
        )


def _escaped(text: str) -> str:
    return escape(harmless(text))
