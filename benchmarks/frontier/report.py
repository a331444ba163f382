"""Writes tables of the results into ``docs/frontier.md``, and draws them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.book import Book
from benchmarks.common import fill_in, written
from benchmarks.frontier.plan import SELECTIONS, Plan
from benchmarks.frontier.plots import draw
from benchmarks.frontier.tables import (
    OF_ENSEMBLES,
    OF_MEMBERS,
    Results,
    curves_table,
    grouped_table,
    load_results,
    rules_table,
    settings_table,
    whole_table,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "frontier.md"


def sections(results: Results, plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Give title, explanation and table of each section, empty where there are no results."""
    paper = (f"{point.accuracy:.2f} with {point.words:.1f}" for point in results.paper())
    yield (
        "Accuracy with mean words",
        f"By the words asked for. The paper's interaction has {' and '.join(paper)}, mean words "
        "of its two models.",
        curves_table(results),
    )
    if results.selection == next(iter(SELECTIONS)):
        yield "Linear models that read all words", "", whole_table(results)
    common = plan.corpora[results.corpus].common
    told = ", ".join(f"`{name}` {value}" for name, value in common.items())
    yield "Settings of the members", f"Common to all: {told}.", settings_table(plan, results.corpus)
    yield "Members", "", grouped_table(results.members, "member", OF_MEMBERS)
    yield "Ensembles", "", grouped_table(results.ensembles, "ensemble", OF_ENSEMBLES)
    yield (
        "Rules",
        "Accuracy and words on the test texts; accuracy on the validation texts, or a dash if each "
        "member has its own.",
        rules_table(results.ensembles),
    )


def write_report(books: Sequence[Book], document: Path | None) -> None:
    """Print the results of a folder, draw them there, and put both in their place in a document.

    There is a book for each way of selection.
    """
    folder = books[0].folder
    found = [(results, book.shop.plan) for book in books for results in load_results(book)]
    if not found:
        raise SystemExit(f"{folder} has no results by these settings: run without --report.")
    picture = folder / "frontier.svg"
    draw([results for results, _ in found], picture)
    blocks = [
        block
        for results, plan in found
        for block in (f"## {results.heading}", *written(sections(results, plan)))
    ]
    print("\n\n".join(blocks))
    if document is not None:
        where = os.path.relpath(picture, document.parent)
        fill_in(document, [f"![Accuracy against mean words]({where})", *blocks])
