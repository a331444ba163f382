"""Dropout that draws few random bits."""

from __future__ import annotations

import torch
from torch import nn

from sklearn_irx.nn.isolation import generator_for

_DIGITS = 8  # binary, of a probability
_LEVELS = 2**_DIGITS
INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes of a floating-point number


class Dropout(nn.Module):
    """Set a share `p`, in [0, 1), of the values to 0 in training, and scale up the others.

    On the CPU, torch draws a 64-bit random number for each value, which takes longer than all other
    work of the layer. Here it is a few bits, so the share is exact to 1/512.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    @property
    def share(self) -> float:
        """The share that is dropped now: `p` in training, else 0."""
        return self.p if self.training else 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x to values of the same shape and type."""
        if not self.share:
            return x
        if x.device.type != "cpu":
            kept = torch.empty_like(x, requires_grad=False)
            kept.bernoulli_(1 - self.p, generator=generator_for(x.device))
            return x * kept.div_(1 - self.p)
        factors = torch.full_like(x, enlargement(self.p), requires_grad=False)
        drop_(factors, self.p)
        return x * factors

    def extra_repr(self) -> str:  # noqa: D102
        return f"p={self.p}"


def drop_(x: torch.Tensor, p: float) -> None:
    """Set a share `p` of the values of `x`, which must be contiguous, to 0, to within 1/512."""
    integers = x.view(INTEGERS[x.itemsize])
    # A random bit for each value: shifted to the sign of its byte, and spread over all bits.
    drawn = _random_bits(-(-x.numel() // 8), p)
    signs = drawn << torch.arange(8, dtype=torch.int8).unsqueeze(1)
    mask = signs.bitwise_right_shift_(7).flatten()[: x.numel()].to(integers.dtype)
    integers.bitwise_and_(mask.view(x.shape))


def _random_bits(n_bytes: int, p: float) -> torch.Tensor:
    """Draw bits that are 0 with about probability `p`: (n_bytes,), dtype int8.

    A bit that is 1 with probability q becomes q / 2 by `and` with a fair bit, and (q + 1) / 2 by
    `or`. So the binary digits of the probability, from the last one, tell how to combine fair bits.
    A half needs only one of them.
    """
    level, n_digits = _LEVELS - _n_dropped(p), _DIGITS
    while level % 2 == 0:
        level, n_digits = level // 2, n_digits - 1
    bits = torch.empty(0)
    for digit in range(n_digits):
        drawn = torch.empty(-(-n_bytes // 8), dtype=torch.int64)
        drawn.random_(-(2**63), None, generator=generator_for(drawn.device))
        if digit == 0:
            bits = drawn
        elif level >> digit & 1:
            bits |= drawn
        else:
            bits &= drawn
    return bits.view(torch.int8)[:n_bytes]


def enlargement(p: float) -> float:
    """Return the factor by which the values that :func:`drop_` keeps are scaled up."""
    return _LEVELS / (_LEVELS - _n_dropped(p))


def _n_dropped(p: float) -> int:
    return min(round(p * _LEVELS), _LEVELS - 1)
