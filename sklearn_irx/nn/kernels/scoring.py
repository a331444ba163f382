"""The last layers of the selector, a block of words at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import torch

from sklearn_irx.nn.kernels.dropout import drop_, enlargement

_BLOCK = 2048  # words whose features stay in the cache while they are worked on


class _Scores(torch.autograd.Function):
    """See :func:`scores_of`."""

    @staticmethod
    def forward(
        ctx: Any, features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, dropout: float
    ) -> torch.Tensor:
        seen = features.detach()  # and overwritten: memory that is new is slow
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
        of_weight = torch.zeros_like(scaled)
        for block in _blocks(len(seen)):
            of_weight.addmm_(seen[block].float().T, gradient[block])
            # One by one: products with so narrow a matrix are slow.
            slopes = reduce(torch.add, map(torch.outer, gradient[block].T, scaled.T))
            # What was negative or dropped is 0 in `seen`.
            torch.ops.aten.threshold_backward.grad_input(
                slopes.to(seen.dtype), seen[block], 0, grad_input=seen[block]
            )
        return seen, ctx.enlargement * of_weight.T, gradient.sum(dim=0), None


def scores_of(
    features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, dropout: float
) -> torch.Tensor:
    """Rectify features, drop some, and map them to scores by a dense layer.

    The same as ReLU, dropout and a linear layer one after the other, without their passes over
    memory that is too large for the cache.

    Parameters
    ----------
    features : Tensor of shape (n_words, n_features)
        On the CPU, of any floating-point type, contiguous. They are overwritten, and so must not
        be what other gradients are computed from.
    weight : Tensor of shape (n_scores, n_features)
        Of the dense layer.
    bias : Tensor of shape (n_scores,)
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
