"""MRD: what is left without the rationale shall not lead to what the full text does."""

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


class MRDModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.MRD`."""

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,  # noqa: ARG002
    ) -> ModelOutput:
        words = batch.words.to(selection.mask.dtype)
        rest = words - selection.mask
        with judging(module.predictor):
            judged = module.predict(batch, rows, rest)
        logits, of_rest, whole = (
            module.predict(batch, rows, mask.detach()) for mask in (selection.mask, rest, words)
        )
        return ModelOutput(logits, selection, aside=(judged, of_rest, whole))

    def losses(  # noqa: D102
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        judged, *read = output.aside
        apart = weight * divergence(read[-1].detach(), judged)
        return -apart, sum(map(cross_entropy, read), cross_entropy(output.logits))
