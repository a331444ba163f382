"""The last layers of the selector, computed in blocks of words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import torch

from sklearn_irx.nn.kernels.dropout import drop_, enlargement

_BLOCK = 2048  # words whose features fit into the cache


class _Scores(torch.autograd.Function):
    """See :func:`scores_of`."""

    @staticmethod
    def forward(
        ctx: Any, features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, dropout: float
    ) -> torch.Tensor:
        seen = features.detach()  # overwritten, as new memory is slow
        scores = torch.empty(len(features), len(weight))
        scaled = enlargement(dropout) * weight.T
        for block in _blocks(len(features)):
            seen[block].clamp_(min=0)
            if dropout:
                drop_(seen[block], dropout)
            torch.addmm(bias, seen[block].float(), scaled, out=scores[block])
        ctx.seen, ctx.scaled, ctx.enlargement = seen, scaled, enlargement(dropout)
        return scores

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        seen, scaled = ctx.seen, ctx.scaled
        if seen is None:
            raise RuntimeError("scores_of goes backward once: its memory is overwritten by then")
        ctx.seen = None
        weight_gradient = torch.zeros_like(scaled)
        for block in _blocks(len(seen)):
            weight_gradient.addmm_(seen[block].float().T, gradient[block])
            # Column by column: torch is slow at products with a narrow matrix.
            slopes = reduce(torch.add, map(torch.outer, gradient[block].T, scaled.T))
            # Negative and dropped values are 0 in `seen`.
            torch.ops.aten.threshold_backward.grad_input(
                slopes.to(seen.dtype), seen[block], 0, grad_input=seen[block]
            )
        return seen, ctx.enlargement * weight_gradient.T, gradient.sum(dim=0), None


def scores_of(
    features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, dropout: float
) -> torch.Tensor:
    """Apply ReLU, dropout and a dense layer, in blocks of words that fit into the cache.

    Parameters
    ----------
    features : Tensor of shape (n_words, n_features)
        On the CPU, of any floating-point type, contiguous. They are overwritten, so no other
        gradient may depend on their values.
    weight, bias : Tensor of shape (n_scores, n_features) and (n_scores,)
        Of the dense layer.
    dropout : float
        Share of the features to drop, in [0, 1).

    Returns
    -------
    scores : Tensor of shape (n_words, n_scores), dtype float32
    """
    scores: torch.Tensor = _Scores.apply(features, weight, bias, dropout)
    return scores


def _blocks(n: int) -> Iterator[slice]:
    return (slice(first, first + _BLOCK) for first in range(0, n, _BLOCK))
