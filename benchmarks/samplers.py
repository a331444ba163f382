"""Every sampler at the same lengths: accuracy, length reached, agreement with people, time.

    python benchmarks/samplers.py --data 20newsgroups --jobs 2
    python benchmarks/samplers.py --data movies --jobs 2
    python benchmarks/samplers.py --report

Each finished model is a line of a CSV file in ``benchmarks/results/`` at once; a run that was
stopped goes on where it was. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from common import RESULTS, append_row, convolutional, read_rows, write_circumstances
from tqdm import tqdm

from sklearn_irx.datasets import load_corpus, load_rationale_corpus
from sklearn_irx.metrics import n_transitions, rationale_length, token_f1_score
from sklearn_irx.text import AlphanumericTokenizer, WhitespaceTokenizer, WordVectors

CORPORA = {"20newsgroups": 80, "movies": 300}
"""Words of a document that are read."""
COMMON = {
    "encoder__n_filters": 50, "predictor__hidden_size": 50, "training__max_epochs": 4,
    "training__learning_rate": 3e-3, "n_threads": 1,
}  # fmt: skip
"""What all models have in common: half of the default's filters, so that all run in an hour."""
BATCH_SIZES = {"20newsgroups": 128, "movies": 16}
"""About 90 steps an epoch on either corpus."""
VARIANTS: dict[str, dict[str, Any]] = {
    "straight_through": {},
    "gumbel": {"sampler": "gumbel"},
    "reinforce": {"sampler": "reinforce"},
    "hard_kuma": {"sampler": "hard_kuma"},
    "sparsemap": {"sampler": "sparsemap"},
    "top_k": {"sampler": "top_k"},
    "top_k, one window": {"sampler": "top_k", "sampler__contiguous": True},
    "straight_through, closed up": {"predictor__input": "compact"},
    "straight_through, full size": {
        "encoder__n_filters": 100, "predictor__hidden_size": 100, "training__max_epochs": 6,
    },
}  # fmt: skip


def load(corpus: str) -> dict[str, Any]:
    """Give training and test texts, labels, and the words that people marked, if they did."""
    limit = CORPORA[corpus]
    tokenizer: WhitespaceTokenizer | AlphanumericTokenizer
    masks = None
    if corpus == "movies":
        tokenizer = WhitespaceTokenizer()
        train = load_rationale_corpus("movies", "train", max_words=limit)[:2]
        *test, masks = load_rationale_corpus("movies", "val", max_words=limit)
    else:
        tokenizer = AlphanumericTokenizer()
        train, test = (
            (loaded.data, loaded.target)
            for subset in ("train", "test")
            for loaded in [load_corpus(corpus, subset=subset, max_words=limit)]
        )
    return {
        "train": train, "test": test, "masks": masks,
        "vectors": WordVectors.train([tokenizer.words(text) for text in train[0]], seed=0),
        "settings": {
            "tokenizer": tokenizer, "max_length": limit,
            "training__batch_size": BATCH_SIZES[corpus],
        },
    }  # fmt: skip


def measure(
    corpus: dict[str, Any], variant: str, settings: dict[str, Any], asked: float, seed: int
) -> dict[str, Any]:
    """Train one model and look at it."""
    clf = convolutional(
        embeddings=corpus["vectors"], rationale_length=asked, random_state=seed
    ).set_params(**COMMON, **corpus["settings"]).set_params(**settings)  # fmt: skip
    start = time.perf_counter()
    clf.fit(*corpus["train"])
    seconds = time.perf_counter() - start
    texts, y = corpus["test"]
    probabilities, masks = clf.predict_with_masks(texts)
    f1 = "" if corpus["masks"] is None else round(token_f1_score(corpus["masks"], masks), 4)
    return {
        "variant": variant, "asked": asked, "seed": seed,
        "accuracy": round(float((clf.classes_[probabilities.argmax(axis=1)] == y).mean()), 4),
        "words": round(rationale_length(masks), 2),
        "valid_words": round(float(clf.history_["valid_words"][clf.history_["best"]][-1]), 2),
        "borders": round(n_transitions(masks, [len(spans) for spans in clf.word_spans(texts)]), 2),
        "empty": round(float((~masks.any(axis=1)).mean()), 4),
        "token_f1": f1, "seconds": round(seconds, 1),
    }  # fmt: skip


