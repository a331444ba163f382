"""The result of a rationale model for one document: a label and the words behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from html import escape
from typing import Any, Generic, Self, SupportsIndex, TypeVar

import numpy as np

from sklearn_irx.classifier.by_class import BY_CLASS, own_chosen
from sklearn_irx.classifier.context import (
    Fold,
    Piece,
    cut,
    folded,
    folds_of,
    not_read,
    not_read_html,
)
from sklearn_irx.text import WordTokenizer, harmless
from sklearn_irx.text.harmless import one_line
from sklearn_irx.text.spans import selected_spans

T = TypeVar("T")

NO_WORD = "no word selected"
"""Stands where the words of an empty rationale would."""

# Underlined as well as coloured. The text before and after a mark is for screen readers, most of
# which do not announce a <mark> by itself.
_STYLE = """<style>
.irx-rationale { max-width: 60em; line-height: 1.6; }
.irx-rationale p { margin: 0 0 .4em; }
.irx-rationale div + p { margin-top: 1.2em; }
.irx-rationale div { white-space: pre-wrap; overflow-wrap: anywhere;
  color: color-mix(in srgb, currentColor 68%, transparent); }
.irx-rationale mark { background: #ffe38a; color: #1d1f23; border-radius: .2em; padding: 0 .12em;
  text-decoration: underline 2px #a86b00; text-underline-offset: .18em;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.irx-rationale .fold { display: inline; }
.irx-rationale .fold::details-content { display: inline-block; }
.irx-rationale .fold[open]::details-content { display: inline; }
.irx-rationale .fold summary { display: inline; list-style: none; cursor: pointer; font-size: .88em;
  white-space: nowrap; padding: .06em .5em; border: 1px dashed; border-radius: 1em; }
.irx-rationale .fold summary::-webkit-details-marker { display: none; }
.irx-rationale .fold[open] summary { border-style: solid; margin-inline-end: .3em; }
.irx-rationale .sides { display: grid; gap: .6em 1.6em; margin-top: .6em; color: inherit;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20em), 1fr)); }
.irx-rationale section { min-width: 0; border-left: 3px solid; padding-left: .8em;
  border-color: color-mix(in srgb, currentColor 25%, transparent); }
