"""Predictions with their rationales as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_irx._pipelines import seen_by_final
from sklearn_irx.classifier.rationale import pairs, plain
from sklearn_irx.ensemble.cases import explanation_of, is_of_pair, shown_names
from sklearn_irx.ensemble.rejection import reject_option_of
from sklearn_irx.ensemble.result import exchange_of, exchanges

ANSWER_COLUMNS = {
    "label_pred": "label",
    "confidence": "number",
    "rationale": "text",
    "spans": "spans",
    "case": "text",
    "case_text": "text",
    "abstained": "flag",
}
"""The columns in order, and what they hold."""

OF_ENSEMBLES = ("case", "case_text")
"""The columns that only ensembles have."""

OF_REJECTING = ("abstained",)
"""The columns that only models with a reject option have."""


def columns_of(model: Any) -> list[str]:
    """Return the names of the columns that :func:`answer_columns` returns for a model, in order."""
    missing: list[str] = []
    if not exchanges(model):
        missing += OF_ENSEMBLES
    if reject_option_of(model) is None:
        missing += OF_REJECTING
    return [name for name in ANSWER_COLUMNS if name not in missing]


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
        ``case_text``, the same as a sentence. With a :class:`~sklearn_irx.RejectOption` also
        ``abstained``, whether it does not answer; the label is then what it would have said.
    """
    option = reject_option_of(model)
    model, texts = seen_by_final(model, texts)
    exchange = None if option is None and not exchanges(model) else exchange_of(model, texts)
    rationales = model.explain(texts) if exchange is None else exchange.rationales
    columns: dict[str, list[Any]] = {
        "label_pred": [plain(one.label) for one in rationales],
        "confidence": [float(one.confidence) for one in rationales],
        "rationale": [one.excerpt() for one in rationales],
        "spans": [pairs(one.selected_spans) for one in rationales],
    }
    if exchange is not None and exchange.cases:
        names, of_pair = shown_names(exchange.members), is_of_pair(exchange.cases)
        columns["case"] = [one.case for one in rationales]
        columns["case_text"] = [
            explanation_of(one.case, names[chosen], of_pair=of_pair)
            for one, chosen in zip(rationales, exchange.chosen, strict=True)
        ]
    if option is not None and exchange is not None:
        columns["abstained"] = (~option.accepts_exchanged(exchange)).tolist()
    return columns
