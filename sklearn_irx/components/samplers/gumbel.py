"""The paper's sampler: a soft mask in training."""

from __future__ import annotations

import torch

from sklearn_irx.components.samplers.base import RelaxedSampler
from sklearn_irx.nn.losses import n_selected, n_transitions
from sklearn_irx.nn.sampler import IndependentSamplerModule, Selection, binary_concrete


class GumbelModule(IndependentSamplerModule):
    """See :class:`Gumbel`."""

    has_exact_zeros = False

    def sample(  # noqa: D102
        self, scores: torch.Tensor, words: torch.Tensor, temperature: float
    ) -> Selection:
        mask = binary_concrete(scores.squeeze(-1), temperature) * words
        return Selection(mask, n_selected(mask), n_transitions(mask, words))


class Gumbel(RelaxedSampler):
    """Gumbel-softmax over "selected" and "not selected" at every word, as Dai et al. (2022) did.

    The mask is soft in training and hard at inference: the predictor is trained on mixtures of
    words that it will not see. Noise is drawn in training only.

    Parameters
    ----------
    temperature : float, default=1.0
        Softness of the relaxation at the first training step.
    temperature_decay : float, default=1e-5
        At step s the temperature is ``temperature * exp(-temperature_decay * s)``.

    References
    ----------
    E. Jang et al., "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017; J. Dai et al.,
    "Interactive Rationale Extraction for Text Classification", 2022.

    Examples
    --------
    >>> from sklearn_irx.components import Gumbel
    >>> Gumbel(temperature_decay=0.0)
    Gumbel(temperature_decay=0.0)
    """

    module = GumbelModule
