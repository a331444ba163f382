"""MGR: several selectors train one predictor."""

from __future__ import annotations

import torch
from torch import nn

from sklearn_irx.nn.contextual import ContextualSelector
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import Selection
from sklearn_irx.nn.selector import PriorSelector, SelectorNetwork
from sklearn_irx.nn.training.objectives.base import ObjectiveModule, another


class MGRModule(ObjectiveModule):
    """See :class:`~sklearn_irx.components.MGR`."""

    def __init__(self, module: Rationalizer, n_selectors: int) -> None:
        super().__init__()
        assert not isinstance(module.selector, PriorSelector)
        others = [another(module.selector) for _ in range(n_selectors - 1)]
        self.selectors = nn.ModuleList(others)
        self.speeds = {f"selectors.{i}.*": i + 2 for i in range(n_selectors - 1)}
        self.speeds |= {"predictor.*": 1 / n_selectors}

    def read(  # noqa: D102
        self,
        module: Rationalizer,
        batch: PackedBatch,
        rows: torch.Tensor,
        selection: Selection,
        scores: torch.Tensor | None,
    ) -> ModelOutput:
        output = super().read(module, batch, rows, selection, scores)
        others = []
        for selector in self.selectors if scores is not None else ():
            assert isinstance(selector, SelectorNetwork | ContextualSelector)
            chosen, *_ = module.select(batch, rows, selector=selector)
            others.append(ModelOutput(module.predict(batch, rows, chosen.mask), chosen))
        return output._replace(others=tuple(others))
