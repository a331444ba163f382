"""A model's answers for many documents, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.inspection._documents import ExplainedDocument, keys_of_members
from sklearn_irx.inspection._flow import CASE_LABELS
from sklearn_irx.inspection._pieces import one_line
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.metrics import interaction_table
from sklearn_irx.metrics._calibration import reliability

N_BINS = 15
_N_MISTAKES = 8

_NOTE_MODELS = (
    "Words: selected words in a document, on average, and their share of the words read. Spans: "
    "runs of selected words. Empty: documents without a selected word."
)
_NOTE_JUDGED = (
    " Macro F1: mean F1 over the classes. ECE: mean distance between confidence and accuracy; less "
    "is better."
)


class Answers:
    """Numbers about one rationale of each document.

    Parameters
    ----------
    rationales : sequence of n_samples Rationale
        What a model said.

    Attributes
    ----------
    labels : ndarray of shape (n_samples,), dtype object
        The labels predicted.
    confidence : ndarray of shape (n_samples,)
        Their probabilities.
    n_selected, n_words, n_spans : ndarray of shape (n_samples,), dtype int
        Selected words, words read, and maximal runs of selected words.
    """

    def __init__(self, rationales: Sequence[Rationale]) -> None:
        n_samples = len(rationales)
        self.labels = objects(rationale.label for rationale in rationales)
        self.confidence = np.array([float(rationale.confidence) for rationale in rationales])
        self.n_selected = np.fromiter((r.mask.sum() for r in rationales), int, n_samples)
        self.n_words = np.fromiter((len(r.mask) for r in rationales), int, n_samples)
        self.n_spans = np.fromiter((len(r.selected_spans) for r in rationales), int, n_samples)


def names_of(labels: np.ndarray) -> list[str]:
    """Give labels as they are shown; there are few, of many documents."""
    shown: dict[tuple[type, Any], str] = {}
    for label in labels:
        key = type(label), label
        if key not in shown:
            shown[key] = one_line(label)
    return [shown[type(label), label] for label in labels]


def objects(values: Any) -> np.ndarray:
    """Give labels as an array that leaves them as they are."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = [value.item() if isinstance(value, np.generic) else value for value in listed]
    return array


def summary_tables(
    documents: Sequence[ExplainedDocument],
    answers: Answers,
    happened: Mapping[str, Any],
    cases: Sequence[str],
) -> list[SummaryTable]:
    """Compare the models, and tell what happened between them.

    Parameters
    ----------
    documents : sequence of ExplainedDocument
        One at least.
    answers : Answers
        Those of their rationales.
    happened : mapping of str to array of shape (n_samples,)
        As ``interact`` of an ensemble gives it; empty for a single model.
    cases : sequence of str
        What could have happened.
    """
    truth = objects(document.y_true for document in documents) if documents[0].judged else None
    names = list(documents[0].members or {})
    each = [
        (name, Answers([(document.members or {})[name] for document in documents]))
        for name in names
    ]
    together = "all, interacting" if len(names) > 2 else "both, interacting"
    tables = [_models([*each, (together if names else "model", answers)], truth)]
    if happened:
        tables.append(_cases(happened, cases, truth, names))
    return tables


def classes_table(answers: Answers, truth: np.ndarray | None) -> SummaryTable:
    """Give figures for each class; without true labels, only what was predicted."""
    said = names_of(answers.labels)
    predicted = Counter(said)
    if truth is None:
        names = sorted(predicted)
        columns = ["class", "predicted", "mean confidence", "words"]
        rows = [[name, f"{predicted[name]:,}", *_of_class(answers, said, name)] for name in names]
        return SummaryTable("Classes", columns, rows)
    true = names_of(truth)
    known = sorted({*said, *true})
    scores = precision_recall_fscore_support(true, said, labels=known, zero_division=0.0)
    rows = [
        [
            name, f"{count:,}", f"{predicted[name]:,}", f"{precision:.3f}", f"{recall:.3f}",
            f"{f1:.3f}", *_of_class(answers, said, name),
        ]
        for name, precision, recall, f1, count in zip(known, *scores, strict=True)
    ]  # fmt: skip
    return SummaryTable(
        "Classes",
        ["class", "documents", "predicted", "precision", "recall", "F1", "confidence", "words"],
        rows,
        "Confidence and words are means over the documents predicted to be of the class.",
    )


