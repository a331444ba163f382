"""The analysis of a study, as tables and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_irx.inspection import SummaryTable
from sklearn_irx.inspection._templates import render
from sklearn_irx.study._analysis import ALL, KINDS, MEASURES, StudyAnalysis

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
    "Accuracy: share of right answers. Confidence: from 0, guessing, to 3, very sure, on average. "
    "In brackets: {level:.0%} of the bootstrap draws of annotators and documents. Unreadable: "
    "answers that nothing could be read, which are not right and have confidence 0. Missing "
    "answers are in no mean. Seconds: median."
)
_NOTE_COMPARISONS = (
    "The same people reading words of the same documents: a positive difference is in favour of "
    "the first. p, swapped: how often as large a difference comes about when the two are swapped "
    "by chance, document by document. p, mixed: of a linear mixed model of the differences, in "
    "which annotators and documents differ by chance; – where there is none."
)
_NOTE_AGREEMENT = (
    "1: always the same class; 0: no more often than by chance. Krippendorff’s alpha takes all "
    "answers, Fleiss’ kappa the items that everybody answered. – where it is not defined."
)
_NOTE_MODELS = (
    "Same label: share of the answers that are the model’s. Correlation: Spearman’s, of the "
    "confidence of people and of the model."
)
_NOTE_ANNOTATORS = (
    "Changed: pages that were answered more than once; the last answer counts. Attention: checks "
    "answered as they ask for. Practice is in no figure but its own."
)


def analysis_tables(found: StudyAnalysis) -> list[SummaryTable]:
    """Give the analysis as tables to show, Table 4 first."""
    return [
        SummaryTable(
            "Table 4: what people made of the words",
            [
                "",
                "documents",
                "answers",
                "accuracy",
                "confidence",
                "unreadable",
                "words",
                "seconds",
            ],
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
            "Agreement of the annotators",
            ["", "Krippendorff’s alpha", "Fleiss’ kappa", "items answered by all"],
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
            "People and models, reading the same words",
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


def analysis_page(found: StudyAnalysis) -> str:
    """Give the analysis as a page that loads nothing."""
    n_answers = int(found.annotators["n_answered"].sum())
    missing = f", {found.n_missing:,} missing" if found.n_missing else ""
    return render(
        "analysis.html",
        package="sklearn_irx.study",
        title=found.title,
        subtitle=f"{len(found.annotators)} annotators · {n_answers:,} answers{missing}",
        tables=analysis_tables(found),
        chart=_chart(found.table),
    )


def _by_annotator(table: pd.DataFrame) -> SummaryTable:
    """Give Table 4 of every annotator, all cases together."""
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
    """Give the accuracies of Table 4 as points with whiskers, from 0 to 1."""
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
                    "told": f"{_row_name(line)}: {interval_of(line, 'accuracy')}",
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
    """Give a figure, or a dash where there is none."""
    return "–" if value != value else f"{value:.{digits}f}"


def p_value_of(value: float) -> str:
    """Give a p-value, or a dash where there is none."""
    return "< 0.001" if value < 0.001 else figure_of(value)


def interval_of(line: Any, measure: str, sign: str = "") -> str:
    """Give a mean and its interval out of a line of a table."""
    mean, low, high = (getattr(line, measure + end) for end in ("", "_low", "_high"))
    if mean != mean:
        return "–"
    return f"{mean:{sign}.2f} ({low:{sign}.2f} to {high:{sign}.2f})"
