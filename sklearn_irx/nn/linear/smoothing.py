"""The mean of weights over neighbouring words."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

LEARNED = "learned"
WIDTHS = (0.25, 16.0)
"""Bounds of a width that is learned, in words; it starts at their geometric mean, 2."""


class Smoothing(nn.Module):
    """Average weights over neighbouring words, by a Gaussian.

    `width` is its standard deviation in words, or "learned": a parameter within `WIDTHS`. Gradients
    reach the width, and the weights if they ask for one.
    """

    def __init__(self, width: float | str) -> None:
        super().__init__()
        self.fixed = None if isinstance(width, str) else float(width)
        # What is learned is the place of the logarithm of the width between its bounds.
        self.logit = nn.Parameter(torch.tensor(0.0)) if self.fixed is None else None

    def width(self) -> torch.Tensor:
        """Return the standard deviation in words, a tensor of shape ()."""
        if self.logit is None:
            return torch.tensor(self.fixed)
        low, high = map(math.log, WIDTHS)
        return (low + (high - low) * self.logit.sigmoid()).exp()

    def forward(self, weights: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Average weights (batch, length, n_classes) over `words` (batch, length) only."""
        width = self.width()
        reach = math.ceil(3 * width.item())
        distances = torch.arange(-reach, reach + 1, device=weights.device, dtype=weights.dtype)
        kernel = torch.exp(-0.5 * (distances / width.to(distances)) ** 2)[None, None]

        def summed(values: torch.Tensor) -> torch.Tensor:
            rows = values.transpose(1, 2).flatten(0, 1).unsqueeze(1)
            return F.conv1d(rows, kernel, padding=reach)

        total = summed(words.unsqueeze(2).to(weights.dtype)).view(len(words), 1, -1)
        sums = summed(weights * words.unsqueeze(2)).view(len(words), weights.shape[2], -1)
        return (sums / total.clamp(min=1e-6)).transpose(1, 2)
