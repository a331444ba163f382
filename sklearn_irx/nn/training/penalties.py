"""Penalties of words and transitions: fixed, or adapted in training to a target."""

from __future__ import annotations

from typing import TypeAlias

import torch

from sklearn_irx.nn.lengths import is_share, mean_share, n_allowed

_SMOOTHING = 0.9  # of the moving average of the error, per batch
_RATE = 0.02  # nats per step and unit of relative error, summed up
_DAMPING = 0.2  # nats per unit of the averaged relative error
TOLERANCE = 0.05  # relative excess over a limit


class FixedPenalty:
    """A fixed number of nats for each word or transition.

    Parameters
    ----------
    per_unit : float
        Nats for one word or transition.
    free : float or None
        Number of each document that is not penalized (Jain et al., 2020); below 1, a share of its
        words.
    target : float or None
        Mean over documents that the selection at inference is fitted to, whatever the penalty.
    """

    def __init__(
        self, per_unit: float, free: float | None = None, target: float | None = None
    ) -> None:
        self.per_unit = per_unit
        self.free = free
        self.target = target

    def cost(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the mean penalty in nats of `n` (batch,) words or transitions."""
        if self.free is not None:
            n = (n - n_allowed(self.free, words)).clamp(min=0)
        return scale * self.per_unit * _weighted(n, weight).mean()

    def update(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,
    ) -> None:
        """Do nothing: the penalty is fixed."""

    def excess(self, n: float) -> float:  # noqa: ARG002
        """Return 0: there is no limit."""
        return 0.0


class _OfMean:
    """Base of penalties on a mean over documents; a `target` below 1 is a share of their words."""

    def __init__(self, target: float) -> None:
        self.target = target

    def excess(self, n: float) -> float:
        """Return how far a mean of `n` is above the target, relative to it."""
        return n / self.target - 1.0

    def _mean(
        self, n: torch.Tensor, words: torch.Tensor, weight: torch.Tensor | None
    ) -> torch.Tensor:
        if not is_share(self.target):
            return _weighted(n, weight).mean()
        return mean_share(_weighted(n, weight), words)


class LagrangeMultiplier(_OfMean):
    """A Lagrange multiplier: it rises while a mean is above its target, and falls while below.

    The penalty is relative to the target, so the multiplier is in nats whatever the unit. It is the
    sum of a moving average of the error plus, as damping against oscillation, the average itself.
    Its upper bound is the cross-entropy of guessing. Its lower bound is 0: a reward for words, next
    to a penalty of transitions, ends in the selection of all words for good.

    Parameters
    ----------
    target : float
        Mean over documents; below 1, a share of their words.
    bound : float
        Largest value of the multiplier, in nats.

    References
    ----------
    J. Platt and A. Barr, "Constrained differential optimization", NIPS 1987.
    A. Stooke et al., "Responsive safety in reinforcement learning by PID Lagrangian methods",
    ICML 2020.
    """

    def __init__(self, target: float, bound: float) -> None:
        super().__init__(target)
        self.bound = bound
        self.sum = 0.0
        self.error = 0.0

    @property
    def value(self) -> float:
        """The multiplier, in nats for a mean at its target."""
        return min(self.bound, max(0.0, self.sum + _DAMPING * self.error))

    @property
    def per_unit(self) -> float:
        """The multiplier, in nats per word or transition (or per share, for a whole document)."""
        return self.value / self.target

    def cost(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,  # noqa: ARG002
        weight: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the mean penalty in nats of `n` (batch,) words or transitions."""
        return self.per_unit * self._mean(n, words, weight)

    def update(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,
    ) -> None:
        """Update the multiplier on a training batch, for the target divided by `scale`."""
        error = float(self._mean(n.detach(), words, weight)) * scale / self.target - 1.0
        error = max(-1.0, min(1.0, error))
        self.error = _SMOOTHING * self.error + (1 - _SMOOTHING) * error
        self.sum = min(self.bound, max(0.0, self.sum + _RATE * self.error))


class Deviation(_OfMean):
    """The distance of a mean from its target, at one nat for all words of a document.

    It draws from both sides and never outweighs the cross-entropy. A multiplier that rises until
    the target is met takes all words away from networks that know nothing yet, and cannot give them
    back.

    Parameters
    ----------
    target : float
        Mean over documents; below 1, a share of their words.

    References
    ----------
    S. Chang et al., "Invariant Rationalization", ICML 2020.
    """

    def __init__(self, target: float) -> None:
        super().__init__(target)
        self.per_unit = 1.0

    def cost(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the penalty in nats of `n` (batch,) words or transitions."""
        return scale * self._price(words) * (self._mean(n, words, weight) - self.target).abs()

    def update(
        self,
        n: torch.Tensor,  # noqa: ARG002
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,  # noqa: ARG002
    ) -> None:
        """Note what a word costs."""
        self.per_unit = scale * self._price(words)

    def _price(self, words: torch.Tensor) -> float:
        """Return the nats for a word of documents that have so many, or for a share of 1."""
        if is_share(self.target):
            return 1.0
        return 1 / max(1.0, float(words.sum(dim=1).float().mean()))


Penalty: TypeAlias = FixedPenalty | LagrangeMultiplier | Deviation


def _weighted(n: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Multiply by sample weights, 1 in the mean."""
    return n if weight is None else weight * n
