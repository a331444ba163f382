"""What the words that people marked in some reviews teach a selector.

    python benchmarks/annotations.py --threads 1
    python benchmarks/annotations.py --report

Models of words alone learn from all training reviews of ERASER's movies and their labels, and from
the rationales of some of them. They are measured on the validation split. ``SKLEARN_IRX_DATA``
names the folder of the corpora. `--report` writes the table into the user guide.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from common import add_common_options, fill_in, markdown, read_rows, show, spread, write

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import load_rationale_corpus
from sklearn_irx.metrics import auprc_score, token_f1_score
from sklearn_irx.text import WhitespaceTokenizer

DOCUMENT = Path(__file__).parents[1] / "docs" / "user_guide.md"
MARKS = "annotations"
N_MARKED = (0, 10, 50, 200, 1600)
MAX_WORDS = 800
LENGTH = 0.2
"""Share of the words that a rationale has."""


def measure(n_marked: int, seed: int, parts: Any, threads: int) -> dict[str, Any]:
    """Train one model, and compare its selection with what people marked in other reviews."""
    (texts, y, masks), (others, y_others, masks_true) = parts
    rationales: list[Any] = [None] * len(texts)
    for row in np.random.RandomState(seed).permutation(len(texts))[:n_marked]:
        rationales[row] = masks[row]
    clf = SelectiveRationaleClassifier(
        tokenizer=WhitespaceTokenizer(), max_length=MAX_WORDS, rationale_length=LENGTH,
        n_threads=threads, random_state=seed,
    )  # fmt: skip
    start = time.perf_counter()
    clf.fit(texts, y, rationales=rationales)
    seconds = time.perf_counter() - start
    tokenized = clf.tokenize(others)
    probabilities, selected, scores = clf.predict_with_masks(tokenized, scores=True)
    return {
        "marked": n_marked,
        "seed": seed,
        "auprc": round(auprc_score(masks_true, scores, tokenized.lengths), 4),
        "token_f1": round(token_f1_score(masks_true, selected), 4),
        "accuracy": round(
            float((clf.classes_[probabilities.argmax(axis=1)] == y_others).mean()), 4
        ),
        "words": round(float(selected.sum(axis=1).mean()), 1),
        "seconds": round(seconds, 1),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Give mean, least and most over the seeds for each number of marked reviews."""
    names = {"auprc": ".3f", "token_f1": ".3f", "accuracy": ".3f"}
    lines = []
    for n_marked in dict.fromkeys(row["marked"] for row in rows):
        own = [row for row in rows if row["marked"] == n_marked]
        lines.append([f"{n_marked:,}", *(spread(own, name, form) for name, form in names.items())])
    return markdown(["reviews marked", "AUPRC", "token F1", "accuracy"], lines)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="write the table into the guide")
    add_common_options(parser)
    args = parser.parse_args()
    path = args.results / "annotations.csv"
    if args.report:
        fill_in(DOCUMENT, [table(read_rows(path))], MARKS)
        return
    parts = [
        load_rationale_corpus("movies", part, max_words=MAX_WORDS) for part in ("train", "val")
    ]
    rows: list[dict[str, Any]] = []
    for n_marked, seed in product(N_MARKED, range(args.seeds)):
        rows.append(measure(n_marked, seed, parts, args.threads))
        show(rows[-1:])
    write(path, rows, corpus="movies", documents=[len(part[0]) for part in parts])
    print(table(rows))


if __name__ == "__main__":
    main()
