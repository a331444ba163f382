"""Tables of results: of models, cases, classes and mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from sklearn_irx.classifier.rationale import plain
from sklearn_irx.ensemble.cases import is_of_pair, shown_names
from sklearn_irx.ensemble.result import Exchange
from sklearn_irx.inspection._cases import NOTE_COMMITTEE, NOTE_PAIR
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.metrics import exchange_table, token_f1_score
from sklearn_irx.metrics._calibration import reliability
from sklearn_irx.text.harmless import one_line

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
_NOTE_F1 = " Token F1: agreement with the words that were planted."


class Answers:
    """Predictions of a model and sizes of its rationales, without the documents.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        The labels predicted.
    confidence : ndarray of shape (n_samples,)
        Their probabilities.
    masks : ndarray of shape (n_samples, n_words), dtype bool
        True for the selected words.
    lengths : ndarray of shape (n_samples,), dtype int
        Number of words read.

    Attributes
    ----------
    n_selected, n_words, n_spans : ndarray of shape (n_samples,), dtype int
        Selected words, words read, and maximal runs of selected words.
    """

    def __init__(
        self, labels: np.ndarray, confidence: np.ndarray, masks: np.ndarray, lengths: np.ndarray
    ) -> None:
        self.labels = objects(labels)
        self.confidence = confidence
        self.masks = masks
        self.n_words = lengths
        self.n_selected = masks.sum(axis=1)
        self.n_spans = masks[:, :1].sum(axis=1) + (masks[:, 1:] & ~masks[:, :-1]).sum(axis=1)


def answers_of(exchange: Exchange) -> dict[str, Answers]:
    """Collect the answers of each member by name, and last those of all together.

    Of a single model, see :func:`~sklearn_irx.ensemble.result.exchange_of`, there is one entry.
    """
    assert exchange.documents is not None
    lengths = exchange.documents.lengths
    found = {}
    together = "model"
    if exchange.cases:
        together = f"{'both' if len(exchange.members) == 2 else 'all'}, interacting"
        for name, labels, probabilities, masks in zip(
            shown_names(exchange.members), exchange.own_labels, exchange.own_probabilities,
            exchange.masks, strict=True,
        ):  # fmt: skip
            found[name] = Answers(labels, probabilities.max(axis=1), masks, lengths)
    confidence = exchange.probabilities.max(axis=1)
    found[together] = Answers(exchange.labels, confidence, exchange.kept(exchange.masks), lengths)
    return found


def names_of(labels: np.ndarray) -> list[str]:
    """Return labels as they are shown; there are few, of many documents."""
    shown: dict[tuple[type, Any], str] = {}
    for label in labels:
        key = type(label), label
        if key not in shown:
            shown[key] = one_line(label)
    return [shown[type(label), label] for label in labels]


def objects(values: Any) -> np.ndarray:
    """Return labels as an array that leaves their types as they are."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = list(map(plain, listed))
    return array


def models_table(
    answers: Mapping[str, Answers], truth: np.ndarray | None, masks_true: np.ndarray | None = None
) -> SummaryTable:
    """Compare models in accuracy and in the words they select.

    Parameters
    ----------
    answers : dict of str to Answers
        As :func:`answers_of` returns them.
    truth : array of shape (n_samples,) or None
        True labels; without them there are no accuracies.
    masks_true : bool array of shape (n_samples, any width) or None
        True for the words a model ought to select.
    """
    truth = None if truth is None else objects(truth)
    rows = []
    for name, found in answers.items():
        row = [name]
        if truth is not None:
            right = (found.labels == truth).astype(bool)
            ece = reliability(found.confidence, right, N_BINS).ece
            row += [f"{right.mean():.3f}", f"{macro_f1(found.labels, truth):.3f}", f"{ece:.3f}"]
        share = found.n_selected.sum() / max(1, found.n_words.sum())
        row += [f"{found.n_selected.mean():.1f}", _share(share, 0), f"{found.n_spans.mean():.1f}"]
        row.append(_share(np.mean(found.n_selected == 0)))
        if masks_true is not None:
            row.append(f"{token_f1_score(masks_true, found.masks):.3f}")
        rows.append(row)
    judged = [] if truth is None else ["accuracy", "macro F1", "ECE"]
    planted = [] if masks_true is None else ["token F1"]
    return SummaryTable(
        "Models" if len(answers) > 1 else "Model",
        ["", *judged, "words", "of text", "spans", "empty", *planted],
        rows,
        _NOTE_MODELS + ("" if truth is None else _NOTE_JUDGED) + (_NOTE_F1 if planted else ""),
    )


