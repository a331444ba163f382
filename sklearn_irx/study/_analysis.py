"""What the answers of a study say: the paper's Table 4, with what is needed to believe it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.utils import check_random_state

from sklearn_irx._files import replacing
from sklearn_irx.study._agreement import agreement
from sklearn_irx.study._statistics import (
    Interval,
    bootstrap_mean,
    mixed_effect,
    sign_flip_test,
)
from sklearn_irx.study._store import Study

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("selected", "not_selected", "random", "full_text")
ATTENTION = "attention"
ALL = "all"
MEASURES = ("accuracy", "confidence")

_N_SWAPS = 9_999


@dataclass(frozen=True, eq=False)
class StudyAnalysis:
    """What the answers of a study say; :func:`analyse_study` makes it.

    Accuracy is the share of answers that are right, between 0 and 1, confidence the mean from 0
    (guessing) to 3. An answer that nothing could be read is not right, and its confidence is 0.
    Missing answers are in no mean.

    Attributes
    ----------
    title : str
        Title of the study.
    level : float
        Share of the bootstrap draws inside the intervals.
    table : DataFrame
        Table 4: one row a ``case``, "all" first, and ``kind`` of words: ``n_documents``,
        ``n_answers``, ``n_missing``, ``n_unreadable``, ``accuracy`` and ``confidence``, each with
        ``_low`` and ``_high``, ``words`` (mean number shown), ``seconds`` (median).
    by_annotator : DataFrame
        The same of every annotator, without intervals.
    comparisons : DataFrame
        Two kinds of words of the same documents, read by the same people: ``case``, ``kind``,
        ``other``, ``measure``, ``n_pairs``, ``difference`` (of `kind` less `other`) with ``_low``
        and ``_high``, ``p_swap`` (:func:`~sklearn_irx.study._statistics.sign_flip_test`), and for
        all cases ``mixed_difference``, ``mixed_error`` and ``p_mixed``
        (:func:`~sklearn_irx.study._statistics.mixed_effect`).
    agreement : DataFrame
        Of the annotators, one row a kind: ``alpha`` (Krippendorff's), ``kappa`` (Fleiss', over the
        ``n_items`` that all answered).
    models : DataFrame
        People beside models, reading the same words: ``n_answers``, ``accuracy``,
        ``model_accuracy``, ``same_label`` (share of the answers that are the model's),
        ``confidence_correlation`` (Spearman's, of the people's confidence and the model's).
    annotators : DataFrame
        Every annotator: ``n_pages``, ``n_answered``, ``n_missing``, ``n_unreadable``,
        ``n_changed``, ``attention_right`` and ``n_attention``, ``practice_right`` and
        ``n_practice``, ``seconds`` (median).
    answers : DataFrame
        As :meth:`Study.answers` gives them.
    """

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
    def n_missing(self) -> int:
        """Answers that are missing, of all annotators."""
        return int(self.annotators["n_missing"].sum())

    def to_html(self) -> str:
        """Give all of it as a page that loads nothing, every text escaped.

        Returns
        -------
        html : str
        """
        from sklearn_irx.study._report import analysis_page

        return analysis_page(self)

    def write(self, folder: str | Path) -> list[Path]:
        """Write each table as CSV, and the page, into a folder; files of the same name go.

        Parameters
        ----------
        folder : str or Path
            Made, if it is not there.

        Returns
        -------
        paths : list of Path
            What was written.
        """
        folder = Path(folder)
        page = self.to_html()
        folder.mkdir(parents=True, exist_ok=True)
        tables = {
            "table": self.table,
            "by_annotator": self.by_annotator,
            "comparisons": self.comparisons,
            "agreement": self.agreement,
            "models": self.models,
            "annotators": self.annotators,
            "answers": self.answers,
        }
        paths = []
        for name, table in tables.items():
            path = folder / f"{name}.csv"
            with replacing(path) as part:
                table.to_csv(part, index=False, lineterminator="\n")
            paths.append(path)
        path = folder / "analysis.html"
        with replacing(path) as part:
            part.write_text(page, encoding="utf-8")
        return [*paths, path]

    def __repr__(self) -> str:
        n_answers = int(self.annotators["n_answered"].sum())
        return (
            f"<StudyAnalysis of {n_answers:,} answers, {self.n_missing:,} missing: .table, "
            ".comparisons, write(folder)>"
        )


def analyse_study(
    study: Study,
    *,
    n_resamples: int = 2_000,
    level: float = 0.95,
    random_state: Any = 0,
) -> StudyAnalysis:
    """Analyse the answers of a study: Table 4 of the paper, tests, agreement and more.

    Parameters
    ----------
    study : Study
        Answers may be missing, and more may be given while this computes.
    n_resamples : int, default=2_000
        Bootstrap draws of annotators and documents.
    level : float, default=0.95
        Share of the draws inside the intervals.
    random_state : int, RandomState or None, default=0
        What draws.

    Returns
    -------
    analysis : StudyAnalysis
        Tables as data frames; ``write(folder)`` keeps them as CSV and as a page.

    Raises
    ------
    ValueError
        If a parameter is wrong, or nothing of the main part was answered.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Table 4.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.study import (
    ...     analyse_study, create_study, simulate_annotators, train_readers
    ... )
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(max_epochs=1, random_state=0).fit(texts[:150], y[:150])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "study.db"
    ...     with create_study(
    ...         path, clf, texts[150:], y[150:], annotators=0, random_state=0
    ...     ) as study:
    ...         simulate_annotators(study, train_readers(texts[:150], y[:150]))
    ...         found = analyse_study(study)
    >>> found
    <StudyAnalysis of 60 answers, 0 missing: .table, .comparisons, write(folder)>
    >>> found.table[["case", "kind", "n_answers"]]
         case      kind  n_answers
    0     all  selected         30
    1     all    random         30
    2  single  selected         30
    3  single    random         30
    """
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int) or n_resamples < 1:
        raise ValueError(f"n_resamples={n_resamples!r}: give a whole number of at least 1.")
    if not 0 < level < 1:
        raise ValueError(f"level={level!r}: give a number between 0 and 1, as 0.95.")
    rng = check_random_state(random_state)
    answers = study.answers()
    main = answers[(answers["phase"] == "main") & (answers["kind"] != ATTENTION)]
    if not main["answered"].any():
        raise ValueError(f"{study.path} holds no answers of the main part yet: nothing to analyse.")
    main = _scored(main)
    groups = list(_groups(main, study.settings["cases"]))
    bootstrap = partial(bootstrap_mean, n_resamples=n_resamples, level=level, rng=rng)
    return StudyAnalysis(
        study.settings["title"],
        level,
        _table(groups, bootstrap),
        _by_annotator(groups),
        _comparisons(groups, bootstrap, rng),
        _agreement(main),
        _models(main),
        _annotators(answers),
        answers,
    )


def attentive(checks: pd.DataFrame) -> pd.Series:
    """Tell which checks of attention were answered as they ask for, confidence and all."""
    return checks["right"].eq(True).fillna(False) & checks["confidence"].eq(3).fillna(False)


def _scored(answers: pd.DataFrame) -> pd.DataFrame:
    """Add what is averaged: nan where an answer is missing, 0 where nothing could be read."""
    accuracy = answers["right"].astype("Float64").to_numpy(float, na_value=np.nan)
    sure = answers["confidence"].astype("Float64").to_numpy(float, na_value=np.nan)
    sure = np.where(answers["unreadable"], 0.0, sure)
    return answers.assign(accuracy=accuracy, confidence=sure)


def _groups(
    main: pd.DataFrame, cases: dict[str, int]
) -> Iterator[tuple[str, dict[str, pd.DataFrame]]]:
    """Give the answers of all cases, and of each, by kind of words."""
    there = [case for case in cases if (main["case"] == case).any()]
    for case in (ALL, *there):
        of_case = main if case == ALL else main[main["case"] == case]
        kinds = {kind: of_case[of_case["kind"] == kind] for kind in KINDS}
        yield case, {kind: rows for kind, rows in kinds.items() if len(rows)}


def _grid(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Give values of annotators (rows) and documents (columns)."""
    return rows.pivot(index="annotator", columns="document", values=measure)


def _summary(rows: pd.DataFrame) -> dict[str, Any]:
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
    there = values.dropna().to_numpy(float)
    return float(np.median(there)) if there.size else np.nan


def _named(name: str, found: Interval) -> dict[str, float]:
    """Give a mean and its interval as columns of a table."""
    return {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}


def _table(
    groups: list[tuple[str, dict[str, pd.DataFrame]]], bootstrap: Callable[[np.ndarray], Interval]
) -> pd.DataFrame:
    import pandas as pd

    lines = []
    for case, kinds in groups:
        for kind, rows in kinds.items():
            line = {"case": case, "kind": kind, **_summary(rows)}
            for measure in MEASURES:
                line |= _named(measure, bootstrap(_grid(rows, measure).to_numpy(float)))
            lines.append(line | _pace(rows))
    return pd.DataFrame(lines)


def _by_annotator(groups: list[tuple[str, dict[str, pd.DataFrame]]]) -> pd.DataFrame:
    import pandas as pd

    lines = [
        {
            "annotator": name,
            "case": case,
            "kind": kind,
            **_summary(rows),
            **{measure: float(rows[measure].mean()) for measure in MEASURES},
            **_pace(rows),
        }
        for case, kinds in groups
        for kind, of_kind in kinds.items()
        for name, rows in of_kind.groupby("annotator", sort=False)
    ]
    places: dict[str, int] = {}  # in the order in which they were added, not by name
    for line in lines:
        places.setdefault(line["annotator"], len(places))
    lines.sort(key=lambda line: places[line["annotator"]])
    return pd.DataFrame(lines)


def _comparisons(
    groups: list[tuple[str, dict[str, pd.DataFrame]]],
    bootstrap: Callable[[np.ndarray], Interval],
    rng: np.random.RandomState,
) -> pd.DataFrame:
    import pandas as pd

    lines = []
    for case, kinds in groups:
        for (kind, one), (other, two) in combinations(kinds.items(), 2):
            for measure in MEASURES:
                apart = (_grid(one, measure) - _grid(two, measure)).to_numpy(float)
                line = {
                    "case": case,
                    "kind": kind,
                    "other": other,
                    "measure": measure,
                    "n_pairs": int((~np.isnan(apart)).sum()),
                    **_named("difference", bootstrap(apart)),
                    "p_swap": sign_flip_test(apart, n_resamples=_N_SWAPS, rng=rng),
                }
                if case == ALL:
                    fitted = mixed_effect(apart)
                    line |= {
                        "mixed_difference": fitted.difference,
                        "mixed_error": fitted.standard_error,
                        "p_mixed": fitted.p_value,
                    }
                lines.append(line)
    columns = [
        "case", "kind", "other", "measure", "n_pairs", "difference", "difference_low",
        "difference_high", "p_swap", "mixed_difference", "mixed_error", "p_mixed",
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=columns)


def _agreement(main: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    lines = []
    for kind in (*KINDS, ALL):
        rows = main if kind == ALL else main[main["kind"] == kind]
        if len(rows):
            lines.append({"kind": kind, **agreement(rows)._asdict()})
    return pd.DataFrame(lines)


def _models(main: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    lines = []
    for kind in KINDS[:2]:
        rows = main[(main["kind"] == kind) & main["answered"]]
        if not len(rows):
            continue
        lines.append(
            {
                "kind": kind,
                "n_answers": len(rows),
                "accuracy": float(rows["accuracy"].mean()),
                "model_accuracy": float((rows["model_label"] == rows["truth"]).mean()),
                "same_label": float((rows["label"] == rows["model_label"]).mean()),
                "confidence_correlation": _rank_correlation(
                    rows["confidence"].to_numpy(float), rows["model_confidence"].to_numpy(float)
                ),
            }
        )
    return pd.DataFrame(lines)


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return np.nan  # undefined where one of them never changes
    return float(spearmanr(one, other).statistic)


def _annotators(answers: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    lines = []
    for name, rows in answers.groupby("annotator", sort=False):
        asked = rows[rows["phase"] == "main"]
        checks = asked[asked["kind"] == ATTENTION]
        practice = rows[(rows["phase"] == "practice") & rows["answered"]]
        n_answered = int(asked["answered"].sum())
        lines.append(
            {
                "annotator": name,
                "n_pages": len(asked),
                "n_answered": n_answered,
                "n_missing": len(asked) - n_answered,
                "n_unreadable": int(asked["unreadable"].sum()),
                "n_changed": int((asked["n_answers"] > 1).sum()),
                "attention_right": int(attentive(checks).sum()),
                "n_attention": len(checks),
                "practice_right": int(practice["right"].eq(True).sum()),
                "n_practice": len(practice),
                "seconds": _median(asked.loc[asked["answered"], "seconds"]),
            }
        )
    return pd.DataFrame(lines)
