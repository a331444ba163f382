"""Sentences on how an ensemble settled a document, and names of its members."""

from __future__ import annotations

from typing import Any

from sklearn_irx.exchange import CASES
from sklearn_irx.text.harmless import one_line

_OF_PAIRS = {
    "agree": "Both models predict the same label.",
    "convinced_2": "Model 1’s words convinced model 2, and not the other way round.",
    "convinced_1": "Model 2’s words convinced model 1, and not the other way round.",
    "confidence_1": "The exchange was undecided; model 1 was more confident.",
    "confidence_2": "The exchange was undecided; model 2 was more confident.",
}
_OF_COMMITTEES = {
    "agree": "All models predict the same label.",
    "convinced": "The words of {} convinced most of the other models.",
    "mean": "The label of {} has the highest mean probability, given its words.",
    "product": "The label of {} has the highest geometric mean probability, given its words.",
    "vote": "The label of {} has the highest mean probability, each model using its own words.",
    "consensus": "The words of {} give the highest mean probability to one label.",
    "learned": "The label of {} is likeliest to be right, by what was learned on other texts.",
    "confidence": "The exchange was undecided; {} was most confident.",
}
_WITH_PERSON = {
    "agree": "All participants, you among them, give the same label.",
    "convinced": "{words} convinced most of the other participants.",
    "mean": "{label} has the highest mean probability, given the words for it.",
    "product": "{label} has the highest geometric mean probability, given the words for it.",
    "vote": "{label} has the highest mean probability, each participant using its own words.",
    "consensus": "{words} give the highest mean probability to one label.",
    "confidence": "The exchange was undecided; {who} most confident.",
}


def is_of_pair(cases: tuple[str, ...]) -> bool:
    """Return whether cases are those of two models, Algorithm 1."""
    return cases == CASES


def shown_names(members: tuple[Any, ...]) -> list[str]:
    """Return names of members to show, all different: of a pair, "Model 1" and "Model 2"."""
    shown = [f"Model {name}" if str(name).isdecimal() else one_line(name) for name in members]
    # Two names may differ in nothing that can be shown.
    return [
        name if shown.count(name) == 1 else f"{name} ({number})"
        for number, name in enumerate(shown, start=1)
    ]


def explanation_of(case: str | None, chosen: str | None, *, of_pair: bool) -> str:
    """Return a sentence on how an ensemble settled a document; empty without a case."""
    if case is None:
        return ""
    if of_pair and case in CASES:
        return _OF_PAIRS[case]
    if case not in _OF_COMMITTEES:
        return one_line(case)
    return _OF_COMMITTEES[case].format(one_line(chosen or "one model"))


def explanation_with_person(case: str, chosen: str | None) -> str:
    """Return a sentence, to a person who takes part, on how a document was settled.

    `chosen` is the member whose rationale was kept, None for the person.
    """
    if chosen is None:
        return _WITH_PERSON[case].format(words="Your words", label="Your label", who="you were")
    name = one_line(chosen)
    return _WITH_PERSON[case].format(
        words=f"The words of {name}", label=f"The label of {name}", who=f"{name} was"
    )
