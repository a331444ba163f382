"""Writes tables of the results into ``docs/remedies.md``."""

from __future__ import annotations

from pathlib import Path

from benchmarks.common import fill_in, written
from benchmarks.remedies.plan import Job
from benchmarks.remedies.runs import Ledger
from benchmarks.remedies.tables import TITLES, Results, made_by_table

DOCUMENT = Path(__file__).parents[2] / "docs" / "remedies.md"


def write_report(book: Ledger, jobs: list[Job], document: Path | None) -> None:
    """Print the results of runs, and put them in their place in a document.

    Raises
    ------
    SystemExit
        If there are none.
    """
    found = book.found(jobs)
    blocks = []
    for corpus, of in book.shop.plan.corpora.items():
        results = Results(found, corpus)
        if results.trained:
            title = TITLES.get(corpus, corpus)
            blocks += [f"## {title}, {of['words_read']} words read", results.told()]
            blocks += written(results.sections())
    if not blocks:
        raise SystemExit(f"{book.folder} has no results by these settings: run without --report.")
    manifests = book.manifests()
    table = made_by_table([manifests[row["id"]] for row in found.values()])
    blocks += ["## What made these figures", table]
    print("\n\n".join(blocks))
    if document is not None:
        fill_in(document, blocks)
