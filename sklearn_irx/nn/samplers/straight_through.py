"""The default sampler: a hard mask in training too."""

from __future__ import annotations

import torch

from sklearn_irx.nn.samplers.base import Sampler, binary_concrete


class StraightThrough(Sampler):
    """A hard mask forward, the gradient of the relaxed one backward.

    The predictor is trained on masks of the kind that it will see at inference.

    References
    ----------
    Y. Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons for
    Conditional Computation", 2013; E. Jang et al., ICLR 2017 (straight-through Gumbel-softmax).
    """

    def relax(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:  # noqa: D102
        soft = binary_concrete(logits, temperature)
        return (soft > 0.5).to(soft.dtype) + soft - soft.detach()
