"""What apostrophes and hyphens inside words do to accuracy.

    python benchmarks/words.py --threads 1

Models are trained on a part of the training texts and tested on others of them; test texts are not
read. All tokenizers see the same text. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
from itertools import product
from typing import Any

from common import add_common_options, convolutional, load_vectors, markdown, show, spread, write
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sklearn_irx.datasets import load_corpus
from sklearn_irx.metrics import rationale_length
from sklearn_irx.text import WordTokenizer

CORPORA = ("imdb", "20newsgroups")
TOKENIZERS = {
    "neither": {},
    "apostrophes": {"apostrophes": True},
    "hyphens": {"hyphens": True},
    "both": {"apostrophes": True, "hyphens": True},
}
MODELS = ("linear", "default", "GloVe")
TESTED = 5000


def measure(corpus: str, model: str, name: str, seed: int, args: Any) -> dict[str, Any]:
    """Train one model with one tokenizer and test it."""
    loaded = load_corpus(corpus)
    texts, others, y, y_others = train_test_split(
        loaded.data, loaded.target, train_size=args.documents, test_size=TESTED,
        stratify=loaded.target, random_state=seed,
    )  # fmt: skip
    tokenizer = WordTokenizer(**TOKENIZERS[name])
    if model == "linear":
        tfidf = TfidfVectorizer(analyzer=tokenizer.words, sublinear_tf=True)
        clf = make_pipeline(tfidf, LogisticRegression(C=10, max_iter=1000)).fit(texts, y)
        return {"accuracy": round(clf.score(others, y_others), 4), "words": ""}
    clf = convolutional(
        rationale_length=11, tokenizer=tokenizer, n_threads=args.threads, random_state=seed,
        embeddings=load_vectors() if model == "GloVe" else None,
    ).fit(texts, y)  # fmt: skip
    probabilities, masks = clf.predict_with_masks(others)
    accuracy = (clf.classes_[probabilities.argmax(axis=1)] == y_others).mean()
    return {"accuracy": round(float(accuracy), 4), "words": round(rationale_length(masks), 2)}


def table(rows: list[dict[str, Any]]) -> str:
    """Return mean, least and most accuracy of each tokenizer."""
    lines = []
    for corpus, model in product(CORPORA, MODELS):
        found = [row for row in rows if (row["corpus"], row["model"]) == (corpus, model)]
        cells = [
            spread([row for row in found if row["inside"] == name], "accuracy", ".3f")
            for name in TOKENIZERS
        ]
        lines.append([corpus, model, *cells])
    return markdown(["corpus", "model", *TOKENIZERS], lines)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    add_common_options(parser)
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed, corpus, model, name in product(range(args.seeds), CORPORA, args.models, TOKENIZERS):
        rows.append(
            {"corpus": corpus, "model": model, "inside": name, "seed": seed}
            | measure(corpus, model, name, seed, args)
        )
        show(rows[-1:])
    write(args.results / "words.csv", rows, documents=args.documents, tested=TESTED)
    print(table(rows))


if __name__ == "__main__":
    main()
