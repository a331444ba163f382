"""Distillation of what a transformer makes of the full text."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812

from sklearn_irx.nn.contextual import ContextualSelector, WholeReader
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.training.objectives.base import CrossEntropy, ObjectiveModule, divergence


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
