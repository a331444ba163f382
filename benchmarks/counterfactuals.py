"""How many words must change until a model says something else, and how long it takes to find out.

    python benchmarks/counterfactuals.py --threads 1

Models learn from a part of the training texts, and are asked about others of them; test texts are
not read. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
from itertools import product
from time import process_time
from typing import Any

import numpy as np
from common import add_common_options, show, trained_on_a_part, write

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.inspection import counterfactuals

CORPORA = ("imdb", "20newsgroups")
MODELS: dict[str, dict[str, Any]] = {"words": {}, "convolutions": {"encoder": "cnn"}}
CHANGES = ("hide", "add", "remove")
ASKED = 1000


def measure(clf: SelectiveRationaleClassifier, texts: list[str], change: str) -> dict[str, Any]:
    """Find what would change the predictions of a model."""
    start = process_time()
    documents = counterfactuals(clf, texts, change=change)
    seconds = process_time() - start
    found = [one for one in documents if one.found]
    sizes = [len(one.changes) for one in found]
    figures = {
        "words of a rationale": np.mean([one.own.mask.sum() for one in documents]),
        "found": len(found) / len(documents),
        "changes, median": np.median(sizes),
        "one change": np.mean(np.array(sizes) == 1) * len(found) / len(documents),
        "known to be fewest": np.mean([one.exact for one in found]),
        "CPU seconds": seconds,
    }
    return {name: round(float(value), 3) for name, value in figures.items()}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=3000)
    add_common_options(parser)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for corpus, model in product(CORPORA, MODELS):
        clf, texts, _ = trained_on_a_part(
            corpus, MODELS[model], documents=args.documents, asked=ASKED, threads=args.threads
        )
        for change in CHANGES:
            key = {"corpus": corpus, "model": model, "change": change}
            rows.append(key | measure(clf, texts, change))
            show(rows[-1:])
    write(args.results / "counterfactuals.csv", rows, documents=args.documents, asked=ASKED)


if __name__ == "__main__":
    main()
