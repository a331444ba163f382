"""Objectives: what selector and predictor are trained on, batch by batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import nn

from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import ModelOutput, Rationalizer
from sklearn_irx.text import UNKNOWN

CrossEntropy: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Maps logits (batch, n_classes) to losses (batch,), with weights of classes and documents."""


class ObjectiveModule(nn.Module):
    """Base of objectives: both networks minimize the cross-entropy of the rationales.

    A subclass may predict from other masks too, by networks of its own that are trained along and
    do not belong to the model.
    """

    def forward(
        self,
        module: Rationalizer,
        ids: torch.Tensor,
        fold: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> ModelOutput:
        """Select and predict in training; for `ids`, `fold` and `mask` see :class:`Rationalizer`.

        The logits are those of the rationales.
        """
        return module(ids, fold, mask)

    def losses(
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the losses of the documents of a batch.

        Parameters
        ----------
        output : ModelOutput
            What :meth:`forward` returned.
        cross_entropy : callable
            Maps logits to the loss of each document.
        weight : Tensor of shape (batch,) or float
            Of the penalty of each document.

        Returns
        -------
        losses : Tensor of shape (batch,)
            Of the rationales. A sampler without a gradient through its mask learns from them.
        losses_aside : Tensor of shape (batch,) or None
            What else is minimized, and is no part of the loss that is shown.
        """
        return cross_entropy(output.logits), None


class RealXModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.RealX`."""

    def forward(  # noqa: D102
        self,
        module: Rationalizer,
        ids: torch.Tensor,
        fold: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> ModelOutput:
        batch, rows = module.look_up(ids, fold)
        selection, *_ = module.select(batch, rows, mask)
        with judging(module.predictor):
            logits = module.predict(batch, rows, selection.mask)
        of_random = module.predict(batch, rows, random_masks(batch))
        return ModelOutput(logits, selection, aside=(of_random,))

    def losses(  # noqa: D102
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        (of_random,) = output.aside
        return cross_entropy(output.logits), cross_entropy(of_random)


class EncodingPenaltyModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.EncodingPenalty`.

    The reader begins as a copy of the predictor of `module`. What is not trained of its linear path
    is not copied.
    """

    def __init__(self, module: Rationalizer, weight: float) -> None:
        super().__init__()
        self.weight = weight
        linear = module.predictor.linear
        shared = {} if linear is None else {id(buffer): buffer for buffer in linear.buffers()}
        self.reader = copy.deepcopy(module.predictor, shared)

    def forward(  # noqa: D102
        self,
        module: Rationalizer,
        ids: torch.Tensor,
        fold: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> ModelOutput:
        batch, rows = module.look_up(ids, fold)
        selection, *_ = module.select(batch, rows, mask)
        logits = module.predict(batch, rows, selection.mask)
        with judging(module.predictor, self.reader):
            knowing = module.predict(batch, rows, selection.mask)
            reading = module.predict(batch, rows, selection.mask, self.reader)
        of_random = module.predict(batch, rows, random_masks(batch), self.reader)
        return ModelOutput(logits, selection, aside=(knowing, reading, of_random))

    def losses(  # noqa: D102
        self, output: ModelOutput, cross_entropy: CrossEntropy, weight: torch.Tensor | float
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        knowing, reading, of_random = output.aside
        penalty = self.weight * weight * divergence(knowing, reading)
        return cross_entropy(output.logits) + penalty, cross_entropy(of_random)


def divergence(logits: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the Kullback-Leibler divergence KL(p || q) in nats, (batch,).

    p is the softmax of `logits` and q that of `others`, both (batch, n_classes).
    """
    log_p, log_q = logits.log_softmax(dim=1), others.log_softmax(dim=1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=1)


def random_masks(batch: PackedBatch) -> torch.Tensor:
    """Draw a share for each document, uniformly, and keep each known word with this probability.

    At least one known word is kept. Returns (batch, length), of zeros and ones.
    """
    device, known = batch.ids.device, batch.ids > UNKNOWN
    shape = len(known), known.shape[1] + 1
    drawn = torch.rand(shape, generator=generator_for(device), device=device)
    share, words = drawn[:, :1], drawn[:, 1:].masked_fill(~known, 1.0)
    first = words.argmin(dim=1, keepdim=True)
    return ((words < share).scatter(1, first, True) & known).float()


@contextmanager
def judging(*networks: nn.Module) -> Iterator[None]:
    """Take networks as they predict, without dropout, and as constants: gradients pass to masks."""
    weights = [p for network in networks for p in network.parameters() if p.requires_grad]
    modes = [(part, part.training) for network in networks for part in network.modules()]
    for weight in weights:
        weight.requires_grad_(False)
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)
        for part, training in modes:
            part.training = training
