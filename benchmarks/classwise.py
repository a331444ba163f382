"""How often as many words as a rationale has can be found for another class.

    python benchmarks/classwise.py --threads 1

Models learn from a part of the training texts, and find the words for each class in others of
them; test texts are not read. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
from itertools import product
from time import process_time
from typing import Any

import numpy as np
from common import add_common_options, show, trained_on_a_part, write

CORPORA = ("imdb", "20newsgroups")
MODELS: dict[str, dict[str, Any]] = {
    "words": {"style": "words"},
    "phrases": {"style": "phrases"},
    "passage": {"style": "passage"},
    "convolutions": {"encoder": "cnn"},
    "convolutions, CAR": {"encoder": "cnn", "objective": "car"},
}
ASKED = 1000


def measure(corpus: str, model: str, args: Any) -> dict[str, Any]:
    """Train one model, and ask it for the words for each class."""
    clf, others, y_others = trained_on_a_part(
        corpus, MODELS[model], documents=args.documents, asked=ASKED, threads=args.threads
    )
    start = process_time()
    own = clf.explain(others)
    seconds = process_time() - start
    documents = clf.explain(others, target="all")
    seconds_all = process_time() - start - seconds
    runners_up = [document[1] for document in documents]
    contested = [one.contested for one in documents if one.contested is not None]  # not empty
    return {
        "accuracy": np.mean([one.label == label for one, label in zip(own, y_others, strict=True)]),
        "words": np.mean([one.mask.sum() for one in own]),
        "another convinces": np.mean(contested),
        "runner-up convinces": np.mean([one.convinced for one in runners_up]),
        "probability of runner-up": np.mean([one.target_confidence for one in runners_up]),
        "CPU seconds, explain": seconds,
        "CPU seconds, all classes": seconds_all,
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=3000)
    add_common_options(parser)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for corpus, model in product(CORPORA, MODELS):
        found = {
            name: round(float(value), 3) for name, value in measure(corpus, model, args).items()
        }
        rows.append({"corpus": corpus, "model": model, **found})
        show(rows[-1:])
    write(args.results / "classwise.csv", rows, documents=args.documents, asked=ASKED)
    show(rows)


if __name__ == "__main__":
    main()
