"""What a study is made of: items, annotators, pages and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["example", "practice", "main"]

CONFIDENCES = ("I am guessing", "I lean towards it", "I am fairly sure", "I am very sure")


@dataclass(frozen=True)
class Item:
    """One thing to be read by annotators.

    Attributes
    ----------
    phase : {"example", "practice", "main"}
        Where it stands: only the answers to those of the main part are analysed.
    kind : str
        "selected" or "not_selected" for the rationale that an ensemble kept and the one it did
        not, "random" and "full_text" for controls, "attention" for a check of attention.
    shown : list of str or None
        The words, as :func:`~sklearn_irx.study._showing.pieces_shown` gives them.
    n_words : int
        How many words those are.
    truth : int
        Position of the true class.
    document : int or None
        Row of the table that the study was made from, counted from 0.
    case : str or None
        How the ensemble settled the document.
    member : str or None
        Whose rationale it is.
    model_label : int or None
        Position of the class that the member says of these words.
    model_confidence : float or None
        Probability of that class, between 0 and 1.
    """

    phase: Phase
    kind: str
    shown: list[str | None]
    n_words: int
    truth: int
    document: int | None = None
    case: str | None = None
    member: str | None = None
    model_label: int | None = None
    model_confidence: float | None = None


@dataclass(frozen=True)
class Annotator:
    """Somebody who answers.

    Attributes
    ----------
    id : int
        Number, from 1.
    name : str
        What the organiser calls them.
    token : str
        What stands in their link, and opens the study to them alone.
    """

    id: int
    name: str
    token: str


@dataclass(frozen=True)
class Page:
    """An item as an annotator has it in front of them.

    Attributes
    ----------
    position : int
        From 1; those of practice come first.
    phase : {"practice", "main"}
        Part of the study.
    shown : list of str or None
        The words; None is a gap.
    truth : int
        Position of the true class.
    answered : bool
        Whether there is an answer.
    label : int or None
        Position of the class they answered; None if nothing could be read, or nothing was
        answered.
    confidence : int or None
        From 0 to 3; None likewise.
    """

    position: int
    phase: Phase
    shown: list[str | None]
    truth: int
    answered: bool
    label: int | None
    confidence: int | None


@dataclass(frozen=True)
class Answer:
    """What an annotator says of an item.

    Attributes
    ----------
    annotator : int
        Number of the annotator.
    position : int
        Of the page.
    label : int or None
        Position of the class; None if nothing could be read.
    confidence : int or None
        From 0 to 3; None if, and only if, `label` is None.
    seconds : float or None
        Time from seeing the item to answering.
    form : str
        What tells this answer from all others: the same form sent twice is one answer.
    """

    annotator: int
    position: int
    label: int | None
    confidence: int | None
    seconds: float | None
    form: str
