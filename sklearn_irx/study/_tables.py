"""Tables computed from the answers of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import spearmanr

from sklearn_irx.study._agreement import agreement
from sklearn_irx.study._statistics import Interval, bootstrap_mean, mixed_effect, sign_flip_test

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("selected", "not_selected", "random", "full_text")
ATTENTION = "attention"
ALL = "all"
MEASURES = ("accuracy", "confidence")

_N_FLIPS = 9_999
_COMPARISON_COLUMNS = [
    "case", "kind", "other", "measure", "n_pairs", "difference", "difference_low",
    "difference_high", "p_swap", "mixed_difference", "mixed_error", "p_mixed",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class AnalysisTables:
    """Results of an analysis as plain data; :class:`StudyAnalysis` describes the fields."""

    title: str
    level: float
    table: pd.DataFrame
    by_annotator: pd.DataFrame
    comparisons: pd.DataFrame
    agreement: pd.DataFrame
    models: pd.DataFrame
    annotators: pd.DataFrame
    answers: pd.DataFrame

    @property
    def n_answered(self) -> int:
        """Number of answers in the main part, attention checks included."""
        return int(self.annotators["n_answered"].sum())

    @property
    def n_missing(self) -> int:
        """Number of missing answers of all annotators."""
        return int(self.annotators["n_missing"].sum())


def compute_tables(
    answers: pd.DataFrame,
    *,
    cases: Mapping[str, int],
    n_resamples: int,
    level: float,
    rng: np.random.RandomState,
) -> dict[str, pd.DataFrame]:
    """Compute all tables of :class:`AnalysisTables` but ``answers``, by name."""
    import pandas as pd

    main = _add_scores(main_answers(answers))
    groups = list(_group(main, cases))
    bootstrap = partial(bootstrap_mean, n_resamples=n_resamples, level=level, rng=rng)
    return {
        "table": pd.DataFrame(_accuracies(groups, bootstrap)),
        "by_annotator": pd.DataFrame(_accuracies_by_annotator(main, cases)),
        "comparisons": pd.DataFrame(
            _comparisons(groups, bootstrap, rng), columns=_COMPARISON_COLUMNS
        ),
        "agreement": pd.DataFrame(_agreements(main)),
        "models": pd.DataFrame(_models(main)),
        "annotators": pd.DataFrame(_annotators(answers)),
    }


def main_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the main part, without attention checks."""
    return answers[(answers["phase"] == "main") & (answers["kind"] != ATTENTION)]


def passed_checks(checks: pd.DataFrame) -> pd.Series:
    """Return whether each attention check has the requested class and confidence."""
    return checks["right"].eq(True).fillna(False) & checks["confidence"].eq(3).fillna(False)


def _add_scores(answers: pd.DataFrame) -> pd.DataFrame:
    """Add the columns to average: nan for a missing answer, 0 if nothing was readable."""
    accuracy = answers["right"].astype("Float64").to_numpy(float, na_value=np.nan)
    confidence = answers["confidence"].astype("Float64").to_numpy(float, na_value=np.nan)
    confidence = np.where(answers["unreadable"], 0.0, confidence)
    return answers.assign(accuracy=accuracy, confidence=confidence)


def _group(
    main: pd.DataFrame, cases: Mapping[str, int]
) -> Iterator[tuple[str, dict[str, pd.DataFrame]]]:
    """Yield the rows of all cases together, then of each case, by kind of words."""
    present = [case for case in cases if (main["case"] == case).any()]
    for case in (ALL, *present):
        of_case = main if case == ALL else main[main["case"] == case]
        kinds = {kind: of_case[of_case["kind"] == kind] for kind in KINDS}
        yield case, {kind: rows for kind, rows in kinds.items() if len(rows)}


