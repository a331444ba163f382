"""Speed and memory: training against a dense baseline, reading against TF-IDF and perturbation.

    python benchmarks/throughput.py training --corpus 20newsgroups
    python benchmarks/throughput.py training --corpus imdb --sampler gumbel
    python benchmarks/throughput.py inference
    python benchmarks/throughput.py memory

What is compared runs in turn in one process, with the same number of threads: only the ratio of
two figures means anything on another machine. Results go to ``benchmarks/results/``.
``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import (
    MAX_LENGTH,
    EpochClock,
    add_common_options,
    convolutional,
    fresh,
    load_parts,
    load_vectors,
    peak_memory,
    sample,
    show,
    write,
)
from dense import DenseBaseline
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import Training
from sklearn_irx.datasets import load_corpus
from sklearn_irx.text import WordTokenizer

LENGTHS = {"20newsgroups": 11, "imdb": 14}
"""Words of a rationale in the paper."""
AS_IN_THE_PAPER = {
    "sampler": "gumbel", "initialization": None, "training__warmup_epochs": 0,
    "training__ramp_epochs": 0, "lambda2": 0.0,
}  # fmt: skip
LAMBDA1 = {"20newsgroups": 0.005, "imdb": 0.001}
Contender = tuple[str, Callable[[list[str]], Any], list[str]]
"""A name, what it does to texts, and the texts."""


def settings_of(corpus: str, sampler: str) -> dict[str, Any]:
    """Give the parameters of the classifier: the package's defaults, or the paper's training."""
    settings = {"max_length": MAX_LENGTH[corpus], "training__batch_size": 128, "random_state": 0}
    if sampler == "gumbel":
        return {**settings, **AS_IN_THE_PAPER, "lambda1": LAMBDA1[corpus]}
    return {**settings, "sampler": sampler, "rationale_length": LENGTHS[corpus]}


class InTurn(EpochClock):
    """After each epoch of the package, an epoch of the baseline.

    The package's own timer has stopped by then: skorch calls it first.

    Parameters
    ----------
    baseline : DenseBaseline
        Trained in turn.
    max_batches : int or None
        Batches in place of a whole epoch.
    """

    def __init__(self, baseline: DenseBaseline, max_batches: int | None) -> None:
        self.baseline = baseline
        self.max_batches = max_batches

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        super().on_train_begin(net, **kwargs)
        self.baseline_speeds: list[float] = []

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        super().on_epoch_end(net, **kwargs)
        seconds = self.baseline.train_epoch(self.max_batches)
        self.baseline_speeds.append(self.baseline.n_seen / seconds)
        number, last = len(self.training) - 1, self.training[-1]
        print(
            f"round {number}{' (warm-up)' * (number == 0)}: ours {last:.1f} s, baseline "
            f"{self.baseline_speeds[-1]:.1f} documents/s",
            flush=True,
        )


def training(args: argparse.Namespace) -> None:
    """Train the package's model and the baseline in turn, an epoch each a round."""
    torch.set_num_threads(args.threads)
    vectors = load_vectors()
    (texts, y), validation = load_parts(args.corpus, args.documents)
    baseline = DenseBaseline(texts, y, vectors, MAX_LENGTH[args.corpus])
    clock = InTurn(baseline, args.baseline_batches)
    settings = settings_of(args.corpus, args.sampler)
    clf = convolutional(
        training=Training(max_epochs=args.rounds + 1, callbacks=[clock]), embeddings=vectors,
        n_threads=args.threads, device="cpu",
    ).set_params(**settings)  # fmt: skip
    # The same fifth validates as `validation_fraction` would hold out, but known to both models.
    clf.fit(texts, y, validation_data=validation)
    history, n = clf.history_, len(texts)
    rows = [
        {
            "round": number,
            "ours": round(n / clock.training[number], 1),
            "baseline": round(clock.baseline_speeds[number], 1),
            "ratio": round(n / clock.training[number] / clock.baseline_speeds[number], 2),
            "ours_steps_only": round(n / clock.steps[number], 1),
            "ours_with_validation": round(n / history["seconds"][number], 1),
            "train_words": round(float(history["train_words"][number]), 1),
            "valid_words": round(float(history["valid_words"][number]), 1),
        }
        for number in range(args.rounds + 1)
    ]
    counted = rows[1:]
    medians = {
        name: float(np.median([row[name] for row in counted]))
        for name in ("ours", "baseline", "ours_steps_only", "ours_with_validation")
    }
    ratio = round(medians["ours"] / medians["baseline"], 2)
    print(
        f"\n{args.corpus}, {args.sampler}, {n:,} documents an epoch; documents/s. Round 0 warms up."
    )
    show([*rows, {**dict.fromkeys(rows[0]), **medians, "round": "median", "ratio": ratio}])
    write(
        args.results / f"training-{args.corpus}-{args.sampler.replace('_', '-')}.csv", rows,
        corpus=args.corpus, settings=settings, documents=n, validation_documents=len(validation[0]),
        threads=args.threads, unit="documents/s", medians=medians, ratio=ratio,
    )  # fmt: skip


