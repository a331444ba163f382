"""What models did with documents: as numbers, as tables, as examples to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx import Rationale
from sklearn_irx.exchange import CASES
from sklearn_irx.inspection import SummaryTable, to_rich
from sklearn_irx.inspection._documents import keys_of_members, read_documents
from sklearn_irx.inspection._pieces import one_line
from sklearn_irx.metrics import n_transitions, rationale_length, token_f1_score

if TYPE_CHECKING:
    from rich.console import Console

MEMBERS = ("model 1", "model 2")
TOGETHER = "both, interacting"
ALL_TOGETHER = "all, interacting"
ALONE = "model"

_BATCH = 1000
_NOTE_MODELS = (
    "Words: selected words in a document, on average. Borders: changes between selected and "
    "unselected words, on average; fewer are easier to read. Empty: documents without a selected "
    "word."
)
_NOTE_F1 = " Token F1: agreement with the words that were planted."
_NOTE_CASES = (
    "Right: share of right predictions, of both interacting and of each model alone. "
    "convinced_2: model 1's words convinced model 2, and not the other way round; convinced_1: the "
    "reverse; confidence: neither or both, and the surer model decided."
)
_NOTE_COMMITTEE = (
    "Right: share of right predictions, of all interacting and of each model alone. The case is "
    "the rule that chose between the models, or confidence, where it could not, and the surest "
    "model decided."
)


@dataclass(frozen=True)
class Readings:
    """What a model said of documents.

    Attributes
    ----------
    kept : list of Rationale
        The rationale each prediction was made from.
    members : tuple of (list of Rationale)
        What each model of an ensemble or a committee explains by itself; empty for a single model.
    exchange : dict of str to ndarray of shape (n_samples,)
        What ``interact`` of an ensemble or a committee gives; empty for a single model.
    """

    kept: list[Rationale]
    members: tuple[list[Rationale], ...] = ()
    exchange: dict[str, np.ndarray] = field(default_factory=dict)


def read(model: Any, texts: Sequence[str]) -> Readings:
    """Explain every text with a fitted classifier or ensemble."""
    documents, exchange = read_documents(model, texts)
    kept = [document.rationale for document in documents]
    members = zip(*((document.members or {}).values() for document in documents), strict=True)
    return Readings(kept, tuple(map(list, members)), exchange)


def names_of(model: Any) -> tuple[str, ...]:
    """Name the members of an ensemble or a committee, in their order; none for a single model."""
    if hasattr(model, "named_estimators_"):
        return tuple(one_line(name) for name in model.named_estimators_)
    return MEMBERS if hasattr(model, "interact") else ()


@dataclass(frozen=True)
class Selection:
    """Labels and selected words of many documents, without the documents.

    Attributes
    ----------
    label : ndarray of shape (n_samples,)
        What was predicted.
    masks : ndarray of shape (n_samples, longest document read), dtype bool
        True for the selected words.
    lengths : ndarray of shape (n_samples,), dtype int
        Number of words read.
    """

    label: np.ndarray
    masks: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, answers: Sequence[tuple[Any, np.ndarray]]) -> Selection:
        """Collect pairs of a label and a mask."""
        lengths = np.array([len(mask) for _, mask in answers])
        masks = np.zeros((len(answers), max(1, lengths.max(initial=0))), dtype=bool)
        for row, (_, mask) in zip(masks, answers, strict=True):
            row[: len(mask)] = mask
        return cls(np.array([label for label, _ in answers]), masks, lengths)


@dataclass(frozen=True)
class Outcome:
    """What a model or an ensemble made of a test set.

    Attributes
    ----------
    selections : dict of str to Selection
        One entry for each model, and a last one for all together if there are several.
    exchange : dict of str to ndarray of shape (n_samples,)
        What ``interact`` of an ensemble or a committee gives; empty for a single model.
    cases : tuple of str
        What could have happened to a document.
    """

    selections: dict[str, Selection]
    exchange: dict[str, np.ndarray]
    cases: tuple[str, ...] = CASES


def judge(model: Any, texts: Sequence[str]) -> Outcome:
    """Run a fitted classifier or ensemble over many texts, keeping masks but no documents."""
    members = names_of(model)
    together = TOGETHER if members == MEMBERS else ALL_TOGETHER
    names = (*members, together) if members else (ALONE,)
    answers: dict[str, list[tuple[Any, np.ndarray]]] = {name: [] for name in names}
    exchanges = []
    for start in range(0, len(texts), _BATCH):
        readings = read(model, texts[start : start + _BATCH])
        for name, rationales in zip(names, (*readings.members, readings.kept), strict=True):
            answers[name].extend((rationale.label, rationale.mask) for rationale in rationales)
        exchanges.append(readings.exchange)
    return Outcome(
        {name: Selection.of(pairs) for name, pairs in answers.items()},
        {key: np.concatenate([batch[key] for batch in exchanges]) for key in exchanges[0]},
        getattr(model, "cases_", CASES),
    )


def models_table(
    outcome: Outcome, y_true: np.ndarray | None, masks_true: np.ndarray | None = None
) -> SummaryTable:
    """Compare the models, and both together, in accuracy and in what they select.

    Parameters
    ----------
    outcome : Outcome
        As :func:`judge` gives it.
    y_true : array of shape (n_samples,) or None
        True labels; without them there is no column of accuracies.
    masks_true : bool array of shape (n_samples, any width) or None
        True for the words a model ought to select.
    """
    columns = ["", *(["accuracy"] if y_true is not None else []), "words", "borders", "empty"]
    rows = []
    for name, found in outcome.selections.items():
        row = [name]
        if y_true is not None:
            row.append(f"{np.mean(found.label == y_true):.3f}")
        row.append(f"{rationale_length(found.masks):.1f}")
        row.append(f"{n_transitions(found.masks, found.lengths):.1f}")
        row.append(f"{100 * np.mean(~found.masks.any(axis=1)):.1f} %")
        if masks_true is not None:
            row.append(f"{token_f1_score(masks_true, found.masks):.3f}")
        rows.append(row)
    if masks_true is not None:
        columns.append("token F1")
    note = _NOTE_MODELS + (_NOTE_F1 if masks_true is not None else "")
    return SummaryTable("Models", columns, rows, note)


def accuracies(outcome: Outcome, y_true: np.ndarray) -> dict[str, float]:
    """Give the share of right predictions of each model, and of all together."""
    return {
        "accuracy" if name == ALONE else f"accuracy, {name}": float(np.mean(found.label == y_true))
        for name, found in outcome.selections.items()
    }


def cases_table(
    exchange: dict[str, np.ndarray],
    y_true: np.ndarray | None,
    cases: Sequence[str] = CASES,
) -> SummaryTable:
    """Count how the models settled the documents, and how often they were right in each case.

    Parameters
    ----------
    exchange : dict of str to ndarray of shape (n_samples,)
        As ``interact`` of an ensemble or a committee gives it.
    y_true : array of shape (n_samples,) or None
        True labels; without them there are counts and shares alone.
    cases : sequence of str, default=CASES
        What could have happened: ``cases_`` of the ensemble or the committee.
    """
    # Not metrics.interaction_table: it would let the models read everything a second time.
    of_pair = tuple(cases) == CASES
    members = keys_of_members(exchange)
    shown: Sequence[str] = [one_line(name) for name in members]
    if of_pair:
        members, shown = ["1", "2"], MEMBERS
    columns = ["case", "count", "share"]
    if y_true is not None:
        columns += ["right", *(f"{name} alone" for name in shown)]
    case = exchange["case"]
    groups = {name: case == name for name in cases} | {"all": np.ones(len(case), dtype=bool)}
    rows = []
    for name, here in groups.items():
        row = [name, f"{here.sum():,}", f"{100 * here.mean():.1f} %"]
        if y_true is not None:
            for label in ("label", *(f"label_{name}" for name in members)):
                right = exchange[label][here] == y_true[here]
                row.append(f"{right.mean():.3f}" if right.size else "–")
        rows.append(row)
    note = "" if y_true is None else _NOTE_CASES if of_pair else _NOTE_COMMITTEE
    return SummaryTable("What happened between the models", columns, rows, note)


def choose_examples(case: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Choose documents to look at: every case in turn, disagreements first, agreement last.

    Parameters
    ----------
    case : array of shape (n_samples,)
        How an ensemble settled each document.
    n : int
        How many to choose, at most.
    seed : int
        The same number chooses the same documents.

    Returns
    -------
    rows : ndarray of shape (at most n,), dtype int

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.cli.results import choose_examples
    >>> case = np.array(["agree", "agree", "convinced_1", "agree", "confidence_2"])
    >>> case[choose_examples(case, 3, seed=0)]
    array(['convinced_1', 'confidence_2', 'agree'], dtype='<U12')
    """
    order = np.random.RandomState(seed).permutation(len(case))
    queues = [[row for row in order if case[row] == name] for name in (*CASES[1:], CASES[0])]
    turns = (row for turn in zip_longest(*queues) for row in turn if row is not None)
    return np.array(list(islice(turns, n)), dtype=int)


def show_rationale(console: Console, rationale: Rationale, y_true: Any) -> None:
    """Print a document with its rationale; in brackets, and unwrapped, if it goes to a file."""
    plain = not console.is_terminal
    marks = ("[", "]") if plain else ("", "")
    console.print(to_rich(rationale, y_true=y_true, marks=marks), soft_wrap=plain)
    console.print()
