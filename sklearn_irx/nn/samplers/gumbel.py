"""The paper's sampler: a soft mask in training."""

from __future__ import annotations

import torch

from sklearn_irx.nn.samplers.base import Sampler, binary_concrete


class Gumbel(Sampler):
    """Gumbel-softmax over "selected" and "not selected" at every word (Dai et al., 2022).

    The mask is soft in training and hard at inference, so the predictor is trained on mixtures
    of words that it will not see. Noise is drawn in training only.

    References
    ----------
    E. Jang et al., "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017.
    """

    def relax(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:  # noqa: D102
        return binary_concrete(logits, temperature)
