"""The questions of an audit: what is computed for each, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sklearn_irx._stages import expect, step, uncounted
from sklearn_irx.ensemble.cases import shown_names
from sklearn_irx.ensemble.result import Exchange, exchange_of, exchanges
from sklearn_irx.inspection._pieces import percent
from sklearn_irx.metrics import (
    arguability_score,
    comprehensiveness_score,
    mask_leakage_score,
    random_masks,
    rationale_iou_score,
)
from sklearn_irx.metrics._encoding import CrossFittedReaders, Encoding
from sklearn_irx.metrics._evalx import evalx_of

MODEL, RANDOM, BLIND, CONDITIONAL, PEOPLE, ALL = (
    "this model", "random words", "class-blind words", "class-conditional words",
    "marked by people", "all words",
)  # fmt: skip
SOURCES = (MODEL, RANDOM, BLIND, CONDITIONAL, PEOPLE, ALL)
SUFFICE, CHOICE, SHAPE, OPPOSITE, STABLE, LEFT, MEMBERS = (
    "Do the words suffice for others?",
    "Does the choice tell more than the words?",
    "Does the shape of the rationale tell the class?",
    "Could the opposite have been argued?",
    "How stable is it?",
    "What is left when the words are taken away?",
    "Do the members convince each other only?",
)
_N_PERMUTATIONS = 1
_DROPPED = 0.05  # of the words that are not selected, to see what small changes do
_LENGTHS = (2, 4)  # times as many words, to see from which length on they are evidence
_LITTLE = 0.01  # nats that are not worth a word
_STABLE = 0.95  # of the labels stay after small changes
_ALIKE = 0.05  # by how much members may convince each other more than others
_ERRORS = 3.0  # standard errors that chance may explain


@dataclass(frozen=True)
class AuditAnswer:
    """What an audit found out about one question.

    Attributes
    ----------
    question : str
        As a reviewer would ask it.
    answer : str
        In sentences.
    concern : bool
        Whether it speaks against taking the words for the reason of the prediction.
    figures : dict of str to dict of str to float
        By name, and then by whose words they are of: ``"this model"``, ``"random words"``,
        ``"class-blind words"``, ``"class-conditional words"``, ``"marked by people"``,
        ``"all words"``. Shares and accuracies between 0 and 1; nats; words.
    """

    question: str
    answer: str
    concern: bool
    figures: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass
class Audited:
    """A model, documents, and what all questions need of them.

    `human` are masks of people, or None; `others` are models that were trained as this one, with
    other seeds, and the texts that they see.
    """

    estimator: Any
    texts: list[str]
    y: np.ndarray
    human: np.ndarray | None
    others: list[tuple[Any, list[str]]]
    readers: CrossFittedReaders
    random_state: np.random.RandomState

    @cached_property
    def exchange(self) -> Exchange:
        """What the model says of the documents."""
        return self.say(self.estimator, self.texts)

    def say(self, estimator: Any, texts: list[str]) -> Exchange:
        """Return what a model says of texts."""
        with uncounted():
            return exchange_of(estimator, texts)

    @cached_property
    def masks(self) -> dict[str, np.ndarray]:
        """The words of each source, as many as the model selects, but for people and all words."""
        own = self.readers.texts.check(self.exchange.kept(self.exchange.masks))
        counts = own.sum(axis=1)
        whole = self.readers.texts.whole
        masks = {
            MODEL: own,
            RANDOM: random_masks(
                self.readers.texts.lengths, counts, random_state=self.random_state
            ),
            BLIND: self.readers.heaviest(counts),
            CONDITIONAL: self.readers.heaviest(counts, self.of_whole.argmax(axis=1)),
        }
        if self.human is not None:
            masks[PEOPLE] = self.human
        return masks | {ALL: whole}

    @cached_property
    def of_whole(self) -> np.ndarray:
        """What readers of words say of whole texts, log probabilities (n_samples, n_classes)."""
        return self.readers.of_words(self.readers.texts.whole)

    @property
    def predictors(self) -> list[Any]:
        """The model, or the members of an ensemble: they can predict from given words."""
        return list(getattr(self.estimator, "estimators_", [self.estimator]))

    @property
    def n(self) -> int:
        """Number of documents."""
        return len(self.texts)

    def error(self, share: float) -> float:
        """Return what chance may explain of the difference of two shares about as large."""
        return float(_ERRORS * np.sqrt(2 * max(share * (1 - share), 1 / self.n) / self.n))


Question = Callable[[Audited], AuditAnswer]


def words_suffice(audited: Audited) -> AuditAnswer:
    """Ask a reader of words that has not seen the model's choices."""
    expect(len(audited.masks))
    accuracy, likelihood = {}, {}
    for source, masks in audited.masks.items():
        found = audited.of_whole if source == ALL else audited.readers.of_words(masks)
        accuracy[source], likelihood[source] = evalx_of(found, audited.readers.columns)
        step()
    own = float((audited.exchange.labels == audited.y).mean())
    off = audited.error(accuracy[RANDOM])
    concern = (
        accuracy[MODEL] <= min(accuracy[RANDOM], own) + off and own > accuracy[RANDOM] + 2 * off
    )
    people = f", from what people marked in {percent(accuracy[PEOPLE])}" if (
        PEOPLE in accuracy
    ) else ""  # fmt: skip
    answer = (
        f"The model is right in {percent(own)} of the documents. A reader of another kind, which "
        f"never saw it, is right in {percent(accuracy[MODEL])} from the same words; from as many "
        f"words drawn at random in {percent(accuracy[RANDOM])}, from those that a linear model "
        f"holds for the most telling in {percent(accuracy[BLIND])}{people}, and from the whole "
        f"text in {percent(accuracy[ALL])}. "
    )
    if concern:
        answer += "So to others these words say little more than random ones: look for a code."
    elif accuracy[MODEL] > accuracy[RANDOM] + off:
        answer += "So the words say something to others, too."
    else:
        answer += f"With so few documents chance may explain {100 * off:.0f} points of difference."
    return AuditAnswer(
        SUFFICE,
        answer,
        concern,
        {
            "accuracy of the model": {MODEL: own},
            "accuracy of another reader (EVAL-X)": accuracy,
            "its log-likelihood, nats": likelihood,
        },
    )