def run(path: Path, corpus: str, variants: dict[str, Any], args: argparse.Namespace) -> None:
    """Train what is missing in a file, and add it line by line."""
    finished = {(row["variant"], row["asked"], row["seed"]) for row in read_rows(path)}
    missing = [
        (variant, length, seed)
        for seed, length, variant in product(range(args.seeds), args.lengths, variants)
        if (variant, length, seed) not in finished
    ]
    if not missing:
        return
    settings = {**COMMON, "training__batch_size": BATCH_SIZES[corpus]}
    write_circumstances(path, corpus=corpus, words_read=CORPORA[corpus], settings=settings)
    loaded = load(corpus)
    jobs = (
        joblib.delayed(measure)(loaded, variant, variants[variant], length, seed)
        for variant, length, seed in missing
    )
    parallel = joblib.Parallel(n_jobs=args.jobs, return_as="generator_unordered")
    for row in tqdm(parallel(jobs), total=len(missing), desc=path.stem):
        append_row(path, row)


def report() -> None:
    """Print tables of what is there, and draw it."""
    for path in sorted(RESULTS.glob("samplers_*.csv")):
        rows = read_rows(path)
        print(f"\n{path.stem}\n")
        print("| | asked | accuracy (least to most) | words | transitions | empty | token F1 | s |")
        print("|---|---|---|---|---|---|---|---|")
        for asked in sorted({row["asked"] for row in rows}):
            for variant in dict.fromkeys(row["variant"] for row in rows):
                of = [r for r in rows if r["variant"] == variant and r["asked"] == asked]
                if not of:
                    continue
                accuracy = sorted(r["accuracy"] for r in of)
                cells = [variant, f"{asked:g}", f"{np.mean(accuracy):.3f}"]
                if len(of) > 1:
                    cells[-1] += f" ({accuracy[0]:.3f} to {accuracy[-1]:.3f})"
                for name, form in (
                    ("words", ".1f"), ("borders", ".1f"), ("empty", ".1%"), ("token_f1", ".3f"),
                    ("seconds", ".0f"),
                ):  # fmt: skip
                    values = [r[name] for r in of if r[name] != ""]
                    cells.append(format(np.mean(values), form) if values else "–")
                print("| " + " | ".join(cells) + " |")
    plot()


def plot() -> None:
    """Draw accuracy against length, and on the reviews agreement with people."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    panels = [("20newsgroups", "accuracy"), ("movies", "accuracy"), ("movies", "token_f1")]
    for ax, (corpus, what) in zip(axes, panels, strict=True):
        rows = read_rows(RESULTS / f"samplers_{corpus}.csv")
        for variant in dict.fromkeys(row["variant"] for row in rows):
            points = []
            for asked in sorted({row["asked"] for row in rows}):
                of = [r for r in rows if r["variant"] == variant and r["asked"] == asked]
                words, values = (np.array([r[name] for r in of]) for name in ("words", what))
                if len(of):
                    points.append((words.mean(), values.mean(), np.ptp(values) / 2))
            x, y, error = np.array(points).T
            ax.errorbar(x, y, error, marker="o", capsize=2, linewidth=1, label=variant)
        ax.set(title=corpus, xlabel="words selected", ylabel=what.replace("_", " "), xscale="log")
        ax.set_xticks([5, 11, 22], ["5", "11", "22"], minor=False)
        ax.minorticks_off()
    axes[0].legend(fontsize=8)
    figure.savefig(RESULTS / "samplers.svg", metadata={"Date": None})


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=list(CORPORA), default="20newsgroups")
    parser.add_argument("--variants", nargs="+", help="some of them only")
    parser.add_argument("--lengths", nargs="+", type=float, default=[11, 5, 22])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="show what is there")
    args = parser.parse_args()
    if args.report:
        return report()
    variants = {name: VARIANTS[name] for name in args.variants or VARIANTS}
    return run(RESULTS / f"samplers_{args.data}.csv", args.data, variants, args)


if __name__ == "__main__":
    main()
