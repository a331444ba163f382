"""The base of objectives, and what several of them compute."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import ClassVar, TypeAlias, TypeVar

import torch
from torch import nn

from sklearn_irx.nn.contextual import ContextualSelector
from sklearn_irx.nn.isolation import generator_for, weights_drawn
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.selector import SelectorNetwork

CrossEntropy: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Maps logits (batch, n_classes) to losses (batch,), with weights of classes and documents."""

_Network = TypeVar("_Network", bound=nn.Module)
_Selector = TypeVar("_Selector", bound=SelectorNetwork | ContextualSelector)


class ObjectiveModule(nn.Module):
    """Base of objectives: both networks minimize the cross-entropy of the rationales.

    A subclass may predict from other masks too, by networks of its own that are trained along and
    do not belong to the model.

    Attributes
    ----------
    judges_masks : bool
        Whether the selector learns from the losses of its masks. A sampler without a gradient
        through its mask then learns from them.
    speeds : dict of str to float
        Factors of the learning rates of weights whose names have a pattern, of the network or of
        the objective.
    """

    judges_masks: ClassVar[bool] = True
    speeds: Mapping[str, float] = MappingProxyType({})

    def begin(self, module: Rationalizer) -> None:
        """Prepare for the epochs after the warm-up, when it ends or if there is none."""

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
            Of the rationales.
        losses_aside : Tensor of shape (batch,) or None
            What else is minimized, and is no part of the loss that is shown.
        """
        return cross_entropy(output.logits), None


def divergence(logits: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the Kullback-Leibler divergence KL(p || q) in nats, (batch,).

    p is the softmax of `logits` and q that of `others`, both (batch, n_classes).
    """
    log_p, log_q = logits.log_softmax(dim=1), others.log_softmax(dim=1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=1)


def js_divergence(logits: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the Jensen-Shannon divergence in nats, (batch,), between 0 and log 2.

    Of the softmaxes of `logits` and `others`, both (batch, n_classes).
    """
    log_p, log_q = logits.log_softmax(dim=1), others.log_softmax(dim=1)
    log_mean = torch.logaddexp(log_p, log_q) - math.log(2)
    terms = log_p.exp() * (log_p - log_mean) + log_q.exp() * (log_q - log_mean)
    return terms.sum(dim=1) / 2


def twin_of(network: _Network) -> _Network:
    """Return a copy of a selector or predictor, with weights of its own.

    What is not trained of it, frozen weights and those of the linear initialization, is shared.
    """
    fixed = [weight for weight in network.parameters() if not weight.requires_grad]
    for name in ("linear", "prior"):
        part = getattr(network, name, None)
        fixed += [] if part is None else part.buffers()
    return copy.deepcopy(network, {id(tensor): tensor for tensor in fixed})


@torch.no_grad()
def another(selector: _Selector) -> _Selector:
    """Return a selector of the same form, with other random weights.

    Word vectors, pretrained transformers and the bias are those of `selector`.
    """
    new = twin_of(selector)
    with weights_drawn():
        if isinstance(new, SelectorNetwork):
            for part in new.text_encoder.encoder.modules():
                reset = getattr(part, "reset_parameters", None)
                if reset is not None:
                    reset()
        if new.prior is None:
            bias = new.output.bias.clone()
            new.output.reset_parameters()
            new.output.bias.copy_(bias)
    return new


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