def choice_tells(audited: Audited) -> AuditAnswer:
    """Compare readers that know such choices with readers that know words only."""
    asked = [source for source in audited.masks if source != ALL]
    expect(len(asked) * 4 * audited.readers.n_fits)
    found: dict[str, Encoding] = {
        source: audited.readers.encoding(audited.masks[source]) for source in asked
    }
    own, blind = found[MODEL], found[BLIND]
    concern = own.low > max(_LITTLE, blind.high)
    answer = (
        f"That these words were chosen tells {own.score:.3f} nats of the label (95 %: "
        f"{own.low:.3f} to {own.high:.3f}) beyond what the words say; the choice of random words "
        f"tells {found[RANDOM].score:.3f}, that of the most telling words {blind.score:.3f}, and "
        "that of words for the class which a linear model found in the whole text "
        f"{found[CONDITIONAL].score:.3f}. "
    )
    if concern:
        answer += "So part of the accuracy lies in the choice and not in the words."
    else:
        answer += "So no code was found between choosing and reading that is more than this."
    return AuditAnswer(
        CHOICE,
        answer,
        concern,
        {
            "told by the choice (encoding), nats": {s: one.score for s, one in found.items()},
            "… at least": {s: one.low for s, one in found.items()},
            "… at most": {s: one.high for s, one in found.items()},
        },
    )


