"""A2R: a soft predictor attends to all words, and the hard one shall agree with it."""

from __future__ import annotations

import torch

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.training.objectives.base import (
    CrossEntropy,
    ObjectiveModule,
    js_divergence,
    twin_of,
)


class A2RModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.A2R`.

    The soft predictor begins as a copy of the predictor of `module`.
    """

    judges_masks = False

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
        scores: torch.Tensor | None,
    ) -> ModelOutput:
        logits = module.predict(batch, rows, selection.mask.detach())
        attended = batch.words.to(logits.dtype)
        if scores is not None:
            attended = batch.units.to_words(attention(module.sampler.preference(scores)))
        soft = module.predict(batch, rows, attended, self.reader)
        return ModelOutput(logits, selection, aside=(soft,))

    def losses(  # noqa: D102
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        (soft,) = output.aside
        apart = self.weight * weight * js_divergence(output.logits, soft)
        return cross_entropy(output.logits), cross_entropy(soft) + apart


def attention(preference: torch.Tensor) -> torch.Tensor:
    """Return a softmax of preferences (batch, n_units) divided by its largest value."""
    return (preference - preference.amax(dim=1, keepdim=True)).exp()
