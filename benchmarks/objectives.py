"""What it costs that the choice of words does not tell the label: objectives of training.

    python benchmarks/objectives.py --threads 1

Trains models of a few words on each objective, on a part of the training texts of 20 Newsgroups and
IMDB, and tests them on another part of these; no test split is read. Beside the accuracy of a model
stands that of a reader of the same rationales that has learned from words drawn at random
(EVAL-X), and what the choice tells beyond the words, in nats (`encoding_score`). Linear
initializations are fitted once for all models that have the same; seconds are those of the epochs
after that. A run that was cut off goes on where it was. The tables go into docs/objectives.md.
``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from functools import cache
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    MAX_LENGTH,
    add_common_options,
    append_row,
    fill_in,
    load_vectors,
    markdown,
    read_rows,
    show,
    write_circumstances,
)
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import CNN, EncodingPenalty, LinearInit, Training
from sklearn_irx.datasets import load_corpus
from sklearn_irx.exceptions import SelectionWarning
from sklearn_irx.metrics import RandomMaskReader, encoding_score, evalx_score

LEARNED, TESTED = 4000, 2000
LENGTHS = (11, 5, 22)
LENGTH_OF_CNN = 11
FOLDS, MASKS = 3, 2  # of the readers of encoding_score
CNN_PARAMETERS: dict[str, Any] = {
    "encoder": CNN(n_filters=50),
    "training": Training(max_epochs=4, learning_rate=3e-3, batch_size=32),
}
FOCUSED = {"initialization": LinearInit(class_focus=1)}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "joint": {},
    "joint, class-conditional": FOCUSED,
    "REAL-X": {"objective": "real_x"},
    "REAL-X, class-conditional": {"objective": "real_x", **FOCUSED},
    "penalty of weight 2": {"objective": EncodingPenalty(2.0)},
    "penalty of weight 5": {"objective": EncodingPenalty(5.0)},
}
WITHOUT_ENCODER = tuple(name for name in OBJECTIVES if "penalty" not in name)
"""Training changes nothing of the order of words there, and so no penalty does."""
TITLES = {"20newsgroups": "20 Newsgroups, 80 words read", "imdb": "IMDB, 200 words read"}
KEY = ("corpus", "encoder", "length", "objective", "seed")

Part = tuple[list[str], np.ndarray]


@cache
def parts(corpus: str) -> tuple[Part, Part]:
    """Return texts to learn from and others to test on, all of them training texts."""
    loaded = load_corpus(corpus)
    texts, others, y, y_others = train_test_split(
        loaded.data, loaded.target, train_size=LEARNED, test_size=TESTED,
        stratify=loaded.target, random_state=0,
    )  # fmt: skip
    return (texts, y), (others, y_others)


def fitted(corpus: str, args: argparse.Namespace, **parameters: Any) -> Any:
    """Return a model that learned from the first part of a corpus."""
    clf = SelectiveRationaleClassifier(
        max_length=MAX_LENGTH[corpus], memory=args.memory, n_threads=args.threads, **parameters
    )
    with threadpool_limits(args.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore", SelectionWarning)
        return clf.fit(*parts(corpus)[0])


def measure(
    key: dict[str, Any], args: argparse.Namespace, readers: dict[str, RandomMaskReader]
) -> dict[str, Any]:
    """Train one model and test it; `readers`, by corpus, are fitted where one is missing."""
    corpus = key["corpus"]
    if corpus not in readers:
        readers[corpus] = RandomMaskReader(random_state=0).fit(*parts(corpus)[0])
    parameters = {"rationale_length": key["length"], **OBJECTIVES[key["objective"]]}
    if key["encoder"] == "cnn":
        parameters |= {**CNN_PARAMETERS, "embeddings": load_vectors()}
    clf = fitted(corpus, args, sampler="top_k", random_state=key["seed"], **parameters)
    texts, y = parts(corpus)[1]
    probabilities, masks = clf.predict_with_masks(texts)
    evalx = evalx_score(readers[corpus], texts, y, masks)
    encoding = encoding_score(texts, y, masks, cv=FOLDS, n_masks=MASKS, random_state=0)
    predicted = clf.classes_[probabilities.argmax(axis=1)]
    found = {
        "words": masks.sum(axis=1).mean(),
        "accuracy": accuracy_score(y, predicted),
        "log_loss": log_loss(y, probabilities, labels=clf.classes_),
        "evalx_accuracy": evalx.accuracy,
        "evalx_log_loss": -evalx.log_likelihood,
        "encoding": encoding.score,
        "encoding_low": encoding.low,
        "encoding_high": encoding.high,
        "seconds": clf.history_["seconds"].sum(),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def plan(seeds: int) -> list[dict[str, Any]]:
    """Return what to train."""
    with_cnn = product(MAX_LENGTH, ["cnn"], [LENGTH_OF_CNN], OBJECTIVES, range(seeds))
    without = [
        product(MAX_LENGTH, ["None"], [length], WITHOUT_ENCODER, range(seeds)) for length in LENGTHS
    ]
    first, *others = without
    return [dict(zip(KEY, values, strict=True)) for values in chain(first, with_cnn, *others)]


def table(rows: list[dict[str, Any]], corpus: str) -> str:
    """Return a row for each encoder, length and objective: means over the seeds."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["encoder"] == "cnn", row["length"])):
        if row["corpus"] == corpus:
            groups.setdefault((row["encoder"], row["length"], row["objective"]), []).append(row)
    forms = {
        "accuracy": ".3f", "log_loss": ".3f", "evalx_accuracy": ".3f", "evalx_log_loss": ".3f",
        "encoding": ".3f", "words": ".1f", "seconds": ".0f",
    }  # fmt: skip
    lines = [
        [*map(str, key), *(format(np.mean([r[name] for r in own]), forms[name]) for name in forms)]
        for key, own in groups.items()
    ]
    return markdown(
        ["encoder", "asked", "objective", "accuracy", "log loss", "EVAL-X accuracy",
         "EVAL-X log loss", "encoding", "words", "s"],
        lines,
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Train and test all models that are missing."""
    path = args.results / "objectives.csv"
    done = [{name: row[name] for name in KEY} for row in read_rows(path)]
    readers: dict[str, RandomMaskReader] = {}
    for key in plan(args.seeds):
        if key in done:
            continue
        row = key | measure(key, args, readers)
        append_row(path, row)
        show([row])
        write_circumstances(
            path, learned=LEARNED, tested=TESTED, folds_of_encoding=FOLDS, masks_of_encoding=MASKS
        )


def report(path: Path) -> None:
    """Write the tables of what is measured."""
    rows = read_rows(path)
    fill_in(
        Path(__file__).parents[1] / "docs" / "objectives.md",
        [part for name, title in TITLES.items() for part in (f"### {title}", table(rows, name))],
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="write the tables, train nothing")
    add_common_options(parser)
    args = parser.parse_args()
    if not args.report:
        with tempfile.TemporaryDirectory() as folder:
            args.memory = folder
            run(args)
    report(args.results / "objectives.csv")


if __name__ == "__main__":
    main()