def macro_f1(labels: np.ndarray, truth: np.ndarray) -> float:
    """Give the mean F1 over the classes that are predicted or true."""
    said, true = names_of(labels), names_of(truth)
    known = sorted({*said, *true})
    return float(
        precision_recall_fscore_support(
            true, said, labels=known, average="macro", zero_division=0.0
        )[2]
    )


def _of_class(answers: Answers, said: list[str], name: str) -> list[str]:
    here = np.array([label == name for label in said])
    if not here.any():
        return ["–", "–"]
    return [f"{answers.confidence[here].mean():.2f}", f"{answers.n_selected[here].mean():.1f}"]


def _models(each: Sequence[tuple[str, Answers]], truth: np.ndarray | None) -> SummaryTable:
    rows = []
    for name, found in each:
        row = [name]
        if truth is not None:
            right = found.labels == truth
            ece = reliability(found.confidence, right, N_BINS).ece
            row += [f"{right.mean():.3f}", f"{macro_f1(found.labels, truth):.3f}", f"{ece:.3f}"]
        share = found.n_selected.sum() / max(1, found.n_words.sum())
        row += [f"{found.n_selected.mean():.1f}", f"{100 * share:.0f} %"]
        row += [f"{found.n_spans.mean():.1f}", f"{100 * np.mean(found.n_selected == 0):.1f} %"]
        rows.append(row)
    judged = [] if truth is None else ["accuracy", "macro F1", "ECE"]
    return SummaryTable(
        "Models" if len(each) > 1 else "Model",
        ["", *judged, "words", "of text", "spans", "empty"],
        rows,
        _NOTE_MODELS + ("" if truth is None else _NOTE_JUDGED),
    )


def _cases(
    happened: Mapping[str, Any],
    cases: Sequence[str],
    truth: np.ndarray | None,
    names: Sequence[str],
) -> SummaryTable:
    if truth is None:
        counts = Counter(happened["case"].tolist())
        n_samples = len(happened["case"])
        rows = [
            [CASE_LABELS.get(case, case), f"{counts[case]:,}", _share(counts[case] / n_samples)]
            for case in cases
        ]
        return SummaryTable("What happened between the models", ["", "documents", "share"], rows)
    # The metric asks an ensemble; this one answers with what is known already.
    told = SimpleNamespace(interact=lambda _: happened, cases_=tuple(cases))
    table = interaction_table(told, None, truth)
    columns = ["accuracy", *(f"accuracy_{key}" for key in keys_of_members(happened))]
    rows = []
    for row, case in enumerate(cases):
        count, share = table["count"][row], table["share"][row]
        accuracies = ["–" if not count else f"{table[column][row]:.3f}" for column in columns]
        rows.append([CASE_LABELS.get(case, case), f"{count:,}", _share(share), *accuracies])
    return SummaryTable(
        "What happened between the models",
        ["", "documents", "share", "right", *(f"{name} alone" for name in names)],
        rows,
        "Right: share of right predictions, after the exchange and of each model alone.",
    )


def mistakes_table(answers: Answers, truth: np.ndarray) -> SummaryTable:
    """Count which classes are taken for which, and how surely; the most frequent alone."""
    wrong = answers.labels != truth
    pairs = list(zip(names_of(truth[wrong]), names_of(answers.labels[wrong]), strict=True))
    sure: dict[tuple[str, str], list[float]] = {}
    for pair, confidence in zip(pairs, answers.confidence[wrong], strict=True):
        sure.setdefault(pair, []).append(confidence)
    rows = [
        [f"{true} → {said}", f"{count:,}", f"{np.mean(sure[true, said]):.2f}"]
        for (true, said), count in Counter(pairs).most_common(_N_MISTAKES)
    ]
    columns = ["true label → prediction", "documents", "confidence"]
    return SummaryTable("Most frequent mistakes", columns, rows)


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"
