"""What models did with documents: as numbers, as tables, as examples to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx import Rationale
from sklearn_irx.exchange import CASES
from sklearn_irx.inspection import SummaryTable, to_rich
from sklearn_irx.metrics import n_transitions, rationale_length, token_f1_score

if TYPE_CHECKING:
    from rich.console import Console

MEMBERS = ("model 1", "model 2")
TOGETHER = "both, interacting"
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


@dataclass(frozen=True)
class Readings:
    """What a model said of documents.

    Attributes
    ----------
    kept : list of Rationale
        The rationale each prediction was made from.
    members : tuple of (list of Rationale)
        What each of the two models of an ensemble explains by itself; empty for a single model.
    exchange : dict of str to ndarray of shape (n_samples,)
        What ``interact`` of an ensemble gives; empty for a single model.
    """

    kept: list[Rationale]
    members: tuple[list[Rationale], ...] = ()
    exchange: dict[str, np.ndarray] = field(default_factory=dict)


def read(model: Any, texts: Sequence[str]) -> Readings:
    """Explain every text with a fitted classifier or ensemble."""
    if not hasattr(model, "interact"):
        return Readings(model.explain(texts))
    first, second = (member.explain(texts) for member in model.estimators_)
    exchange = model.interact(texts)
    kept = [
        replace((first, second)[chosen - 1][row], case=str(case))
        for row, (case, chosen) in enumerate(zip(exchange["case"], exchange["chosen"], strict=True))
    ]
    return Readings(kept, (first, second), exchange)


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
        One entry for each model, and a last one for both together if there are two.
    exchange : dict of str to ndarray of shape (n_samples,)
        What ``interact`` of an ensemble gives; empty for a single model.
    """

    selections: dict[str, Selection]
    exchange: dict[str, np.ndarray]


def judge(model: Any, texts: Sequence[str]) -> Outcome:
    """Run a fitted classifier or ensemble over many texts, keeping masks but no documents."""
    names = (*MEMBERS, TOGETHER) if hasattr(model, "interact") else (ALONE,)
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


def cases_table(exchange: dict[str, np.ndarray], y_true: np.ndarray | None) -> SummaryTable:
    """Count how the ensemble settled the documents, and how often it was right in each case.

    Parameters
    ----------
    exchange : dict of str to ndarray of shape (n_samples,)
        As ``interact`` of an ensemble gives it.
    y_true : array of shape (n_samples,) or None
        True labels; without them there are counts and shares alone.
    """
    # Not metrics.interaction_table: it would let the models read everything a second time.
    columns = ["case", "count", "share"]
    if y_true is not None:
        columns += ["right", *(f"{name} alone" for name in MEMBERS)]
    case = exchange["case"]
    groups = {name: case == name for name in CASES} | {"all": np.ones(len(case), dtype=bool)}
    rows = []
    for name, here in groups.items():
        row = [name, f"{here.sum():,}", f"{100 * here.mean():.1f} %"]
        if y_true is not None:
            for label in ("label", "label_1", "label_2"):
                right = exchange[label][here] == y_true[here]
                row.append(f"{right.mean():.3f}" if right.size else "–")
        rows.append(row)
    note = _NOTE_CASES if y_true is not None else ""
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
