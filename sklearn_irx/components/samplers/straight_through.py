"""The default sampler: hard masks in training, too."""

from __future__ import annotations

import torch

from sklearn_irx.components.samplers.base import RelaxedSampler
from sklearn_irx.nn.sampler import (
    IndependentSamplerModule,
    Selection,
    binary_concrete,
    expected_counts,
)


class StraightThroughModule(IndependentSamplerModule):
    """See :class:`StraightThrough`."""

    def sample(  # noqa: D102
        self, scores: torch.Tensor, words: torch.Tensor, temperature: float
    ) -> Selection:
        logits = scores.squeeze(-1)
        soft = binary_concrete(logits, temperature) * words
        hard = (soft > 0.5).to(soft.dtype) + (soft - soft.detach())
        return Selection(hard, *expected_counts(torch.sigmoid(logits), words))


class StraightThrough(RelaxedSampler):
    """A hard mask forward, the gradient of the relaxed one backward.

    The predictor is trained on masks of the kind that it sees at inference. The penalties are
    expected values in closed form.

    Parameters
    ----------
    temperature : float, default=1.0
        Softness of the relaxation at the first training step.
    temperature_decay : float, default=1e-5
        At step s the temperature is ``temperature * exp(-temperature_decay * s)``.

    References
    ----------
    Y. Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons for
    Conditional Computation", 2013; E. Jang et al., "Categorical Reparameterization with
    Gumbel-Softmax", ICLR 2017.

    Examples
    --------
    >>> from sklearn_irx.components import StraightThrough
    >>> StraightThrough(temperature=0.5)
    StraightThrough(temperature=0.5)
    """

    module = StraightThroughModule
