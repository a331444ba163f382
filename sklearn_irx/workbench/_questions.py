"""What is asked about one text, read from untrusted JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_CHARACTERS = 100_000
"""Length of the longest text that is answered."""


class QuestionError(ValueError):
    """A question that cannot be answered, for a reason that the one who asks can mend."""


class TooLongError(QuestionError):
    """A text of more than :data:`MAX_CHARACTERS`."""


@dataclass(frozen=True)
class Person:
    """What a person says about a text.

    Attributes
    ----------
    words : tuple of int
        Numbers of the words that they mark, counted from 0.
    label : int
        Number of the class that they give.
    probability : float
        How sure they are of it: more than one divided by the number of classes, at most 1.
    """

    words: tuple[int, ...]
    label: int
    probability: float


@dataclass(frozen=True)
class Question:
    """What is asked about one text.

    Attributes
    ----------
    text : str
        The document.
    edits : dict of int to tuple of int, default={}
        By the number of a member, counted from 0, the words that stand in place of its rationale.
    person : Person or None, default=None
        The person who takes part, if one does.
    target : int or None, default=None
        Number of the class whose case is asked for: the words of each member that support it.

    Examples
    --------
    >>> from sklearn_irx.workbench._questions import Question
    >>> Question.from_json({"text": "A dull film.", "edits": {"1": [2, 1]}})
    Question(text='A dull film.', edits={1: (1, 2)}, person=None, target=None)
    """

    text: str
    edits: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    person: Person | None = None
    target: int | None = None

    @classmethod
    def from_json(cls, fields: Any) -> Question:
        """Read a question from parsed JSON.

        Raises
        ------
        TooLongError
            If the text is too long.
        QuestionError
            If it is no question. Whether members, words and classes exist is checked later.
        """
        if not isinstance(fields, dict):
            raise QuestionError("a question is an object with the key 'text'.")
        text = fields.get("text")
        if not isinstance(text, str):
            raise QuestionError(f"text is {_kind(text)}: give text.")
        if len(text) > MAX_CHARACTERS:
            raise TooLongError(
                f"The text has {len(text):,} characters, and at most {MAX_CHARACTERS:,} are "
                "answered: shorten it."
            )
        edits = fields.get("edits") or {}
        if not isinstance(edits, dict) or not all(key.isdecimal() for key in edits):
            raise QuestionError("edits must be an object: numbers of members, and their words.")
        target = fields.get("target")
        return cls(
            text,
            {
                _number(int(key), "edits"): _words(words, f"edits[{key}]")
                for key, words in edits.items()
            },
            _person(fields.get("person")),
            None if target is None else _number(target, "target"),
        )


def _person(fields: Any) -> Person | None:
    if fields is None:
        return None
    if not isinstance(fields, dict):
        raise QuestionError(f"person is {_kind(fields)}: give an object, or null.")
    probability = fields.get("probability")
    if isinstance(probability, bool) or not isinstance(probability, int | float):
        raise QuestionError(f"person.probability is {_kind(probability)}: give a number.")
    return Person(
        _words(fields.get("words"), "person.words"),
        _number(fields.get("label"), "person.label"),
        float(probability),
    )


def _words(numbers: Any, name: str) -> tuple[int, ...]:
    if not isinstance(numbers, list):
        raise QuestionError(f"{name} is {_kind(numbers)}: give a list of numbers of words.")
    return tuple(sorted({_number(one, name) for one in numbers}))


def _number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise QuestionError(f"{name} holds {_kind(value)}: give whole numbers from 0.")
    return value


def _kind(value: Any) -> str:
    return "missing" if value is None else repr(value)[:40]
