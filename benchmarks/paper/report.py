"""Writes tables of the results into ``docs/reproduction.md``, and draws them.

    python -m benchmarks.paper.report
    python -m benchmarks.paper.report --results build/paper/quick --document quick.md

What stands between two marks in the document is replaced. A table without results is not written.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.common import RESULTS, fill_in, read_rows, written
from benchmarks.paper.plots import draw
from benchmarks.paper.protocol import read_toml
from benchmarks.paper.tables import (
    DISPUTES,
    Column,
    Results,
    claims_table,
    collapsed_table,
    differences_table,
    load_results,
    models_table,
    pairs_table,
    sweep_table,
    trials_table,
)

GAIN_OF_PAPER = "The paper's gain is that of its rounded means."
DOCUMENT = Path(__file__).parents[2] / "docs" / "reproduction.md"
ACCURACY: tuple[Column, ...] = (
    ("model 1", "accuracy_1", ".3f"), ("model 2", "accuracy_2", ".3f"),
    ("interaction", "accuracy", ".3f"), ("gain over the better", "gain", "+.3f"),
    ("soft voting", "soft_voting", ".3f"),
)  # fmt: skip
LENGTHS: tuple[Column, ...] = (
    ("words 1", "words_1", ".1f"), ("words 2", "words_2", ".1f"),
    ("words, interaction", "words_kept", ".1f"), ("transitions 1", "borders_1", ".1f"),
    ("transitions 2", "borders_2", ".1f"), ("transitions, interaction", "borders_kept", ".1f"),
)  # fmt: skip
COUNTS: tuple[Column, ...] = tuple(
    (heading, f"count_in_{case}", ".0f") for case, heading in DISPUTES.items()
)
CASES: tuple[Column, ...] = tuple(
    (heading, f"accuracy_in_{case}", ".3f") for case, heading in DISPUTES.items()
)
CHOICE: tuple[Column, ...] = (
    ("words, selected", "words_disputed_kept", ".1f"),
    ("words, not selected", "words_disputed_left", ".1f"),
    ("transitions, selected", "borders_disputed_kept", ".1f"),
    ("transitions, not selected", "borders_disputed_left", ".1f"),
)
NOISE: tuple[Column, ...] = tuple(
    (heading + with_noise, prefix + name, form)
    for heading, name, form in (
        ("model 1", "accuracy_1", ".3f"), ("model 2", "accuracy_2", ".3f"),
        ("interaction", "accuracy", ".3f"), ("agreement", "agreement", ".3f"),
        ("words", "words_kept", ".1f"),
    )
    for with_noise, prefix in (("", ""), (", noise", "noisy_"))
)  # fmt: skip
READERS: tuple[Column, ...] = (
    ("1 reads 1", "accuracy_1", ".3f"), ("1 reads 2", "accuracy_1_given_2", ".3f"),
    ("2 reads 2", "accuracy_2", ".3f"), ("2 reads 1", "accuracy_2_given_1", ".3f"),
    ("agreement", "agreement", ".3f"),
)  # fmt: skip
CALIBRATION: tuple[Column, ...] = (
    ("model 1", "ece_1", ".3f"), ("model 2", "ece_2", ".3f"), ("interaction", "ece", ".3f"),
    ("soft voting", "ece_soft_voting", ".3f"),
)  # fmt: skip


def sections(results: Results) -> Iterator[tuple[str, str, str]]:
    """Give title, explanation and table of each section, empty where there are no results."""
    yield (
        "The three claims",
        "Deviation: standard deviation of the accuracy over the seeds. Words: of documents on "
        f"which the models disagree. {GAIN_OF_PAPER}",
        claims_table(results),
    )
    yield "Base models", "Figures are of the models that have not collapsed.", models_table(results)
    yield "Collapsed models", "", collapsed_table(results)
    yield "Table 1: length and contiguity", "A document.", pairs_table(results, LENGTHS)
    yield (
        "Table 1: cases of disagreement, documents",
        "Where exactly one model is convinced by the other's rationale, and otherwise the surer "
        "one.",
        pairs_table(results, COUNTS),
    )
    yield "Table 1: cases of disagreement, accuracy", "", pairs_table(results, CASES)
    yield "Table 2: accuracy", GAIN_OF_PAPER, pairs_table(results, ACCURACY)
    yield (
        "Table 3: rationales selected and not selected",
        "Of documents on which the models disagree.",
        pairs_table(results, CHOICE),
    )
    yield "Noise at test time", "", pairs_table(results, NOISE, paper=False)
    yield (
        "The second reader",
        "Accuracy of each model on its own and on the other's rationales, of all documents.",
        pairs_table(results, READERS, paper=False),
    )
    yield "Expected calibration error", "15 bins.", pairs_table(results, CALIBRATION, paper=False)
    yield (
        "Length, gain and agreement",
        "Other sparsity penalties, no contiguity penalty, recipe `stable`. No pair is removed.",
        sweep_table(results),
    )
    yield (
        "One model worse than the other",
        "All pairs, whatever their settings and recipes, by the difference of their accuracies.",
        differences_table(results),
    )


def write_report(folder: Path, document: Path) -> None:
    """Put the results of a folder in their place in a document, and draw them beside the files."""
    blocks = []
    for results in load_results(folder):
        share = results.share_of_texts
        part = "" if share == 1 else f", {share:.0%} of the texts"
        blocks.append(f"## Results with `{results.vectors}`, {results.dimensions} dimensions{part}")
        blocks += written(sections(results))
        if results.pairs:
            picture = folder / f"gain-{results.dimensions}d.svg"
            draw(results.pairs, picture)
            blocks.append(f"![Gain and agreement]({os.path.relpath(picture, document.parent)})")
    blocks += _trials(folder)
    fill_in(document, blocks)


def _trials(folder: Path) -> list[str]:
    """Give the section on what collapse depends on."""
    rows = read_rows(folder / "collapse.csv")
    usual = ", ".join(
        f"{name.rpartition('__')[2]} {value}"
        for name, value in read_toml("collapse.toml")["usual"].items()
    )
    return written(
        (
            f"What collapse depends on, with `{vectors}`",
            f"{texts:,} texts of 20 Newsgroups. Usual: {usual}.",
            trials_table([row for row in rows if (row["vectors"], row["training_texts"]) == key]),
        )
        for key in dict.fromkeys((row["vectors"], row["training_texts"]) for row in rows)
        for vectors, texts in [key]
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS / "paper", help="folder to read")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="with the two marks")
    args = parser.parse_args(argv)
    write_report(args.results, args.document)


if __name__ == "__main__":
    main()
