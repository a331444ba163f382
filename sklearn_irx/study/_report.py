"""Rendering of the analysis of a study, as tables and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_irx.inspection import SummaryTable
from sklearn_irx.inspection._templates import render
from sklearn_irx.study._tables import ALL, KINDS, MEASURES, AnalysisTables

if TYPE_CHECKING:
    import pandas as pd

NAMES = {
    "selected": "selected",
    "not_selected": "not selected",
    "random": "random words",
    "full_text": "full text",
    "all": "all",
}

_NOTE_TABLE = (
    "Accuracy: share of right answers. Confidence: mean, from 0 (guessing) to 3 (very sure). In "
    "brackets: {level:.0%} bootstrap intervals over annotators and documents. Unreadable: answers "
    "“nothing readable”, which count as wrong with confidence 0. Means leave missing answers out. "
    "Seconds: median."
)
_NOTE_COMPARISONS = (
    "The same annotators and documents; a positive difference favours the first kind of words. "
    "p, swapped: permutation test that swaps the two kinds at random, document by document. "
    "p, mixed: linear mixed model of the differences with random effects of annotators and "
    "documents; – where undefined."
)
_NOTE_AGREEMENT = (
    "1: always the same class; 0: no more often than by chance. Krippendorff’s alpha uses all "
    "answers, Fleiss’ kappa the items that every annotator answered. – where undefined."
)
_NOTE_MODELS = (
    "Same label: share of answers equal to the model’s prediction. Correlation: Spearman’s, "
    "between the confidence of people and of the model."
)
_NOTE_ANNOTATORS = (
    "Changed: pages answered more than once; the last answer counts. Attention: attention checks "
    "passed. The other columns leave practice out."
)


def analysis_tables(found: AnalysisTables) -> list[SummaryTable]:
    """Return the tables to show, Table 4 first."""
    return [
        SummaryTable(
            "Table 4: accuracy and confidence of people",
            ["", "documents", "answers", *MEASURES, "unreadable", "words", "seconds"],
            [
                [
                    _row_name(line),
                    f"{line.n_documents:,}",
                    _of(line.n_answers, line.n_answers + line.n_missing),
                    interval_of(line, "accuracy"),
                    interval_of(line, "confidence"),
                    f"{line.n_unreadable:,}",
                    f"{line.words:.1f}",
                    figure_of(line.seconds, 1),
                ]
                for line in found.table.itertuples()
            ],
            _NOTE_TABLE.format(level=found.level),
        ),
        SummaryTable(
            "Differences",
            ["", "measure", "pairs", "difference", "p, swapped", "p, mixed"],
            [
                [
                    f"{_case(line.case)}: {NAMES[line.kind]} − {NAMES[line.other]}",
                    line.measure,
                    f"{line.n_pairs:,}",
                    interval_of(line, "difference", sign="+"),
                    p_value_of(line.p_swap),
                    p_value_of(line.p_mixed),
                ]
                for line in found.comparisons.itertuples()
                if line.case == ALL or line.kind == KINDS[0]
            ],
            _NOTE_COMPARISONS,
        ),
        SummaryTable(
            "Agreement between annotators",
            ["", "Krippendorff’s alpha", "Fleiss’ kappa", "items all answered"],
            [
                [
                    NAMES[line.kind],
                    figure_of(line.alpha),
                    figure_of(line.kappa),
                    f"{line.n_items:,}",
                ]
                for line in found.agreement.itertuples()
            ],
            _NOTE_AGREEMENT,
        ),
        SummaryTable(
            "People and models on the same words",
            ["", "answers", "people right", "model right", "same label", "correlation"],
            [
                [
                    NAMES[line.kind],
                    f"{line.n_answers:,}",
                    figure_of(line.accuracy),
                    figure_of(line.model_accuracy),
                    figure_of(line.same_label),
                    figure_of(line.confidence_correlation),
                ]
                for line in found.models.itertuples()
            ],
            _NOTE_MODELS,
        ),
        SummaryTable(
            "Annotators",
            ["", "answers", "unreadable", "changed", "attention", "practice", "seconds"],
            [
                [
                    line.annotator,
                    _of(line.n_answered, line.n_pages),
                    f"{line.n_unreadable:,}",
                    f"{line.n_changed:,}",
                    _of(line.attention_right, line.n_attention),
                    _of(line.practice_right, line.n_practice),
                    figure_of(line.seconds, 1),
                ]
                for line in found.annotators.itertuples()
            ],
            _NOTE_ANNOTATORS,
        ),
        _by_annotator(found.by_annotator),
    ]


def analysis_page(found: AnalysisTables) -> str:
    """Return the analysis as a self-contained page."""
    missing = f", {found.n_missing:,} missing" if found.n_missing else ""
    return render(
        "analysis.html",
        package="sklearn_irx.study",
        title=found.title,
        subtitle=f"{len(found.annotators)} annotators · {found.n_answered:,} answers{missing}",
        tables=analysis_tables(found),
        chart=_chart(found.table),
    )


def _by_annotator(table: pd.DataFrame) -> SummaryTable:
    """Return Table 4 of each annotator, all cases together."""
    rows = table[table["case"] == ALL]
    return SummaryTable(
        "Table 4 by annotator, all cases",
        ["", "words", "answers", *MEASURES, "unreadable"],
        [
            [
                line.annotator,
                NAMES[line.kind],
                _of(line.n_answers, line.n_answers + line.n_missing),
                figure_of(line.accuracy),
                figure_of(line.confidence, 2),
                f"{line.n_unreadable:,}",
            ]
            for line in rows.itertuples()
        ],
    )


def _chart(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the accuracies of Table 4, between 0 and 1, as points with whiskers."""
    points = []
    last = None
    for line in table.itertuples():
        if line.n_answers:
            points.append(
                {
                    "case": _case(line.case) if line.case != last else "",
                    "kind": line.kind,
                    "name": NAMES[line.kind],
                    "at": line.accuracy,
                    "low": line.accuracy_low,
                    "high": line.accuracy_high,
                    "tooltip": f"{_row_name(line)}: {interval_of(line, 'accuracy')}",
                }
            )
        last = line.case
    return points


def _row_name(line: Any) -> str:
    return f"{_case(line.case)}: {NAMES[line.kind]}"


def _case(case: str) -> str:
    return "all cases" if case == ALL else case


def _of(number: int, total: int) -> str:
    return f"{number:,}" if number == total else f"{number:,} of {total:,}"


def figure_of(value: float, digits: int = 3) -> str:
    """Format a number; nan is a dash."""
    return "–" if value != value else f"{value:.{digits}f}"


def p_value_of(value: float) -> str:
    """Format a p-value; nan is a dash."""
    return "< 0.001" if value < 0.001 else figure_of(value)


def interval_of(line: Any, measure: str, sign: str = "") -> str:
    """Format a mean and its interval, from a line of a table."""
    mean, low, high = (getattr(line, measure + end) for end in ("", "_low", "_high"))
    if mean != mean:
        return "–"
    return f"{mean:{sign}.2f} ({low:{sign}.2f} to {high:{sign}.2f})"
