"""The paper's sampler: a soft mask in training."""

from __future__ import annotations

import torch

from sklearn_irx.nn.losses import n_borders, n_selected
from sklearn_irx.nn.sampler import IndependentSampler, Selection, binary_concrete


class Gumbel(IndependentSampler):
    """Gumbel-softmax over "selected" and "not selected" at every word (Dai et al., 2022).

    The mask is soft in training and hard at inference, so the predictor is trained on mixtures
    of words that it will not see. Noise is drawn in training only.

    References
    ----------
    E. Jang et al., "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017.
    """

    has_exact_zeros = False

    def sample(  # noqa: D102
        self, scores: torch.Tensor, words: torch.Tensor, temperature: float
    ) -> Selection:
        mask = binary_concrete(scores.squeeze(-1), temperature) * words
        return Selection(mask, n_selected(mask), n_borders(mask, words))
