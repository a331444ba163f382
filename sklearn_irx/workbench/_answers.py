"""What participants answer about one text, as plain data for the page and for a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_irx.classifier.rationale import Rationale, not_read, plain
from sklearn_irx.text.harmless import harmless


@dataclass(frozen=True)
class Participant:
    """Somebody who gives a rationale and a class: a member, or the person.

    Attributes
    ----------
    name : str
        Shown name.
    is_person : bool
    rationale : Rationale
        Its words, with what it predicts from them.
    edited : bool
        Whether the words are not those that the member selects.
    own_words : list of int
        The words that the member selects; of the person, those that they marked.
    how_chosen : str
        How the words were chosen, in a sentence.
    case : Rationale or None
        The words that support the class asked for; None if none was, and for the person.
    """

    name: str
    is_person: bool
    rationale: Rationale
    edited: bool
    own_words: list[int]
    how_chosen: str
    case: Rationale | None = None


@dataclass(frozen=True)
class Decision:
    """How the participants settle on one rationale.

    Attributes
    ----------
    chosen : int
        Number of the participant whose rationale is kept.
    probabilities : ndarray of shape (n_classes,)
        What is predicted in the end.
    case : str
        As of :class:`~sklearn_irx.Exchange`.
    sentence : str
        The same as a sentence.
    rule : str
        Name of the rule, as of :func:`sklearn_irx.exchange.settle`.
    rule_sentence : str
        What the rule says.
    """

    chosen: int
    probabilities: np.ndarray
    case: str
    sentence: str
    rule: str
    rule_sentence: str


@dataclass(frozen=True, eq=False)
class Answer:
    """What all participants say of all rationales of one text.

    Attributes
    ----------
    text : str
        The text that was asked about.
    classes : ndarray of shape (n_classes,)
    participants : list of Participant
        The members in order, and the person last.
    probabilities : ndarray of shape (n_participants, n_participants, n_classes)
        At ``[i, j]``, what participant i predicts from the rationale of participant j.
    of_cases : ndarray of shape (n_participants, n_participants, n_classes) or None
        The same from the words that support the class asked for; nan for those of the person.
    decision : Decision or None
        None where there is one participant.
    """

    text: str
    classes: np.ndarray
    participants: list[Participant]
    probabilities: np.ndarray
    of_cases: np.ndarray | None
    decision: Decision | None

    @property
    def seen(self) -> str:
        """The text as the members see it: cleaned, if a pipeline cleans it."""
        return self.participants[0].rationale.text

    @property
    def kept(self) -> Rationale:
        """The rationale that is kept, with the class that is predicted in the end."""
        if self.decision is None:
            return self.participants[0].rationale
        said = self.decision.probabilities
        return replace(
            self.participants[self.decision.chosen].rationale,
            label=self.classes[said.argmax()],
            confidence=float(said.max()),
            case=self.decision.case,
        )

    def shown(self) -> dict[str, Any]:
        """Return what the page shows, ready for JSON; all texts are harmless, none is escaped.

        ``pieces`` are the text between words and the words in turn, beginning and ending with text
        that is no word.
        """
        first = self.participants[0].rationale
        return {
            "pieces": _pieces(first),
            "unread": not_read(first.unread) if first.unread else "",
            "cleaned": self.seen != self.text,
            "participants": self._participants(),
            "decision": self._decision(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the text and everything that is shown of it, ready for JSON."""
        first = self.participants[0].rationale
        return {
            "text": self.text,
            "text_seen_by_models": self.seen,
            "characters_not_read": first.unread,
            "tokens": first.tokens,
            "spans": [list(span) for span in first.spans],
            "classes": self.classes.tolist(),
            "participants": self._participants(),
            "decision": self._decision(),
        }

    def _participants(self) -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "person": one.is_person,
                "edited": one.edited,
                "words": _numbers(one.rationale.mask),
                "own_words": one.own_words,
                "label": plain(one.rationale.label),
                "size": one.rationale.size(),
                "excerpt": one.rationale.excerpt(),
                "how_chosen": one.how_chosen,
                "read_by": self.probabilities[:, j].tolist(),
                "case": self._case(j),
            }
            for j, one in enumerate(self.participants)
        ]

    def _case(self, j: int) -> dict[str, Any] | None:
        case = self.participants[j].case
        if case is None or self.of_cases is None:
            return None
        return {
            "target": plain(case.target),
            "words": _numbers(case.mask),
            "size": case.size(),
            "excerpt": case.excerpt(),
            "outcome": case.outcome(),
            "how_chosen": case.how_chosen(),
            "read_by": self.of_cases[:, j].tolist(),
        }

    def _decision(self) -> dict[str, Any] | None:
        one = self.decision
        if one is None:
            return None
        return {
            "chosen": one.chosen,
            "label": plain(self.classes[one.probabilities.argmax()]),
            "probabilities": one.probabilities.tolist(),
            "case": one.case,
            "sentence": one.sentence,
            "rule": one.rule,
            "rule_sentence": one.rule_sentence,
        }


def _numbers(mask: np.ndarray) -> list[int]:
    numbers: list[int] = np.flatnonzero(mask).tolist()
    return numbers


def _pieces(rationale: Rationale) -> list[str]:
    pieces: list[str] = []
    end = 0
    for (start, past), token in zip(rationale.spans, rationale.tokens, strict=True):
        # Some words have no width of their own: they stand for a part of an HTML entity.
        pieces += [rationale.text[end:start], rationale.text[max(start, end) : past] or token]
        end = max(end, past)
    rest: Sequence[str] = [rationale.text[end:] if not rationale.unread else ""]
    return [harmless(piece) for piece in (*pieces, *rest)]
