"""Rows of results made into Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from benchmarks.common import markdown, spread
from benchmarks.remedies.measures import collapse_threshold, compare, least_p_value
from benchmarks.remedies.plan import BASELINE, Job
from benchmarks.remedies.runs import FAILED, REFUSED, TRAINED

Row = dict[str, Any]
Cell = tuple[str, str, str]
"""Method, sampler and encoder."""
TITLES = {
    "20newsgroups": "20 Newsgroups", "imdb": "IMDB", "movies": "ERASER film reviews",
    "generated": "Generated texts",
}  # fmt: skip
COLUMNS = (
    ("accuracy", "accuracy", ".3f"), ("log loss", "log_loss", ".3f"), ("words", "words", ".1f"),
    ("share", "share", ".1%"), ("spans", "spans", ".1f"), ("transitions", "transitions", ".1f"),
    ("empty", "empty", ".1%"), ("token F1", "token_f1", ".3f"),
    ("best epoch", "best_epoch", ".1f"), ("s an epoch", "seconds_an_epoch", ".1f"),
)  # fmt: skip
"""Heading, name and format of the figures of a run."""
TESTED = (("Accuracy", "accuracy"), ("Token F1", "token_f1"))
"""The figures in which methods are compared with plain training."""


class Results:
    """The runs of a corpus.

    Parameters
    ----------
    found : dict of Job to dict
        Rows of results, of any corpora.
    corpus : str
        The one that is meant.

    Attributes
    ----------
    rows : list of dict
        Those of the corpus.
    methods, samplers, encoders : list of str
        What occurs in them, in the order of the configuration file.
    """

    def __init__(self, found: dict[Job, Row], corpus: str) -> None:
        self.corpus = corpus
        self.rows = [row for job, row in found.items() if job.corpus == corpus]
        self.methods, self.samplers, self.encoders = (
            list(dict.fromkeys(row[name] for row in self.rows))
            for name in ("method", "sampler", "encoder")
        )
        self._of: dict[Cell, list[Row]] = {}
        for row in self.rows:
            cell = row["method"], row["sampler"], row["encoder"]
            self._of.setdefault(cell, []).append(row)

    @property
    def trained(self) -> list[Row]:
        """The rows that have figures."""
        return [row for row in self.rows if row["status"] == TRAINED]

    def of(self, cell: Cell, status: str | None = None) -> list[Row]:
        """Give the runs of a method with a sampler and an encoder, or those that came to this."""
        return [row for row in self._of.get(cell, []) if status in (None, row["status"])]

    def told(self) -> str:
        """Say what a run is measured by."""
        first = self.trained[0]
        threshold = collapse_threshold(first["chance"], first["full_text"])
        return (
            f"The largest class alone is right in {first['chance']:.3f} of the test texts, a "
            f"linear model that reads all words in {first['full_text']:.3f}: a run below "
            f"{threshold:.3f} has collapsed."
        )

    def means(self, encoder: str, figure: str) -> str:
        """Give a table of a figure, and of how many runs collapsed, by method and sampler."""

        def tell(cell: Cell) -> str:
            trained = self.of(cell, TRAINED)
            if not trained:
                return self._absent(cell)
            n_collapsed = sum(row["collapsed"] for row in trained)
            note = f"; {n_collapsed} of {len(trained)} collapsed" if n_collapsed else ""
            return spread(trained, figure, ".3f") + note

        return self._grid(encoder, self.methods, tell)

    def differences(self, encoder: str, figure: str) -> tuple[str, str]:
        """Give what tests against plain training can show, and a table of them."""
        methods = [method for method in self.methods if method != BASELINE]
        found = {
            cell: compare(self.of(cell, TRAINED), self.of((BASELINE, *cell[1:]), TRAINED), figure)
            for cell in product(methods, self.samplers, [encoder])
        }
        n_pairs = [one.n for one in found.values() if one.n]
        if not n_pairs:
            return "", ""
        most = max(n_pairs)

        def tell(cell: Cell) -> str:
            _, mean, least, highest, p_value = one = found[cell]
            if not one.n:
                return self._absent(cell)
            ends = f" ({least:+.3f} to {highest:+.3f})" if one.n > 1 else ""
            fewer = f", {one.n} seeds" if one.n < most else ""
            return f"{mean:+.3f}{ends}, p {p_value:.2g}{fewer}"

        told = (
            f"{len(n_pairs)} comparisons of {most} seeds each, unless a cell says otherwise: no p "
            f"can be below {least_p_value(most):.2g}."
        )
        return told, self._grid(encoder, methods, tell)

    def _grid(self, encoder: str, methods: Sequence[str], tell: Callable[[Cell], str]) -> str:
        lines = [
            [method, *(tell((method, sampler, encoder)) for sampler in self.samplers)]
            for method in methods
        ]
        return markdown(["", *self.samplers], lines)

    def _absent(self, cell: Cell) -> str:
        states = {row["status"] for row in self.of(cell)}
        return next((state for state in (REFUSED, FAILED) if state in states), "–")

    def everything(self) -> str:
        """Give all figures of all cells."""
        lines = [
            [
                encoder, sampler, method, str(len(trained)),
                str(sum(row["collapsed"] for row in trained)),
                *(spread(trained, name, form) for _, name, form in COLUMNS),
            ]
            for encoder in self.encoders
            for sampler in self.samplers
            for method in self.methods
            for trained in [self.of((method, sampler, encoder), TRAINED)]
            if trained
        ]  # fmt: skip
        headings = [heading for heading, *_ in COLUMNS]
        return markdown(["encoder", "sampler", "method", "runs", "collapsed", *headings], lines)

    def reasons(self) -> str:
        """Give the runs without figures, and why they have none."""
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rows:
            if row["status"] != TRAINED:
                names = ("encoder", "sampler", "method", "status", "reason")
                groups.setdefault(tuple(row[name] for name in names), []).append(row)
        lines = [
            [*names, str(len(rows)), reason.replace("|", r"\|")]
            for (*names, reason), rows in groups.items()
        ]
        headings = ["encoder", "sampler", "method", "", "runs", "reason"]
        return markdown(headings, lines) if lines else ""

    def sections(self) -> Iterator[tuple[str, str, str]]:
        """Give title, explanation and table of each section, empty where there is nothing."""
        for title, figure in TESTED:
            if all(np.isnan(row[figure]) for row in self.trained):
                continue
            for encoder in self.encoders:
                yield f"{title}, encoder {encoder}", "", self.means(encoder, figure)
            for encoder in self.encoders:
                told, table = self.differences(encoder, figure)
                yield f"{title} against {BASELINE}, encoder {encoder}", told, table
        yield "All figures", "", self.everything()
        yield "Runs without figures", "", self.reasons()


def made_by_table(manifests: Sequence[dict[str, Any]]) -> str:
    """Give the code and the machines that runs were made by, and how many runs each made."""
    groups: dict[tuple[str, ...], int] = {}
    for one in manifests:
        versions = ", ".join(f"{name} {version}" for name, version in one["versions"].items())
        made = (
            f"`{one['commit'] or '–'}`", f"Python {one['python']}, {versions}",
            f"{one['cpu']}, {one['machine']}",
        )  # fmt: skip
        groups[made] = groups.get(made, 0) + 1
    lines = [[str(n), *made] for made, n in groups.items()]
    return markdown(["runs", "commit", "versions", "machine"], lines)
