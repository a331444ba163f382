"""What it costs that the choice of words does not tell the label: objectives of training.

    python benchmarks/objectives.py --threads 1

Trains models of a few words on each objective, on a part of the training texts of 20 Newsgroups and
IMDB, and tests them on another part of these; no test split is read. Beside the accuracy of a model
stands what a reader says of the same rationales that has learned from words drawn at random, and
from no rationale (EVAL-X of Jethani et al., 2021): where it is behind, the choice tells the
predictor what the words do not say. Linear initializations are fitted once for all models that have
the same; seconds are those of the epochs after that. A run that was cut off goes on where it was.
The tables go into docs/objectives.md. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from functools import cache
from itertools import product
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
from sklearn_irx.components import EncodingPenalty, LinearInit
from sklearn_irx.datasets import load_corpus
from sklearn_irx.exceptions import SelectionWarning

LEARNED, TESTED = 4000, 2000
LENGTHS = (5, 11, 22)
LENGTH_OF_CNN = 11
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
    key: dict[str, Any], args: argparse.Namespace, readers: dict[str, Any]
) -> dict[str, Any]:
    """Train one model and test it; `readers` by corpus have another seed, and come to be here."""
    corpus = key["corpus"]
    if corpus not in readers:
        readers[corpus] = fitted(corpus, args, objective="real_x", random_state=100)
    parameters = {"rationale_length": key["length"], **OBJECTIVES[key["objective"]]}
    if key["encoder"] != "None":
        parameters |= {"encoder": key["encoder"], "embeddings": load_vectors()}
    clf = fitted(corpus, args, sampler="top_k", random_state=key["seed"], **parameters)
    texts, y = parts(corpus)[1]
    probabilities, masks = clf.predict_with_masks(texts)
    found: dict[str, Any] = {"words": round(float(masks.sum(axis=1).mean()), 2)}
    of_reader = readers[corpus].predict_proba(texts, masks)
    for whose, own in (("", probabilities), ("_of_reader", of_reader)):
        predicted = clf.classes_[own.argmax(axis=1)]
        found[f"accuracy{whose}"] = round(float(accuracy_score(y, predicted)), 4)
        found[f"log_loss{whose}"] = round(float(log_loss(y, own, labels=clf.classes_)), 4)
    return found | {"seconds": round(float(clf.history_["seconds"].sum()), 1)}


def plan(seeds: int) -> list[dict[str, Any]]:
    """Return what to train: quick models first."""
    quick = product(MAX_LENGTH, ["None"], LENGTHS, WITHOUT_ENCODER, range(seeds))
    slow = product(MAX_LENGTH, ["cnn"], [LENGTH_OF_CNN], OBJECTIVES, range(seeds))
    return [dict(zip(KEY, values, strict=True)) for values in (*quick, *slow)]


def table(rows: list[dict[str, Any]], corpus: str) -> str:
    """Return a row for each encoder, length and objective: means over the seeds."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row["corpus"] == corpus:
            groups.setdefault((row["encoder"], row["length"], row["objective"]), []).append(row)
    forms = {
        "accuracy": ".3f", "log_loss": ".3f", "accuracy_of_reader": ".3f",
        "log_loss_of_reader": ".3f", "words": ".1f", "seconds": ".0f",
    }  # fmt: skip
    lines = [
        [*map(str, key), *(format(np.mean([r[name] for r in own]), forms[name]) for name in forms)]
        for key, own in groups.items()
    ]
    return markdown(
        ["encoder", "asked", "objective", "accuracy", "log loss", "reader's accuracy",
         "reader's log loss", "words", "s"],
        lines,
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Train and test all models that are missing, and write the tables."""
    path = args.results / "objectives.csv"
    done = [{name: row[name] for name in KEY} for row in read_rows(path)]
    readers: dict[str, Any] = {}
    for key in plan(args.seeds):
        if key in done:
            continue
        row = key | measure(key, args, readers)
        append_row(path, row)
        show([row])
        write_circumstances(path, learned=LEARNED, tested=TESTED)
    rows = read_rows(path)
    fill_in(
        Path(__file__).parents[1] / "docs" / "objectives.md",
        [part for name, title in TITLES.items() for part in (f"### {title}", table(rows, name))],
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    add_common_options(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        args.memory = folder
        run(args)


if __name__ == "__main__":
    main()
