"""Milliseconds of small requests, beside TF-IDF with logistic regression; from where threads pay.

    python benchmarks/latency.py requests
    python benchmarks/latency.py threads

What is compared runs in turn, request by request, in one process. "default" is ``n_threads=None``.
Results go to ``benchmarks/results/``. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from common import add_common_options, sample, show, write
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_irx import SelectiveRationaleClassifier

N_WARM = 5
WORDS = (12, 50, 200)
"""Words of a text of a request."""
TEXTS = (1, 4, 16, 32, 64, 128, 256)
"""Texts of a request, of 50 words each."""


def models(args: argparse.Namespace) -> dict[str, Any]:
    """Fit TF-IDF with logistic regression, and ours: the default, and with convolutions."""
    data = sample("imdb", "train", args.documents)
    ours = SelectiveRationaleClassifier(random_state=0)
    cnn = SelectiveRationaleClassifier(encoder="cnn", random_state=0)
    cnn.set_params(training__max_epochs=args.epochs)
    few = clone(cnn).set_params(encoder__n_filters=20)
    made = {
        "TF-IDF and LR": make_pipeline(TfidfVectorizer(), LogisticRegression()),
        "ours": ours,
        "ours, cnn": cnn,
        "ours, cnn of 20 filters": few,
    }
    return {name: model.fit(data.data, data.target) for name, model in made.items()}


def requests(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Time requests of one text, by its words, for each method and number of threads."""
    fitted = models(args)
    texts = sample("imdb", "test", args.requests + N_WARM).data
    rows = []
    for n_words in WORDS:
        cut = [[" ".join(text.split()[:n_words])] for text in texts]
        contenders: list[tuple[dict[str, Any], Callable[[Any], Any]]] = []
        for name, model in fitted.items():
            ours = name.startswith("ours")
            for n_threads in (None, 1, torch.get_num_threads()) if ours else (None,):
                for method in ("predict", "explain") if ours else ("predict",):
                    row = {"model": name, "method": method, "n_threads": n_threads or "default"}
                    contenders.append((row, asked(model, method, n_threads)))
        for row, seconds in in_turn(contenders, cut):
            rows.append({**row, "words": n_words, **figures(seconds)})
    return rows


def threads(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Time requests of more and more texts with one thread and with all."""
    fitted = models(args)
    texts = [" ".join(t.split()[:50]) for t in sample("imdb", "test", max(TEXTS) * 4).data]
    rows = []
    for n_texts in TEXTS:
        last = len(texts) - n_texts + 1
        several = [
            texts[first : first + n_texts]
            for first in np.linspace(0, last - 1, args.requests + N_WARM).astype(int)
        ]
        contenders = [
            ({"model": name, "n_threads": n_threads}, asked(model, "predict", n_threads))
            for name, model in fitted.items()
            if name.startswith("ours")
            for n_threads in (1, torch.get_num_threads())
        ]
        for row, seconds in in_turn(contenders, several):
            rows.append({**row, "texts": n_texts, "words": 50 * n_texts, **figures(seconds)})
    return rows


def asked(model: Any, method: str, n_threads: int | None) -> Callable[[Any], Any]:
    """Give a function that asks a model with a number of threads."""

    def ask(texts: Any) -> Any:
        if hasattr(model, "n_threads"):
            model.n_threads = n_threads
        return getattr(model, method)(texts)

    return ask


def in_turn(
    contenders: Sequence[tuple[dict[str, Any], Callable[[Any], Any]]], inputs: Sequence[Any]
) -> list[tuple[dict[str, Any], list[float]]]:
    """Give the seconds of each contender for each input, the first ones left out."""
    seconds: list[list[float]] = [[] for _ in contenders]
    for given in inputs:
        for (_, ask), spent in zip(contenders, seconds, strict=True):
            start = time.perf_counter()
            ask(given)
            spent.append(time.perf_counter() - start)
    return [(row, spent[N_WARM:]) for (row, _), spent in zip(contenders, seconds, strict=True)]


def figures(seconds: Sequence[float]) -> dict[str, float]:
    """Give milliseconds: the least, the median, and what one request in twenty exceeds."""
    least, median, high = 1000 * np.quantile(seconds, [0, 0.5, 0.95])
    return {"ms_least": least, "ms_median": median, "ms_95": high}


def main() -> None:
    """Run a comparison, show it and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["requests", "threads"])
    parser.add_argument("--documents", type=int, default=5000, help="to train on")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--requests", type=int, default=200)
    add_common_options(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = {"requests": requests, "threads": threads}[args.what](args)
    show(rows)
    write(args.results / f"latency-{args.what}.csv", rows)


if __name__ == "__main__":
    main()
