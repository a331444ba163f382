"""Test accuracy of the fast formulation against the plain one, at the same sparsity penalty.

    python benchmarks/accuracy.py --corpus 20newsgroups
    python benchmarks/accuracy.py --corpus imdb --seeds 3
    python benchmarks/accuracy.py --corpus 20newsgroups --report

Plain is what a textbook would write: 32-bit convolutions at every position, torch's own dropout,
Adam on all word vectors at every step. Each finished model is a line of a CSV file in
``benchmarks/results/`` at once; a run that was stopped goes on where it was. ``SKLEARN_IRX_DATA``
names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from common import (
    MAX_LENGTH,
    add_common_options,
    append_row,
    convolutional,
    load_vectors,
    read_rows,
    sample,
    show,
    write_circumstances,
)

import sklearn_irx.components.training
import sklearn_irx.nn.selector
import sklearn_irx.nn.text_encoder
from sklearn_irx.components.encoders.cnn import ConvolutionalModule
from sklearn_irx.metrics import rationale_length
from sklearn_irx.nn.kernels.dropout import Dropout

LAMBDA1 = {"20newsgroups": 0.012, "imdb": 0.006}
FORMULATIONS = ("fast", "plain")


class DenseAdam(torch.optim.Adam):
    """Adam that moves every row of a word table at every step, its word in the batch or not."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:  # gradients are there after it only
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.is_sparse:
                    parameter.grad = parameter.grad.to_dense()
        super().step()
        return loss


def plain_dropout(self: Dropout, x: torch.Tensor) -> torch.Tensor:
    """Drop values as torch does."""
    return F.dropout(x, self.p, self.training)


def plain_scores(
    features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, dropout: float
) -> torch.Tensor:
    """Compute the last layers of the selector as torch does; `dropout` is 0 at inference."""
    return F.linear(F.dropout(F.relu(features), dropout), weight, bias)


def plain_masking(
    table: torch.Tensor, mask: torch.Tensor, which: torch.Tensor, dropout: float
) -> torch.Tensor:
    """Compute what the predictor sees of words as torch does."""
    return mask.unsqueeze(1) * F.dropout(F.relu(table)[which], dropout)


@contextmanager
def plain() -> Iterator[None]:
    """Let the package compute as a textbook would, where training has ``precision="float32"``."""
    with ExitStack() as patches:
        for owner, name, value in (
            (ConvolutionalModule, "plain", True),
            (sklearn_irx.components.training, "RowAdam", DenseAdam),
            (sklearn_irx.nn.selector, "scores_of", plain_scores),
            (sklearn_irx.nn.text_encoder, "masked_words", plain_masking),
            (Dropout, "forward", plain_dropout),
        ):
            patches.enter_context(patch.object(owner, name, value))
        yield


def measure(
    formulation: str, seed: int, train: Any, test: Any, settings: dict[str, Any]
) -> dict[str, Any]:
    """Train one model and test it, in the same formulation."""
    is_plain = formulation == "plain"
    clf = convolutional(random_state=seed).set_params(**settings)
    if is_plain:
        clf.set_params(training__precision="float32")
    with plain() if is_plain else nullcontext():
        start = time.perf_counter()
        clf.fit(train.data, train.target)
        seconds = time.perf_counter() - start
        probabilities, masks = clf.predict_with_masks(test.data)
    labels = clf.classes_[probabilities.argmax(axis=1)]
    return {
        "corpus": train.name, "formulation": formulation, "seed": seed,
        "lambda1": settings["lambda1"], "documents": len(train.data),
        "accuracy": round(float((labels == test.target).mean()), 4),
        "words": round(rationale_length(masks), 2), "seconds": round(seconds, 1),
    }  # fmt: skip


def run(path: Path, args: argparse.Namespace) -> None:
    """Train what is missing in a file, both formulations of a seed one after the other."""
    torch.set_num_threads(args.threads)
    train = sample(args.corpus, "train", args.documents)
    test = sample(args.corpus, "test", args.documents)
    finished = {
        (row["seed"], row["formulation"])
        for row in read_rows(path)
        if row["lambda1"] == args.lambda1 and row["documents"] == len(train.data)
    }
    missing = [
        key for key in product(range(args.seeds), FORMULATIONS) if key not in finished
    ]  # fmt: skip
    if not missing:
        return
    settings = {
        "max_length": MAX_LENGTH[args.corpus], "lambda1": args.lambda1,
        "training__validation_fraction": 0.2, "training__max_epochs": args.epochs,
        "n_threads": args.threads, "device": "cpu",
    }  # fmt: skip
    write_circumstances(path, corpus=args.corpus, settings=settings)
    vectors = load_vectors()
    for seed, formulation in missing:
        row = measure(formulation, seed, train, test, {**settings, "embeddings": vectors})
        append_row(path, row)
        print(
            f"seed {seed}, {formulation}: {row['accuracy']:.4f} with {row['words']:.1f} words, "
            f"{row['seconds']:.0f} s",
            flush=True,
        )


def report(path: Path) -> None:
    """Print means over the seeds that both formulations have, and what lies between them."""
    rows = read_rows(path)
    for lambda1, documents in dict.fromkeys((row["lambda1"], row["documents"]) for row in rows):
        by_key = {
            (row["formulation"], row["seed"]): row
            for row in rows
            if (row["lambda1"], row["documents"]) == (lambda1, documents)
        }
        seeds = [s for f, s in by_key if f == "fast" and ("plain", s) in by_key]
        if not seeds:
            continue
        means = {
            formulation: {
                name: float(np.mean([by_key[formulation, seed][name] for seed in seeds]))
                for name in ("accuracy", "words", "seconds")
            }
            for formulation in FORMULATIONS
        }
        print(f"\n{path.stem}: lambda1 {lambda1:g}, {documents:,} documents, {len(seeds)} seeds")
        show([{"": formulation, **of} for formulation, of in means.items()])
        gains = [
            by_key["fast", seed]["accuracy"] - by_key["plain", seed]["accuracy"] for seed in seeds
        ]
        print(
            f"fast minus plain: {np.mean(gains):+.4f} "
            f"({min(gains):+.4f} to {max(gains):+.4f} over seeds)"
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", choices=list(MAX_LENGTH), default="20newsgroups")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--lambda1", type=float, help="sparsity penalty; 0.012 or, of imdb, 0.006")
    parser.add_argument("--documents", type=int, help="train and test on so many only")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--report", action="store_true", help="show what is there")
    add_common_options(parser)
    args = parser.parse_args()
    if args.lambda1 is None:
        args.lambda1 = LAMBDA1[args.corpus]
    path = args.results / f"accuracy-{args.corpus}.csv"
    if not args.report:
        run(path, args)
    report(path)


if __name__ == "__main__":
    main()
