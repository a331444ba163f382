"""MCD: the rationale shall lead to what is predicted from the full text."""

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
)


class MCDModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.MCD`."""

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,  # noqa: ARG002
    ) -> ModelOutput:
        with judging(module.predictor):
            judged = module.predict(batch, rows, selection.mask)
        logits = module.predict(batch, rows, selection.mask.detach())
        whole = module.predict(batch, rows, batch.words.to(logits.dtype))
        return ModelOutput(logits, selection, aside=(judged, whole))

    def losses(  # noqa: D102
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        judged, whole = output.aside
        apart = weight * divergence(whole.detach(), judged)
        return apart, cross_entropy(output.logits) + cross_entropy(whole)
