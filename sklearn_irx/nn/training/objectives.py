"""Objectives: what selector and predictor are trained on, batch by batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.contextual import ContextualSelector, WholeReader
from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection

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
        **pieces: torch.Tensor,
    ) -> ModelOutput:
        """Select and predict in training; for the arguments see :class:`Rationalizer`."""
        batch, rows = module.look_up(ids, fold, **pieces)
        selection, scores, selectable = module.select(batch, rows, mask)
        output = self.read(module, batch, rows, selection, scores)
        if scores is not None:
            scores = module.selector.open_to_people(scores, batch)
        whole = module.selector.word_logits(batch)
        return output._replace(
            scores=scores, selectable=selectable,
            whole_logits=None if whole is None else whole.sum(dim=1),
        )  # fmt: skip

    def read(
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,  # noqa: ARG002
    ) -> ModelOutput:
        """Predict from the rationales of a batch in training, and from what else there is to learn.

        Parameters
        ----------
        module : Rationalizer
            The network.
        batch : PackedBatch
        rows : Tensor of shape (batch, length)
            What :meth:`Rationalizer.look_up` returned.
        selection : Selection
        scores : Tensor of shape (batch, length, n_scores) or None
            What :meth:`Rationalizer.select` returned. There are no scores in the warm-up, where
            all words are selected.

        Returns
        -------
        output : ModelOutput
            The logits are those of the rationales.
        """
        return ModelOutput(module.predict(batch, rows, selection.mask), selection)

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

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,  # noqa: ARG002
    ) -> ModelOutput:
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

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,  # noqa: ARG002
    ) -> ModelOutput:
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


class DistillationModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.Distillation`."""

    def __init__(
        self, module: Rationalizer, *, weight: float, mask_weight: float, temperature: float
    ) -> None:
        super().__init__()
        self.weight = weight
        self.mask_weight = mask_weight
        self.temperature = temperature
        assert isinstance(module.selector, ContextualSelector)
        self.teacher: WholeReader | None = None
        if module.selector.whole is None:
            size = module.selector.transformer.hidden_size
            self.teacher = WholeReader(size, module.shape.n_classes)

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,
    ) -> ModelOutput:
        assert isinstance(module.selector, ContextualSelector)
        features = module.selector.features(batch)
        logits = module.predict(batch, rows, selection.mask)
        teacher = self.teacher or module.selector.whole
        assert teacher is not None
        added = teacher.added(features, batch.words)
        own = added.sum(dim=1)
        if module.predictor.linear is not None:
            added = added + module.predictor.linear.added(batch, rows)
        whole = added.sum(dim=1)
        aside: tuple[torch.Tensor, ...] = own, whole
        if self.mask_weight and scores is not None:
            units, words = batch.units, batch.units.there
            chosen = units.any(selection.mask).to(selection.mask.dtype)
            marked = _marked(units.mean(added), whole.argmax(dim=1), chosen, words)
            preference = module.sampler.preference(scores)
            losses = F.binary_cross_entropy_with_logits(preference, marked, reduction="none")
            n = words.sum(dim=1).clamp(min=1)
            aside = own, whole, (losses * words).sum(dim=1) / n
        return ModelOutput(logits, selection, aside=aside)

    def losses(  # noqa: D102
        self, output: ModelOutput, cross_entropy: CrossEntropy, weight: torch.Tensor | float
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        own, whole, *of_mask = output.aside
        tau = self.temperature
        apart = divergence(whole.detach() / tau, output.logits / tau) * tau**2
        losses = cross_entropy(output.logits) + self.weight * weight * apart
        aside = None if self.teacher is None else cross_entropy(own)
        if of_mask:
            aside = (0 if aside is None else aside) + self.mask_weight * weight * of_mask[0]
        return losses, aside


@torch.no_grad()
def _marked(
    added: torch.Tensor, numbers: torch.Tensor, mask: torch.Tensor, words: torch.Tensor
) -> torch.Tensor:
    """Return the words that add most to the logit of a class, above the mean over classes.

    As many as `mask` (batch, length) has, of `words` (batch, length). `added` is (batch, length,
    n_classes), `numbers` of classes (batch,). Returns (batch, length), of zeros and ones.
    """
    above = added - added.mean(dim=2, keepdim=True)
    above = above[torch.arange(len(numbers), device=added.device), :, numbers]
    order = above.masked_fill(~words, -torch.inf).argsort(dim=1, descending=True)
    n = (mask > 0.5).sum(dim=1, keepdim=True)
    return (order.argsort(dim=1) < n).to(mask.dtype)


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
    device, known = batch.ids.device, batch.known
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
