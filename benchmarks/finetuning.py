"""Fine-tuning of a transformer that shows its words, against plain fine-tuning on the full text.

    python benchmarks/finetuning.py --corpus 20newsgroups --threads 2
    python benchmarks/finetuning.py --corpus imdb --threads 2 --documents 400

Both fine-tune all-MiniLM-L6-v2 on the same documents, with batches of 32 documents of similar
length, the same number of threads and the same precision: an epoch of one, an epoch of the other.
Then both read other documents in turn, and last each is trained in a process of its own for its
memory. Only the ratio of two figures means anything on another machine. ``SKLEARN_IRX_DATA`` names
the folder of the corpora.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import transformers
from common import (
    MAX_LENGTH,
    EpochClock,
    add_common_options,
    fresh,
    minilm_path,
    peak_memory,
    sample,
    show,
    write,
)

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import LinearInit, Training, Transformer
from sklearn_irx.nn.kernels.precision import product_type
from sklearn_irx.text import WordTokenizer, inference_batches, tokens_of, training_batches

BATCH_SIZE = 32
LEARNING_RATE = 1e-4
LENGTHS = {"20newsgroups": 11, "imdb": 14}


class PlainFineTuning:
    """The library's classifier on a transformer, trained on the full text an epoch at a time.

    Parameters
    ----------
    texts : list of str
        Documents, of which `n_words` words are read.
    y : ndarray of shape (n_texts,)
        Class numbers.
    n_words : int
        As the other model reads.
    """

    def __init__(self, texts: list[str], y: np.ndarray, n_words: int) -> None:
        path = minilm_path()
        self.n_words = n_words
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        self.model = transformers.AutoModelForSequenceClassification.from_pretrained(
            path, num_labels=len(np.unique(y)), dtype=torch.float32
        )
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=LEARNING_RATE, fused=True)
        self.pieces, self.y = self.pieces_of(texts), torch.from_numpy(y)
        self.random_state = np.random.RandomState(0)

    def pieces_of(self, texts: list[str]) -> list[list[int]]:
        """Cut the words that are read into pieces."""
        words = [tokens_of(WordTokenizer(), text, self.n_words) for text in texts]
        cut = [
            text[: tokens[-1].end if tokens else 0]
            for text, tokens in zip(texts, words, strict=True)
        ]
        return self.tokenizer(cut, truncation=True, max_length=512)["input_ids"]

    def train_epoch(self) -> float:
        """Train, and give documents a second."""
        self.model.train()
        lengths = np.array([len(pieces) for pieces in self.pieces])
        batches = training_batches(lengths, BATCH_SIZE, self.random_state)
        n_seen, start = 0, time.perf_counter()
        for rows in batches:
            with self.precision():
                loss = self.model(**self.batch(self.pieces, rows), labels=self.y[rows]).loss
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            n_seen += len(rows)
        return n_seen / (time.perf_counter() - start)

    @torch.inference_mode()
    def predict(self, texts: list[str]) -> np.ndarray:
        """Give class numbers of raw texts."""
        self.model.eval()
        pieces = self.pieces_of(texts)
        found = np.empty(len(texts), dtype=int)
        for rows in inference_batches(np.array([len(one) for one in pieces]), BATCH_SIZE):
            with self.precision():
                logits = self.model(**self.batch(pieces, rows)).logits
            found[rows] = logits.argmax(dim=1).numpy()
        return found

    def precision(self) -> torch.autocast:
        """Have the factors of matrix products in the type that ours have."""
        dtype = product_type("auto", torch.device("cpu"))
        return torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.bfloat16)

    def batch(self, pieces: Sequence[list[int]], rows: np.ndarray) -> Any:
        """Give the input of some documents."""
        ids = [pieces[row] for row in rows]
        return self.tokenizer.pad({"input_ids": ids}, return_tensors="pt")


class InTurn(EpochClock):
    """After each epoch of the package, an epoch of the plain loop."""

    def __init__(self, plain: PlainFineTuning) -> None:
        self.plain = plain

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        super().on_train_begin(net, **kwargs)
        self.plain_speeds: list[float] = []

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        super().on_epoch_end(net, **kwargs)
        self.plain_speeds.append(self.plain.train_epoch())
        print(f"round {len(self.training) - 1}: {self.training[-1]:.1f} s", flush=True)


def classifier(corpus: str, threads: int, **training: Any) -> SelectiveRationaleClassifier:
    """Give ours, with the defaults of a transformer."""
    return SelectiveRationaleClassifier(
        encoder=Transformer(minilm_path(), learning_rate=LEARNING_RATE),
        initialization=LinearInit("combined"), rationale_length=LENGTHS[corpus],
        max_length=MAX_LENGTH[corpus], n_threads=threads, device="cpu", random_state=0,
        training=Training(batch_size=BATCH_SIZE, **training),
    )  # fmt: skip


def load(args: argparse.Namespace, subset: str, documents: int) -> tuple[list[str], np.ndarray]:
    """Give texts and class numbers, shuffled."""
    loaded = sample(args.corpus, subset, documents, max_words=None)
    numbers = np.unique(loaded.target, return_inverse=True)[1]
    order = np.random.RandomState(0).permutation(len(numbers))
    return [loaded.data[row] for row in order], numbers[order]


def train_alone(args: argparse.Namespace, ours: bool) -> dict[str, Any]:
    """Train one of the two for an epoch, and say how much memory it took."""
    torch.set_num_threads(args.threads)
    texts, y = load(args, "train", args.documents)
    before = peak_memory()
    if ours:
        classifier(args.corpus, args.threads, max_epochs=1).fit(texts, y)
    else:
        PlainFineTuning(texts, y, MAX_LENGTH[args.corpus]).train_epoch()
    return {
        "what": "ours" if ours else "plain", "peak_before": round(before),
        "peak": round(peak_memory()),
    }  # fmt: skip


def readings(
    clf: SelectiveRationaleClassifier, plain: PlainFineTuning, texts: list[str], rounds: int
) -> Iterator[dict[str, float]]:
    """Let both read documents in turn, and yield documents a second."""
    for _ in range(rounds):
        speeds = {}
        for name, read in (("ours", clf.predict_with_masks), ("plain", plain.predict)):
            start = time.perf_counter()
            read(texts)
            speeds[name] = len(texts) / (time.perf_counter() - start)
        yield speeds


def main() -> None:
    """Measure training, reading and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", choices=list(MAX_LENGTH), default="20newsgroups")
    parser.add_argument("--documents", type=int, default=1000, help="to train on, and to read")
    parser.add_argument("--rounds", type=int, default=3, help="without the one that warms up")
    add_common_options(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    texts, y = load(args, "train", args.documents + args.documents // 10)
    validation = texts[args.documents :], y[args.documents :]
    texts, y = texts[: args.documents], y[: args.documents]
    plain = PlainFineTuning(texts, y, MAX_LENGTH[args.corpus])
    clock = InTurn(plain)
    clf = classifier(args.corpus, args.threads, max_epochs=args.rounds + 1, callbacks=[clock])
    clf.fit(texts, y, validation_data=validation)
    trained = [
        {"ours": len(texts) / seconds, "plain": speed}
        for seconds, speed in zip(clock.training[1:], clock.plain_speeds[1:], strict=True)
    ]
    read = list(readings(clf, plain, load(args, "test", args.documents)[0], args.rounds))
    rows = [
        {
            "what": what, "round": number + 1,
            **{name: round(value, 2) for name, value in speeds.items()},
            "ratio": round(speeds["ours"] / speeds["plain"], 3),
        }
        for what, found in (("training", trained), ("reading", read))
        for number, speeds in enumerate(found)
    ]  # fmt: skip
    ratios = {
        what: round(float(np.median([row["ratio"] for row in rows if row["what"] == what])), 3)
        for what in ("training", "reading")
    }
    steps = len(texts) / np.median(clock.steps[1:])
    peaks = [fresh(train_alone, args, ours) for ours in (False, True)]
    print(f"\n{args.corpus}, {len(texts):,} documents; documents/s, in turn. Ratios: {ratios}")
    show(rows)
    show(peaks)
    write(
        args.results / f"finetuning-{args.corpus}.csv", rows, corpus=args.corpus, ratios=ratios,
        documents=len(texts), validation_documents=len(validation[0]), threads=args.threads,
        unit="documents/s", peak_memory_mb=peaks, ours_steps_only=round(float(steps), 2),
        words=round(float(clf.history_["valid_words"][-1]), 2),
    )  # fmt: skip


if __name__ == "__main__":
    main()