def cases_table(exchange: Exchange, truth: np.ndarray | None) -> SummaryTable:
    """Count the documents of each case, with the accuracy of all together and of each member.

    Parameters
    ----------
    exchange : Exchange
        Of an ensemble or a committee.
    truth : array of shape (n_samples,) or None
        True labels; without them there are counts and shares alone.
    """
    title = "Cases of the exchange"
    if truth is None:
        counts = Counter(exchange.case.tolist())
        rows = [
            [case, f"{counts[case]:,}", _share(counts[case] / len(exchange))]
            for case in exchange.cases
        ]
        return SummaryTable(title, ["case", "documents", "share"], rows)
    columns = ["case", "documents", "share", "right"]
    columns += [f"{name} alone" for name in shown_names(exchange.members)]
    rows = []
    for case, count, share, *accuracies in zip(
        *exchange_table(exchange, truth).values(), strict=True
    ):
        shown = [f"{accuracy:.3f}" if count else "–" for accuracy in accuracies]
        rows.append([str(case), f"{count:,}", _share(share), *shown])
    right = np.stack([exchange.labels, *exchange.own_labels]) == truth
    overall = [f"{accuracy:.3f}" for accuracy in right.mean(axis=1)]
    rows.append(["all", f"{len(exchange):,}", _share(1), *overall])
    note = NOTE_PAIR if is_of_pair(exchange.cases) else NOTE_COMMITTEE
    return SummaryTable(title, columns, rows, note)


def classes_table(answers: Answers, truth: np.ndarray | None) -> SummaryTable:
    """Return figures for each class; without true labels, of the predictions alone."""
    predicted_names = names_of(answers.labels)
    predicted = Counter(predicted_names)
    if truth is None:
        names = sorted(predicted)
        columns = ["class", "predicted", "mean confidence", "words"]
        rows = [
            [name, f"{predicted[name]:,}", *_of_class(answers, predicted_names, name)]
            for name in names
        ]
        return SummaryTable("Classes", columns, rows)
    true = names_of(truth)
    known = sorted({*predicted_names, *true})
    scores = precision_recall_fscore_support(true, predicted_names, labels=known, zero_division=0.0)
    rows = [
        [
            name, f"{count:,}", f"{predicted[name]:,}", f"{precision:.3f}", f"{recall:.3f}",
            f"{f1:.3f}", *_of_class(answers, predicted_names, name),
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
    """Compute the mean F1 over the classes that are predicted or true."""
    predicted_names, true = names_of(labels), names_of(truth)
    known = sorted({*predicted_names, *true})
    return float(
        precision_recall_fscore_support(
            true, predicted_names, labels=known, average="macro", zero_division=0.0
        )[2]
    )


def _of_class(answers: Answers, predicted_names: list[str], name: str) -> list[str]:
    here = np.array([label == name for label in predicted_names])
    if not here.any():
        return ["–", "–"]
    return [f"{answers.confidence[here].mean():.2f}", f"{answers.n_selected[here].mean():.1f}"]


def mistakes_table(answers: Answers, truth: np.ndarray) -> SummaryTable:
    """Count the most frequent mistakes, with their mean confidence."""
    wrong = answers.labels != truth
    pairs = list(zip(names_of(truth[wrong]), names_of(answers.labels[wrong]), strict=True))
    sure: dict[tuple[str, str], list[float]] = {}
    for pair, confidence in zip(pairs, answers.confidence[wrong], strict=True):
        sure.setdefault(pair, []).append(confidence)
    rows = [
        [f"{true} → {predicted}", f"{count:,}", f"{np.mean(sure[true, predicted]):.2f}"]
        for (true, predicted), count in Counter(pairs).most_common(_N_MISTAKES)
    ]
    columns = ["true label → prediction", "documents", "confidence"]
    return SummaryTable("Most frequent mistakes", columns, rows)


def _share(share: float, n_digits: int = 1) -> str:
    return f"{100 * share:.{n_digits}f} %"
