"""Predictions with their rationales as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_irx._pipelines import seen_by_final
from sklearn_irx.classifier.rationale import pairs, plain
from sklearn_irx.ensemble.cases import explanation_of, is_of_pair, shown_names
from sklearn_irx.ensemble.result import exchanges

ANSWER_COLUMNS = {
    "label_pred": "label",
    "confidence": "number",
    "rationale": "text",
    "spans": "spans",
    "case": "text",
    "case_text": "text",
}
"""The columns in order, and what they hold."""

OF_ENSEMBLES = ("case", "case_text")
"""The columns that only ensembles have."""


def answer_columns(model: Any, texts: Sequence[str]) -> dict[str, list[Any]]:
    """Return what a model answers to texts as columns: every table of answers has these.

    Parameters
    ----------
    model : fitted classifier or ensemble, or a pipeline that ends in one
        Anything with ``explain``.
    texts : sequence of n_samples str
        Documents. Rationales and spans are those of the cleaned ones, of a pipeline.

    Returns
    -------
    columns : dict of lists of length n_samples
        ``label_pred``, as values of Python; ``confidence``, between 0 and 1; ``rationale``, by
        :meth:`~sklearn_irx.Rationale.excerpt`; ``spans``, ``[start, end]`` in characters of each
        run of selected words. Of an ensemble also ``case``, how it settled the document, and
        ``case_text``, the same as a sentence.
    """
    model, texts = seen_by_final(model, texts)
    exchange = model.exchange(texts) if exchanges(model) else None
    rationales = model.explain(texts) if exchange is None else exchange.rationales
    columns: dict[str, list[Any]] = {
        "label_pred": [plain(one.label) for one in rationales],
        "confidence": [float(one.confidence) for one in rationales],
        "rationale": [one.excerpt() for one in rationales],
        "spans": [pairs(one.selected_spans) for one in rationales],
    }
    if exchange is not None:
        names, of_pair = shown_names(exchange.members), is_of_pair(exchange.cases)
        columns["case"] = [one.case for one in rationales]
        columns["case_text"] = [
            explanation_of(one.case, names[chosen], of_pair=of_pair)
            for one, chosen in zip(rationales, exchange.chosen, strict=True)
        ]
    return columns
