"""How time and memory grow with documents, their length, distinct words and classes.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --quick --factors documents classes --results FOLDER
    python benchmarks/scaling.py --report

Documents are made up of words like "w123", drawn by Zipf's law. One factor varies at a time, and
each point has a process of its own. Results go to ``benchmarks/results/``.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import EpochClock, add_common_options, convolutional, fresh, peak_memory, show, write

from sklearn_irx.components import Training
from sklearn_irx.text import WordVectors

BASE = {"documents": 4000, "words": 100, "vocabulary": 20_000, "classes": 5}
"""What does not vary: words of a document, distinct words of all."""
FACTORS = {
    "documents": [1000, 2000, 4000, 8000, 16_000],
    "words": [25, 50, 100, 200, 400],
    "vocabulary": [5000, 10_000, 20_000, 50_000, 100_000],
    "classes": [2, 5, 10, 20, 50],
}
QUICK = 20
"""Documents and distinct words are so many times fewer in a quick run."""
SHARE_SELECTED = 0.1
EPOCHS = 3
"""The first warms up; the median of the others counts."""
WORDS_OF_A_CLASS = 20
CUES = 5
"""Words of a document that are of its class, about; of short ones, a fifth."""
VECTOR_SIZE = 100


def make_documents(
    documents: int, words: int, vocabulary: int, classes: int, seed: int = 0
) -> tuple[list[str], np.ndarray]:
    """Make up documents whose classes have words of their own.

    Parameters
    ----------
    documents, words : int
        Number of documents, words of each.
    vocabulary : int
        Distinct words, nearly all of which occur; the number of a word is its rank by frequency.
    classes : int
        Number of classes, each the same number of documents.
    seed : int, default=0
        The same gives the same.

    Returns
    -------
    texts : list of str
        Words joined by blanks.
    y : ndarray of shape (documents,)
        Class numbers.
    """
    if documents * words < vocabulary:
        raise ValueError(f"{documents} documents of {words} words have no {vocabulary} words.")
    rng = np.random.RandomState(seed)
    frequencies = 1 / (np.arange(vocabulary) + 3)
    n_drawn = documents * words - vocabulary
    drawn = rng.choice(vocabulary, n_drawn, p=frequencies / frequencies.sum())
    numbers = rng.permutation(np.concatenate([np.arange(vocabulary), drawn]))
    numbers = numbers.reshape(documents, words)
    y = rng.permutation(np.arange(documents) % classes)
    n_cues = min(CUES, max(1, words // 5))
    cues = rng.randint(WORDS_OF_A_CLASS, size=(documents, n_cues))
    own = (vocabulary // 4 + y[:, None] * WORDS_OF_A_CLASS + cues) % vocabulary
    places = rng.randint(words, size=(documents, n_cues))
    np.put_along_axis(numbers, places, own, axis=1)
    names = np.array([f"w{number}" for number in range(vocabulary)], dtype=object)
    return [" ".join(row) for row in names[numbers]], y


def measure(point: dict[str, int], threads: int) -> dict[str, Any]:
    """Train and read at one point; to be called in a process of its own."""
    texts, y = make_documents(**point)
    vectors = np.random.RandomState(0).normal(0, 0.4, (point["vocabulary"], VECTOR_SIZE))
    names = [f"w{number}" for number in range(point["vocabulary"])]
    clock = EpochClock()
    clf = convolutional(
        embeddings=WordVectors(names, vectors), max_length=point["words"],
        rationale_length=SHARE_SELECTED, training=Training(max_epochs=EPOCHS, callbacks=[clock]),
        n_threads=threads, device="cpu", random_state=0,
    )  # fmt: skip
    before = peak_memory()
    start = time.perf_counter()
    clf.fit(texts, y)
    seconds_fit = time.perf_counter() - start
    peak = peak_memory()
    start = time.perf_counter()
    clf.predict_with_masks(texts)
    seconds_read = time.perf_counter() - start
    return {
        **point, "distinct_words": len(clf.vocabulary_.words),
        "seconds_epoch": round(float(np.median(clock.training[1:])), 4),
        "seconds_fit": round(seconds_fit, 2), "seconds_read": round(seconds_read, 4),
        "mb_before": round(before), "mb_fit": round(peak),
        "accuracy": round(float(clf.history_["valid_accuracy"][-1]), 3),
    }  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Measure all points and write them down."""
    smaller = {"documents": QUICK, "vocabulary": QUICK} if args.quick else {}
    rows = []
    for factor in args.factors:
        for value in FACTORS[factor]:
            point = {name: n // smaller.get(name, 1) for name, n in {**BASE, factor: value}.items()}
            rows.append({"factor": factor, **fresh(measure, point, args.threads)})
            row = rows[-1]
            print(
                f"{factor} {row[factor]:,}: {row['seconds_epoch']:.2f} s an epoch, "
                f"{row['seconds_read']:.2f} s to read, {row['mb_fit']:,} MB",
                flush=True,
            )
    settings = {"rationale_length": SHARE_SELECTED, "training__max_epochs": EPOCHS}
    write(args.results / "scaling.csv", rows, settings=settings, threads=args.threads)


def report(folder: Path) -> None:
    """Print what is there, and draw it."""
    with (folder / "scaling.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    show(rows)
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    titles = {
        "documents": "documents", "words": "words of a document",
        "vocabulary": "distinct words", "classes": "classes",
    }  # fmt: skip
    for ax, factor in zip(axes.flat, FACTORS, strict=True):
        of = [row for row in rows if row["factor"] == factor]
        if not of:
            ax.set_axis_off()
            continue
        x, epoch, read, memory = (
            np.array([float(row[name]) for row in of])
            for name in (factor, "seconds_epoch", "seconds_read", "mb_fit")
        )
        right = ax.twinx()
        lines = [
            *ax.plot(x, epoch, "o-", color="C0", label="training, s an epoch"),
            *ax.plot(x, read, "s-", color="C1", label="reading the same documents, s"),
            *ax.plot(x, epoch[0] * x / x[0], ":", color="0.6", label="proportional"),
            *right.plot(x, memory, "^--", color="C2", label="peak memory of fit, MB"),
        ]
        ax.set(xlabel=titles[factor], ylabel="s", xscale="log", yscale="log")
        right.set(ylabel="MB", yscale="log", ylim=(100, 10_000))
        ax.set_xticks(x, [f"{value:,.0f}" for value in x])
        ax.minorticks_off()
    figure.legend(handles=lines, loc="outside lower center", ncols=4, fontsize=8)
    documents, words, vocabulary, classes = (
        statistics.mode(int(row[name]) for row in rows) for name in FACTORS
    )
    figure.suptitle(
        f"{documents:,} documents of {words} words, {vocabulary:,} distinct, {classes} classes, "
        "where they do not vary",
        fontsize=10,
    )
    figure.savefig(folder / "scaling.svg", metadata={"Date": None})


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--factors", nargs="+", choices=list(FACTORS), default=list(FACTORS))
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the program")
    parser.add_argument("--report", action="store_true", help="show what is there")
    add_common_options(parser)
    args = parser.parse_args()
    if not args.report:
        run(args)
    report(args.results)


if __name__ == "__main__":
    main()
