"""Hard masks, trained by how well they turned out."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import logsigmoid

from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.sampler import IndependentSampler, Selection, expected_costs


class Reinforce(IndependentSampler):
    """Draws hard masks and makes those likelier that beat the average loss (Lei et al., 2016).

    The score function estimates the gradient of the expected loss without bias, and with more
    variance than a gradient through the mask would have. Only the predictor's loss needs it: the
    costs are expected values, whose gradient is exact. `temperature` is ignored.

    Parameters
    ----------
    entropy : float, default=0.0
        Nats of loss that a document is rewarded for each nat of entropy of its mask, which is
        the sum of its words' and at most log 2 a word. It keeps the selector exploring.
    baseline_decay : float, default=0.9
        What past batches keep of their weight in the average loss, from 0 to below 1.
    **parameters
        As :class:`~sklearn_irx.nn.sampler.Sampler` takes them.

    Attributes
    ----------
    baseline : Tensor of shape ()
        Average loss of the batches so far, the latest weighing most.
    n_batches : Tensor of shape (), dtype int64
        How many these are.

    Raises
    ------
    ValueError
        If `entropy` is below 0, or `baseline_decay` not in [0, 1).

    References
    ----------
    T. Lei et al., "Rationalizing Neural Predictions", EMNLP 2016; R. Williams, "Simple
    Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning", 1992.
    """

    baseline: torch.Tensor
    n_batches: torch.Tensor

    def __init__(
        self, *, entropy: float = 0.0, baseline_decay: float = 0.9, **parameters: Any
    ) -> None:
        if not 0 <= entropy < float("inf"):
            raise ValueError(f"entropy={entropy!r} must be a finite number of at least 0.")
        if not 0 <= baseline_decay < 1:
            raise ValueError(f"baseline_decay={baseline_decay!r} must be at least 0 and below 1.")
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
        """Give a loss whose gradient is, in expectation, that of the expected mean of `losses`.

        It also moves the baseline. A baseline adds no bias if a document's own mask has no part
        in it: so it comes from the batches before, and in the first from the other documents.

        Parameters
        ----------
        selection : Selection
            What the predictor read in training. If it was given and not drawn, it teaches nothing.
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
        self._remember(losses.mean())
        return loss - self.entropy * selection.entropy.mean()

    def _remember(self, loss: torch.Tensor) -> None:
        """Take the mean loss of a batch into the baseline."""
        self.n_batches += 1
        # Divided by the sum of the weights so far, or it would begin close to 0.
        rate = (1 - self.baseline_decay) / (1 - self.baseline_decay ** int(self.n_batches))
        self.baseline += rate * (loss - self.baseline)
