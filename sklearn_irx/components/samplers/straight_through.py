"""The default sampler: a hard mask in training too."""

from __future__ import annotations

import torch

from sklearn_irx.nn.sampler import (
    IndependentSampler,
    Selection,
    binary_concrete,
    expected_costs,
)


class StraightThrough(IndependentSampler):
    """A hard mask forward, the gradient of the relaxed one backward.

    The predictor is trained on masks of the kind that it will see at inference. The costs are
    those expected of all masks, in closed form.

    References
    ----------
    Y. Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons for
    Conditional Computation", 2013; E. Jang et al., ICLR 2017 (straight-through Gumbel-softmax).
    """

    def sample(  # noqa: D102
        self, scores: torch.Tensor, words: torch.Tensor, temperature: float
    ) -> Selection:
        logits = scores.squeeze(-1)
        soft = binary_concrete(logits, temperature) * words
        hard = (soft > 0.5).to(soft.dtype) + (soft - soft.detach())
        return Selection(hard, *expected_costs(torch.sigmoid(logits), words))
