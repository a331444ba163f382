"""How well words for and against a class are found where both are known, and how often on texts.

    python benchmarks/sides.py --threads 1

Generated reviews have words that stand in reviews of one class alone, mostly of their own, some of
another. On real texts, models learn from a part of the training texts and are asked of others of
them; test texts are not read. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from time import process_time
from typing import Any

import numpy as np
from common import add_common_options, show, trained_on_a_part, write

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.inspection import BothSides, explain_documents
from sklearn_irx.text import WordTokenizer

MODELS: dict[str, dict[str, Any]] = {
    "words": {},
    "convolutions": {"encoder": "cnn"},
    "convolutions from scratch": {"encoder": "cnn", "initialization": None},
    "GRU from scratch": {"encoder": "rnn", "initialization": None},
}
CLASSES = (2, 4)
CORPORA = ("imdb", "20newsgroups")
ASKED = 1000
REVIEWS = 1200
LENGTH = 8


def generated(n_classes: int, model: str, seed: int, threads: int) -> dict[str, Any]:
    """Train on generated reviews, and compare both sides with the words of their classes."""
    texts, y, _ = make_rationale_classification(
        REVIEWS + ASKED, n_classes=n_classes, n_words=80, n_cues=4, difficulty=0.6,
        random_state=seed,
    )  # fmt: skip
    clf = SelectiveRationaleClassifier(
        **MODELS[model], rationale_length=LENGTH, n_threads=threads, random_state=seed
    ).fit(texts[:REVIEWS], y[:REVIEWS])
    sides, seconds = asked(clf, texts[REVIEWS:])
    words = words_of_classes(n_classes)
    found: dict[str, list[float]] = {"supporting": [], "opposing": []}
    for one, (name, scores) in product(sides, found.items()):
        side = getattr(one, name)
        truth = np.array([word in words[side.target] for word in side.tokens])
        if truth.any():
            scores.append(2 * (truth & side.mask).sum() / (truth.sum() + side.mask.sum()))
    return {
        "accuracy": clf.score(texts[REVIEWS:], y[REVIEWS:]),
        "F1 for": np.mean(found["supporting"]),
        "F1 against": np.mean(found["opposing"]),
        "texts with words against": len(found["opposing"]),
        **figures(sides),
        "CPU seconds": seconds,
    }


def real(corpus: str, model: str, documents: int, threads: int) -> dict[str, Any]:
    """Train on a part of a corpus, and count how often words speak against."""
    clf, others, y_others = trained_on_a_part(
        corpus, MODELS[model], documents=documents, asked=ASKED, threads=threads
    )
    sides, seconds = asked(clf, others)
    return {
        "accuracy": np.mean([one.own.label == y for one, y in zip(sides, y_others, strict=True)]),
        **figures(sides),
        "CPU seconds": seconds,
    }


def asked(clf: Any, texts: Sequence[str]) -> tuple[list[BothSides], float]:
    """Find both sides of texts, and how long that took."""
    start = process_time()
    documents = explain_documents(clf, texts, against=True)
    return [one.sides for one in documents], process_time() - start


def figures(sides: Sequence[BothSides]) -> dict[str, Any]:
    """Compute how many words the sides have, and how often those against convince."""
    against = [one.opposing for one in sides]
    return {
        "words, own": np.mean([one.own.mask.sum() for one in sides]),
        "words for": np.mean([one.supporting.mask.sum() for one in sides]),
        "words against": np.mean([one.mask.sum() for one in against]),
        "share with words against": np.mean([one.mask.any() for one in against]),
        "share convinced": np.mean([bool(one.mask.any() and one.convinced) for one in against]),
    }


def words_of_classes(n_classes: int) -> dict[str, set[str]]:
    """Return the words that stand in reviews of one class alone."""
    words: dict[str, set[str]] = {}
    tokenizer = WordTokenizer()
    made = make_rationale_classification(
        5000, n_classes=n_classes, n_words=60, difficulty=0, random_state=0
    )
    for text, label, mask in zip(*made, strict=True):
        tokens = np.array(tokenizer.words(text))
        words.setdefault(label, set()).update(tokens[mask[: len(tokens)]].tolist())
    return words


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=3000, help="of a corpus, to learn from")
    parser.add_argument("--seeds", type=int, default=3, help="of generated reviews")
    add_common_options(parser)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []

    def add(found: dict[str, Any], **names: Any) -> None:
        rows.append({**names, **{name: round(float(value), 3) for name, value in found.items()}})
        show(rows[-1:])

    for n_classes, model, seed in product(CLASSES, MODELS, range(args.seeds)):
        found = generated(n_classes, model, seed, args.threads)
        add(found, corpus=f"generated, {n_classes} classes", model=model, seed=seed)
    for corpus, model in product(CORPORA, list(MODELS)[:2]):
        found = real(corpus, model, args.documents, args.threads)
        add(found, corpus=corpus, model=model, seed=0)
    write(args.results / "sides.csv", rows, documents=args.documents, asked=ASKED)


if __name__ == "__main__":
    main()
