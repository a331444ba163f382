"""Features of words under a mask, as the predictor sees them."""

from __future__ import annotations

from typing import Any

import torch

from sklearn_irx.nn.kernels.dropout import drop_, enlargement


class _Masked(torch.autograd.Function):
    """See :func:`masked_words`."""

    @staticmethod
    def forward(
        ctx: Any, table: torch.Tensor, mask: torch.Tensor, inverse: torch.Tensor, dropout: float
    ) -> torch.Tensor:
        seen = table.clamp(min=0).index_select(0, inverse)
        if dropout:
            drop_(seen, dropout)
        factors = enlargement(dropout) * mask.unsqueeze(1)
        ctx.save_for_backward(seen, factors, inverse)
        ctx.n_unique, ctx.enlargement = len(table), enlargement(dropout)
        return seen * factors

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        seen, factors, inverse = ctx.saved_tensors
        mask_gradient = table_gradient = None
        if ctx.needs_input_grad[1]:
            mask_gradient = ctx.enlargement * (gradient * seen).sum(dim=1)
        if ctx.needs_input_grad[0]:
            rows = factors.squeeze(1).nonzero().squeeze(1)
            # Negative and dropped values are 0 in `seen`.
            slopes = torch.ops.aten.threshold_backward(
                gradient.index_select(0, rows) * factors.index_select(0, rows),
                seen.index_select(0, rows),
                0,
            )
            table_gradient = gradient.new_zeros(ctx.n_unique, gradient.shape[1])
            table_gradient.index_add_(0, inverse.index_select(0, rows), slopes)
        return table_gradient, mask_gradient, None, None


def masked_words(
    table: torch.Tensor, mask: torch.Tensor, inverse: torch.Tensor, dropout: float
) -> torch.Tensor:
    """Rectify the vectors of unique words, drop some features of each word, and mask words.

    Where the mask is 0, only the mask gets a gradient.

    Parameters
    ----------
    table : Tensor of shape (n_unique, size)
        On the CPU.
    mask : Tensor of shape (n_words,)
        In [0, 1].
    inverse : Tensor of shape (n_words,), dtype int64
        The row of each word in `table`.
    dropout : float
        Share of the features to drop, in [0, 1).

    Returns
    -------
    vectors : Tensor of shape (n_words, size)
    """
    if not torch.is_grad_enabled() and not dropout:
        # Without gradients, nothing needs computing for words that are left out.
        rows = mask.nonzero().squeeze(1)
        seen = table.clamp(min=0).index_select(0, inverse.index_select(0, rows))
        seen *= mask.index_select(0, rows).unsqueeze(1)
        return table.new_zeros(len(mask), table.shape[1]).index_copy_(0, rows, seen)
    vectors: torch.Tensor = _Masked.apply(table, mask, inverse, dropout)
    return vectors
