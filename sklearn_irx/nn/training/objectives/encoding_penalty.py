"""A penalty on what the predictor knows beyond a reader of random words."""

from __future__ import annotations

import torch

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.training.objectives.base import (
    CrossEntropy,
    ObjectiveModule,
    divergence,
    judging,
    random_masks,
    twin_of,
)


class EncodingPenaltyModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.EncodingPenalty`.

    The reader begins as a copy of the predictor of `module`.
    """

    def __init__(self, module: Rationalizer, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.reader = twin_of(module.predictor)

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
