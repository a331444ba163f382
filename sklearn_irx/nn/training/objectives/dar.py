"""DAR: a predictor that has read full texts alone must read the rationale."""

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
    twin_of,
)


class DARModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.DAR`.

    The aligner is the predictor as it is at the end of the warm-up.
    """

    def __init__(self, module: Rationalizer, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.aligner = twin_of(module.predictor)

    def begin(self, module: Rationalizer) -> None:  # noqa: D102
        self.aligner.load_state_dict(module.predictor.state_dict())

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,
    ) -> ModelOutput:
        logits = module.predict(batch, rows, selection.mask)
        if scores is None:
            return ModelOutput(logits, selection)
        with judging(self.aligner):
            aligned = module.predict(batch, rows, selection.mask, self.aligner)
        return ModelOutput(logits, selection, aside=(aligned,))

    def losses(  # noqa: D102
        self,
        output: ModelOutput,
        cross_entropy: CrossEntropy,
        weight: torch.Tensor | float,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        of_aligner = sum(map(cross_entropy, output.aside), output.logits.new_zeros(()))
        return cross_entropy(output.logits) + self.weight * of_aligner, None
