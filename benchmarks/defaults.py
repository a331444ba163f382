"""What a classifier with default parameters reaches on texts that nobody tuned it for.

    python benchmarks/defaults.py --threads 1

Beside it: TF-IDF of words and pairs with logistic regression, reading everything. The corpora are
cut into shapes that differ in number of documents, length of texts, and number and balance of
classes. All are training texts: one part is learned from, another is tested on, and no test split
is read. A run that was cut off goes on where it was. Tables go into docs/defaults.md and README.
``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import os
import re
import time
import warnings
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from common import add_common_options, fill_in, markdown, read_rows, show, tfidf_and_lr, write
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import LinearInit
from sklearn_irx.datasets import load_corpus
from sklearn_irx.exceptions import SelectionWarning

TESTED = 2000
MODELS: dict[str, dict[str, Any]] = {
    "TF-IDF": {},
    "words": {},
    "phrases": {"style": "phrases"},
    "passage": {"style": "passage"},
    "words, no bigrams": {"initialization": LinearInit(bigrams=False)},
    "words, cnn": {"encoder": "cnn"},
}
STYLES = ("TF-IDF", "words", "phrases", "passage")
HEADLINES = (
    ("film reviews", 600), ("film reviews", 2000), ("film reviews", 8000),
    ("one sentence of a review", 10_000), ("reviews, unequal ratings", 600),
    ("newsgroup posts", 2000), ("long film reviews", 1100),
)  # fmt: skip

Texts = tuple[list[str], np.ndarray]


class Shape(NamedTuple):
    """A corpus, how many of its documents are learned from, and what the texts are."""

    corpus: str
    documents: int
    texts: Callable[[], Texts]


@cache
def reviews() -> Texts:
    """Return whole film reviews of two classes."""
    corpus = load_corpus("imdb", max_words=None)
    return corpus.data, corpus.target


@cache
def sentences() -> Texts:
    """Return one sentence of 5 to 30 words of each review, with the label of the review."""
    texts, labels = [], []
    for text, label in zip(*reviews(), strict=True):
        found = [s for s in re.split(r"(?<=[.!?])\s+", text) if 5 <= len(s.split()) <= 30]
        if found:
            texts.append(found[-1])
            labels.append(label)
    return texts, np.array(labels)


def ratings() -> Texts:
    """Return reviews of three unequal classes: 65 % good, 20 % bad and 15 % mixed."""
    table = _table("imdb")
    rating = table["rating"].to_numpy()
    y = np.select(
        [rating >= 8, rating <= 2, (rating == 4) | (rating == 7)], ["good", "bad", "mixed"], ""
    )
    shares = {"good": 0.65, "bad": 0.2, "mixed": 0.15}
    n = min(int((y == name).sum() / share) for name, share in shares.items())
    rows = np.concatenate(
        [np.flatnonzero(y == name)[: int(n * share)] for name, share in shares.items()]
    )
    return [table["text"].iloc[row].replace("<br />", " ") for row in rows], y[rows]


@cache
def posts() -> Texts:
    """Return whole newsgroup posts of 20 classes, without headers, footers and quotes."""
    corpus = load_corpus("20newsgroups", max_words=None)
    return _with_words(corpus.data, corpus.target, 3)


def beginnings() -> Texts:
    """Return the first 20 words of posts."""
    texts, y = posts()
    return [" ".join(text.split()[:20]) for text in texts], y


def religion() -> Texts:
    """Return posts of three groups about religion, of unequal size."""
    texts, y = posts()
    rows = np.flatnonzero(
        np.isin(y, ["alt.atheism", "soc.religion.christian", "talk.religion.misc"])
    )
    rows = rows[(y[rows] != "alt.atheism") | (rows % 4 == 0)]
    return [texts[row] for row in rows], y[rows]


def senders() -> Texts:
    """Return posts by the 50 people who posted most; who wrote it?"""
    table = _table("20newsgroups")
    names = table["text"].str.extract(r"^From: (.*)$", flags=re.MULTILINE)[0]
    most = names.value_counts().index[:50]
    rows = np.flatnonzero(names.isin(most))
    bodies = [table["text"].iloc[row].partition("\n\n")[2] for row in rows]
    return _with_words(bodies, names.iloc[rows].to_numpy(dtype=str), 3)


def long_reviews() -> Texts:
    """Return film reviews of 770 words."""
    table = _table("eraser_movies")
    return table["text"].tolist(), table["label"].to_numpy(dtype=str)


SHAPES = (
    *(Shape("film reviews", n, reviews) for n in (200, 600, 2000, 8000)),
    *(Shape("one sentence of a review", n, sentences) for n in (200, 600, 2000, 10_000)),
    *(Shape("reviews, unequal ratings", n, ratings) for n in (200, 600, 2000)),
    *(Shape("newsgroup posts", n, posts) for n in (600, 2000)),
    Shape("first 20 words of posts", 2000, beginnings),
    Shape("three groups on religion", 600, religion),
    Shape("50 senders of posts", 1000, senders),
    *(Shape("long film reviews", n, long_reviews) for n in (200, 1100)),
)


def measure(shape: Shape, model: str, seed: int, n_threads: int) -> dict[str, Any]:
    """Train one model and test it on other texts."""
    texts, y = shape.texts()
    names, counts = np.unique(y, return_counts=True)
    n_tested = min(TESTED, len(y) - shape.documents)
    texts, others, y, y_others = train_test_split(
        texts, y, train_size=shape.documents, test_size=n_tested, stratify=y, random_state=seed
    )
    begin = time.perf_counter()
    clf: Any = tfidf_and_lr()
    if model != "TF-IDF":
        clf = SelectiveRationaleClassifier(**MODELS[model], n_threads=n_threads, random_state=seed)
    with threadpool_limits(n_threads), warnings.catch_warnings():
        warnings.simplefilter("ignore", SelectionWarning)
        clf.fit(texts, y)
    seconds = time.perf_counter() - begin
    predicted = clf.predict(others)
    found = {
        "classes": len(names),
        "largest_class": round(float(counts.max() / counts.sum()), 3),
        "length": round(float(np.mean([len(text.split()) for text in others])), 1),
        "accuracy": round(float(accuracy_score(y_others, predicted)), 4),
        "macro_f1": round(float(f1_score(y_others, predicted, average="macro")), 4),
        "seconds": round(seconds, 2),
        "words": "", "share": "", "pieces": "", "empty": "",
    }  # fmt: skip
    if model != "TF-IDF":
        rationales = clf.explain(others)
        lengths = np.array([rationale.mask.sum() for rationale in rationales])
        there = np.array([max(1, len(rationale.mask)) for rationale in rationales])
        pieces = [len(rationale.selected_spans) for rationale in rationales]
        known = [any(word in clf.vocabulary_ for word in r.tokens) for r in rationales]
        found |= {
            "words": round(float(lengths.mean()), 1),
            "share": round(float((lengths / there).mean()), 4),
            "pieces": round(float(np.mean(pieces)), 2),
            "empty": round(float(((lengths == 0) & known).mean()), 4),
        }
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """Return a row for each shape: accuracy and macro F1, words and pieces, seconds."""
    lines, models = [], [model for model in MODELS if any(row["model"] == model for row in rows)]
    for shape in SHAPES:
        found = {model: _means(rows, shape, model) for model in models}
        if not any(found.values()):
            continue
        some = next(filter(None, found.values()))
        cells = [f"{shape.corpus}, {shape.documents:,}"]
        cells.append(f"{some['classes']:.0f} classes, {some['length']:.0f} words")
        for means in found.values():
            shown = f"{means['words']:.1f} / {means['pieces']:.1f}; " if "words" in means else ""
            cells.append(
                f"{means['accuracy']:.3f} / {means['macro_f1']:.3f}; {shown}"
                f"{means['seconds']:.1f} s" if means else "–"
            )  # fmt: skip
        lines.append(cells)
    return markdown(["texts, learned from", "", *models], lines)


def headlines(rows: list[dict[str, Any]]) -> str:
    """Return a row for a few shapes: accuracy, and how many words it took."""
    lines = []
    for shape in SHAPES:
        found = [_means(rows, shape, model) for model in STYLES]
        if shape[:2] not in HEADLINES or not all(found):
            continue
        lines.append([f"{shape.corpus}, {shape.documents:,}", f"{found[0]['length']:.0f}"])
        lines[-1] += [f"{means['accuracy']:.3f}" for means in found]
        lines[-1] += [f"{found[1]['words']:.0f}", f"{found[2]['pieces']:.1f}"]
    return markdown(
        ["texts, learned from", "words of a text", "TF-IDF and LR, reading all", *STYLES[1:],
         "words shown", "pieces of phrases"],
        lines,
    )  # fmt: skip


def summary(rows: list[dict[str, Any]]) -> str:
    """Return a row for each model: means over the shapes, and how often it is behind TF-IDF."""
    lines = []
    for model in MODELS:
        both = [(_means(rows, s, model), _means(rows, s, "TF-IDF")) for s in SHAPES]
        both = [pair for pair in both if all(pair)]
        if not both:
            continue
        ours, theirs = (pd.DataFrame(list(side)) for side in zip(*both, strict=True))
        quality = ["accuracy", "macro_f1"]
        behind = (theirs[quality] - ours[quality]).max(axis=1)
        ratio = ours["seconds"] / theirs["seconds"]
        accuracy, f1 = ours[quality].mean()
        shown = ["–", "–", "–"]
        if "share" in ours:
            share, pieces, empty = ours["share"].mean(), ours["pieces"].mean(), ours["empty"].max()
            shown = [f"{100 * share:.0f} %", f"{pieces:.1f}", f"{100 * empty:.1f} %"]
        lines.append(
            [model, str(len(both)), f"{accuracy:.3f} / {f1:.3f}", f"{(behind > 0.01).sum()}",
             f"{100 * behind.max():.1f}", *shown, f"{ratio.median():.1f} / {ratio.max():.1f}"]
        )  # fmt: skip
    return markdown(
        [
            "", "shapes", "accuracy / macro F1", "more than a point behind", "most points behind",
            "words shown", "pieces", "empty, at most", "seconds, times TF-IDF's: median / most",
        ],
        lines,
    )  # fmt: skip


def _means(rows: list[dict[str, Any]], shape: Shape, model: str) -> dict[str, float]:
    """Return the means of a model over seeds, but the seconds of the first; empty without rows."""
    key = (shape.corpus, shape.documents, model)
    own = [row for row in rows if (row["corpus"], row["documents"], row["model"]) == key]
    if not own:
        return {}
    names = [name for name in own[0] if name not in ("corpus", "documents", "model", "seed")]
    means = {
        name: float(np.mean([row[name] for row in own])) for name in names if own[0][name] != ""
    }
    return means | {"seconds": float(own[0]["seconds"])}


@cache
def _table(name: str) -> pd.DataFrame:
    folder = os.environ.get("SKLEARN_IRX_DATA")
    if folder is None:
        raise SystemExit("SKLEARN_IRX_DATA is not set: give the folder of the corpora.")
    found = pd.read_parquet(Path(folder) / f"{name}.parquet")
    return found[found["split"] == "train"]


def _with_words(texts: list[str], y: np.ndarray, n: int) -> Texts:
    """Return the texts of `n` words and more."""
    rows = [row for row, text in enumerate(texts) if len(text.split()) >= n]
    return [texts[row] for row in rows], y[rows]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=STYLES)
    add_common_options(parser)
    args = parser.parse_args()
    path = args.results / "defaults.csv"
    rows = read_rows(path)
    # The first optimizer of a process takes torch some seconds, whatever it trains.
    SelectiveRationaleClassifier(n_threads=args.threads).fit(
        ["good film", "bad film"] * 8, [1, 0] * 8
    )
    done = {(row["corpus"], row["documents"], row["model"], row["seed"]) for row in rows}
    for seed, shape, model in product(range(args.seeds), SHAPES, args.models):
        key = (shape.corpus, shape.documents, model, seed)
        if key in done:
            continue
        names = dict(zip(("corpus", "documents", "model", "seed"), key, strict=True))
        rows.append(names | measure(shape, model, seed, args.threads))
        show(rows[-1:])
        write(path, rows, tested=TESTED)
    root = Path(__file__).parents[1]
    fill_in(root / "docs" / "defaults.md", [summary(rows), table(rows)])
    fill_in(root / "README.md", [headlines(rows)])


if __name__ == "__main__":
    main()
