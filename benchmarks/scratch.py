"""Every sampler from random weights on 20 Newsgroups: what comes of it, epoch by epoch.

    python -m benchmarks.scratch --variants gumbel --seeds 10 --jobs 2
    python -m benchmarks.scratch --seeds 3 --jobs 2
    python -m benchmarks.scratch --report

All settings are the package's for ``initialization=None``, with GloVe vectors and the first 80
words of each post. Each finished model is a line of ``scratch.csv`` at once; a run that was stopped
goes on where it was. The report stands in ``docs/samplers.md``. ``SKLEARN_IRX_DATA`` names the
folder of the corpora.
"""

from __future__ import annotations

import argparse
import warnings
from itertools import product
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from tqdm import tqdm

from benchmarks.common import (
    MAX_LENGTH,
    RESULTS,
    append_row,
    fill_in,
    markdown,
    read_rows,
    spread,
    vectors_path,
    write_circumstances,
)
from benchmarks.paper.measures import Reading, measure_model
from benchmarks.paper.models import history_of
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import load_corpus
from sklearn_irx.exceptions import SelectionWarning

CORPUS = "20newsgroups"
DOCUMENT = Path(__file__).parents[1] / "docs" / "samplers.md"
PRICE = 0.012
"""Nats for a word, which "gumbel" meets with about twelve of them."""
VARIANTS: dict[str, dict[str, Any]] = {
    "gumbel": {"sampler": "gumbel"},
    "straight_through": {"sampler": "straight_through"},
    "reinforce": {"sampler": "reinforce"},
    "hard_kuma": {"sampler": "hard_kuma"},
    "sparsemap": {"sampler": "sparsemap"},
    "top_k": {"sampler": "top_k"},
    "gumbel, vectors of the texts": {"sampler": "gumbel", "embeddings": None},
    "gumbel, 5 words": {"sampler": "gumbel", "rationale_length": 5},
    f"gumbel, lambda1={PRICE}": {"sampler": "gumbel", "lambda1": PRICE},
    f"straight_through, lambda1={PRICE}": {"sampler": "straight_through", "lambda1": PRICE},
}
LENGTH = 11
COLLAPSED = 0.3
"""Test accuracy below which a model has collapsed: half of what all models reach that have not."""
SHOWN = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20)
"""Epochs in the table."""


def classifier(settings: dict[str, Any], vectors: Any, seed: int) -> SelectiveRationaleClassifier:
    """Give a classifier that starts from random weights, with what the package sets by default."""
    asked = {} if "lambda1" in settings else {"rationale_length": LENGTH}
    return SelectiveRationaleClassifier(
        **{"embeddings": vectors, **asked, **settings}, encoder="cnn", initialization=None,
        max_length=MAX_LENGTH[CORPUS], random_state=seed, n_threads=1,
    )  # fmt: skip


def measure(variant: str, seed: int, vectors: Any) -> dict[str, Any]:
    """Train one model, and let it read the test posts."""
    training, test = (load_corpus(CORPUS, subset=subset) for subset in ("train", "test"))
    clf = classifier(VARIANTS[variant], vectors, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SelectionWarning)
        clf.fit(training.data, training.target)
    documents, history = clf.tokenize(test.data), clf.history_
    reading = Reading(*clf.predict_with_masks(documents))
    found = measure_model(np.searchsorted(clf.classes_, test.target), reading, documents.lengths)
    return {
        "variant": variant, "seed": seed,
        **{name: found[name] for name in ("accuracy", "words", "empty")},
        "best_epoch": history_of(clf)["best_epoch"],
        "seconds": round(float(history["seconds"].sum()), 1),
        **{
            name: " ".join(format(value, form) for value in history[name])
            for name, form in (("valid_accuracy", ".3f"), ("train_words", ".1f"))
        },
    }  # fmt: skip


def tables(rows: list[dict[str, Any]]) -> list[str]:
    """Give a table of what was reached, and one of accuracy epoch by epoch."""
    reached, paths = [], []
    for variant in VARIANTS:
        of = [row for row in rows if row["variant"] == variant]
        if not of:
            continue
        collapsed = sum(row["accuracy"] < COLLAPSED for row in of)
        cells = [spread(of, name, form) for name, form in FIGURES.values()]
        reached.append([variant, str(len(of)), str(collapsed), *cells])
        epochs = np.array([list(map(float, row["valid_accuracy"].split())) for row in of])
        paths.append([variant, *(_range(epochs[:, epoch - 1]) for epoch in SHOWN)])
    return [
        markdown(["sampler", "seeds", "collapsed", *FIGURES], reached),
        "Accuracy on the training posts held out, least and most of the seeds, after epoch:",
        markdown(["sampler", *map(str, SHOWN)], paths),
    ]


FIGURES = {
    "test accuracy": ("accuracy", ".3f"),
    "words": ("words", ".1f"),
    "empty": ("empty", ".1%"),
    "epoch kept": ("best_epoch", ".0f"),
    "s": ("seconds", ".0f"),
}


def _range(values: np.ndarray) -> str:
    least, most = format(values.min(), ".2f"), format(values.max(), ".2f")
    return least if least == most else f"{least}–{most}"


def run(path: Path, args: argparse.Namespace) -> None:
    """Train what is missing in the file, and add it line by line."""
    finished = {(row["variant"], row["seed"]) for row in read_rows(path)}
    jobs = [
        (variant, seed)
        for seed, variant in product(range(args.seeds), args.variants)
        if (variant, seed) not in finished
    ]
    if not jobs:
        return
    vectors = str(vectors_path())
    write_circumstances(path, corpus=CORPUS, words_read=MAX_LENGTH[CORPUS], variants=VARIANTS)
    parallel = joblib.Parallel(n_jobs=args.jobs, return_as="generator_unordered")
    calls = (joblib.delayed(measure)(*job, vectors) for job in jobs)
    for row in tqdm(parallel(calls), total=len(jobs), desc=path.stem):
        append_row(path, row)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    parser.add_argument("--report", action="store_true", help="write the tables, train nothing")
    args = parser.parse_args()
    path = args.results / "scratch.csv"
    if not args.report:
        run(path, args)
    fill_in(DOCUMENT, tables(read_rows(path)), name="from scratch")


if __name__ == "__main__":
    main()
