"""Analysis of a study: Table 4 of the paper with tests, agreement and data quality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.utils import check_random_state

from sklearn_irx._files import replacing
from sklearn_irx.study._report import analysis_page
from sklearn_irx.study._store import Study
from sklearn_irx.study._tables import AnalysisTables, compute_tables, main_answers

_TABLES = (
    "table", "by_annotator", "comparisons", "agreement", "models", "annotators", "answers",
)  # fmt: skip


class StudyAnalysis(AnalysisTables):
    """Results of a study, as :func:`analyse_study` computes them.

    Accuracy is the share of right answers, between 0 and 1. Confidence is averaged from 0
    (guessing) to 3. The answer "nothing readable" counts as wrong, with confidence 0. Means leave
    missing answers out.

    Attributes
    ----------
    title : str
        Title of the study.
    level : float
        Level of the bootstrap intervals, between 0 and 1.
    table : DataFrame
        Table 4, one row per ``case`` ("all" first) and ``kind`` of words: ``n_documents``,
        ``n_answers``, ``n_missing``, ``n_unreadable``, ``accuracy`` and ``confidence``, each with
        ``_low`` and ``_high``, ``words`` (mean number shown), ``seconds`` (median).
    by_annotator : DataFrame
        The same for each annotator, without intervals.
    comparisons : DataFrame
        Paired differences between two kinds of words, for the same documents and annotators:
        ``case``, ``kind``, ``other``, ``measure``, ``n_pairs``, ``difference`` (`kind` minus
        `other`) with ``_low`` and ``_high``, ``p_swap``
        (:func:`~sklearn_irx.study._statistics.sign_flip_test`), and for all cases together
        ``mixed_difference``, ``mixed_error`` and ``p_mixed``
        (:func:`~sklearn_irx.study._statistics.mixed_effect`).
    agreement : DataFrame
        Agreement between annotators, one row per kind: ``alpha`` (Krippendorff's) and ``kappa``
        (Fleiss', over the ``n_items`` that all answered).
    models : DataFrame
        Annotators and models on the same words: ``n_answers``, ``accuracy``, ``model_accuracy``,
        ``same_label`` (share of answers equal to the model's prediction),
        ``confidence_correlation`` (Spearman's, between annotators and model).
    annotators : DataFrame
        One row per annotator: ``n_pages``, ``n_answered``, ``n_missing``, ``n_unreadable``,
        ``n_changed``, ``attention_right`` and ``n_attention``, ``practice_right`` and
        ``n_practice``, ``seconds`` (median).
    answers : DataFrame
        The table of :meth:`Study.answers`.
    """

    def to_html(self) -> str:
        """Return all tables as a self-contained page, every text escaped.

        Returns
        -------
        html : str
        """
        return analysis_page(self)

    def write(self, folder: str | Path) -> list[Path]:
        """Write each table as CSV, and the page, into a folder; overwrite files of the same name.

        Parameters
        ----------
        folder : str or Path
            Created if missing.

        Returns
        -------
        paths : list of Path
            The written files.
        """
        folder = Path(folder)
        page = self.to_html()
        folder.mkdir(parents=True, exist_ok=True)
        for name in _TABLES:
            with replacing(folder / f"{name}.csv") as part:
                getattr(self, name).to_csv(part, index=False, lineterminator="\n")
        path = folder / "analysis.html"
        with replacing(path) as part:
            part.write_text(page, encoding="utf-8")
        return [*(folder / f"{name}.csv" for name in _TABLES), path]

    def __repr__(self) -> str:
        return (
            f"<StudyAnalysis of {self.n_answered:,} answers, {self.n_missing:,} missing: .table, "
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
        Answers may be missing, and others may arrive meanwhile.
    n_resamples : int, default=2_000
        Number of bootstrap resamples of annotators and documents.
    level : float, default=0.95
        Level of the bootstrap intervals, between 0 and 1.
    random_state : int, RandomState or None, default=0
        Determines the bootstrap resamples and the permutations.

    Returns
    -------
    analysis : StudyAnalysis
        Tables as data frames; ``write(folder)`` saves them as CSV and as a page.

    Raises
    ------
    ValueError
        If a parameter is invalid, or the main part has no answers.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Table 4.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.study import (
    ...     analyse_study, create_study, simulate_annotators, train_readers
    ... )
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=1), random_state=0)
    >>> _ = clf.fit(texts[:150], y[:150])
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
    if not main_answers(answers)["answered"].any():
        raise ValueError(f"{study.path} holds no answers of the main part yet: nothing to analyse.")
    tables = compute_tables(
        answers, cases=study.settings["cases"], n_resamples=n_resamples, level=level, rng=rng
    )
    return StudyAnalysis(study.settings["title"], level, **tables, answers=answers)
