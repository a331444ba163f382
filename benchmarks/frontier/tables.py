"""Rows of results made into Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from benchmarks.book import Book, Kind
from benchmarks.common import markdown, spread
from benchmarks.frontier.linear import LINEAR, MODELS, READERS, RIVALS, WHOLE, linear_jobs
from benchmarks.frontier.models import ENSEMBLES, MEMBERS
from benchmarks.frontier.plan import SELECTIONS, Plan
from benchmarks.paper.protocol import SETTINGS, load_setting
from sklearn_irx.exchange import RULES

Row = dict[str, Any]
Column = tuple[str, str, str]
"""A heading, the name of a figure, and its format."""


class Point(NamedTuple):
    """Mean accuracy and mean words of a document."""

    accuracy: float
    words: float


CORPORA = {"20newsgroups": "20 Newsgroups", "imdb": "IMDB"}
TITLES = {
    "naive_bayes": "naive Bayes", "logistic": "logistic regression",
    "svm_bigrams": "linear SVM, bigrams",
    "naive_bayes_for_class": "naive Bayes, words for its class",
    "logistic_for_class": "logistic regression, words for its class",
}  # fmt: skip
OF_MEMBERS: tuple[Column, ...] = (
    ("accuracy", "accuracy", ".3f"), ("words", "words", ".1f"), ("transitions", "borders", ".1f"),
    ("empty", "empty", ".1%"), ("calibration error", "ece", ".3f"),
    ("validation accuracy", "valid_accuracy", ".3f"), ("s", "seconds", ".0f"),
)  # fmt: skip
OF_ENSEMBLES: tuple[Column, ...] = (
    ("accuracy", "accuracy", ".3f"), ("words", "words", ".1f"), ("transitions", "borders", ".1f"),
    ("empty", "empty", ".1%"), ("calibration error", "ece", ".3f"),
    ("best member", "best_member", ".3f"), ("soft voting", "soft_voting", ".3f"),
    ("its words", "soft_voting_words", ".1f"), ("agreement", "agreement", ".3f"),
    ("second reader", "second_reader", ".3f"), ("oracle", "oracle", ".3f"),
)  # fmt: skip


@dataclass(frozen=True)
class Results:
    """What is measured of a corpus by the settings in use, of one way of selection.

    Attributes
    ----------
    corpus, selection : str
        Their names.
    words_read : int
        Of each document.
    single : str
        The name of the single model.
    fitted_on : list of int
        Words of a training text that linear models are fitted on.
    members, ensembles, linear : list of rows
        Those of the files of results.
    """

    corpus: str
    selection: str
    words_read: int
    single: str
    fitted_on: list[int]
    members: list[Row]
    ensembles: list[Row]
    linear: list[Row]

    def curves(self) -> dict[str, dict[float, Point]]:
        """Give a point for each length asked for, the mean over runs, of each model by its name."""
        found = {"single": [row for row in self.members if row["member"] == self.single]}
        for name in dict.fromkeys(row["ensemble"] for row in self.ensembles):
            found[name] = [row for row in self.ensembles if row["ensemble"] == name]
        for name in READERS if self.selection == next(iter(SELECTIONS)) else RIVALS:
            for limit in self.fitted_on:
                found[self.title(name, limit)] = [
                    row for row in self._linear(name, limit) if row["asked"] != WHOLE
                ]
        return {title: _points(rows) for title, rows in found.items() if rows}

    def whole(self) -> dict[str, Point]:
        """Give a point for each linear model that reads all words, by its name."""
        return {
            self.title(name, limit): Point(row["accuracy"], row["words"])
            for name in MODELS
            for limit in self.fitted_on
            for row in self._linear(name, limit)
            if row["asked"] == WHOLE
        }

    def paper(self) -> list[Point]:
        """Give a point for each of the paper's interactions, by the mean words of its models."""
        settings = [load_setting(name) for name in SETTINGS]
        points = [
            Point(
                setting.printed("accuracy"),
                (setting.printed("words_1") + setting.printed("words_2")) / 2,
            )
            for setting in settings
            if setting.corpus == self.corpus
        ]
        return sorted(points, key=lambda point: point.words)

    @property
    def heading(self) -> str:
        """What it is of."""
        return f"{CORPORA[self.corpus]}, {self.words_read} words read, {SELECTIONS[self.selection]}"

    def title(self, name: str, limit: int) -> str:
        """Name a linear model."""
        longer = limit > self.words_read
        return f"{TITLES[name]}, fitted on longer texts" if longer else TITLES[name]

    def _linear(self, name: str, limit: int) -> list[Row]:
        return [row for row in self.linear if (row["model"], row["fitted_on"]) == (name, limit)]


