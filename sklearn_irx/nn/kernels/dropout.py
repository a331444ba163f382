"""Dropout that takes little time for its random numbers."""

from __future__ import annotations

import torch
from torch import nn

from sklearn_irx.nn.isolation import generator_for

_DIGITS = 8  # binary ones, to which a probability is rounded
_LEVELS = 2**_DIGITS
INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes of a floating-point number


class Dropout(nn.Module):
    """Set a share of the values to 0 in training, and enlarge the others for their mean to stay.

    On the CPU, torch draws a 64-bit random number for each value, which takes longer than all else
    that a network does with it. Here it is a few bits, so the share is met to within 1/512.

    Parameters
    ----------
    p : float
        Share to drop, in [0, 1).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    @property
    def share(self) -> float:
        """What is dropped now: `p` in training, else nothing."""
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
    """Set about a share `p` of the values of `x`, which must be contiguous, to 0."""
    integers = x.view(INTEGERS[x.itemsize])
    # A bit for each value, byte by byte: in turn each becomes the sign, shifted through all bits.
    drawn = _random_bits(-(-x.numel() // 8), p)
    signs = drawn << torch.arange(8, dtype=torch.int8).unsqueeze(1)
    mask = signs.bitwise_right_shift_(7).flatten()[: x.numel()].to(integers.dtype)
    integers.bitwise_and_(mask.view(x.shape))


def _random_bits(n_bytes: int, p: float) -> torch.Tensor:
    """Draw bits that are 0 with about probability `p`: (n_bytes,), dtype int8.

    A bit that is 1 with probability q stays so with probability q / 2 if a fair bit must be 1 too,
    and with (q + 1) / 2 if either may: so the digits of the probability, from the last one, say
    how to combine fair bits. For a half, one of them is enough.
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
    """Give the factor that makes up for the values that :func:`drop_` sets to 0."""
    return _LEVELS / (_LEVELS - _n_dropped(p))


def _n_dropped(p: float) -> int:
    return min(round(p * _LEVELS), _LEVELS - 1)
