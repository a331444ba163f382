"""Prices of words and borders: fixed, or found in training for a length the user asks for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch

from sklearn_irx.nn.lengths import is_share, n_allowed
from sklearn_irx.nn.samplers.base import IndependentSampler, best

_MEMORY = 0.9  # of the moving average of the error, a batch
_RATE = 0.02  # nats a step and unit of relative error, summed up
_DAMPING = 0.2  # nats a unit of relative error, at once
TOLERANCE = 0.05  # relative, within which a limit is kept


class FixedPrice:
    """So many nats of cross-entropy for each word or border.

    Parameters
    ----------
    price : float
        Of one word or border.
    free : float or None
        So many of each document cost nothing (Jain et al., 2020); below 1, a share of its words.
    """

    def __init__(self, price: float, free: float | None = None) -> None:
        self.price = price
        self.free = free

    def cost(self, n: torch.Tensor, words: torch.Tensor, scale: float) -> torch.Tensor:
        """Give the mean cost of `n` (batch,) units a document, in nats."""
        if self.free is not None:
            n = (n - n_allowed(self.free, words)).clamp(min=0)
        return scale * self.price * n.mean()

    def update(self, n: torch.Tensor, words: torch.Tensor, scale: float) -> None:
        """Do nothing: the price is fixed."""

    def excess(self, n: float) -> float:  # noqa: ARG002
        """Give 0: there is no limit."""
        return 0.0


class Multiplier:
    """A Lagrange multiplier: it rises while there is too much of something, and falls else.

    The cost is in units of what is asked for, so the multiplier is in nats whatever the unit. It
    follows a moving average of the error, summed up and (as damping, which keeps it from swinging)
    as it is. It never goes past what is at stake, the cross-entropy of guessing.

    Parameters
    ----------
    target : float
        Mean over documents; below 1, a share of their words.
    most : float
        Bound of the multiplier, in nats.
    limit : bool
        Whether less than the target is as good.

    References
    ----------
    J. Platt and A. Barr, "Constrained differential optimization", NIPS 1987.
    A. Stooke et al., "Responsive safety in reinforcement learning by PID Lagrangian methods",
    ICML 2020.
    """

    def __init__(self, target: float, most: float, *, limit: bool = False) -> None:
        self.target = target
        self.most = most
        self.least = 0.0 if limit else -most
        self.sum = 0.0
        self.error = 0.0

    @property
    def value(self) -> float:
        """The multiplier, in nats for as much as is asked for."""
        return min(self.most, max(self.least, self.sum + _DAMPING * self.error))

    @property
    def price(self) -> float:
        """The multiplier, in nats for a word or border (or, of a share, for a whole document)."""
        return self.value / self.target

    def cost(self, n: torch.Tensor, words: torch.Tensor, scale: float) -> torch.Tensor:  # noqa: ARG002
        """Give the mean cost of `n` (batch,) units a document, in nats."""
        return self.price * self._mean(n, words)

    def update(self, n: torch.Tensor, words: torch.Tensor, scale: float) -> None:
        """Look at a batch of training. While a curriculum's `scale` is below 1, ask for less."""
        error = float(self._mean(n.detach(), words)) * scale / self.target - 1.0
        error = max(-1.0, min(1.0, error))
        self.error = _MEMORY * self.error + (1 - _MEMORY) * error
        self.sum = min(self.most, max(self.least, self.sum + _RATE * self.error))

    def excess(self, n: float) -> float:
        """Give how far a mean of `n` is above the target, relative to it."""
        return n / self.target - 1.0

    def _mean(self, n: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        if not is_share(self.target):
            return n.mean()
        n_words = words.sum(dim=1)
        return (n / n_words.clamp(min=1)).sum() / (n_words > 0).sum().clamp(min=1)


@torch.inference_mode()
def fit_threshold(
    module: Any, batches: Iterable[dict[str, torch.Tensor]], rationale_length: float
) -> None:
    """Move a sampler's threshold so that rationales of these documents have a given length.

    Samples of the right mean length in training do not make the likelier half of the words just
    as many: this is what remains to be done.

    Parameters
    ----------
    module : Rationalizer
        With a sampler that draws each word for itself.
    batches : iterable of dict
        What :meth:`Rationalizer.scores` takes.
    rationale_length : float
        Mean over documents; below 1, a share of their words.
    """
    sampler: IndependentSampler = module.sampler
    module.eval()
    preferences, weights, n_documents = [], [], 0
    for batch in batches:
        scores, words = module.scores(**batch)
        preference = sampler.preference(scores)
        n_words = words.sum(dim=1, keepdim=True)
        weight = torch.ones_like(preference)
        if is_share(rationale_length):
            weight = weight / n_words.clamp(min=1)
        candidates = words
        if sampler.max_rationale_length is not None:
            masked = preference.masked_fill(~words, -torch.inf)
            candidates = words & best(masked, n_allowed(sampler.max_rationale_length, words))
        preferences.append(preference[candidates])
        weights.append(weight[candidates])
        n_documents += int((n_words > 0).sum()) if is_share(rationale_length) else len(words)
    preference, order = torch.cat(preferences).sort(descending=True)
    if not len(preference):
        return
    reached = torch.cat(weights)[order].double().cumsum(0)
    last = int(torch.searchsorted(reached, rationale_length * n_documents - 1e-6))
    if last + 1 < len(preference):
        sampler.threshold.fill_(float(preference[last : last + 2].mean()))
    else:
        sampler.threshold.fill_(math.nextafter(float(preference[-1]), -math.inf) - 1.0)
