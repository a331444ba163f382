"""Whether words for a wrong class convince: plain training beside CAR, from random weights.

    python benchmarks/arguing.py --threads 1

On generated texts, of which some have phrases of another class.
"""

from __future__ import annotations

import argparse
from itertools import product
from typing import Any

import numpy as np
from common import add_common_options, show, write

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import token_f1_score

TEXTS = {"n_classes": 4, "n_words": 60, "random_state": 0}
ASKED = 500
LENGTH = 6


def measure(objective: str | None, encoder: str, seed: int, args: Any) -> dict[str, Any]:
    """Train one model, and ask it for the words for each class."""
    n = args.documents
    texts, y, masks = make_rationale_classification(n + ASKED, **TEXTS)
    clf = SelectiveRationaleClassifier(
        rationale_length=LENGTH, encoder=encoder, initialization=None, objective=objective,
        training=Training(batch_size=32, dropout=0.2, max_epochs=14), n_threads=args.threads,
        random_state=seed,
    )  # fmt: skip
    clf.fit(texts[:n], y[:n])
    texts, y, masks = texts[n:], y[n:], masks[n:]
    found = clf.transform(texts)
    wrong = [
        one
        for document, label in zip(clf.explain(texts, target="all"), y, strict=True)
        for one in document
        if one.target != label
    ]
    figures = {
        "accuracy": clf.score(texts, y),
        "token_f1": token_f1_score(masks, found[:, : masks.shape[1]]),
        "convinced": np.mean([one.convinced for one in wrong]),
        "seconds": clf.history_["seconds"].sum(),
    }
    return {name: float(f"{value:.3g}") for name, value in figures.items()}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=2)
    add_common_options(parser)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for encoder, objective, seed in product(("cnn", "rnn"), (None, "car"), range(args.seeds)):
        key = {"encoder": encoder, "objective": str(objective), "seed": seed}
        rows.append(key | measure(objective, encoder, seed, args))
        show(rows[-1:])
    write(args.results / "arguing.csv", rows, documents=args.documents, asked=ASKED)


if __name__ == "__main__":
    main()
