"""The base of sampler modules: from scores of words to a mask, in training and at inference."""

from __future__ import annotations

import math
from typing import Any, ClassVar, NamedTuple

import torch
from torch import nn

from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.lengths import n_allowed
from sklearn_irx.nn.losses import n_selected, n_spans, n_transitions
from sklearn_irx.nn.spans import best_spans, spread
from sklearn_irx.nn.units import Units

NEVER = -1e4
"""The score, times :attr:`SamplerModule.directions`, of a word that must not be selected."""


class Selection(NamedTuple):
    """A mask for each document of a batch, and the terms of its penalties.

    Attributes
    ----------
    mask : Tensor of shape (batch, length)
        Values in [0, 1], 0 past the end of a document.
    n_selected, n_transitions : Tensor of shape (batch,)
        Words selected, and transitions between selected and unselected words: expected values where
        the sampler has them in closed form, else those of `mask`. Gradients reach the scores.
    log_prob, entropy : Tensor of shape (batch,) or None
        Of the mask and of its distribution, in nats: for samplers without a gradient through the
        mask.
    units : Units or None
        What was selected from, once the network has made a mask of words of that of units.
    """

    mask: torch.Tensor
    n_selected: torch.Tensor
    n_transitions: torch.Tensor
    log_prob: torch.Tensor | None = None
    entropy: torch.Tensor | None = None
    units: Units | None = None