def shape_tells(audited: Audited) -> AuditAnswer:
    """Tell the label, and the decision, from the shape of the masks alone."""
    lengths, seed = audited.readers.texts.lengths, audited.readers.seed
    asked = [source for source in (MODEL, RANDOM, PEOPLE) if source in audited.masks]
    expect(len(asked) + 1)
    label, permuted, decision = {}, {}, {}
    for source in asked:
        leakage = mask_leakage_score(
            audited.masks[source], audited.y, lengths, cv=audited.readers.n_fits,
            n_permutations=_N_PERMUTATIONS if source == MODEL else 0, random_state=seed,
        )  # fmt: skip
        label[source] = leakage.accuracy
        if leakage.permuted is not None:
            permuted[source] = leakage.permuted
        step()
    said, counts = np.unique(audited.exchange.labels, return_counts=True)
    common = np.isin(audited.exchange.labels, said[counts >= audited.readers.n_fits])
    labels = audited.exchange.labels[common]
    if len(np.unique(labels)) > 1:
        decision[MODEL] = mask_leakage_score(
            audited.masks[MODEL][common], labels, lengths[common], cv=audited.readers.n_fits,
            random_state=seed,
        ).accuracy  # fmt: skip
    step()
    floor = max(permuted[MODEL], label[RANDOM])
    concern = label[MODEL] > floor + audited.error(floor)
    told = f", and the model's decision in {percent(decision[MODEL])}" if decision else ""
    answer = (
        f"From the number and the places of the words alone, without any word, the label can be "
        f"told in {percent(label[MODEL])} of the documents{told}. With permuted labels it is "
        f"{percent(permuted[MODEL])}, with random words {percent(label[RANDOM])}. "
    )
    if concern:
        answer += "So the shape of the rationales tells something of the class, be it a code or "
        answer += "that the place of evidence depends on the class."
    else:
        answer += f"Chance explains differences of {100 * audited.error(floor):.0f} points."
    figures = {"label told by the shape": label, "… labels permuted": permuted}
    if decision:
        figures["decision told by the shape"] = decision
    return AuditAnswer(SHAPE, answer, concern, figures)


def opposite_arguable(audited: Audited) -> AuditAnswer:
    """Search as many words for another class."""
    masks = audited.masks[MODEL]
    counts = masks.sum(axis=1)

    def share_of(**words: Any) -> float:
        found = [arguability_score(one, audited.texts, **words) for one in audited.predictors]
        return float(np.mean(found))

    share = share_of(masks=masks)
    of_longer = {times: share_of(n_words=times * counts) for times in _LENGTHS}
    columns = audited.random_state.randint(len(audited.readers.classes), size=audited.n)
    by_lot = audited.readers.evalx(audited.readers.heaviest(counts, columns)).accuracy
    longer = [f"{times} times as many in {percent(one)}" for times, one in of_longer.items()]
    concern = share > 0.5
    convinced = "the model itself" if len(audited.predictors) == 1 else "a member, as a mean,"
    answer = (
        f"In {percent(share)} of the documents as many words ({counts.mean():.1f} on average) can "
        f"be found that convince {convinced} of another class; with "
        f"{' and '.join(longer)}. From a linear model's words for a class drawn by lot, another "
        f"reader is right in {percent(by_lot)}: so much do such words say by themselves. "
    )
    if concern:
        answer += "So a rationale of this length shows what speaks for the prediction. It does "
        answer += "not show that nothing speaks against it."
    else:
        answer += "So in most documents words of this number are evidence of one class only."
    figures = {"another class can be argued": {MODEL: share}}
    figures |= {f"… with {n} times as many words": {MODEL: one} for n, one in of_longer.items()}
    figures["accuracy of another reader (EVAL-X), class drawn by lot"] = {CONDITIONAL: by_lot}
    return AuditAnswer(OPPOSITE, answer, concern, figures)


def stable(audited: Audited) -> AuditAnswer:
    """Drop a few words that are not selected, and ask other trainings of the model."""
    own, labels = audited.masks[MODEL], audited.exchange.labels
    expect(1 + len(audited.others))
    kept = own | (audited.random_state.random_sample(own.shape) >= _DROPPED)
    kept &= audited.readers.texts.whole
    changed = audited.say(audited.estimator, audited.readers.texts.kept(kept))
    assert changed.documents is not None
    n_left = kept.sum(axis=1)
    same_words = changed.documents.lengths == n_left  # a gap may change what is one word
    before = np.zeros_like(own)
    for row in np.flatnonzero(same_words):
        before[row, : n_left[row]] = own[row, kept[row]]
    after = changed.kept(changed.masks)[:, : own.shape[1]]
    after = np.pad(after, ((0, 0), (0, own.shape[1] - after.shape[1])))
    step()
    same_label = float((changed.labels == labels).mean())
    figures = {"same label after small changes": {MODEL: same_label}}
    answer = (
        f"If {percent(_DROPPED)} of the words that were not selected are left out, the label stays "
        f"in {percent(same_label)} of the documents"
    )
    if before[same_words].any() or after[same_words].any():
        shared = float(rationale_iou_score(before[same_words], after[same_words]))
        by_chance = float(rationale_iou_score(own, audited.masks[RANDOM]))
        figures["same words after small changes (IOU)"] = {MODEL: shared, RANDOM: by_chance}
        answer += (
            f", and the rationales before and after share {percent(shared)} of their words (as "
            f"many random words: {percent(by_chance)})"
        )
    answer += ". "
    if audited.others:
        found = []
        for other, texts in audited.others:
            theirs = audited.say(other, texts)
            agreed = (theirs.labels == labels).mean()
            iou = rationale_iou_score(own, theirs.kept(theirs.masks))
            found.append((agreed, iou))
            step()
        agreed, shared = map(float, np.mean(found, axis=0))
        figures["same label in other trainings"] = {MODEL: agreed}
        figures["same words in other trainings (IOU)"] = {MODEL: shared}
        answer += (
            f"Other trainings of the model say the same in {percent(agreed)} of the documents and "
            f"share {percent(shared)} of the words."
        )
    else:
        answer += "No other training of the model was given to compare with."
    return AuditAnswer(STABLE, answer.strip(), same_label < _STABLE, figures)


