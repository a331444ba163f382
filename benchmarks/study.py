"""A study of rationales of film reviews, answered by models in the place of people.

    python benchmarks/study.py
    python benchmarks/study.py --report

Two of our models learn from the training reviews of IMDB, and a study of both is made of test
reviews. Linear models that learned from whole training reviews, from all, a hundredth and a
thousandth of them, answer it. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from common import (
    MAX_LENGTH,
    RESULTS,
    convolutional,
    fill_in,
    load_vectors,
    markdown,
    sample,
    show,
    write,
)

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.components import Predictor, Training
from sklearn_irx.study import (
    analyse_study,
    create_study,
    power_table,
    simulate_annotators,
    train_readers,
)
from sklearn_irx.study._report import NAMES, figure_of, interval_of, p_value_of

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "human-evaluation.md"
CORPUS = "imdb"
WORDS = 14
EPOCHS = 4
SHARES = (1.0, 0.01, 0.001)
PER_CASE = 40
LAPSE = 0.05


def train(corpus: Any, args: argparse.Namespace) -> InteractiveEnsemble:
    """Train two models with other starts and other sizes."""
    common = {
        "max_length": MAX_LENGTH[CORPUS], "rationale_length": WORDS, "embeddings": load_vectors(),
        "training": Training(max_epochs=EPOCHS), "n_threads": args.threads, "verbose": True,
    }  # fmt: skip
    return InteractiveEnsemble(
        convolutional(**common, random_state=0),
        convolutional(
            **common, initialization="logistic", predictor=Predictor(120), random_state=1
        ),
    ).fit(corpus.data, corpus.target)


def run(args: argparse.Namespace) -> None:
    """Train, ask, analyse, and write it down."""
    training = sample(CORPUS, "train", args.documents)
    test = sample(CORPUS, "test", args.documents)
    both = train(training, args)
    readers = train_readers(training.data, training.target, shares=args.shares)
    circumstances = {
        "accuracy": {
            "together": both.score(test.data, test.target),
            **{
                f"model {number}": member.score(test.data, test.target)
                for number, member in enumerate(both.estimators_, start=1)
            },
            **{name: reader.score(test.data, test.target) for name, reader in readers.items()},
        },
        "words_asked_for": WORDS, "lapse": LAPSE,
    }  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as folder,
        create_study(
            Path(folder) / "study.db", both, test.data, test.target, per_case=args.per_case,
            controls=["random", "full_text"], annotators=0, random_state=0,
        ) as study,
    ):  # fmt: skip
        simulate_annotators(study, readers, lapse=LAPSE)
        found = analyse_study(study)
        power = power_table(study)
    power.columns = power.columns.map(str)
    tables = {
        "table": found.table, "by_annotator": found.by_annotator,
        "comparisons": found.comparisons, "agreement": found.agreement, "models": found.models,
        "power": power.reset_index(),
    }  # fmt: skip
    for name, table in tables.items():
        rows = table.round(4).astype(object).where(table.notna(), "").to_dict("records")
        write(args.results / f"study_{name}.csv", rows, **circumstances)
        if name in ("table", "power"):
            show(rows)


def report(results: Path) -> None:
    """Put the tables into the document."""
    read = {
        name: pd.read_csv(results / f"study_{name}.csv")
        for name in ("table", "by_annotator", "comparisons", "agreement", "power")
    }
    table, by_annotator, comparisons, agreement, power = read.values()
    fill_in(
        DOCUMENT,
        [
            "### Table 4, simulated",
            markdown(
                ["case", "words", "documents", "accuracy", "confidence", "words shown"],
                [
                    [
                        row.case, NAMES[row.kind], str(row.n_documents),
                        interval_of(row, "accuracy"), interval_of(row, "confidence"),
                        figure_of(row.words, 1),
                    ]
                    for row in table.itertuples()
                ],
            ),
            "### By annotator, all cases, simulated",
            markdown(
                ["annotator", "words", "accuracy", "confidence", "unreadable"],
                [
                    [
                        row.annotator, NAMES[row.kind], figure_of(row.accuracy),
                        figure_of(row.confidence, 2), str(row.n_unreadable),
                    ]
                    for row in by_annotator.itertuples()
                    if row.case == "all"
                ],
            ),
            "### Differences, all cases, simulated",
            markdown(
                ["", "measure", "difference", "p, swapped", "p, mixed"],
                [
                    [
                        f"{NAMES[row.kind]} − {NAMES[row.other]}", row.measure,
                        interval_of(row, "difference"), p_value_of(row.p_swap),
                        p_value_of(row.p_mixed),
                    ]
                    for row in comparisons.itertuples()
                    if row.case == "all"
                ],
            ),
            "### Agreement, simulated",
            markdown(
                ["words", "Krippendorff’s alpha", "Fleiss’ kappa"],
                [
                    [NAMES[row.kind], figure_of(row.alpha), figure_of(row.kappa)]
                    for row in agreement.itertuples()
                ],
            ),
            "### Power, from these answers",
            "Share of the studies that find a difference of so much in accuracy, by the number of "
            "documents:",
            markdown(
                ["documents", *power.columns[1:]],
                [
                    [str(number), *(figure_of(share, 2) for share in shares)]
                    for number, *shares in power.itertuples(index=False)
                ],
            ),
        ],
    )  # fmt: skip


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, help="documents to draw")
    parser.add_argument("--per-case", type=int, default=PER_CASE)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--threads", type=int, default=2, help="threads torch computes with")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    parser.add_argument("--report", action="store_true", help=f"fill in {DOCUMENT.name}, and stop")
    args = parser.parse_args()
    if args.report:
        report(args.results)
    else:
        run(args)


if __name__ == "__main__":
    main()