def _grid(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return a measure with annotators as rows and documents as columns."""
    return rows.pivot(index="annotator", columns="document", values=measure)


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    answered = rows[rows["answered"]]
    return {
        "n_documents": rows["document"].nunique(),
        "n_answers": len(answered),
        "n_missing": len(rows) - len(answered),
        "n_unreadable": int(rows["unreadable"].sum()),
    }


def _pace(rows: pd.DataFrame) -> dict[str, float]:
    return {
        "words": float(rows["n_words"].mean()),
        "seconds": _median(rows.loc[rows["answered"], "seconds"]),
    }


def _median(values: pd.Series) -> float:
    known = values.dropna().to_numpy(float)
    return float(np.median(known)) if known.size else np.nan


def _interval_columns(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _accuracies(
    groups: list[tuple[str, dict[str, pd.DataFrame]]], bootstrap: Callable[[np.ndarray], Interval]
) -> Iterator[dict[str, Any]]:
    for case, kinds in groups:
        for kind, rows in kinds.items():
            line = {"case": case, "kind": kind, **_counts(rows)}
            for measure in MEASURES:
                interval = bootstrap(_grid(rows, measure).to_numpy(float))
                line |= _interval_columns(measure, interval)
            yield line | _pace(rows)


def _accuracies_by_annotator(
    main: pd.DataFrame, cases: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    for name, of_annotator in main.groupby("annotator", sort=False):
        for case, kinds in _group(of_annotator, cases):
            for kind, rows in kinds.items():
                yield {
                    "annotator": name,
                    "case": case,
                    "kind": kind,
                    **_counts(rows),
                    **{measure: float(rows[measure].mean()) for measure in MEASURES},
                    **_pace(rows),
                }


def _comparisons(
    groups: list[tuple[str, dict[str, pd.DataFrame]]],
    bootstrap: Callable[[np.ndarray], Interval],
    rng: np.random.RandomState,
) -> Iterator[dict[str, Any]]:
    for case, kinds in groups:
        for (kind, one), (other, two) in combinations(kinds.items(), 2):
            for measure in MEASURES:
                differences = (_grid(one, measure) - _grid(two, measure)).to_numpy(float)
                line = {
                    "case": case,
                    "kind": kind,
                    "other": other,
                    "measure": measure,
                    "n_pairs": int((~np.isnan(differences)).sum()),
                    **_interval_columns("difference", bootstrap(differences)),
                    "p_swap": sign_flip_test(differences, n_resamples=_N_FLIPS, rng=rng),
                }
                if case == ALL:
                    effect = mixed_effect(differences)
                    line |= {
                        "mixed_difference": effect.difference,
                        "mixed_error": effect.standard_error,
                        "p_mixed": effect.p_value,
                    }
                yield line


def _agreements(main: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for kind in (*KINDS, ALL):
        rows = main if kind == ALL else main[main["kind"] == kind]
        if len(rows):
            yield {"kind": kind, **agreement(rows)._asdict()}


def _models(main: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for kind in KINDS[:2]:
        rows = main[(main["kind"] == kind) & main["answered"]]
        if len(rows):
            yield {
                "kind": kind,
                "n_answers": len(rows),
                "accuracy": float(rows["accuracy"].mean()),
                "model_accuracy": float((rows["model_label"] == rows["truth"]).mean()),
                "same_label": float((rows["label"] == rows["model_label"]).mean()),
                "confidence_correlation": _rank_correlation(
                    rows["confidence"].to_numpy(float), rows["model_confidence"].to_numpy(float)
                ),
            }


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return np.nan  # undefined for a constant
    return float(spearmanr(one, other).statistic)


def _annotators(answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for name, rows in answers.groupby("annotator", sort=False):
        main = rows[rows["phase"] == "main"]
        checks = main[main["kind"] == ATTENTION]
        practice = rows[(rows["phase"] == "practice") & rows["answered"]]
        n_answered = int(main["answered"].sum())
        yield {
            "annotator": name,
            "n_pages": len(main),
            "n_answered": n_answered,
            "n_missing": len(main) - n_answered,
            "n_unreadable": int(main["unreadable"].sum()),
            "n_changed": int((main["n_answers"] > 1).sum()),
            "attention_right": int(passed_checks(checks).sum()),
            "n_attention": len(checks),
            "practice_right": int(practice["right"].eq(True).sum()),
            "n_practice": len(practice),
            "seconds": _median(main.loc[main["answered"], "seconds"]),
        }
