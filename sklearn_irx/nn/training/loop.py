"""The call of a training loop."""

from __future__ import annotations

from itertools import islice

import torch

from sklearn_irx.nn.training.batches import LabelledDocuments, ValidationBatches
from sklearn_irx.nn.training.callbacks import learned
from sklearn_irx.nn.training.net import RationaleNet


def train(net: RationaleNet, training: LabelledDocuments) -> None:
    """Train a network for the epochs that remain.

    Without validation documents, rationales get the length asked for on the training documents,
    and weights that became nan are replaced by those before.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts.
    ValueError
        If the loss becomes nan or infinite.
    """
    _keep_freed_memory()
    if net.train_split is not None:
        _run(net, training)
        return
    before = [(part, learned(part)) for part in (net.module, net.objective)]
    try:
        _run(net, training)
        batches = ValidationBatches(training, net.module.config.documents_at_once)
        for X, _ in islice(batches, 1):  # the last step may have ruined the weights
            net.check_finite(net.evaluation_step((X, None)).logits)
    except ValueError:
        for part, weights in before:
            part.load_state_dict(weights, strict=False)
        net.optimizer_.state.clear()
        raise
    net.fit_selection(batches)


def _run(net: RationaleNet, training: LabelledDocuments) -> None:
    net.partial_fit(training)
    if net.interrupted:
        raise KeyboardInterrupt


def _keep_freed_memory() -> None:
    """Make glibc keep the memory that a training step frees for the next step.

    glibc returns blocks larger than any freed so far to the system, and new ones arrive as pages to
    be zeroed, which takes a tenth of a step. So one block of nearly 32 MiB, glibc's limit, is freed
    here. It is never touched, so it takes no memory.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)