class SamplerModule(nn.Module):
    """Base of sampler modules: a subclass has :meth:`sample` and :meth:`select`.

    Parameters
    ----------
    temperature, temperature_decay : float
        As :class:`RelaxedSampler` takes them.
    rationale_length, max_rationale_length : float or None
        As :class:`~sklearn_irx.SelectiveRationaleClassifier` takes them.

    Attributes
    ----------
    directions : tuple of float
        One for each score of a word: 1 if the score raises the probability of selection, -1 if it
        lowers it.
    has_budget : bool
        Whether `rationale_length` holds for each document by construction.
    has_exact_zeros : bool
        Whether the masks of training leave words out entirely.
    selects_unknown : bool
        Whether unknown words of a document that has known ones may be selected.
    transition_cost : Tensor of shape ()
        Cost of a transition at inference, in units of preference, fitted for `max_transitions`: of
        all masks with as many words as :meth:`select` marks, the one with the largest sum of
        preferences minus costs is taken. 0 takes what :meth:`select` marks.
    max_spans : int or None
        Most runs of selected words at inference, whatever they cost.
    snap : float
        Cost at inference of an end of a run within a clause, in standard deviations of the
        preferences of a document.
    step : int
        Number of batches of training in which words were selected.
    pace : float
        In training, what the length asked for is divided by while it comes down: above 0, and 1 in
        the end.
    """

    transition_cost: torch.Tensor

    directions: ClassVar[tuple[float, ...]] = (1.0,)
    has_budget: ClassVar[bool] = False
    has_exact_zeros: ClassVar[bool] = True
    selects_unknown: bool = False
    max_spans: int | None = None
    snap: float = 0.0
    pace: float = 1.0

    def __init__(
        self,
        *,
        temperature: float = 1.0,
        temperature_decay: float = 0.0,
        rationale_length: float | str | None = None,
        max_rationale_length: float | None = None,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.temperature_decay = temperature_decay
        self.rationale_length = rationale_length
        self.max_rationale_length = max_rationale_length
        self.step = 0
        self.register_buffer("transition_cost", torch.tensor(0.0))

    def forward(
        self, scores: torch.Tensor, words: torch.Tensor, begins: torch.Tensor | None = None
    ) -> Selection:
        """Select words: by :meth:`sample` in training, else by :meth:`select_spans`.

        Parameters
        ----------
        scores : Tensor of shape (batch, length, len(directions))
            Of the selector.
        words : Tensor of shape (batch, length), dtype bool
            False past the end of a document.
        begins : Tensor of shape (batch, length), dtype bool, or None
            Whether a clause begins at a word, for `snap`.
        """
        if not self.training:
            mask = self.select_spans(scores, words, begins).to(scores.dtype)
            return Selection(mask, n_selected(mask), n_transitions(mask, words))
        temperature = self.temperature * math.exp(-self.temperature_decay * self.step)
        return self.sample(scores, words, temperature)

    def budget(self, words: torch.Tensor) -> torch.Tensor:
        """Return the number of words (batch,) to select, limited at inference."""
        length = words.shape[1]
        n = n_allowed(self.rationale_length or length, words)
        if self.training:
            return (n / self.pace).round().long().minimum(words.sum(dim=1))
        return n.minimum(n_allowed(self.max_rationale_length or length, words))

    def sample(self, scores: torch.Tensor, words: torch.Tensor, temperature: float) -> Selection:
        """Select words in training, so that gradients reach `scores`."""
        raise NotImplementedError

    def select(self, scores: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Select words at inference, without noise: (batch, length), dtype bool."""
        raise NotImplementedError

    def may_select(self, scores: torch.Tensor) -> torch.Tensor:
        """Return which words (batch, length) have other scores than those of :data:`NEVER`."""
        return scores[..., 0] != NEVER * self.directions[0]

    def select_spans(
        self, scores: torch.Tensor, words: torch.Tensor, begins: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Select as many words as :meth:`select`, in fewer or other spans if these have a cost."""
        mask = self.select(scores, words)
        selectable = words & self.may_select(scores)
        # Where spans are limited, a word that must not be selected may stand between others.
        possible = words if self.max_spans is not None else selectable
        gains = self.preference(scores).masked_fill(~possible, -torch.inf)
        return self._in_spans(mask, gains, words, begins)

    def select_by(
        self,
        preference: torch.Tensor,
        words: torch.Tensor,
        n: torch.Tensor,
        begins: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Select by another preference than the selector's, in the same form.

        Parameters
        ----------
        preference : Tensor of shape (batch, length)
            Higher means sooner selected; minus infinity where a word must not be selected.
        words : Tensor of shape (batch, length), dtype bool
            False past the end of a document.
        n : Tensor of shape (batch,), dtype int64
            Number of words to select, at most those that may be.
        begins : Tensor of shape (batch, length), dtype bool, or None
            As :meth:`forward` takes it.

        Returns
        -------
        mask : Tensor of shape (batch, length), dtype bool
            In few spans, if transitions have a cost: in units of this preference.
        """
        return self._in_spans(best(preference, n), preference, words, begins)

    def _in_spans(
        self,
        mask: torch.Tensor,
        gains: torch.Tensor,
        words: torch.Tensor,
        begins: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return the best mask with as many words, for what is asked of its spans.

        `mask` has the largest sum of `gains` (batch, length), which are minus infinity where no
        word may be selected.
        """
        if self.snap == 0:
            begins = None
        rows = torch.ones(len(mask), dtype=torch.bool, device=mask.device)
        if begins is None and not self.transition_cost > 0:
            if self.max_spans is None:
                return mask
            rows = n_spans(mask) > self.max_spans
            if not rows.any():
                return mask
        # In double precision, which not every device has, equal sets remain equal.
        words, of_rows, gain = words[rows].cpu(), mask[rows].cpu(), gains[rows].cpu().double()
        n = (of_rows & gain.isfinite()).sum(dim=1)
        costs = float(self.transition_cost) * words.double()
        if begins is not None:
            within = words & ~begins[rows].cpu()
            costs = costs + self.snap * spread(gain, gain > NEVER / 2) * within
        spans = best_spans(gain, costs, n, max_spans=self.max_spans)
        found = mask.clone()
        found[rows] = spans.to(mask.device)
        return found

    def preference(self, scores: torch.Tensor) -> torch.Tensor:
        """Map scores to one number a word, (batch, length): higher means sooner selected.

        For samplers that draw words independently, the log-odds of selection.
        """
        return scores.squeeze(-1)

    def selection_scores(
        self, scores: torch.Tensor, words: torch.Tensor, selected: torch.Tensor
    ) -> torch.Tensor:
        """Compute selection scores, ``sigmoid(preference - cut)``.

        Parameters
        ----------
        scores : Tensor of shape (batch, length, len(directions))
            Of the selector.
        words : Tensor of shape (batch, length), dtype bool
            False where there is no word, or none that may be selected.
        selected : Tensor of shape (batch, length), dtype bool
            The result of :meth:`select`.

        Returns
        -------
        selection_scores : Tensor of shape (batch, length), dtype float64, on the CPU
            Between 0 and 1, and 0 where `words` is False.
        """
        # In double precision, which not every device has, scores near 0 and 1 stay distinct.
        preference = self.preference(scores).cpu().double().masked_fill(~words.cpu(), -torch.inf)
        cut = self.cut(preference, selected.cpu())
        return torch.where(words.cpu(), torch.sigmoid(preference - cut.unsqueeze(1)), 0.0)

    def cut(self, preference: torch.Tensor, selected: torch.Tensor) -> torch.Tensor:
        """Return the preference (batch,) at which a word has even odds.

        Here it separates the selected number of words from the rest: halfway between the last
        preference of these and the next, but at most 1 below the former.
        """
        n = selected.sum(dim=1, keepdim=True)
        ranked = preference.sort(dim=1, descending=True).values
        ranked = torch.nn.functional.pad(ranked, (0, 1), value=-torch.inf)
        least, following = ranked.gather(1, (n - 1).clamp(min=0)), ranked.gather(1, n)
        below = least - ((least - following) / 2).clamp(max=1)
        return torch.where(n > 0, below, following + 1).squeeze(1)

    def score_for(self, log_odds: float) -> float:
        """Return x such that scores ``x * directions`` have these log-odds of selection."""
        return log_odds

    def surrogate_loss(self, selection: Selection, losses: torch.Tensor) -> torch.Tensor | float:  # noqa: ARG002
        """Return a loss to be added, for samplers without a gradient through the mask.

        Parameters
        ----------
        selection : Selection
            The words that the predictor saw in training.
        losses : Tensor of shape (batch,)
            The predictor's loss on each document.
        """
        return 0.0


class IndependentSamplerModule(SamplerModule):
    """Base of samplers that draw words independently, each with a probability from its scores.

    At inference a word is selected when its :meth:`preference` is above a threshold: 0, unless
    training for a given length has moved it.
    """

    threshold: torch.Tensor

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.register_buffer("threshold", torch.tensor(0.0))

    def cut(self, preference: torch.Tensor, selected: torch.Tensor) -> torch.Tensor:
        """Return the threshold, or the base's cut where `max_rationale_length` dropped words."""
        threshold = self.threshold.cpu().to(preference).expand(len(preference))
        if self.max_rationale_length is None:
            return threshold
        is_limited = selected.sum(dim=1) < (preference > threshold.unsqueeze(1)).sum(dim=1)
        return torch.where(is_limited, super().cut(preference, selected), threshold)

    def select(self, scores: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        preference = self.preference(scores).masked_fill(~words, -torch.inf)
        selected = preference > self.threshold
        if self.max_rationale_length is None:
            return selected
        preference = preference.masked_fill(~selected, -torch.inf)
        return selected & best(preference, n_allowed(self.max_rationale_length, words))


def best(preference: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """Select the `n` (batch,) words of each document with the largest preference (batch, length).

    Of equal words the first is taken, whatever else is in the batch.
    """
    order = preference.argsort(dim=1, descending=True, stable=True)
    ranks = torch.arange(preference.shape[1], device=preference.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, ranks) < n.unsqueeze(1)


def expected_counts(
    probabilities: torch.Tensor, words: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the expected words and transitions selected, (batch,), of words drawn independently.

    `probabilities` and `words` are (batch, length).
    """
    p = probabilities * words
    one, two = p[:, :-1], p[:, 1:]
    transitions = (one * (1 - two) + (1 - one) * two) * words[:, 1:]
    return p.sum(dim=1), transitions.sum(dim=1)


def binary_concrete(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Draw from the relaxed Bernoulli distribution with these logits.

    The first component of a Gumbel-softmax over two logits whose difference is `logits`: the
    difference of two Gumbel variables is logistic (Maddison et al., 2017; Jang et al., 2017).
    """
    uniform = torch.rand_like(logits, generator=generator_for(logits.device))
    uniform = uniform.clamp_(1e-6, 1 - 1e-6)
    return torch.sigmoid((logits + torch.logit(uniform)) / temperature)
