"""One model of this package, in a process of its own.

    python -m benchmarks.peers.ours JOB

JOB is a file that ``benchmarks.peers.run`` has written.
"""

from __future__ import annotations

import argparse
import time
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from benchmarks.common import PACKAGES
from benchmarks.peers.shared import (
    METHODS,
    PARTS,
    UNITS,
    Clock,
    Job,
    Prepared,
    memory,
    write_outcome,
)
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import RNN, Training
from sklearn_irx.text import WhitespaceTokenizer, WordVectors

WARMUP = 3  # epochs of "auto"; fewer of short trainings


class Timed(Callback):
    """Lets a clock run in the training loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self.clock.begin_epoch()
        self.validates_ = False

    def on_batch_begin(self, net: Any, training: bool = False, **kwargs: Any) -> None:  # noqa: ARG002
        if training:
            self.clock.begin_step()
        elif not self.validates_:
            self.clock.mark()  # the threshold of the selection has been fitted by now
            self.validates_ = True

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:  # noqa: ARG002
        if training:
            self.clock.end_step()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self.clock.end_epoch()


def made(job: Job, data: Prepared, clock: Clock) -> tuple[SelectiveRationaleClassifier, int]:
    """Return the classifier of a job, and the number of its epochs of warm-up."""
    warmup = min(WARMUP, job.epochs // 6)
    training = Training(
        max_epochs=job.epochs, batch_size=job.batch_size, learning_rate=job.learning_rate,
        dropout=job.dropout, weight_decay=0.0, warmup_epochs=warmup, ramp_epochs=warmup,
        callbacks=[Timed(clock)],
    )  # fmt: skip
    clf = SelectiveRationaleClassifier(
        rationale_length=job.asked, encoder=RNN("gru", hidden_size=UNITS // 2),
        initialization=None, objective=METHODS[job.method].ours, training=training,
        tokenizer=WhitespaceTokenizer(normalize=False), max_length=data.max_words,
        embeddings=WordVectors(data.words, data.vectors[2:]), max_unseen_words=None,
        device="cpu", n_threads=1, random_state=job.seed,
    )  # fmt: skip
    return clf, warmup


def main() -> None:
    """Train a model, and let it read the test texts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job")
    job = Job.load(parser.parse_args().job)
    torch.set_num_threads(1)
    data, clock = Prepared.load(job.data), Clock()
    documents = {name: data.documents(name) for name in PARTS}
    texts = {name: list(map(" ".join, documents[name])) for name in PARTS}
    y = {name: data.parts[name].y for name in PARTS}
    before = memory()[0]
    start = time.perf_counter()
    clf, warmup = made(job, data, clock)
    clf.fit(texts["train"], y["train"], validation_data=(texts["valid"], y["valid"]))
    seconds, trained = time.perf_counter() - start, memory()[1]
    if clf.tokenize(texts["test"]).word_lists() != documents["test"]:
        raise ValueError("the words are not those of the file: a word has a space or a capital.")
    probabilities, masks = clf.predict_with_masks(texts["test"])
    write_outcome(
        job, masks, clf.classes_[np.argmax(probabilities, axis=1)], clock=clock,
        first_epoch=warmup, seconds=seconds, memory_before=before,
        memory_trained=trained,
        versions={package: version(package) for package in PACKAGES},
    )  # fmt: skip


if __name__ == "__main__":
    main()
