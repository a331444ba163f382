"""Adam that updates only those rows of word tables whose words occur."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class RowAdam(torch.optim.Adam):
    """Adam that updates only the rows of a sparse gradient.

    A batch holds some thousand words of a vocabulary of a hundred thousand; Adam moves all rows at
    every step, mostly by momentum. Here a row keeps its moments until its word occurs again, as in
    :class:`torch.optim.SparseAdam`, and rows have weight decay when they are updated. For the
    parameters see :class:`torch.optim.Adam`.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # noqa: D102
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        tables = [
            (parameter, parameter.grad, group)
            for group in self.param_groups
            for parameter in group["params"]
            if parameter.grad is not None and parameter.grad.is_sparse
        ]
        for parameter, gradient, group in tables:
            self._update_rows(parameter, gradient.coalesce(), group)
            parameter.grad = None
        super().step()
        for parameter, gradient, _ in tables:
            parameter.grad = gradient
        return loss

    def _update_rows(
        self, table: torch.Tensor, gradient: torch.Tensor, group: dict[str, Any]
    ) -> None:
        state = self.state[table]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(table)
            state["exp_avg_sq"] = torch.zeros_like(table)
        state["step"] += 1
        step, (beta_1, beta_2) = float(state["step"]), group["betas"]
        rows, slope = gradient.indices()[0], gradient.values()
        values = table.index_select(0, rows)
        slope = slope.add(values, alpha=group["weight_decay"])
        mean = state["exp_avg"].index_select(0, rows).lerp_(slope, 1 - beta_1)
        square = (
            state["exp_avg_sq"]
            .index_select(0, rows)
            .mul_(beta_2)
            .addcmul_(slope, slope, value=1 - beta_2)
        )
        state["exp_avg"].index_copy_(0, rows, mean)
        state["exp_avg_sq"].index_copy_(0, rows, square)
        scale = square.div_(1 - beta_2**step).sqrt_().add_(group["eps"])
        values.addcdiv_(mean, scale, value=-group["lr"] / (1 - beta_1**step))
        table.index_copy_(0, rows, values)
