"""What members of an ensemble must have in common, checked before any is trained; fitting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from sklearn_irx.classifier.data import make_memory, tokenize
from sklearn_irx.classifier.estimator import SelectiveRationaleClassifier
from sklearn_irx.classifier.trained import thawed
from sklearn_irx.components.encoders import ENCODERS
from sklearn_irx.components.style import STYLES
from sklearn_irx.components.training import TRAININGS
from sklearn_irx.text import TokenizedTexts
from sklearn_irx.text.tokenizer import make_tokenizer, words_and_spans_of

_METHODS = ("predict_with_masks", "look_up", "tokenize", "has_same_words_as")


def check_can_exchange(members: Sequence[tuple[str, Any]]) -> None:
    """Raise TypeError if a member cannot read the rationales of others, and say what to do."""
    for name, member in members:
        if all(hasattr(member, method) for method in _METHODS):
            continue
        remedy = "give a SelectiveRationaleClassifier."
        if hasattr(member, "steps"):
            remedy = (
                "members must read the same words of the same texts. Put what cleans texts before "
                "the ensemble, make_pipeline(cleaner, ensemble), or into the tokenizer of its "
                "members, and give the classifier alone."
            )
        elif hasattr(member, "exchange"):
            remedy = "give its members, to one InteractiveCommittee."
        elif hasattr(member, "estimator") or hasattr(member, "estimators"):
            remedy = (
                "give a SelectiveRationaleClassifier, and put what is around it around the "
                "ensemble, as GridSearchCV(ensemble, grid)."
            )
        raise TypeError(f"{name}={member!r} cannot exchange rationales: {remedy}")


def check_same_words(
    members: Sequence[tuple[str, Any]],
    as_is: Sequence[bool],
    texts: Mapping[str, Sequence[str]],
) -> None:
    """Raise ValueError if members are known to split texts into different words.

    `as_is` says which members are fitted and used so. Numbers of words are compared, and
    tokenizers. Those that are not equal may still find the same words: whether they do is tried on
    `texts`, by the name of their parameter.
    """
    (first_name, first), *others = [
        (name, _split_by(member, fitted=fitted))
        for (name, member), fitted in zip(members, as_is, strict=True)
    ]
    for name, (_, max_length) in others:
        if max_length != first[1]:
            raise ValueError(
                f"{first_name} has max_length={first[1]} and {name} max_length={max_length}, so "
                "of longer texts neither can read the other's rationale: give both the same "
                "max_length."
            )
    different = [(name, split) for name, split in others if split[0] != first[0]]
    for parameter, some in texts.items() if different else ():
        for row, text in enumerate(some):
            spans = _spans(first, text)
            for name, split in different:
                where = f"{parameter}[{row}]"
                check_same_spans((first_name, name), where, spans, _spans(split, text))


def check_same_spans(names: tuple[str, str], where: str, spans_1: Any, spans_2: Any) -> None:
    """Raise ValueError if two members find different words in a text, ``X[3]`` for example."""
    if spans_1 != spans_2:
        raise ValueError(
            f"{names[0]} and {names[1]} split {where} into different words ({len(spans_1)} and "
            f"{len(spans_2)}), so neither can read the other's rationale: give both the same "
            "tokenizer and max_length."
        )


def tokenize_for_all(members: Sequence[Any], texts: list[str]) -> list[str] | TokenizedTexts:
    """Tokenize texts for members to be fitted that will split them alike, else leave them."""
    if len(members) < 2 or not all(isinstance(m, SelectiveRationaleClassifier) for m in members):
        return texts
    one, *others = map(_learns_from, members)
    if any(other != one for other in others):
        return texts
    tokenizer, n_words = one
    spans = any(
        ENCODERS.find(member.encoder).reads_pieces or STYLES.find(member.style).needs_spans
        for member in members
    )
    memory = make_memory(members[0].memory)
    return tokenize(texts, tokenizer, n_words, memory=memory, spans=spans)


def fit_members(
    unfitted: Sequence[Any],
    texts: list[str],
    y: np.ndarray | None,
    *,
    n_jobs: int | None,
    **fit_params: Any,
) -> list[Any]:
    """Fit members, at the same time if `n_jobs` says so, and return them."""
    X = tokenize_for_all(unfitted, texts) if n_jobs in (None, 1) else texts
    return Parallel(n_jobs=n_jobs)(delayed(_fit)(member, X, y, fit_params) for member in unfitted)


def _fit(
    member: Any, texts: list[str] | TokenizedTexts, y: np.ndarray, more: dict[str, Any]
) -> Any:
    return member.fit(texts, y, **more)


def tokenize_by_each(
    names: Sequence[str], members: Sequence[Any], texts: list[str]
) -> list[TokenizedTexts]:
    """Split texts for each fitted member; ValueError if they find different words."""
    tokenized = [member.tokenize(texts, spans=True) for member in members]
    for name, other in zip(names[1:], tokenized[1:], strict=True):
        for row, (spans_1, spans_2) in enumerate(zip(tokenized[0].spans, other.spans, strict=True)):
            check_same_spans((names[0], name), f"X[{row}]", spans_1, spans_2)
    return tokenized


def _spans(split: tuple[Any, int], text: str) -> list[tuple[int, int]]:
    tokenizer, max_length = split
    return words_and_spans_of(tokenizer, text, max_length)[1]


def _split_by(member: Any, *, fitted: bool) -> tuple[Any, int]:
    """Return the tokenizer of a member, and the number of words that it reads of a text."""
    inner = thawed(member)
    if fitted or (inner is not member and hasattr(inner, "_max_length")):  # what is frozen stays
        return inner._tokenizer, inner._max_length
    _learns_from(inner)
    return make_tokenizer(inner.tokenizer), inner.max_length


def _learns_from(member: Any) -> tuple[Any, int]:
    """Return the tokenizer of a member to be fitted, and the words it keeps of a text; checked."""
    member._validate_params()
    settings = TRAININGS.find(member.training)
    settings.check()
    return make_tokenizer(member.tokenizer), settings.n_words(member.max_length)
