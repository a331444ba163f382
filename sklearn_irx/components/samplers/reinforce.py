"""Hard masks, trained with the score function."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import torch
from torch.nn.functional import logsigmoid

from sklearn_irx._compat import Interval
from sklearn_irx.components.samplers.base import Sampler
from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.sampler import IndependentSamplerModule, Selection, expected_counts


class ReinforceModule(IndependentSamplerModule):
    """See :class:`Reinforce`.

    Attributes
    ----------
    baseline : Tensor of shape ()
        Moving average of the losses of batches.
    n_batches : Tensor of shape (), dtype int64
        Number of these batches.
    """

    baseline: torch.Tensor
    n_batches: torch.Tensor

    def __init__(
        self, *, entropy: float = 0.0, baseline_decay: float = 0.9, **parameters: Any
    ) -> None:
        super().__init__(**parameters)
        self.entropy = entropy
        self.baseline_decay = baseline_decay
        self.register_buffer("baseline", torch.tensor(0.0))
        self.register_buffer("n_batches", torch.tensor(0))

    def sample(  # noqa: D102
        self,
        scores: torch.Tensor,
        words: torch.Tensor,
        temperature: float,  # noqa: ARG002
    ) -> Selection:
        logits = scores.squeeze(-1)
        p = torch.sigmoid(logits)
        uniform = torch.rand_like(p, generator=generator_for(p.device))
        drawn = (uniform < p) & words
        log_p, log_q = logsigmoid(logits), logsigmoid(-logits)
        log_prob = torch.where(drawn, log_p, log_q) * words
        entropy = -(p * log_p + torch.sigmoid(-logits) * log_q) * words
        return Selection(
            drawn.to(scores.dtype),
            *expected_counts(p, words),
            log_prob=log_prob.sum(dim=1),
            entropy=entropy.sum(dim=1),
        )

    def surrogate_loss(self, selection: Selection, losses: torch.Tensor) -> torch.Tensor | float:
        """Return a loss whose gradient is, in expectation, that of the expected mean of `losses`.

        It also updates the baseline. A baseline adds no bias if it does not depend on a document's
        own mask: it comes from earlier batches, and in the first batch from the other documents. A
        mask that was given and not drawn adds nothing.
        """
        if selection.log_prob is None or selection.entropy is None:
            return 0.0
        losses = losses.detach()
        baseline = self.baseline
        if self.n_batches == 0:
            baseline = (losses.sum() - losses) / max(len(losses) - 1, 1)
        loss = ((losses - baseline) * selection.log_prob).mean()
        self._update_baseline(losses.mean())
        return loss - self.entropy * selection.entropy.mean()

    def _update_baseline(self, loss: torch.Tensor) -> None:
        """Average the mean loss of a batch into the baseline."""
        self.n_batches += 1
        # Divided by the sum of the weights so far, as it would start near 0 otherwise.
        rate = (1 - self.baseline_decay) / (1 - self.baseline_decay ** int(self.n_batches))
        self.baseline += rate * (loss - self.baseline)


class Reinforce(Sampler):
    """Draw hard masks and raise the probability of those that beat the average loss.

    The score function estimates the gradient of the expected loss without bias, but with more
    variance than a gradient through the mask. Only the predictor's loss needs it: the penalties are
    expected values, whose gradient is exact.

    Parameters
    ----------
    entropy : float, default=0.0
        Reward, in nats of loss, for each nat of entropy of a document's mask: the sum over its
        words, at most log 2 a word. It keeps the selector exploring.
    baseline_decay : float, default=0.9
        Factor of the weight of earlier batches in the average loss, in [0, 1).

    References
    ----------
    T. Lei et al., "Rationalizing Neural Predictions", EMNLP 2016; R. Williams, "Simple
    Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning", 1992.

    Examples
    --------
    >>> from sklearn_irx.components import Reinforce
    >>> Reinforce(entropy=0.01)
    Reinforce(entropy=0.01)
    """

    module = ReinforceModule
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "entropy": [Interval(Real, 0, None, closed="left")],
        "baseline_decay": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(self, entropy: float = 0.0, baseline_decay: float = 0.9) -> None:
        self.entropy = entropy
        self.baseline_decay = baseline_decay
