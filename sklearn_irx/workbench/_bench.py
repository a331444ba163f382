"""Questions about one text, answered by models and a person: no web, no HTML."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._pipelines import check_has_rationales, final_estimator, seen_by_final
from sklearn_irx.classifier.by_class import how_chosen, is_class_conditional
from sklearn_irx.classifier.classwise import NAMED
from sklearn_irx.classifier.rationale import Rationale, plain
from sklearn_irx.ensemble.cases import explanation_of, explanation_with_person, shown_names
from sklearn_irx.ensemble.members import check_can_exchange
from sklearn_irx.ensemble.result import exchanges
from sklearn_irx.exchange import CASES, LEARNED, RULES, settle
from sklearn_irx.text import Documents
from sklearn_irx.workbench._answers import Answer, Decision, Participant
from sklearn_irx.workbench._questions import Person, Question, QuestionError

_MOST_TEXTS = 128  # that are looked up at a time
_MOST_READINGS = 128  # of one text

_CHANGED = "Changed by hand: the model did not choose these words."
_MARKED = "Marked by you."
_RULES = {
    "convinced": "the words that convince most participants are kept; of several, those of the "
    "most confident one",
    "mean": "the label with the highest mean probability, given its words, is kept",
    "product": "the label with the highest product of probabilities, given its words, is kept",
    "vote": "the label with the highest mean probability, each using its own words, is kept",
    "consensus": "the words that give one label the highest mean probability are kept, and the "
    "mean is predicted",
    LEARNED: "the label that is likeliest to be right, by what was learned on other texts, is kept",
}


@dataclass
class _Looked:
    """A text that was looked up, with what the members said so far.

    Attributes
    ----------
    documents : list of Documents
        The text in the vocabulary of each member.
    own : list of Rationale
        What each member selects, with its prediction.
    own_probabilities : ndarray of shape (n_members, n_classes)
    readings : dict
        By the bytes of a mask, what each member predicts from it, (n_members, n_classes).
    cases : dict
        By the number of a class, the mask of each member that supports it.
    """

    documents: list[Documents]
    own: list[Rationale]
    own_probabilities: np.ndarray
    readings: OrderedDict[bytes, np.ndarray] = field(default_factory=OrderedDict)
    cases: dict[int, list[Rationale]] = field(default_factory=dict)


class Workbench:
    r"""Answers questions about one text at a time, from any thread.

    Participants are the members of an ensemble, or a single classifier, and a person, if one takes
    part. With :math:`p_{ij}` what participant i predicts from the rationale of participant j,

    - member i predicts :math:`p_{ij}` as in the exchange, also from words changed by hand and
      from those of the person;
    - the person is a further model: from any rationale they predict the class they gave, with the
      probability they gave, the rest being spread evenly over the other classes.

    Without a person, the rule of the ensemble decides as in
    :meth:`~sklearn_irx.InteractiveEnsemble.exchange`, and of a single classifier nothing is to be
    decided. With one, :func:`sklearn_irx.exchange.settle` decides on all :math:`p_{ij}`, by the
    rule of the committee; by "convinced" for pairs, for single classifiers, and where the rule was
    learned, which knows the features of its members alone.

    Parameters
    ----------
    model : fitted classifier, ensemble or committee, or a pipeline that ends in one
        Whom to ask.

    Raises
    ------
    TypeError
        If it has no rationales, or members that cannot read those of others.
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.workbench._bench import Workbench
    >>> from sklearn_irx.workbench._questions import Person, Question
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> bench = Workbench(SelectiveRationaleClassifier(random_state=0).fit(texts, y))
    >>> answer = bench.ask(Question("There were ants in the bed.", person=Person((2,), 1, 0.6)))
    >>> [(one.name, str(one.rationale.label)) for one in answer.participants]
    [('Model', 'hygiene'), ('You', 'noise')]
    >>> answer.decision.case, answer.decision.sentence
    ('confidence', 'The exchange was undecided; Model was most confident.')
    """

    def __init__(self, model: Any) -> None:
        check_has_rationales(model)
        final = final_estimator(model)
        check_is_fitted(final)
        self._model = model
        self._ensemble = final if exchanges(final) else None
        self._members = [final] if self._ensemble is None else final.estimators_
        names = ("Model",) if self._ensemble is None else final._members_in_results
        check_can_exchange(list(zip(map(str, names), self._members, strict=True)))
        *self.names, self._person_name = shown_names((*names, "You"))
        self.classes: np.ndarray = final.classes_
        self._lock = threading.Lock()
        self._looked: OrderedDict[str, _Looked] = OrderedDict()

    @property
    def is_ensemble(self) -> bool:
        """Whether there is an exchange without a person."""
        return self._ensemble is not None

    @property
    def finds_cases(self) -> bool:
        """Whether all members can choose words for a given class."""
        return all(hasattr(member, "_classwise") for member in self._members)

    def ask(self, question: Question) -> Answer:
        """Answer a question.

        The models are asked by one thread at a time.

        Raises
        ------
        QuestionError
            If there is no such member, word or class, or a person is not surer of their class than
            of any other.
        """
        self._check(question)
        with self._lock:
            return self._answer(question)

    def _check(self, question: Question) -> None:
        n_classes = len(self.classes)
        for member in question.edits:
            if member >= len(self._members):
                raise QuestionError(f"edits: there is no member {member}, of {len(self._members)}.")
        if question.target is not None and not self.finds_cases:
            raise QuestionError("target: not all members choose words for a class: leave it out.")
        person = question.person
        numbers = {
            "target": question.target,
            "person.label": None if person is None else person.label,
        }
        for name, number in numbers.items():
            if number is not None and number >= n_classes:
                raise QuestionError(f"{name}: there is no class {number}, of {n_classes}.")
        if person is not None and not 1 / n_classes < person.probability <= 1:
            raise QuestionError(
                f"person.probability={person.probability!r}: give one above {1 / n_classes:.3g}, "
                f"an even chance among {n_classes} classes, and at most 1."
            )

    def _answer(self, question: Question) -> Answer:
        looked = self._look_up(question.text)
        n_members, n_words = len(self._members), len(looked.own[0].tokens)
        masks = [one.mask for one in looked.own]
        for member, words in question.edits.items():
            masks[member] = _mask(words, n_words, f"edits[{member}]")
        edited = [
            not np.array_equal(mask, one.mask) for mask, one in zip(masks, looked.own, strict=True)
        ]
        person = question.person
        if person is not None:
            masks.append(_mask(person.words, n_words, "person.words"))
        cases = self._cases(looked, question.target)
        # One prediction of each member for all words that it has not read yet.
        self._read(looked, [*masks, *(case.mask for case in cases)])
        probabilities = self._all_read(looked, masks, person)
        for j in range(n_members):
            if not edited[j]:  # exactly what the exchange computes, not by another batch
                probabilities[j, j] = looked.own_probabilities[j]
        of_cases = None
        if cases:
            of_cases = self._all_read(looked, [case.mask for case in cases], person)
        participants = [
            Participant(
                self.names[j],
                is_person=False,
                rationale=self._predicted(
                    replace(own, mask=masks[j], class_conditional=False) if edited[j] else own,
                    probabilities[j, j],
                ),
                edited=edited[j],
                own_words=np.flatnonzero(own.mask).tolist(),
                how_chosen=_CHANGED if edited[j] else _sentence(how_chosen(self._members[j])),
                case=None
                if of_cases is None
                else self._predicted(cases[j], of_cases[j, j], question.target),
            )
            for j, own in enumerate(looked.own)
        ]
        if person is not None:
            participants.append(self._participant(person, looked, masks[-1]))
        return Answer(
            question.text,
            self.classes,
            participants,
            probabilities,
            of_cases,
            self._decide(looked, masks, probabilities, person),
        )

    def _look_up(self, text: str) -> _Looked:
        """Return a text with each member's own rationale, also from the cache."""
        if text in self._looked:
            self._looked.move_to_end(text)
            return self._looked[text]
        final, seen = seen_by_final(self._model, [text])
        if self._ensemble is None:
            tokenized = [final.tokenize(list(seen), spans=True)]
        else:
            tokenized = final._tokenize(list(seen), spans=True)
        documents, rationales, own = [], [], []
        for i, (member, one) in enumerate(zip(self._members, tokenized, strict=True)):
            documents.append(member.look_up(one))
            found, masks = member.predict_with_masks(documents[i])
            own.append(self._calibrated(i, found)[0])
            spans, words = (one.spans or [[]])[0], one.word_lists()[0]
            rationales.append(
                Rationale(
                    text=one.texts[0],
                    tokens=words,
                    spans=spans,
                    mask=masks[0, : len(words)].copy(),
                    label=None,
                    confidence=0.0,
                    max_length=one.max_length,
                    class_conditional=is_class_conditional(member),
                )
            )
        looked = self._looked[text] = _Looked(documents, rationales, np.stack(own))
        if len(self._looked) > _MOST_TEXTS:
            self._looked.popitem(last=False)
        return looked

    def _read(self, looked: _Looked, masks: Sequence[np.ndarray]) -> None:
        """Let every member read all masks that are new, in one prediction."""
        wanted = {mask.tobytes(): mask for mask in masks}
        new = {key: mask for key, mask in wanted.items() if key not in looked.readings}
        if new:
            rows, stacked = np.zeros(len(new), dtype=int), np.stack(list(new.values()))
            by_member = [
                self._calibrated(i, member.predict_with_masks(documents.take(rows), stacked)[0])
                for i, (member, documents) in enumerate(
                    zip(self._members, looked.documents, strict=True)
                )
            ]
            looked.readings.update(zip(new, np.stack(by_member, axis=1), strict=True))
        for key in wanted:
            looked.readings.move_to_end(key)
        while len(looked.readings) > max(_MOST_READINGS, len(wanted)):
            looked.readings.popitem(last=False)

    def _all_read(
        self, looked: _Looked, masks: Sequence[np.ndarray], person: Person | None
    ) -> np.ndarray:
        """Return what all participants predict from masks, (n_participants, n_masks, n_classes)."""
        by_members = np.stack([looked.readings[mask.tobytes()] for mask in masks], axis=1)
        if person is None:
            return by_members
        by_person = np.tile(self._said(person), (1, len(masks), 1))
        return np.concatenate([by_members, by_person])

    def _said(self, person: Person) -> np.ndarray:
        """Return what a person predicts from any rationale, (n_classes,)."""
        n_classes = len(self.classes)
        said = np.full(n_classes, (1 - person.probability) / max(1, n_classes - 1))
        said[person.label] = person.probability
        return said

    def _cases(self, looked: _Looked, target: int | None) -> list[Rationale]:
        """Return the words of each member that support a class; none if no class is asked for."""
        if target is None:
            return []
        if target not in looked.cases:
            text, label = [looked.own[0].text], plain(self.classes[target])
            wanted = "all" if label in NAMED else label
            looked.cases[target] = [
                next(one for one in member._classwise(text, wanted)[0] if one.target == label)
                for member in self._members
            ]
        return looked.cases[target]

    def _predicted(
        self, rationale: Rationale, probabilities: np.ndarray, target: int | None = None
    ) -> Rationale:
        """Return a rationale, chosen for a class or not, with what is predicted from it."""
        best = int(probabilities.argmax())
        return replace(
            rationale,
            label=self.classes[best],
            confidence=float(probabilities[best]),
            target_confidence=None if target is None else float(probabilities[target]),
        )

    def _participant(self, person: Person, looked: _Looked, mask: np.ndarray) -> Participant:
        own = replace(looked.own[0], mask=mask, class_conditional=False)
        return Participant(
            self._person_name,
            is_person=True,
            rationale=self._predicted(own, self._said(person)),
            edited=False,
            own_words=np.flatnonzero(mask).tolist(),
            how_chosen=_MARKED,
        )

    def _decide(
        self,
        looked: _Looked,
        masks: Sequence[np.ndarray],
        probabilities: np.ndarray,
        person: Person | None,
    ) -> Decision | None:
        """Let the participants settle on one rationale; None if there is one alone."""
        cross, ensemble = probabilities[:, :, None], self._ensemble
        if person is not None:
            ruling = "convinced" if ensemble is None else ensemble.rule_
            rule = ruling if ruling in RULES else "convinced"
            settlement = settle(cross, rule)
            said = _sentence(_RULES[rule])
            if rule != ruling:
                said = f"The learned rule knows its members alone, so with you {_RULES[rule]}."
        elif ensemble is not None:
            rule, row = ensemble.rule_, np.zeros(1, dtype=int)
            settlement, _ = ensemble._settle(
                cross, np.stack(masks)[:, None], looked.documents[0], row
            )
            of_pair = ensemble.cases_ == CASES
            said = f"Algorithm 1: {_RULES[rule]}." if of_pair else _sentence(_RULES[rule])
        else:
            return None
        chosen, case = int(settlement.chosen[0]), str(settlement.case[0])
        name = self.names[chosen] if chosen < len(self.names) else None
        if person is not None:
            sentence = explanation_with_person(case, name)
        else:
            sentence = explanation_of(case, name, of_pair=of_pair)
        return Decision(chosen, settlement.probabilities[0], case, sentence, rule, said)

    def _calibrated(self, member: int, probabilities: np.ndarray) -> np.ndarray:
        if self._ensemble is None:
            return probabilities
        calibrated: np.ndarray = self._ensemble._calibrated(member, probabilities)
        return calibrated


def _mask(words: Sequence[int], n_words: int, name: str) -> np.ndarray:
    if words and max(words) >= n_words:
        raise QuestionError(
            f"{name}: there is no word {max(words)}, of {n_words}. A link to another model may say "
            "so: clear the text, and begin anew."
        )
    mask = np.zeros(n_words, dtype=bool)
    mask[list(words)] = True
    return mask


def _sentence(said: str | None) -> str:
    return f"{said[0].upper()}{said[1:]}." if said else ""