def load_results(book: Book) -> list[Results]:
    """Give what is measured by the settings of a plan, corpus by corpus.

    Linear models alone are shown with the first way of selection only.
    """
    found = [_results_of(name, book) for name in book.shop.plan.corpora]
    first = book.shop.plan.selection == next(iter(SELECTIONS))
    return [results for results in found if results.members or (first and results.linear)]


def _results_of(name: str, book: Book) -> Results:
    plan = book.shop.plan
    corpus = plan.corpora[name]
    members = plan.jobs(name, corpus.lengths, plan.member_names)
    ensembles = plan.jobs(name, corpus.lengths, plan.ensemble_names)
    linear = linear_jobs(plan, name, corpus.lengths)
    return Results(
        name, plan.selection, corpus.words_read, plan.member_names[0], plan.fitted_on(name),
        _rows(book, MEMBERS, map(plan.member_key, members)),
        _rows(book, ENSEMBLES, map(plan.ensemble_key, ensembles)),
        _rows(book, LINEAR, map(plan.linear_key, linear)),
    )  # fmt: skip


def _rows(book: Book, kind: Kind, keys: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Give the rows with certain keys, in the order of these."""
    found = {tuple(row[name] for name in kind.key): row for row in book.rows(kind)}
    return [found[key] for key in keys if key in found]


def _points(rows: Sequence[Row]) -> dict[float, Point]:
    of = {asked: [row for row in rows if row["asked"] == asked] for asked in _asked(rows)}
    return {
        asked: Point(*(float(np.mean([row[name] for row in some])) for name in Point._fields))
        for asked, some in of.items()
    }


def _asked(rows: Iterable[Row]) -> list[float]:
    return sorted({row["asked"] for row in rows})


def curves_table(results: Results) -> str:
    """Give accuracy and words of everything that reads so many words, by the length asked for."""
    curves = results.curves()
    lines = [
        [
            f"{asked:g}",
            *(_told(points[asked]) if asked in points else "–" for points in curves.values()),
        ]
        for asked in sorted(set().union(*curves.values()))
    ]
    return markdown(["asked", *curves], lines) if lines else ""


def _told(point: Point) -> str:
    return f"{point.accuracy:.3f} with {point.words:.1f}"


def whole_table(results: Results) -> str:
    """Give accuracy of the linear models that read all words."""
    lines = [
        [title, f"{point.accuracy:.3f}", f"{point.words:.1f}"]
        for title, point in results.whole().items()
    ]
    return markdown(["model", "accuracy", "words"], lines) if lines else ""


def grouped_table(rows: Sequence[Row], who: str, columns: Sequence[Column]) -> str:
    """Give figures of members or of ensembles, the mean over runs, by the length asked for."""
    lines = [
        [f"{asked:g}", name, *(spread(of, figure, form) for _, figure, form in columns)]
        for (asked, name), of in _grouped(rows, who).items()
    ]
    return markdown(["asked", who, *(column[0] for column in columns)], lines) if lines else ""


def rules_table(rows: Sequence[Row]) -> str:
    """Give accuracy and words on test texts, and accuracy on validation texts, by every rule."""
    lines = []
    for (asked, name), of in _grouped(rows, "ensemble").items():
        cells = [
            f"{spread(of, f'accuracy_{rule}', '.3f')} with {spread(of, f'words_{rule}', '.1f')}; "
            f"{spread(of, f'valid_accuracy_{rule}', '.3f')}"
            for rule in RULES
        ]
        decides = ", ".join(dict.fromkeys(row["rule"] for row in of))
        lines.append([f"{asked:g}", name, decides, *cells])
    return markdown(["asked", "ensemble", "decides", *RULES], lines) if lines else ""


def _grouped(rows: Sequence[Row], who: str) -> dict[tuple[float, str], list[Row]]:
    groups: dict[tuple[float, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["asked"], row[who]), []).append(row)
    return groups


def settings_table(plan: Plan, corpus: str) -> str:
    """Give what each member has of its own."""
    members = plan.corpora[corpus].members
    names = list(dict.fromkeys(name for own in members.values() for name in own))
    lines = [
        [f"`{member}`", *(str(own.get(name, "–")) for name in names)]
        for member, own in members.items()
    ]
    return markdown(["member", *(f"`{name}`" for name in names)], lines)
