"""What reading words that training did not see by their vectors gains and costs.

    python benchmarks/unseen_words.py --threads 1

Each model is trained on 20 Newsgroups with GloVe vectors, 11 words asked for, and read with its
``max_unseen_words`` at 0 and at the default. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import pickle
import time
from itertools import product
from typing import Any

import numpy as np
from common import MAX_LENGTH, add_common_options, convolutional, load_vectors, sample, show, write

from sklearn_irx.metrics import rationale_length
from sklearn_irx.text import WordVectors

CORPUS = "20newsgroups"
MODELS: dict[str, tuple[int | None, dict[str, Any]]] = {
    "default": (None, {}),
    "min_df=2": (None, {"min_df": 2}),
    "2,000 texts": (2000, {}),
    "2,000 texts, initialization=None": (2000, {"initialization": None}),
}
"""Training texts, None being all, and what is not as by default."""
LIMITS = (0, 50_000)


def measure(
    model: str, seed: int, limit: int, test: Any, vectors: WordVectors, threads: int
) -> dict[str, Any]:
    """Train one model and test it."""
    documents, parameters = MODELS[model]
    train = sample(CORPUS, "train", documents)
    clf = convolutional(
        rationale_length=11, max_length=MAX_LENGTH[CORPUS], embeddings=vectors, n_threads=threads,
        max_unseen_words=limit, random_state=seed, **parameters,
    ).fit(train.data, train.target)  # fmt: skip
    tokenized = clf.tokenize(test.data)
    start = time.perf_counter()
    probabilities, masks = clf.predict_with_masks(tokenized)
    seconds = time.perf_counter() - start
    labels = clf.classes_[probabilities.argmax(axis=1)]
    unseen = clf.vocabulary_.lookup(tokenized.words) >= len(clf.vocabulary_)
    unseen_words = unseen[tokenized.numbers]
    selected = masks[np.arange(masks.shape[1]) < tokenized.lengths[:, None]]
    # The vectors that the parameter names are not the model's own.
    size = len(pickle.dumps(clf.set_params(embeddings=None)))
    return {
        "model": model, "seed": seed, "max_unseen_words": limit,
        "accuracy": round(float((labels == test.target).mean()), 4),
        "words": round(rationale_length(masks), 2),
        "unseen_words": round(float(unseen_words.mean()), 4),
        "unseen_words_selected": round(float(selected[unseen_words].mean()) if limit else 0.0, 4),
        "megabytes": round(size / 1e6, 1), "seconds_to_read": round(seconds, 2),
    }  # fmt: skip


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    add_common_options(parser)
    args = parser.parse_args()
    test, vectors = sample(CORPUS, "test", None), load_vectors()
    rows = []
    for model, seed, limit in product(MODELS, range(args.seeds), LIMITS):
        rows.append(measure(model, seed, limit, test, vectors, args.threads))
        show(rows[-1:])
    write(args.results / "unseen_words.csv", rows, corpus=CORPUS, documents=len(test.data))
    show(rows)


if __name__ == "__main__":
    main()
