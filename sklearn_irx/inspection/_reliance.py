"""What a model relies on over many documents, and what is suspected, as tables for a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_irx.ensemble.result import Exchange
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.metrics import find_shortcuts, global_rationales
from sklearn_irx.metrics._suspicions import matches_of, suspicions_table
from sklearn_irx.text.harmless import one_line

_MOST_HIDDEN = 20_000  # words that are hidden for the tables, one after the other
_MOST_DOCUMENTS = 2000
_MOST_WORDS = 12  # of a class
_MOST_CLASSES = 40
_MOST_SHORTCUTS = 10
_MOST_WORDS_OF_ONE = 8  # of a row whose words stand together

_SIGNALS = ("suspicion", "share", "purity", "company", "edge")

_NOTE_SHORTCUTS = (
    "The words to look at first, not words that are wrong: something comes first in any model. "
    "Suspicion: the product of share, purity and the larger of company and edge. Share: of the "
    "documents of the class, those in whose rationale it is. Purity: how far it stands in this "
    "class alone. Company: how far it stands between the same words, as signatures do. Edge: how "
    "far it stands among the first, or last, five words."
)
_NOTE_SUSPICIONS = (
    "Documents: those that hold it. Shown: those in whose rationale it is. Decisive: those in "
    "which another class is predicted from the rationale without it. Changed: predictions that are "
    "others if it is taken out of the text and words are selected anew; blanked: the accuracy then."
)


@dataclass(frozen=True)
class Reliance:
    """What a model relies on.

    Attributes
    ----------
    n_documents : int
        Documents that were used, evenly chosen.
    classes : list of SummaryTable
        For each class, which it has in its title, the words, the most decisive first.
    shortcuts : SummaryTable
        The words that look most like shortcuts, in no need of a list of suspects.
    suspicions : SummaryTable or None
        What suspected words do.
    averaged : bool
        Whether the numbers are means over the members of an ensemble.
    """

    n_documents: int
    classes: list[SummaryTable]
    shortcuts: SummaryTable
    suspicions: SummaryTable | None
    averaged: bool


def reliance_of(
    final: Any, exchange: Exchange, y: np.ndarray | None, patterns: dict[str, Any]
) -> Reliance:
    """Make the tables of the documents of an exchange, of some of them if there are many.

    Parameters
    ----------
    final : fitted SelectiveRationaleClassifier or ensemble
        What the exchange is of.
    exchange : Exchange
        With its documents.
    y : ndarray of shape (n_samples,) or None
        True labels.
    patterns : dict of str to compiled expression
        What is suspected, by name.
    """
    rows = _rows_to_use(exchange)
    some = exchange[rows]
    y = None if y is None else y[rows]
    assert some.documents is not None
    texts = list(some.documents.texts)
    suspicions = None
    if patterns:
        matches = matches_of(patterns, texts)
        suspicions = _suspicions(suspicions_table(final, some, matches, y))
    words = global_rationales(final, texts, y)
    averaged = "n_models" in words
    predicted = {label: int((some.labels == label).sum()) for label in np.unique(words["label"])}
    most = sorted(predicted, key=lambda label: -predicted[label])[:_MOST_CLASSES]
    return Reliance(
        len(rows),
        [_of_class(words, label) for label in predicted if label in most],
        _shortcuts(find_shortcuts(final, texts)),
        suspicions,
        averaged,
    )


def _rows_to_use(exchange: Exchange) -> np.ndarray:
    """Return documents, evenly over all, that show no more words together than are hidden."""
    n_samples = len(exchange)
    shown = int(exchange.masks.sum())
    n_used = min(n_samples, _MOST_DOCUMENTS, max(1, _MOST_HIDDEN * n_samples // max(1, shown)))
    return np.linspace(0, n_samples - 1, n_used).astype(int)


def _of_class(words: Mapping[str, np.ndarray], label: Any) -> SummaryTable:
    """Return the first words of a class."""
    rows = np.flatnonzero(words["label"] == label)[:_MOST_WORDS]
    judged = "accuracy" in words
    columns = ["word", "shown", "decisive", "drop", "present"]
    columns += ["accuracy", "without"] * judged
    columns += ["models"] * ("n_models" in words)
    cells = []
    for row in rows:
        cell = [one_line(words["word"][row])]
        cell += [_count(words[name][row]) for name in ("shown", "decisive")]
        cell += [f"{words['drop'][row]:.3f}", _count(words["present"][row])]
        if judged:
            cell += [f"{words[name][row]:.2f}" for name in ("accuracy", "accuracy_without")]
        if "n_models" in words:
            cell.append(str(words["n_models"][row]))
        cells.append(cell)
    return SummaryTable(one_line(label), columns, cells)


def _shortcuts(table: Mapping[str, np.ndarray]) -> SummaryTable:
    """Return the most suspicious words."""
    rows = []
    for row, name in enumerate(table["word"][:_MOST_SHORTCUTS].tolist()):
        words = name.split(" ")
        more = " …" if len(words) > _MOST_WORDS_OF_ONE else ""
        cells = [one_line(" ".join(words[:_MOST_WORDS_OF_ONE])) + more]
        cells += [one_line(table["label"][row]), _count(table["shown"][row])]
        cells += [f"{table[of][row]:.2f}" for of in _SIGNALS]
        rows.append(cells)
    return SummaryTable(
        "What looks like a shortcut", ["word", "class", "shown", *_SIGNALS], rows, _NOTE_SHORTCUTS
    )


def _suspicions(table: Mapping[str, np.ndarray]) -> SummaryTable:
    """Return what suspected words do."""
    judged = "accuracy" in table
    columns = ["", "documents", "shown", "decisive", "changed", *["accuracy", "blanked"] * judged]
    rows = []
    for row, name in enumerate(table["suspect"]):
        cells = [one_line(name)]
        cells += [f"{table[of][row]:,}" for of in ("documents", "shown", "decisive")]
        found = bool(table["documents"][row])
        cells.append(f"{100 * table['changed'][row]:.1f} %" if found else "–")
        for of in ("accuracy", "accuracy_blanked") if judged else ():
            cells.append(f"{table[of][row]:.3f}" if found else "–")
        rows.append(cells)
    return SummaryTable("Suspicions", columns, rows, _NOTE_SUSPICIONS)


def _count(number: Any) -> str:
    """Return a number of documents, or a mean of several."""
    return f"{number:,.1f}" if isinstance(number, float | np.floating) else f"{number:,}"
