"""Passages: agreement with people on film reviews, and what three spans cost in accuracy.

    python benchmarks/passages.py --threads 1
    python benchmarks/passages.py --data movies --settings "spans, in context" --threads 2
    python benchmarks/passages.py --report

On ERASER's movies, settings learn from the 1,600 training reviews, whole, and are measured on the
validation split; beside them stands a linear model whose weights for the predicted class are
smoothed over the text. On 20 Newsgroups and IMDB, settings learn from the training texts and read
the test texts once. A setting that is measured already is left out. ``SKLEARN_IRX_DATA`` names the
folder of the corpora.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    add_common_options,
    append_row,
    class_weights,
    fill_in,
    heaviest,
    markdown,
    minilm_path,
    read_rows,
    show,
    write_circumstances,
)
from scipy.ndimage import gaussian_filter1d
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import LinearInit, Style, Training, Transformer
from sklearn_irx.datasets import load_corpus, load_rationale_corpus
from sklearn_irx.metrics import auprc_score, iou_f1_score, n_transitions, token_f1_score
from sklearn_irx.text import WhitespaceTokenizer

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
WIDTHS = (0, 2, 4, 8)  # of the Gaussian, in words
SHARE = 0.2  # of the words of a review
CORPORA = {"20newsgroups": (80, 11, "combined"), "imdb": (200, 14, "log_count_ratio")}
"""Words that are read of a text, words of a rationale, and what is best on late training texts."""
FIFTEEN, THREE = Style(max_spans=15), Style(max_spans=3)


def ratios(class_focus: float, smoothing: float | str = 4) -> LinearInit:
    """Start from regression on terms scaled by log-count ratios."""
    return LinearInit("log_count_ratio", class_focus=class_focus, smoothing=smoothing)


MOVIES: dict[str, dict[str, Any]] = {
    "words": {},
    "spans": {"style": FIFTEEN, "initialization": ratios(0)},
    "spans, for the predicted class": {"style": FIFTEEN, "initialization": ratios(1)},
    "the same, ends at punctuation": {
        "style": Style(max_spans=15, snap=0.5), "initialization": ratios(1),
    },
    "the same, learned width": {"style": FIFTEEN, "initialization": ratios(1, "learned")},
    "sentences, for the predicted class": {
        "style": "sentences", "initialization": ratios(1, "auto"),
    },
    "spans, in context, for the predicted class": {
        "style": FIFTEEN, "initialization": ratios(1), "encoder": "minilm",
        "training": Training(batch_size=16, max_epochs=3), "max_length": 1000,
    },
    "the same, learning from people": {
        "style": FIFTEEN, "initialization": ratios(1), "encoder": "minilm", "marked": True,
        "training": Training(batch_size=16, max_epochs=3), "max_length": 1000,
    },
}  # fmt: skip
"""Settings for the reviews that people marked; those in context are made if they are asked for."""
SPANS = {
    "words": {},
    "three spans": {"style": THREE},
    "words, for the predicted class": {"initialization__class_focus": 1},
    "three spans, for the predicted class": {"style": THREE, "initialization__class_focus": 1},
}
SLOW = tuple(name for name, setting in MOVIES.items() if "encoder" in setting)


def made(setting: dict[str, Any], threads: int, **others: Any) -> SelectiveRationaleClassifier:
    """Return the classifier of a setting."""
    given = {key: value for key, value in setting.items() if key != "marked"}
    if given.get("encoder") == "minilm":
        given["encoder"] = Transformer(minilm_path())
    common = {"sampler": "top_k", "random_state": 0, "n_threads": threads}
    return SelectiveRationaleClassifier().set_params(**{**common, **others, **given})


def baselines() -> list[dict[str, Any]]:
    """Smooth the weights of a linear model for the class that it predicts from the whole text."""
    (texts, y, _), (others, y_others, truth) = movies()
    tokenizer = WhitespaceTokenizer()
    tfidf = TfidfVectorizer(
        sublinear_tf=True, min_df=2, token_pattern=None, lowercase=False, tokenizer=str.split,
        preprocessor=str.lower,
    )  # fmt: skip
    start = time.perf_counter()
    model = make_pipeline(tfidf, LogisticRegression(C=10, max_iter=500)).fit(texts, y)
    predicted, weights = model.predict(others), class_weights(model)
    numbers = np.searchsorted(model.classes_, predicted)
    documents = [[word for word, *_ in tokenizer(text)] for text in others]
    nothing, rows = np.zeros(len(model.classes_)), []
    for width in WIDTHS:
        scores = np.full(truth.shape, np.nan)
        for row, words, number in zip(scores, documents, numbers, strict=True):
            values = np.array([weights.get(word, nothing)[number] for word in words])
            row[: len(words)] = gaussian_filter1d(values, width) if width else values
        lengths = np.array(list(map(len, documents)))
        masks = heaviest(scores, np.round(SHARE * lengths).astype(int))
        rows.append(
            agreement(
                f"linear model, width {width}", predicted == y_others, truth, masks, scores,
                lengths, time.perf_counter() - start,
            )
        )  # fmt: skip
    return rows


def movies() -> tuple[Any, Any]:
    """Load the training and the validation reviews, whole."""
    train, validation = (load_rationale_corpus("movies", part) for part in ("train", "val"))
    return train, validation


def agreement(
    name: str,
    right: np.ndarray,
    truth: np.ndarray,
    masks: np.ndarray,
    scores: np.ndarray,
    lengths: np.ndarray,
    seconds: float,
) -> dict[str, Any]:
    """Give a row of the table of film reviews."""
    width = min(masks.shape[1], truth.shape[1])
    masks, scores, truth = masks[:, :width], scores[:, :width], truth[:, :width]
    return {
        "setting": name,
        "accuracy": round(float(right.mean()), 4),
        "auprc": round(auprc_score(truth, scores, np.minimum(lengths, width)), 4),
        "token_f1": round(token_f1_score(truth, masks), 4),
        "iou_f1": round(iou_f1_score(truth, masks), 4),
        "share": round(float((masks.sum(axis=1) / lengths).mean()), 4),
        "spans": round(float(spans_of(masks).mean()), 2),
        "seconds": round(seconds, 1),
    }


def spans_of(masks: np.ndarray) -> np.ndarray:
    """Count the runs of selected words of each document."""
    return np.asarray(n_transitions(np.pad(masks, ((0, 0), (1, 1))), average=None)) / 2


def measure_movies(name: str, threads: int) -> dict[str, Any]:
    """Train one setting, and compare it with people."""
    (texts, y, marked), (others, y_others, truth) = movies()
    setting = MOVIES[name]
    clf = made(
        setting, threads, rationale_length=SHARE, tokenizer=WhitespaceTokenizer(),
        max_length=setting.get("max_length", truth.shape[1]),
    )  # fmt: skip
    start = time.perf_counter()
    clf.fit(texts, y, rationales=marked if setting.get("marked") else None)
    seconds = time.perf_counter() - start
    tokenized = clf.tokenize(others)
    probabilities, masks, scores = clf.predict_with_masks(tokenized, scores=True)
    right = clf.classes_[probabilities.argmax(axis=1)] == y_others
    return agreement(name, right, truth, masks, scores, tokenized.lengths, seconds)


def measure_spans(corpus: str, name: str, threads: int) -> dict[str, Any]:
    """Train one setting on a corpus, and read its test texts."""
    train, test = (load_corpus(corpus, subset=subset) for subset in ("train", "test"))
    max_length, length, model = CORPORA[corpus]
    training = Training(text_length=2000, learning_rate=1e-3)
    clf = made(
        SPANS[name], threads, rationale_length=length, max_length=max_length, training=training,
        initialization=model,
    )  # fmt: skip
    start = time.perf_counter()
    clf.fit(train.data, train.target)
    seconds = time.perf_counter() - start
    probabilities, masks = clf.predict_with_masks(test.data)
    right = clf.classes_[probabilities.argmax(axis=1)] == test.target
    return {
        "corpus": corpus,
        "setting": name,
        "accuracy": round(float(right.mean()), 4),
        "words": round(float(masks.sum(axis=1).mean()), 2),
        "spans": round(float(spans_of(masks).mean()), 2),
        "most_spans": int(spans_of(masks).max()),
        "seconds": round(seconds, 1),
    }


def report(results: Path) -> None:
    """Fill in the tables."""
    found = read_rows(results / "passages_movies.csv")
    order = [*(f"linear model, width {width}" for width in WIDTHS), *MOVIES]
    found = sorted(found, key=lambda row: order.index(row["setting"]))
    head = ["", "accuracy", "AUPRC", "token F1", "IOU F1", "share of words", "spans"]
    names = ("accuracy", "auprc", "token_f1", "iou_f1")
    lines = [
        [row["setting"], *(f"{row[name]:.3f}" for name in names), f"{row['share']:.2f}",
         f"{row['spans']:.1f}"]
        for row in found
    ]  # fmt: skip
    of_corpora = [
        [row["corpus"], row["setting"], f"{row['accuracy']:.3f}", f"{row['words']:.1f}",
         f"{row['spans']:.1f}"]
        for row in sorted(
            read_rows(results / "passages_spans.csv"),
            key=lambda row: (row["corpus"], list(SPANS).index(row["setting"])),
        )
    ]  # fmt: skip
    tables = [
        markdown(head, lines),
        markdown(["corpus", "", "accuracy", "words", "spans"], of_corpora),
    ]
    fill_in(DOCUMENT, ["\n\n".join(tables)], "passages")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=["movies", *CORPORA], default=None)
    parser.add_argument("--settings", nargs="+", help="some only, by their names")
    parser.add_argument("--report", action="store_true", help="fill in docs/metrics.md")
    add_common_options(parser)
    args = parser.parse_args()
    if args.report:
        report(args.results)
        return
    for corpus in args.data or ["movies", *CORPORA]:
        is_movies = corpus == "movies"
        path = args.results / f"passages_{'movies' if is_movies else 'spans'}.csv"
        done = {(row.get("corpus", "movies"), row["setting"]) for row in read_rows(path)}
        if is_movies and ("movies", f"linear model, width {WIDTHS[0]}") not in done:
            for row in baselines():
                append_row(path, row)
                show([row])
        quick = [name for name in MOVIES if name not in SLOW] if is_movies else list(SPANS)
        for name in args.settings or quick:
            if (corpus, name) in done or name not in (MOVIES if is_movies else SPANS):
                continue
            row = (
                measure_movies(name, args.threads)
                if is_movies
                else measure_spans(corpus, name, args.threads)
            )
            append_row(path, row)
            show([row])
        write_circumstances(path, data=corpus)


if __name__ == "__main__":
    main()
