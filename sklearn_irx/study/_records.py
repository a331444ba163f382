"""Records of a study: items, annotators, pages and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["example", "practice", "main"]

CONFIDENCES = ("I am guessing", "I lean towards it", "I am fairly sure", "I am very sure")


@dataclass(frozen=True)
class Item:
    """Words that annotators are asked to classify.

    Attributes
    ----------
    phase : {"example", "practice", "main"}
        Part of the study. Only answers of the main part are analysed.
    kind : str
        "selected" or "not_selected" for the rationale that an ensemble kept or rejected, "random"
        and "full_text" for controls, "attention" for an attention check.
    shown : list of str or None
        The words, as :func:`~sklearn_irx.study._showing.pieces_shown` returns them.
    n_words : int
        Number of these words.
    truth : int
        Index of the true class.
    document : int or None
        Row of the table that the study was made from, from 0.
    case : str or None
        Case of the ensemble's interaction on the document.
    member : str or None
        Member that selected the rationale.
    model_label : int or None
        Index of the class that the member predicts from these words.
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
    """A person who answers.

    Attributes
    ----------
    id : int
        Number, from 1.
    name : str
        Name that the organiser sees.
    token : str
        Secret part of the personal link.
    """

    id: int
    name: str
    token: str


@dataclass(frozen=True)
class Page:
    """An item as an annotator sees it.

    Attributes
    ----------
    position : int
        From 1; practice comes first.
    phase : {"practice", "main"}
        Part of the study.
    shown : list of str or None
        The words; None is a gap.
    truth : int
        Index of the true class.
    answered : bool
        Whether there is an answer.
    label : int or None
        Index of the class in the answer; None without an answer, or if nothing was readable.
    confidence : int or None
        From 0 to 3; None in the same cases.
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
    """An annotator's answer to a page.

    Attributes
    ----------
    annotator : int
        Number of the annotator.
    position : int
        Position of the page.
    label : int or None
        Index of the class; None if nothing was readable.
    confidence : int or None
        From 0 to 3; None if and only if `label` is None.
    seconds : float or None
        Time from opening the page to answering.
    form : str
        Unique key of the answer: a form that is sent twice counts once.
    """

    annotator: int
    position: int
    label: int | None
    confidence: int | None
    seconds: float | None
    form: str