.irx-rationale .unread { font-size: .88em; }
.irx-rationale mark::before, .irx-rationale mark::after { position: absolute; width: 1px;
  height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.irx-rationale mark::before { content: " [selected: "; }
.irx-rationale mark::after { content: "] "; }
</style>"""

LEGEND = "<small>The <mark>marked words</mark> are all that the label was predicted from.</small>"

MOST_SHOWN = 20
"""Documents of a list that a notebook or a terminal shows."""

MOST_OF_LINE = 300
"""Characters of a document in a terminal."""

_find_words = WordTokenizer().words


@dataclass(frozen=True, eq=False, repr=False)
class Rationale:
    """The words of one document that a prediction was made from.

    Attributes
    ----------
    text : str
        The document as it was given.
    tokens : list of str
        The words of the document as tokenized, at most ``max_length``.
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
    max_length : int or None
        Number of words that the model reads of a document; None if that is not known.
    target : object
        The class that the words were chosen to support, where one was asked for: see
        :meth:`~sklearn_irx.SelectiveRationaleClassifier.explain`. None for a model's own rationale.
    target_confidence : float or None
        Probability of `target` between 0 and 1, from the selected words alone.
    class_conditional : bool
        Whether the model's own rationales are chosen to support the class that it predicts from the
        whole text: see `class_focus` of :class:`~sklearn_irx.components.LinearInit`. False for
        words that were given to it.

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
    max_length: int | None = None
    target: Any = None
    target_confidence: float | None = None
    class_conditional: bool = False

    @property
    def convinced(self) -> bool | None:
        """Whether the model predicts `target` from the words chosen for it; None without one."""
        return None if self.target is None else bool(self.label == self.target)

    @property
    def words(self) -> list[str]:
        """The selected tokens, in order."""
        return [token for token, chosen in zip(self.tokens, self.mask, strict=True) if chosen]

    @property
    def selected_spans(self) -> list[tuple[int, int]]:
        """Start and end, in characters of `text`, of each maximal run of selected words."""
        return selected_spans(self.spans, self.mask)

    @property
    def unread(self) -> int:
        """Number of characters at the end of `text` that the model did not read.

        It is 0 if no word is among them, or the model read fewer words than `max_length`.
        """
        end = self.spans[-1][1] if self.spans else 0
        may_go_on = self.max_length is None or len(self.tokens) >= self.max_length
        return len(self.text) - end if may_go_on and _find_words(self.text[end:], 1) else 0

    def segments(self, *, unread: bool = True) -> Iterator[tuple[str, bool]]:
        """Split `text` into pieces that are entirely selected or not at all.

        Parameters
        ----------
        unread : bool, default=True
            Whether the pieces go to the end of `text`, also where the model did not read it.

        Yields
        ------
        piece : str
            Joined together, the pieces are `text`, or what was read of it. Adjacent selected words
            form one piece, with the text between them.
        selected : bool
            Whether the piece belongs to the rationale.
        """
        text = self.text if unread else self._read_text
        for piece in cut(text, self.selected_spans):
            yield piece.text, piece.selected

    def pieces(self, *, whole: bool = False) -> Iterator[Piece]:
        """Cut what was read of `text` into the pieces that pictures of the document show.

        Parameters
        ----------
        whole : bool, default=False
            Whether nothing is folded.

        Yields
        ------
        piece : Piece
            With `text`, `selected` and `n_folded`, the number of words of a piece to fold, else 0.
            Control characters are left out, see :func:`~sklearn_irx.text.harmless`.
        """
        folds = [] if whole else self.folds
        for piece in cut(self._read_text, self.selected_spans, folds):
            yield piece._replace(text=harmless(piece.text))

    @property
    def folds(self) -> list[Fold]:
        """What pictures of the document fold: start and end in characters, and number of words.

        Of a document of more than 60 words, the sentences around selected words are shown, at most
        20 words on either side, and what is far from any is folded. Where less than a fifth of the
        words would be, nothing is. Of an empty rationale, the first sentence is shown.
        """
        return folds_of(self._read_text, self.spans, self.mask)

    @property
    def _read_text(self) -> str:
        return self.text[: len(self.text) - self.unread]

    def size(self) -> str:
        """Return the number of selected words and of spans, maximal runs of such words, as text.

        Of an empty rationale it says that no word was selected.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_irx import Rationale
        >>> Rationale("A dull film.", ["a", "dull", "film"], [(0, 1), (2, 6), (7, 11)],
        ...           np.array([True, False, True]), label="bad", confidence=0.9).size()
        '2 of 3 words · 2 spans'
        """
        n_spans = len(self.selected_spans)
        if not n_spans:
            return f"{NO_WORD} of {len(self.tokens)}"
        return (
            f"{int(self.mask.sum())} of {len(self.tokens)} words · "
            f"{n_spans} span{'' if n_spans == 1 else 's'}"
        )

    def how_chosen(self) -> str:
        """Return how the words were chosen, if by class; empty for a class-blind rationale.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_irx import Rationale
        >>> rationale = Rationale("Dull film.", ["dull", "film"], [(0, 4), (5, 9)],
        ...                       np.array([False, True]), label="bad", confidence=0.6,
        ...                       target="good", target_confidence=0.4)
        >>> rationale.how_chosen()
        "chosen to support good; the model's own rationale was not"
        """
        if self.target is None:
            return BY_CLASS if self.class_conditional else ""
        own = own_chosen(class_conditional=self.class_conditional)
        return f"chosen to support {one_line(self.target)}; {own}"

    def outcome(self) -> str:
        """Return whether words chosen for `target` convince the model; empty without one.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_irx import Rationale
        >>> rationale = Rationale("Dull film.", ["dull", "film"], [(0, 4), (5, 9)],
        ...                       np.array([False, True]), label="bad", confidence=0.6,
        ...                       target="good", target_confidence=0.4)
        >>> rationale.outcome()
        'not convinced, good 0.40'
        """
        if self.target is None or self.convinced:
            return "convinced" if self.convinced else ""
        how_sure = "" if self.target_confidence is None else f" {self.target_confidence:.2f}"
        return f"not convinced, {one_line(self.target)}{how_sure}"

    def excerpt(self) -> str:
        r"""Return the selected words as they stand in `text`, in a line, with … for the rest.

        Control characters are left out, see :func:`~sklearn_irx.text.harmless`. Of an empty
        rationale it says in brackets that no word was selected.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_irx import Rationale
        >>> Rationale("A dull,\ndull film.", ["a", "dull", "dull", "film"],
        ...           [(0, 1), (2, 6), (8, 12), (13, 17)], np.array([False, True, True, False]),
        ...           label="bad", confidence=0.9).excerpt()
        '… dull, dull …'
        """
        if not self.selected_spans:
            return f"({NO_WORD})"
        pieces = (
            piece if selected or not piece.strip() else " … " for piece, selected in self.segments()
        )
        return one_line("".join(pieces))

    def __str__(self) -> str:
        shown = self.excerpt()
        if unread := self.unread:
            shown = f"{shown.removesuffix(' …')} … ({not_read(unread)})"
        remarks = [f"{self.confidence:.2f}", self.outcome(), self.how_chosen()]
        return f"{harmless(str(self.label))} ({'; '.join(filter(None, remarks))}): {shown}"

    def __repr__(self) -> str:
        return f"<Rationale: {_shortened(str(self))}>"

    def to_dict(self) -> dict[str, Any]:
        """Return label, words and all else as plain values of Python, ready for JSON.

        Returns
        -------
        values : dict
            The attributes, with lists in place of arrays and tuples, and None in place of nan.
            Besides, for those who read it: ``words`` and ``selected_spans``, both empty for an
            empty rationale, and ``unread``.

        See Also
        --------
        from_dict : Make a rationale of it.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_irx import Rationale
        >>> rationale = Rationale("Dull film.", ["dull", "film"], [(0, 4), (5, 9)],
        ...                       np.array([True, False]), label=np.int64(3), confidence=0.9)
        >>> values = rationale.to_dict()
        >>> values["label"], values["words"], values["selected_spans"], values["unread"]
        (3, ['dull'], [[0, 4]], 0)
        """
        scores = None if self.scores is None else np.asarray(self.scores, dtype=float).tolist()
        return {
            "label": plain(self.label),
            "confidence": float(self.confidence),
            "case": self.case,
            "words": self.words,
            "selected_spans": pairs(self.selected_spans),
            "text": self.text,
            "unread": self.unread,
            "max_length": None if self.max_length is None else int(self.max_length),
            "tokens": list(self.tokens),
            "spans": pairs(self.spans),
            "mask": [bool(selected) for selected in self.mask],
            "scores": scores and [None if np.isnan(score) else score for score in scores],
            "target": plain(self.target),
            "target_confidence": plain(self.target_confidence),
            "class_conditional": bool(self.class_conditional),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a rationale of what :meth:`to_dict` returned, also after it was JSON.

        Parameters
        ----------
        values : dict
            As :meth:`to_dict` returns them. Attributes that have defaults may be missing.

        Returns
        -------
        rationale : Rationale
        """
        given = {
            field.name: values[field.name]
            for field in fields(cls)
            if field.name in values or field.default is MISSING
        }
        scores = given.get("scores")
        given |= {
            "spans": [(start, end) for start, end in given["spans"]],
            "mask": np.array(given["mask"], dtype=bool),
            "scores": None if scores is None else np.array(scores, dtype=float),  # None is nan
        }
        return cls(**given)

    def to_html(self, *, whole: bool = False) -> str:
        """Return the document as HTML, selected words in ``<mark>``.

        What is far from them is folded, in ``<details class="fold">``, to be opened; and what the
        model did not read is not shown, only counted, in ``<i class="unread">``. So this belongs
        into a ``<div>``, and not into a ``<p>``.
        Every character is escaped. Control characters are left out, see
        :func:`~sklearn_irx.text.harmless`, and lone surrogates are replaced, so that the HTML can
        be written to a file.

        Parameters
        ----------
        whole : bool, default=False
            Whether nothing is folded; see :meth:`pieces`.
        """
        return "".join(map(piece_html, self.pieces(whole=whole))) + not_read_html(self.unread)

    def _repr_html_(self) -> str:
        return cell(self._block(f"<br>{LEGEND}"))

    def _block(self, note: str = "") -> str:
        """Return a line about the prediction, with a note, and the document."""
        facts = [self.size(), self.case or "", self.outcome(), self.how_chosen()]
        return (
            f"<p><b>{escaped(str(self.label))}</b> ({self.confidence:.2f}) · "
            f"{' · '.join(escaped(fact) for fact in facts if fact)}"
            f'{note}</p><div dir="auto">{self.to_html()}</div>'
        )


class ShownList(list[T], Generic[T]):
    """A list of documents that shows the first of them, in a notebook and a terminal.

    Slices, copies and sums of two are of the same class, anything else made of it is a plain list.
    """

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        found: Any = super().__getitem__(key)
        return type(self)(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> Any:
        joined = super().__add__(other)
        return type(self)(joined) if type(other) is type(self) else joined

    def copy(self) -> Self:
        """Return a list of the same documents."""
        return type(self)(self)

    def __repr__(self) -> str:
        shown = enumerate(self[:MOST_SHOWN])
        lines = [f"[{row}] {_shortened(self._line(one))}" for row, one in shown]
        return "\n".join(
            [f"{type(self).__name__} of {n_documents(len(self))}", *lines, *self.more()]
        )

    @staticmethod
    def _line(one: T) -> str:
        return str(one)

    def more(self) -> list[str]:
        """Return a line about the documents that are not shown, if there are any."""
        if len(self) <= MOST_SHOWN:
            return []
        following = f"[{MOST_SHOWN}:{min(len(self), 2 * MOST_SHOWN)}]"
        return [f"… and {len(self) - MOST_SHOWN:,} more: a slice shows others, {following} say"]


class Rationales(ShownList[Rationale]):
    """A list of rationales, as ``explain`` returns it, that shows itself.

    In a notebook it shows the documents with the selected words marked, in a terminal a line for
    each, 20 at most. It is a list in all else; slices are `Rationales`, too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx import Rationale, Rationales
    >>> rationale = Rationale("A dull film.", ["a", "dull", "film"], [(0, 1), (2, 6), (7, 11)],
    ...                       np.array([False, True, False]), label="bad", confidence=0.9)
    >>> Rationales([rationale, rationale])[:1]
    Rationales of 1 document
    [0] bad (0.90): … dull …
    """

    def _repr_html_(self) -> str:
        heading = f"<p>{n_documents(len(self))} · {LEGEND}</p>" if self else "<p>0 documents</p>"
        more = "".join(f"<p>{line}</p>" for line in self.more())
        return cell(heading, *(one._block() for one in self[:MOST_SHOWN]), more)


def plain(value: Any) -> Any:
    """Return a scalar of NumPy as one of Python, and anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def pairs(spans: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return starts and ends as lists, as JSON has them."""
    return [[int(start), int(end)] for start, end in spans]


def cell(*blocks: str) -> str:
    """Return blocks of HTML as the output of a cell of a notebook."""
    return f'{_STYLE}<div class="irx-rationale">{"".join(blocks)}</div>'


def _shortened(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= MOST_OF_LINE else f"{line[: MOST_OF_LINE - 1]}…"


def n_documents(n: int) -> str:
    """Return a number of documents as text."""
    return f"{n:,} document{'' if n == 1 else 's'}"


def piece_html(piece: Piece) -> str:
    """Return a piece of a document as HTML."""
    text = escaped(piece.text)
    if piece.n_folded:
        return f'<details class="fold"><summary>{folded(piece.n_folded)}</summary>{text}</details>'
    return f"<mark>{text}</mark>" if piece.selected else text


def escaped(text: str) -> str:
    """Return text as it may stand in HTML."""
    return escape(harmless(text))
