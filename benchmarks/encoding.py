"""What selectors encode whose code is known, by EVAL-X, encoding and arguability.

    python benchmarks/encoding.py --data imdb
    python benchmarks/encoding.py --data 20newsgroups
    python benchmarks/encoding.py --report

Selectors without training: words at random, the first words, and the words with the largest weights
of a linear model fitted on the training texts, for any class, for the class that it finds in the
whole text, for the true class, or for a class drawn by lot. They choose words of test texts.
``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    MAX_LENGTH,
    RESULTS,
    class_weights,
    fill_in,
    heaviest,
    markdown,
    read_rows,
    sample,
    show,
    write,
    written,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_irx.datasets import load_corpus
from sklearn_irx.metrics import (
    RandomMaskReader,
    arguability_score,
    encoding_score,
    evalx_score,
    random_masks,
)
from sklearn_irx.text import AlphanumericTokenizer

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
MARKS = "encoding"
TOKENIZER = AlphanumericTokenizer()
SHOWN = {"imdb": (5, 14), "20newsgroups": (11,)}
"""Words of a rationale."""
TITLES = {"imdb": "IMDB", "20newsgroups": "20 Newsgroups"}
LENGTHS = (1, 2, 3, 5, 11, 14)
"""Words of a rationale for arguability."""
C = 10.0  # of the logistic regression
READERS = {"linear": "linear model", "evalx": "reader of EVAL-X"}


def fit_linear(corpus: str) -> Pipeline:
    """Fit logistic regression on TF-IDF of single words of all training texts."""
    loaded = load_corpus(corpus)
    tfidf = TfidfVectorizer(analyzer=TOKENIZER.words, sublinear_tf=True, min_df=2)
    model = make_pipeline(tfidf, LogisticRegression(C=C, max_iter=300))
    return model.fit(loaded.data, loaded.target)


def weigh(model: Pipeline, texts: list[str], width: int) -> np.ndarray:
    """Give what each word says for each class, (n_classes, n_texts, width), nan past the end."""
    weights, unknown = class_weights(model), np.zeros(len(model.classes_))
    scores = np.full((len(unknown), len(texts), width), np.nan)
    for i, text in enumerate(texts):
        for j, word in enumerate(TOKENIZER.words(text)):
            scores[:, i, j] = weights.get(word, unknown)
    return scores


def selectors(
    scores: np.ndarray, found: np.ndarray, true: np.ndarray, n_words: int
) -> dict[str, Callable[[], np.ndarray]]:
    """Give the selectors by name; `found` and `true` are classes of the texts."""
    rows, lengths = np.arange(len(found)), (~np.isnan(scores[0])).sum(axis=1)
    numbers = np.minimum(lengths, n_words)
    lot = np.random.RandomState(0).randint(len(scores), size=len(found))
    return {
        "at random": lambda: random_masks(lengths, n_words, random_state=0),
        "first words": lambda: np.arange(scores.shape[2]) < numbers[:, None],
        "largest weights, any class": lambda: heaviest(scores.max(axis=0), numbers),
        "for the class of the whole text": lambda: heaviest(scores[found, rows], numbers),
        "for the true class": lambda: heaviest(scores[true, rows], numbers),
        "for a class drawn by lot": lambda: heaviest(scores[lot, rows], numbers),
    }


def run(corpus: str, args: argparse.Namespace) -> None:
    """Choose words, measure, and write it down."""
    linear = fit_linear(corpus)
    loaded = load_corpus(corpus)
    reader = RandomMaskReader(tokenizer=TOKENIZER, random_state=0).fit(loaded.data, loaded.target)
    test = sample(corpus, "test", args.documents)
    texts, y = test.data, test.target
    scores = weigh(linear, texts, max(len(TOKENIZER.words(text)) for text in texts))
    found = linear.predict_proba(texts).argmax(axis=1)
    true = np.searchsorted(linear.classes_, y)
    rows: list[dict[str, Any]] = []
    for n_words in SHOWN[corpus]:
        for name, select in selectors(scores, found, true, n_words).items():
            masks = select()
            encoding = encoding_score(texts, y, masks, tokenizer=TOKENIZER, random_state=0)
            evalx = evalx_score(reader, texts, y, masks, tokenizer=TOKENIZER)
            figures = {
                **encoding._asdict(),
                "evalx_accuracy": evalx.accuracy,
                "evalx_log_likelihood": evalx.log_likelihood,
            }
            row = {"corpus": corpus, "shown": n_words, "selector": name}
            rows.append({**row, **{k: round(v, 4) for k, v in figures.items()}})
            show(rows[-1:])
    told = {
        "documents": [len(loaded.data), len(texts)], "words_read": MAX_LENGTH[corpus], "C": C,
        "accuracy": round(float((found == true).mean()), 4),
        "evalx_of_all_words": round(evalx_score(reader, texts, y).accuracy, 4),
    }  # fmt: skip
    write(args.results / f"encoding_{corpus}.csv", rows, **told)
    argued = []
    for n_words in LENGTHS:
        options: dict[str, Any] = {"n_words": n_words, "tokenizer": TOKENIZER}
        shares = {
            name: round(float(arguability_score(one, texts, **options)), 4)
            for name, one in zip(READERS, (linear, reader), strict=True)
        }
        argued.append({"corpus": corpus, "shown": n_words, **shares})
        show(argued[-1:])
    write(args.results / f"arguability_{corpus}.csv", argued, **told)


def report(folder: Path) -> None:
    """Write the tables into the documentation."""
    sections = []
    for corpus, title in TITLES.items():
        lines = [
            [
                f"{row['shown']}", row["selector"],
                f"{row['score']:.3f} [{row['low']:.3f}, {row['high']:.3f}]",
                f"{row['selected']:.2f}", f"{row['words']:.2f}",
                f"{row['evalx_accuracy']:.3f}", f"{row['evalx_log_likelihood']:.2f}",
            ]
            for row in read_rows(folder / f"encoding_{corpus}.csv")
        ]  # fmt: skip
        headings = [
            "words", "chosen", "encoding in nats", "readers of choices", "readers of words",
            "EVAL-X accuracy", "EVAL-X log-likelihood",
        ]  # fmt: skip
        sections.append((f"On {title}", "", markdown(headings, lines) if lines else ""))
    argued = {
        title: rows
        for corpus, title in TITLES.items()
        if (rows := read_rows(folder / f"arguability_{corpus}.csv"))
    }
    lines = [
        [f"{n_words}", *(f"{rows[i][who]:.3f}" for rows in argued.values() for who in READERS)]
        for i, n_words in enumerate(LENGTHS)
    ]
    columns = [f"{title}, {who}" for title in argued for who in READERS.values()]
    table = markdown(["words", *columns], lines) if argued else ""
    sections.append(("In which share of the texts another class can be argued", "", table))
    fill_in(DOCUMENT, written(sections), MARKS)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=list(SHOWN), default="imdb")
    parser.add_argument("--documents", type=int, default=2000, help="test texts")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    parser.add_argument("--report", action="store_true", help="fill in docs/metrics.md")
    args = parser.parse_args()
    return report(args.results) if args.report else run(args.data, args)


if __name__ == "__main__":
    main()
