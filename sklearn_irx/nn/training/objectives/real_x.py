"""REAL-X: the predictor learns from words drawn at random."""

from __future__ import annotations

import torch

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.training.objectives.base import (
    CrossEntropy,
    ObjectiveModule,
    judging,
    random_masks,
)


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
