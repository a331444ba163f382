"""Soft masks with exact zeros and ones."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, ClassVar

import torch

from sklearn_irx._compat import Interval
from sklearn_irx.components.samplers.base import Sampler
from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.sampler import IndependentSamplerModule, Selection, expected_counts

_SHAPES = (1e-6, 100.0)  # beyond, the distribution is a point and its gradients overflow
_SMALL = -30.0  # log x, below which log(1 + x) and exp(x) - 1 are x to the last digit


class HardKumaModule(IndependentSamplerModule):
    """See :class:`HardKuma`."""

    directions = (1.0, -1.0)

    def __init__(self, *, stretch: float = 0.1, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.stretch = stretch

    def sample(  # noqa: D102
        self,
        scores: torch.Tensor,
        words: torch.Tensor,
        temperature: float,  # noqa: ARG002
    ) -> Selection:
        a, b = _shapes(scores)
        # The inverse of the CDF 1 - (1 - k^a)^b. An exponential variable is -log of a uniform one,
        # but precise next to 1.
        noise = torch.empty_like(a).exponential_(generator=generator_for(a.device))
        kuma = torch.exp(_log1mexp(-noise / b) / a)
        mask = (kuma * (1 + 2 * self.stretch) - self.stretch).clamp(0, 1) * words
        return Selection(mask, *expected_counts(torch.exp(-self._log_hazard(scores).exp()), words))

    def preference(self, scores: torch.Tensor) -> torch.Tensor:
        """Return the log-odds of a mask other than 0, (batch, length)."""
        log_hazard = self._log_hazard(scores)
        bounded = log_hazard.clamp(min=_SMALL)
        hazard = bounded.exp()
        # -log(exp(hazard) - 1), without overflow and without loss of a small hazard.
        return bounded - log_hazard - hazard - torch.log(-torch.expm1(-hazard))

    def score_for(self, log_odds: float) -> float:
        """Return x such that scores (x, -x) have these log-odds of a mask other than 0."""
        low, high = -50.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            # On the CPU even where a network is built on torch's "meta" device.
            scores = torch.tensor([[[middle, -middle]]], dtype=torch.float64, device="cpu")
            below = self.preference(scores).item() < log_odds
            low, high = (middle, high) if below else (low, middle)
        return (low + high) / 2

    def probability_of_zero(self, scores: torch.Tensor) -> torch.Tensor:
        """Return the probability that the mask of a word is 0, (batch, length)."""
        return -torch.expm1(-self._log_hazard(scores).exp())

    def probability_of_one(self, scores: torch.Tensor) -> torch.Tensor:
        """Return the probability that the mask of a word is 1, (batch, length)."""
        a, b = _shapes(scores)
        log_cut = math.log1p(self.stretch) - math.log1p(2 * self.stretch)
        return torch.exp(b * _log1mexp(a * log_cut))

    def _log_hazard(self, scores: torch.Tensor) -> torch.Tensor:
        """Return log(-log P(mask > 0)), which is finite where either probability rounds to 0."""
        a, b = _shapes(scores)
        log_power = a * (math.log(self.stretch) - math.log1p(2 * self.stretch))
        bounded = log_power.clamp(min=_SMALL)
        return b.log() + (log_power - bounded) + torch.log(-_log1mexp(bounded))


class HardKuma(Sampler):
    """Draw masks from stretched and rectified Kumaraswamy distributions.

    The softplus of a word's two scores are the shapes ``a`` and ``b`` of a variable on (0, 1). It
    is stretched to ``(-stretch, 1 + stretch)`` and clipped to [0, 1], so 0 and 1 have positive
    probabilities. A draw is a differentiable function of noise. The penalties are expected values
    in closed form, and count a word whose mask is not 0 as selected. Masks at inference are hard: a
    word is selected if a mask other than 0 is likelier than not.

    Parameters
    ----------
    stretch : float, default=0.1
        How far beyond 0 and 1, above 0. With a larger stretch, more of the masks are hard.

    References
    ----------
    J. Bastings et al., "Interpretable Neural Predictions with Differentiable Binary Variables",
    ACL 2019.

    Examples
    --------
    >>> from sklearn_irx.components import HardKuma
    >>> HardKuma(stretch=0.2)
    HardKuma(stretch=0.2)
    """

    module = HardKumaModule
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "stretch": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, stretch: float = 0.1) -> None:
        self.stretch = stretch


def _shapes(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the shapes a and b of the distribution of each word, (batch, length) each."""
    a, b = torch.nn.functional.softplus(scores).clamp(*_SHAPES).unbind(dim=-1)
    return a, b


def _log1mexp(x: torch.Tensor) -> torch.Tensor:
    """Compute log(1 - exp(x)) for x <= 0, to full precision on either side of log(1/2)."""
    half = -math.log(2)
    near = torch.log(-torch.expm1(x.clamp(half, -1e-20)))  # noise may round to 0
    far = torch.log1p(-torch.exp(x.clamp(max=half)))
    return torch.where(x > half, near, far)
