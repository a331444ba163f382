"""What every sampler is: a way from selection logits to a mask, in training and at inference."""

from __future__ import annotations

import math

import torch
from torch import nn


class Sampler(nn.Module):
    """Turns selection logits into a mask.

    In training a subclass's :meth:`relax` gives a mask that carries gradients; at inference the
    mask is hard and without noise: a word is selected when its logit is positive.

    Parameters
    ----------
    temperature : float
        How soft the relaxation is at the first step.
    temperature_decay : float
        The temperature at step ``s`` is ``temperature * exp(-temperature_decay * s)``.
    """

    def __init__(self, temperature: float = 1.0, temperature_decay: float = 0.0) -> None:
        super().__init__()
        self.temperature = temperature
        self.temperature_decay = temperature_decay
        self.step = 0

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        """Map logits (batch, length) to a mask of the same shape with values in [0, 1]."""
        if not self.training:
            return (logits > 0).to(logits.dtype)
        temperature = self.temperature * math.exp(-self.temperature_decay * self.step)
        self.step += 1
        return self.relax(logits, temperature)

    def relax(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:
        """Give a mask in [0, 1] through which gradients reach `logits`."""
        raise NotImplementedError


def binary_concrete(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Draw from the relaxed Bernoulli distribution with these logits.

    The first component of a Gumbel-softmax over two logits whose difference is `logits`: the
    difference of two Gumbel variables is logistic (Maddison et al., 2017; Jang et al., 2017).
    """
    uniform = torch.rand_like(logits).clamp_(1e-6, 1 - 1e-6)
    return torch.sigmoid((logits + torch.logit(uniform)) / temperature)
