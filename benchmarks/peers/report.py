"""Tables of the results of both packages, and the document they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import fill_in, markdown, spread, written
from benchmarks.peers.shared import METHODS, OURS, THEIRS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "peers.md"
Row = dict[str, Any]
SETTING = ("corpus", "documents", "asked", "epochs", "batch_size", "learning_rate", "dropout")
"""What all rows of a table have in common."""
COLUMNS = {
    "accuracy": ("accuracy", ".3f"),
    "share of words": ("share", ".3f"),
    "token F1": ("token_f1", ".3f"),
    "empty": ("empty", ".3f"),
    "documents a second": ("documents_per_second", ".0f"),
    "of the processor": ("documents_per_processor_second", ".0f"),
    "memory, MB": ("memory", ".0f"),
}
RATIOS = {
    "documents a second": "documents_per_second",
    "of the processor": "documents_per_processor_second",
    "of the same, in steps alone": "in_steps",
    "seconds of fit": "fit_seconds",
    "memory": "memory",
    "memory of training": "memory_of_training",
}
OF_RATIOS = (
    "Seed by seed: ours less theirs in accuracy and token F1, ours divided by theirs in all else."
)


def groups_of(rows: Iterable[Row], names: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """Give the rows by what they have in columns, in the order in which this occurs."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Give rows method by method, ours before theirs."""
    methods = list(METHODS)
    return sorted(rows, key=lambda row: (methods.index(row["method"]), row["library"] != OURS))


def label_of(row: Row) -> str:
    """Give the name of a package, and the coefficients of its penalties if they were given."""
    return f"{row['library']}, {row['penalties']}" if row["penalties"] else row["library"]


def results_table(rows: Iterable[Row]) -> str:
    """Give a line for each method and package: mean over seeds, least and most."""
    lines = []
    for group in groups_of(in_order(rows), ("method", "library", "penalties")).values():
        cells = [spread(group, name, form) for name, form in COLUMNS.values()]
        lines.append([group[0]["method"], label_of(group[0]), str(len(group)), *cells])
    return markdown(["method", "package", "seeds", *COLUMNS], lines)


def pairs_of(rows: Iterable[Row]) -> dict[tuple[str, str], list[tuple[Row, Row]]]:
    """Give ours and theirs of a seed, which ran one after the other, by method and their label."""
    rows = in_order(rows)
    ours = {(row["method"], row["seed"]): row for row in rows if row["library"] == OURS}
    pairs: dict[tuple[str, str], list[tuple[Row, Row]]] = {}
    for row in rows:
        own = ours.get((row["method"], row["seed"]))
        if row["library"] == THEIRS and own is not None:
            pairs.setdefault((row["method"], label_of(row)), []).append((own, row))
    return pairs


def compared(ours: Row, theirs: Row) -> Row:
    """Give the figures of ours divided by theirs, and how much more accurate ours is."""
    both = [
        {
            **row,
            "in_steps": 1 / row["step_seconds"],
            "memory_of_training": row["memory"] - row["memory_before"],
        }
        for row in (ours, theirs)
    ]
    ratios = {name: both[0][name] / both[1][name] for name in RATIOS.values()}
    return ratios | {name: ours[name] - theirs[name] for name in ("accuracy", "token_f1")}


def ratios_table(rows: Iterable[Row]) -> str:
    """Give a line for each method of both packages, or an empty string if there is none."""
    lines = []
    for (method, label), pairs in pairs_of(rows).items():
        found = [compared(*pair) for pair in pairs]
        differences = [spread(found, name, "+.3f") for name in ("accuracy", "token_f1")]
        ratios = [spread(found, name, ".2f") for name in RATIOS.values()]
        lines.append([method, label, *differences, *ratios])
    head = ["method", "beside", "accuracy", "token F1", *RATIOS]
    return markdown(head, lines) if lines else ""


def sections(rows: Iterable[Row]) -> list[tuple[str, str, str]]:
    """Give title, explanation and table of each setting, one of figures and one of ratios."""
    found = []
    for setting, group in groups_of(rows, SETTING).items():
        corpus, documents, asked, epochs, batch_size, learning_rate, dropout = setting
        title = f"{corpus}, {documents:,} texts"
        told = (
            f"{epochs} epochs, batches of {batch_size}, a learning rate of {learning_rate:g}, "
            f"dropout of {dropout:g}, a share of {asked:g} of the words asked for."
        )
        found.append((title, told, results_table(group)))
        found.append((f"{title}: ours beside theirs", OF_RATIOS, ratios_table(group)))
    return found


def write_report(rows: Sequence[Row], document: Path = DOCUMENT) -> None:
    """Fill the tables into the document."""
    fill_in(document, written(sections(rows)))
