"""The call of a training loop."""

from __future__ import annotations

import torch

from sklearn_irx.nn.training.batches import LabelledDocuments, ValidationBatches
from sklearn_irx.nn.training.net import RationaleNet

VALIDATION_BATCH_SIZE = 256


def train(net: RationaleNet, training: LabelledDocuments) -> None:
    """Train a network for the epochs that remain.

    Without validation documents, rationales get the length asked for on the training documents.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts.
    """
    _keep_freed_memory()
    net.partial_fit(training)
    if net.interrupted:
        raise KeyboardInterrupt
    if net.train_split is None:
        net.fit_selection(ValidationBatches(training, VALIDATION_BATCH_SIZE))


def _keep_freed_memory() -> None:
    """Make glibc keep the memory that a training step frees for the next step.

    glibc returns blocks larger than any freed so far to the system, and new ones arrive as pages to
    be zeroed, which takes a tenth of a step. So one block of nearly 32 MiB, glibc's limit, is freed
    here. It is never touched, so it takes no memory.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)