def explain_by_perturbation(
    model: Pipeline,
    text: str,
    n_samples: int,
    random_state: np.random.RandomState,
    n_words: int = 10,
) -> list[tuple[str, float]]:
    """Find the words that matter to a classifier from what it says when words are removed.

    As Ribeiro et al. (2016) do for texts: distinct words are removed at random, and a ridge
    regression of the class probability on which words are there, weighted by closeness to the
    whole document, says what each word contributes.

    Parameters
    ----------
    model : Pipeline
        Classifier of raw texts.
    text : str
        The document.
    n_samples : int
        Perturbed documents, the first being the document itself.
    random_state : RandomState
        Draws what is removed.
    n_words : int, default=10
        Words to give.

    Returns
    -------
    words : list of (str, float)
        Those with the largest weights, either sign, for the class predicted.
    """
    pieces = re.split(r"(\W+)", text)
    words = sorted({piece for piece in pieces[::2] if piece})
    if not words:
        return []
    number = {word: i for i, word in enumerate(words)}
    places = np.array([number.get(piece, -1) for piece in pieces])
    there = np.ones((n_samples, len(words)), dtype=bool)
    for row in there[1:]:
        n_removed = random_state.randint(1, len(words) + 1)
        row[random_state.choice(len(words), n_removed, replace=False)] = False
    perturbed = [
        "".join(
            [piece for piece, keep in zip(pieces, row[places] | (places < 0), strict=True) if keep]
        )
        for row in there
    ]
    probabilities = model.predict_proba(perturbed)
    predicted = probabilities[:, probabilities[0].argmax()]
    # Cosine distance to the document of all words, in the kernel of the paper's program.
    distance = 100 * (1 - np.sqrt(there.mean(axis=1)))
    weights = np.sqrt(np.exp(-((distance / 25) ** 2)))
    found = Ridge(alpha=1.0).fit(there, predicted, sample_weight=weights).coef_
    return [(words[i], float(found[i])) for i in np.argsort(-np.abs(found))[:n_words]]


def inference(args: argparse.Namespace) -> None:
    """Read raw reviews with all contenders in turn."""
    torch.set_num_threads(args.threads)
    limit = MAX_LENGTH["imdb"]
    train = sample("imdb", "train", args.train_documents, max_words=None)
    test = sample("imdb", "test", args.documents, max_words=None)
    cut = sample("imdb", "test", args.documents, max_words=limit)
    ours = convolutional(
        training=Training(max_epochs=args.epochs), embeddings=load_vectors(),
        n_threads=args.threads, device="cpu",
    ).set_params(**settings_of("imdb", "straight_through"))  # fmt: skip
    ours.fit(train.data, train.target)
    linear = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(train.data, train.target)
    analyzer = CountVectorizer().build_analyzer()
    tokenizer = WordTokenizer()
    random_state = np.random.RandomState(0)
    labels: dict[str, np.ndarray] = {}

    def read(texts: list[str]) -> None:
        probabilities, _ = ours.predict_with_masks(texts)
        labels["ours: label and rationale"] = ours.classes_[probabilities.argmax(axis=1)]

    def predict(name: str) -> Callable[[list[str]], None]:
        return lambda texts: labels.update({name: linear.predict(texts)})

    def explain(texts: list[str]) -> None:
        for text in texts:
            explain_by_perturbation(linear, text, args.perturbed, random_state)

    readers: list[Contender] = [
        ("ours: label and rationale", read, test.data),
        ("TF-IDF and LR: label", predict("TF-IDF and LR: label"), test.data),
        ("TF-IDF and LR: label, cut texts", predict("TF-IDF and LR: label, cut texts"), cut.data),
        ("TF-IDF and LR: perturbation", explain, test.data[: args.explained]),
    ]
    tokenizers: list[Contender] = [
        ("WordTokenizer, cut", lambda texts: [tokenizer.words(t, limit) for t in texts], test.data),
        ("WordTokenizer", lambda texts: [tokenizer.words(t) for t in texts], test.data),
        ("CountVectorizer's analyzer", lambda texts: [analyzer(t) for t in texts], test.data),
    ]
    contenders = readers + tokenizers
    rows = []
    for number in range(args.rounds):
        for name, call, texts in contenders:
            start = time.perf_counter()
            call(texts)
            seconds = time.perf_counter() - start
            rows.append({
                "what": name, "round": number + 1, "documents": len(texts),
                "seconds": round(seconds, 3),
                "documents_per_second": round(len(texts) / seconds, 2),
            })  # fmt: skip
    speeds = {
        name: round(
            float(np.median([r["documents_per_second"] for r in rows if r["what"] == name])), 2
        )
        for name, _, _ in contenders
    }
    accuracies = {
        name: round(float((found == test.target).mean()), 4) for name, found in labels.items()
    }
    print(f"\nIMDB, {len(test.data):,} reviews, medians of {args.rounds} rounds.")
    show([
        {
            "": name, "documents/s": speed, "accuracy": accuracies.get(name),
            "the first is so many times as fast": speeds[first] / speed,
        }
        for group in (readers, tokenizers)
        for first in [group[0][0]]
        for name, _, _ in group
        for speed in [speeds[name]]
    ])  # fmt: skip
    write(
        args.results / "inference.csv", rows, train_documents=len(train.data), words_read=limit,
        perturbed_samples=args.perturbed, threads=args.threads, medians=speeds, accuracy=accuracies,
    )  # fmt: skip


