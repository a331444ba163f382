"""G-RAT: a guide that attends to all words shows the selector where to look."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.contextual import ContextualSelector
from sklearn_irx.nn.isolation import generator_for, weights_drawn
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.selector import PriorSelector, SelectorNetwork
from sklearn_irx.nn.training.objectives.base import (
    CrossEntropy,
    ObjectiveModule,
    another,
    js_divergence,
)


class Guide(nn.Module):
    """Logits of the mean of all words, weighted by attention.

    Its encoder is one like that of `selector`, with weights of its own. In training, the absolute
    value of noise with the standard deviation `noise` is added to the scores of attention.
    """

    def __init__(
        self, selector: SelectorNetwork | ContextualSelector, n_classes: int, noise: float
    ) -> None:
        super().__init__()
        self.noise = noise
        self.selector = another(selector)
        size = self.selector.output.in_features
        with weights_drawn():
            self.attention = nn.Linear(size, 1)
            self.output = nn.Linear(size, n_classes)

    def forward(self, batch: PackedBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (batch, n_classes), and the attention to each word, (batch, length)."""
        features = self.selector.features(batch)
        scores = self.attention(features).squeeze(2)
        if self.training and self.noise:
            drawn = torch.empty_like(scores).normal_(generator=generator_for(scores.device))
            scores = scores + self.noise * drawn.abs()
        # A document without words attends to padding, whose features are not used.
        attention = scores.masked_fill(~batch.words, -1e4).softmax(dim=1)
        pooled = (attention.unsqueeze(2) * features).sum(dim=1)
        return self.output(pooled), attention


class GRATModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.GRAT`."""

    def __init__(self, module: Rationalizer, decay: float, noise: float) -> None:
        super().__init__()
        self.decay = decay
        assert not isinstance(module.selector, PriorSelector)
        self.guide = Guide(module.selector, module.shape.n_classes, noise)

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,
    ) -> ModelOutput:
        logits = module.predict(batch, rows, selection.mask)
        guiding, attention = self.guide(batch)
        if scores is None:
            return ModelOutput(logits, selection, aside=(guiding,))
        units = batch.units
        target = units.mean(guided(attention.detach(), batch.words).unsqueeze(2)).squeeze(2)
        preference = module.sampler.preference(scores)
        losses = F.binary_cross_entropy_with_logits(preference, target, reduction="none")
        selectable = module.sampler.may_select(scores)
        n = selectable.sum(dim=1).clamp(min=1)
        guidance = self.share(module.sampler.step)
        of_guide = guidance * (losses * selectable).sum(dim=1) / n
        apart = (1 - guidance) * js_divergence(logits, guiding.detach())
        return ModelOutput(logits, selection, aside=(guiding, of_guide + apart))

    def share(self, step: int) -> float:
        """Return the weight of the guide's attention after a number of steps."""
        return max(0.0, 1.0 - self.decay * step)

    def losses(  # noqa: D102
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        guiding, *guided_by = output.aside
        losses = cross_entropy(output.logits)
        for term in guided_by:
            losses = losses + weight * term
        return losses, cross_entropy(guiding)


def guided(attention: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return what the guide would have selected of each word, in [0, 1], (batch, length).

    Its attention over the mean of the document's words and a bit: a word above that has 1.
    """
    n = words.sum(dim=1, keepdim=True).clamp(min=1)
    attention = attention * words
    scale = attention.sum(dim=1, keepdim=True) / n + 1 / (1 + n)
    return (attention / scale).clamp(max=1)
