"""Hard masks, trained by how well they turned out."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import torch
from torch.nn.functional import logsigmoid

from sklearn_irx._compat import Interval
from sklearn_irx.components.samplers.base import Sampler
from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.sampler import IndependentSamplerModule, Selection, expected_costs


class ReinforceModule(IndependentSamplerModule):
    """See :class:`Reinforce`.

    Attributes
    ----------
    baseline : Tensor of shape ()
        Average loss of the batches so far, the latest weighing most.
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
            *expected_costs(p, words),
            log_prob=log_prob.sum(dim=1),
            entropy=entropy.sum(dim=1),
        )

    def surrogate_loss(self, selection: Selection, losses: torch.Tensor) -> torch.Tensor | float:
        """Return a loss whose gradient is, in expectation, that of the expected mean of `losses`.

        It also updates the baseline. A baseline adds no bias if it does not depend on a document's
        own mask: it comes from the batches before, and in the first from the other documents.

        Parameters
        ----------
        selection : Selection
            What the predictor saw in training. A mask that was given and not drawn adds nothing.
        losses : Tensor of shape (batch,)
            The predictor's loss on each document.
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
        # Divided by the sum of the weights so far, or it would begin close to 0.
        rate = (1 - self.baseline_decay) / (1 - self.baseline_decay ** int(self.n_batches))
        self.baseline += rate * (loss - self.baseline)


class Reinforce(Sampler):
    """Draw hard masks and make those likelier that beat the average loss.

    The score function estimates the gradient of the expected loss without bias, and with more
    variance than a gradient through the mask would have. Only the predictor's loss needs it: the
    penalties are expected values, whose gradient is exact.

    Parameters
    ----------
    entropy : float, default=0.0
        Nats of loss that a document is rewarded for each nat of entropy of its mask, which is
        the sum of its words' and at most log 2 a word. It keeps the selector exploring.
    baseline_decay : float, default=0.9
        What past batches keep of their weight in the average loss, in [0, 1).

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
