"""CAR: an advocate argues for a class, and the predictor is not to be talked into it."""

from __future__ import annotations

import torch
from torch import nn

from sklearn_irx.nn.contextual import ContextualSelector
from sklearn_irx.nn.isolation import generator_for, weights_drawn
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.selector import FeatureSelector, PriorSelector, SelectorNetwork
from sklearn_irx.nn.training.objectives.base import (
    CrossEntropy,
    ObjectiveModule,
    another,
    judging,
)


class Advocate(FeatureSelector):
    """A selector of the form of another, with weights of its own, that argues for classes.

    `classes` (batch,) are the numbers of those that it argues for next.
    """

    classes: torch.Tensor

    def __init__(self, selector: SelectorNetwork | ContextualSelector, n_classes: int) -> None:
        super().__init__()
        self.selector = another(selector)
        self.prior = self.selector.prior
        self.register_buffer("directions", selector.directions, persistent=False)
        with weights_drawn():
            self.for_classes = nn.Linear(selector.output.in_features, n_classes, bias=False)

    def scores(self, batch: PackedBatch) -> torch.Tensor:  # noqa: D102
        features = self.selector.features(batch)
        for_classes = self.for_classes(features)
        classes = self.classes.view(-1, 1, 1).expand(-1, for_classes.shape[1], -1)
        own: torch.Tensor = self.selector.output(features)
        return own + for_classes.gather(2, classes) * self.directions

    def word_logits(self, batch: PackedBatch) -> torch.Tensor | None:  # noqa: D102
        return self.selector.word_logits(batch)


class CARModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.CAR`."""

    def __init__(self, module: Rationalizer, weight: float) -> None:
        super().__init__()
        self.weight = weight
        assert not isinstance(module.selector, PriorSelector)
        self.advocate = Advocate(module.selector, module.shape.n_classes)

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,
    ) -> ModelOutput:
        output = super().read(module, batch, rows, selection, scores)
        if scores is None:
            return output
        classes = argued_for(output.logits)
        self.advocate.classes = classes
        argued, *_ = module.select(batch, rows, selector=self.advocate)
        with judging(module.predictor):
            judged = module.predict(batch, rows, argued.mask)
        read = module.predict(batch, rows, argued.mask.detach())
        convinced = judged.softmax(dim=1).gather(1, classes.unsqueeze(1))
        return output._replace(others=(ModelOutput(read, argued, aside=(convinced,)),))

    def losses(  # noqa: D102
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        if not output.aside:
            return cross_entropy(output.logits), None
        (convinced,) = output.aside
        of_judge = self.weight * cross_entropy(output.logits)
        return -self.weight * weight * convinced.squeeze(1), of_judge


def argued_for(logits: torch.Tensor) -> torch.Tensor:
    """Draw a class for each document, (batch,): half of the time the predicted one, or another.

    `logits` are (batch, n_classes). All others are equally likely.
    """
    n_documents, n_classes = logits.shape
    generator = generator_for(logits.device)
    drawn = torch.rand((n_documents, 2), generator=generator, device=logits.device)
    further = 1 + (drawn[:, 1] * (n_classes - 1)).long().clamp(max=n_classes - 2)
    predicted = logits.argmax(dim=1)
    return torch.where(drawn[:, 0] < 0.5, predicted, (predicted + further) % n_classes)