def what_is_left(audited: Audited) -> AuditAnswer:
    """Read the documents without the words."""
    asked = [source for source in audited.masks if source != ALL]
    expect(len(asked) + 1)
    accuracy = {}
    for source in asked:
        rest = audited.readers.texts.complement(audited.masks[source])
        accuracy[source] = audited.readers.evalx(rest).accuracy
        step()
    whole = evalx_of(audited.of_whole, audited.readers.columns).accuracy
    drops = [
        comprehensiveness_score(one, audited.texts, audited.masks[MODEL])
        for one in audited.predictors
    ]
    drop = float(np.mean(drops))
    step()
    redundant = accuracy[MODEL] > accuracy[RANDOM] - audited.error(whole)
    answer = (
        f"Without these words, another reader is right in {percent(accuracy[MODEL])} of the "
        f"documents; with all words in {percent(whole)}, without as many random ones in "
        f"{percent(accuracy[RANDOM])}. The probability that the model, reading all words, gives to "
        f"its prediction falls by {100 * drop:.0f} points without them (comprehensiveness). "
    )
    if redundant:
        answer += "So other words of the texts say much the same, and these were one choice."
    else:
        answer += "So what these words say is not all said elsewhere."
    return AuditAnswer(
        LEFT,
        answer,
        False,
        {
            "accuracy of another reader without the words": {**accuracy, ALL: whole},
            "comprehensiveness of the model": {MODEL: drop},
        },
    )


def members_convince(audited: Audited) -> AuditAnswer:
    """Let members, and a reader of another kind, read the rationale of each member."""
    exchange = audited.exchange
    cross = exchange.classes[audited.estimator.cross_predict_proba(audited.texts).argmax(axis=3)]
    right = (cross == audited.y).mean(axis=2)
    names = shown_names(exchange.members)
    evalx = [
        audited.readers.evalx(audited.readers.texts.check(masks)).accuracy
        for masks in exchange.masks
    ]
    figures = {
        f"accuracy of {reader}, reading {owner}": {MODEL: float(right[i, j])}
        for i, reader in enumerate(names)
        for j, owner in enumerate(names)
    }
    figures |= {
        f"accuracy of another reader (EVAL-X), reading {owner}": {MODEL: accuracy}
        for owner, accuracy in zip(names, evalx, strict=True)
    }
    off = ~np.eye(len(names), dtype=bool)
    of_others, of_evalx = float(right[off].mean()), float(np.mean(evalx))
    answer = (
        f"Members are right in {percent(of_others)} of the documents from each other's words, in "
        f"{percent(float(right.diagonal().mean()))} from their own. A reader of another kind is "
        f"right in {percent(of_evalx)}."
    )
    concern = of_others > of_evalx + audited.error(of_others) + _ALIKE
    if concern:
        answer += " So members may agree because they have learned the same habits."
    return AuditAnswer(MEMBERS, answer, concern, figures)


def questions(estimator: Any) -> dict[str, Question]:
    """Return the questions that are asked of an estimator."""
    asked: dict[str, Question] = {
        SUFFICE: words_suffice,
        CHOICE: choice_tells,
        SHAPE: shape_tells,
        OPPOSITE: opposite_arguable,
        STABLE: stable,
        LEFT: what_is_left,
    }
    return asked | ({MEMBERS: members_convince} if exchanges(estimator) else {})
