"""One model of pyhighlights, in a process of its own, by the Python of its environment.

    build/peers/env/bin/python -m benchmarks.peers.peer JOB

JOB is a file that ``benchmarks.peers.run`` has written. What is common to all methods is set to
what it is on the other side; what is a method's own is as its registered configuration has it.
As in the package's own task, losses are compared on the validation texts, and the epoch of the
lowest is kept; early stopping is left out, so that all epochs are trained.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pyhighlights
import torch
from cinnamon.registry import Registry
from lightning.pytorch.callbacks import Callback
from pyhighlights.components.data import (
    HighlightCollator,
    HighlightDataset,
    HighlightExample,
    VocabularyTokenizer,
)
from pyhighlights.components.models.spp.base import SPP
from pyhighlights.configurations import keys
from torch.utils.data import DataLoader

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

PACKAGES = ("pyhighlights", "cinnamon-core", "lightning", "torch", "numpy")


class Timed(Callback):
    """Lets a clock run in the training loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_train_epoch_start(self, *_: Any) -> None:
        self.clock.begin_epoch()

    def on_train_batch_start(self, *_: Any) -> None:
        self.clock.begin_step()

    def on_train_batch_end(self, *_: Any) -> None:
        self.clock.end_step()

    def on_train_epoch_end(self, *_: Any) -> None:
        self.clock.end_epoch()


def configure(job: Job, data: Prepared) -> None:
    """Set in the registered configurations what is common to all methods."""
    Registry.build(directory=Path(pyhighlights.__file__).parent)
    n_words, n_dimensions = data.vectors.shape
    recurrent = {
        "vocab_size": n_words, "embedding_dim": n_dimensions, "hidden_size": UNITS // 2,
        "dropout_rate": job.dropout,
    }  # fmt: skip
    values: dict[Any, dict[str, Any]] = {
        keys.GRU_BACKBONE: recurrent,
        keys.UNNORMALISED_GRU_BACKBONE: recurrent,
        keys.GUIDANCE_GUIDER: recurrent,
        keys.MLP_PREDICTOR: {"num_classes": data.n_classes},
        keys.SPARSITY_PENALTY: {"threshold": job.asked},
        keys.ADAM: {"lr": job.learning_rate},
    }
    if job.penalties:
        sparsity, contiguity = map(float, job.penalties.split("/"))
        values[keys.SPARSITY_LOSS] = {"coefficient": sparsity}
        values[keys.CONTIGUITY_LOSS] = {"coefficient": contiguity}
    for key, of_key in values.items():
        configuration = Registry.retrieve_configuration(key)
        for name, value in of_key.items():
            setattr(configuration, name, value)


def build(method: str) -> SPP:
    """Build the model of a method; the plain one is the base class of the others."""
    name = METHODS[method].theirs
    if name is None:
        raise ValueError(f"{method} is no method of pyhighlights.")
    if name != "SPP":
        return Registry.from_key(getattr(keys, name), expected_type=SPP)
    return SPP(
        name="plain", selector_backbones=keys.GRU_BACKBONE, selectors=keys.MLP_SELECTOR,
        predictor=keys.MLP_PREDICTOR, predictor_backbone=keys.GRU_BACKBONE, optimizer=keys.ADAM,
        losses=[keys.CLASSIFICATION_LOSS, keys.SPARSITY_LOSS, keys.CONTIGUITY_LOSS],
    )  # fmt: skip


def loaders(
    documents: dict[str, list[list[str]]], data: Prepared, batch_size: int
) -> dict[str, DataLoader]:
    """Give what puts batches together, from words and labels."""
    ids = {word: number for number, word in enumerate(data.words, start=2)}
    collator = HighlightCollator(VocabularyTokenizer(ids), data.max_words)
    return {
        name: DataLoader(
            HighlightDataset(
                HighlightExample(row, words, label)
                for row, (words, label) in enumerate(
                    zip(documents[name], data.parts[name].y.tolist(), strict=True)
                )
            ),
            batch_size=batch_size,
            shuffle=name == "train",
            collate_fn=collator,
        )
        for name in PARTS
    }


def train(model: SPP, batches: dict[str, DataLoader], epochs: int, clock: Clock) -> None:
    """Train a model for so many epochs after those of its warm-up, and restore the best."""
    with tempfile.TemporaryDirectory() as folder:
        best = Registry.from_key(keys.LOSS_CHECKPOINT)
        best.dirpath = folder
        trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=epochs + model.warmup_epochs, logger=False,
            enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder,
            callbacks=[best, Timed(clock)],
        )  # fmt: skip
        trainer.fit(model, batches["train"], batches["valid"])
        state = torch.load(best.best_model_path, weights_only=False)["state_dict"]
        model.load_state_dict(state)


@torch.no_grad()
def predict(model: SPP, batches: DataLoader, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the words that a model selects, hard, and the numbers of the classes it predicts."""
    model.eval()
    masks, predicted = [], []
    for batch in batches:
        found = model.reported(model.test_forward(batch))
        mask = (found.highlight_mask * batch.mask).numpy() > 0.5
        masks.append(np.pad(mask, ((0, 0), (0, width - mask.shape[1]))))
        predicted.append(found.class_logits.argmax(dim=-1).numpy())
    return np.concatenate(masks), np.concatenate(predicted)


def main() -> None:
    """Train a model, and let it read the test texts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job")
    job = Job.load(parser.parse_args().job)
    torch.set_num_threads(1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    data, clock = Prepared.load(job.data), Clock()
    documents = {name: data.documents(name) for name in PARTS}
    configure(job, data)
    before = memory()[0]
    lightning.seed_everything(job.seed, workers=True, verbose=False)
    start = time.perf_counter()
    model = build(job.method)
    model.load_embeddings(torch.from_numpy(data.vectors))
    batches = loaders(documents, data, job.batch_size)
    train(model, batches, job.epochs, clock)
    seconds, trained = time.perf_counter() - start, memory()[1]
    lightning.seed_everything(job.seed, workers=True, verbose=False)  # some draw their masks
    masks, predicted = predict(model, batches["test"], data.max_words)
    write_outcome(
        job, masks, predicted, clock=clock, first_epoch=model.warmup_epochs, seconds=seconds,
        memory_before=before, memory_trained=trained,
        versions={package: version(package) for package in PACKAGES},
    )  # fmt: skip


if __name__ == "__main__":
    main()
