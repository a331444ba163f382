"""What the predictor sees of words under a mask."""

from __future__ import annotations

from typing import Any

import torch

from sklearn_irx.nn.kernels.dropout import drop_, enlargement


class _Masked(torch.autograd.Function):
    """See :func:`masked_words`."""

    @staticmethod
    def forward(
        ctx: Any, table: torch.Tensor, mask: torch.Tensor, which: torch.Tensor, dropout: float
    ) -> torch.Tensor:
        seen = table.clamp(min=0).index_select(0, which)
        if dropout:
            drop_(seen, dropout)
        factors = enlargement(dropout) * mask.unsqueeze(1)
        ctx.save_for_backward(seen, factors, which)
        ctx.n_distinct, ctx.enlargement = len(table), enlargement(dropout)
        return seen * factors

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        seen, factors, which = ctx.saved_tensors
        of_mask = of_table = None
        if ctx.needs_input_grad[1]:
            of_mask = ctx.enlargement * (gradient * seen).sum(dim=1)
        if ctx.needs_input_grad[0]:
            rows = factors.squeeze(1).nonzero().squeeze(1)
            # What was negative or dropped is 0 in `seen`.
            slopes = torch.ops.aten.threshold_backward(
                gradient.index_select(0, rows) * factors.index_select(0, rows),
                seen.index_select(0, rows),
                0,
            )
            of_table = gradient.new_zeros(ctx.n_distinct, gradient.shape[1])
            of_table.index_add_(0, which.index_select(0, rows), slopes)
        return of_table, of_mask, None, None


def masked_words(
    table: torch.Tensor, mask: torch.Tensor, which: torch.Tensor, dropout: float
) -> torch.Tensor:
    """Rectify the vectors of distinct words, drop some features of each word, and mask words.

    Where the mask is 0, the gradient reaches the mask, and only it.

    Parameters
    ----------
    table : Tensor of shape (n_distinct, size)
        On the CPU.
    mask : Tensor of shape (n_words,)
        How much there is to see of each word.
    which : Tensor of shape (n_words,), dtype int64
        The row of each word in `table`.
    dropout : float
        Share of the features to drop, in [0, 1).

    Returns
    -------
    vectors : Tensor of shape (n_words, size)
    """
    if not torch.is_grad_enabled() and not dropout:
        # Without gradients, of words that are left out nothing is to be computed.
        rows = mask.nonzero().squeeze(1)
        seen = table.clamp(min=0).index_select(0, which.index_select(0, rows))
        seen *= mask.index_select(0, rows).unsqueeze(1)
        return table.new_zeros(len(mask), table.shape[1]).index_copy_(0, rows, seen)
    vectors: torch.Tensor = _Masked.apply(table, mask, which, dropout)
    return vectors