def train_in_memory(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Train on all training reviews, keep the model for the others, and say how much it took."""
    vectors = load_vectors()
    train = sample("imdb", "train", args.train_documents)
    before = peak_memory()
    clf = convolutional(
        training=Training(max_epochs=args.epochs, validation_fraction=0.2), embeddings=vectors,
        n_threads=args.threads, device="cpu",
    ).set_params(**settings_of("imdb", args.sampler)).fit(train.data, train.target)  # fmt: skip
    peak = peak_memory()
    (folder / "model.pickle").write_bytes(pickle.dumps(clf))
    return memory_row("fit", len(train.data), before, peak)


def read_in_memory(folder: Path, n_documents: int, chunks: bool) -> dict[str, Any]:
    """Read documents that come one after the other from a file."""
    clf = pickle.loads((folder / "model.pickle").read_bytes())
    before = peak_memory()
    if chunks:
        n_read = sum(len(masks) for _, masks in clf.iter_predictions(lines(folder, n_documents)))
    else:
        n_read = len(clf.predict_with_masks(list(lines(folder, n_documents)))[1])
    return memory_row("iter_predictions" if chunks else "read", n_read, before, peak_memory())


def lines(folder: Path, n_documents: int) -> Iterator[str]:
    """Give the first documents of a file of one JSON string a line."""
    with (folder / "texts.jsonl").open() as file:
        for _, line in zip(range(n_documents), file, strict=False):
            yield json.loads(line)


def memory_row(what: str, documents: int, before: float, peak: float) -> dict[str, Any]:
    """Give a line of the table, in MB."""
    return {
        "what": what, "documents": documents, "peak_before": round(before), "peak": round(peak),
    }  # fmt: skip


def memory(args: argparse.Namespace) -> None:
    """Measure the peak memory of training and of reading, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [fresh(train_in_memory, args, folder)]
        with (folder / "texts.jsonl").open("w") as file:
            file.writelines(
                json.dumps(text) + "\n" for text in load_corpus("imdb", subset="test").data
            )
        kinds = (
            [False, True] if hasattr(SelectiveRationaleClassifier, "iter_predictions") else [False]
        )
        rows += [
            fresh(read_in_memory, folder, n, chunks) for chunks in kinds for n in args.documents
        ]
    print("\nIMDB, peak resident memory in MB; before: imports and corpus, or imports and model.")
    show(rows)
    write(args.results / "memory.csv", rows, sampler=args.sampler, threads=args.threads)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("training", help="against the dense baseline")
    command.set_defaults(run=training)
    command.add_argument("--corpus", choices=list(MAX_LENGTH), default="20newsgroups")
    add_sampler(command)
    command.add_argument("--rounds", type=int, default=3, help="without the one that warms up")
    command.add_argument("--documents", type=int, help="train on so many only")
    command.add_argument("--baseline-batches", type=int, help="of a round, in place of an epoch")
    add_common_options(command)

    command = commands.add_parser("inference", help="against TF-IDF with logistic regression")
    command.set_defaults(run=inference)
    command.add_argument("--documents", type=int, default=25_000)
    command.add_argument("--train-documents", type=int, default=5000)
    command.add_argument("--epochs", type=int, default=2)
    command.add_argument("--rounds", type=int, default=3)
    command.add_argument("--explained", type=int, default=20, help="documents, by perturbation")
    command.add_argument("--perturbed", type=int, default=1000, help="samples of each")
    add_common_options(command)

    command = commands.add_parser("memory", help="peaks of training and reading")
    command.set_defaults(run=memory)
    command.add_argument("--documents", type=int, nargs="+", default=[2000, 10_000, 25_000])
    command.add_argument("--train-documents", type=int, help="train on so many only")
    command.add_argument("--epochs", type=int, default=2)
    add_sampler(command)
    add_common_options(command)

    args = parser.parse_args()
    args.run(args)


def add_sampler(parser: argparse.ArgumentParser) -> None:
    """Add the choice between the package's default training and that of the paper."""
    parser.add_argument(
        "--sampler", choices=["straight_through", "gumbel"], default="straight_through",
        help="gumbel: exactly as the paper trained",
    )  # fmt: skip


if __name__ == "__main__":
    main()
