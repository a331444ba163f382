"""Predictions with their rationales as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_irx.classifier.rationale import NO_WORD, Rationale, pairs, plain

ANSWER_COLUMNS = {
    "label_pred": "label",
    "confidence": "number",
    "rationale": "text",
    "spans": "spans",
    "case": "text",
}
"""The columns in order, and what they hold; only ensembles have ``case``."""


def answer_columns(rationales: Sequence[Rationale], *, cases: bool) -> dict[str, list[Any]]:
    """Return rationales as columns: every table of answers has these.

    Parameters
    ----------
    rationales : sequence of Rationale
        As ``explain`` of a classifier or an ensemble returns them.
    cases : bool
        Whether there is a column ``case``, as of ensembles.

    Returns
    -------
    columns : dict of lists
        ``label_pred``, as values of Python; ``confidence``, between 0 and 1; ``rationale``, the
        selected words with spaces between them, or "(no word selected)"; ``spans``,
        ``[start, end]`` in characters of each run of selected words; ``case``.
    """
    columns: dict[str, list[Any]] = {
        "label_pred": [plain(one.label) for one in rationales],
        "confidence": [float(one.confidence) for one in rationales],
        "rationale": [" ".join(one.words) or f"({NO_WORD})" for one in rationales],
        "spans": [pairs(one.selected_spans) for one in rationales],
    }
    if cases:
        columns["case"] = [one.case for one in rationales]
    return columns
