"""Thresholds of selection for the length and transitions asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import torch

from sklearn_irx.nn.lengths import is_share
from sklearn_irx.nn.losses import n_transitions
from sklearn_irx.nn.sampler import IndependentSamplerModule, SamplerModule

_HALVINGS = 40  # of the range of preferences, to find a threshold
_SMALL_COST = 1 / 16  # of a transition, in ranges of preference
_DOUBLINGS = 16  # of that cost, at most; then it outweighs any words
_COST_STEPS = 12
_CLOSE = 0.98  # of the limit of transitions: close enough


Batches: TypeAlias = Iterable[tuple[dict[str, torch.Tensor], torch.Tensor | None]]
"""Arguments of :meth:`Rationalizer.scores`, and sample weights (batch,) or None."""


@torch.inference_mode()
def fit_selection(
    module: Any,
    batches: Batches,
    rationale_length: float | None,
    max_transitions: float | None,
) -> None:
    """Fit a sampler's threshold and transition cost to the mean length and transitions asked for.

    Samples in training have the right mean length, but the number of words with a probability above
    one half is another. The threshold says how many words of each document are selected, and the
    transition cost only which: so a limit of transitions leaves all lengths as they are. The larger
    the cost, the fewer transitions there are.

    Parameters
    ----------
    module : Rationalizer
        Its sampler gets a threshold if it draws words independently.
    batches : Batches
        Documents to fit to.
    rationale_length : float or None
        Mean over documents; below 1, a share of their words. None keeps the threshold.
    max_transitions : float or None
        Upper limit of the mean over documents.
    """
    sampler: SamplerModule = module.sampler
    of_share = rationale_length is not None and is_share(rationale_length)
    scores = _Scores(module, batches, of_share=of_share)
    if not scores.usable:
        return
    sampler.transition_cost.fill_(0.0)
    if rationale_length is not None and isinstance(sampler, IndependentSamplerModule):
        scores.fit_threshold(rationale_length)
    if max_transitions is not None:
        scores.fit_transition_cost(max_transitions)


@torch.inference_mode()
def match_length(module: Any, before: Batches, after: Batches, rationale_length: float) -> None:
    """Move the threshold so that rationales of `after` are as long as those of `before`.

    These are the same documents with other weights of the linear initialization.
    `rationale_length` says what a length is, words or a share of them.
    """
    of_share = is_share(rationale_length)
    wanted, scores = (_Scores(module, batches, of_share=of_share) for batches in (before, after))
    if wanted.usable and scores.usable:
        scores.fit_threshold(wanted.mean_length())


class _Scores:
    """Scores of documents, to measure what a sampler would select of them.

    `of_share` tells whether lengths are shares of the words of a document.
    """

    def __init__(self, module: Any, batches: Batches, *, of_share: bool) -> None:
        module.eval()
        self.sampler = module.sampler
        self.of_share = of_share
        self.scored = [(*module.scores(**batch), weight) for batch, weight in batches]
        self.preferences = torch.cat(
            [self.sampler.preference(scores)[usable] for scores, _, usable, *_ in self.scored]
        )
        self.usable = len(self.preferences) > 0 and bool(self.preferences.isfinite().all())

    def mean_length(self) -> float:
        """Return the mean length, on which spans have no influence."""
        lengths, there = [], []
        for scores, words, usable, *_ in self.scored:
            n_words = words.sum(dim=1)
            n = (self.sampler.select(scores, words) & usable).sum(dim=1)
            lengths.append(n / n_words.clamp(min=1) if self.of_share else n)
            there.append(n_words > 0 if self.of_share else torch.ones_like(n))
        return self._mean(lengths, there)

    def mean_transitions(self) -> float:
        """Return the mean number of transitions."""
        found = []
        for scores, words, usable, begins, _ in self.scored:
            mask = self.sampler.select_spans(scores, words, begins) & usable
            found.append(n_transitions(mask.float(), words))
        return self._mean(found, [torch.ones_like(n) for n in found])

    def _mean(self, values: list[torch.Tensor], there: list[torch.Tensor]) -> float:
        """Average values of documents, those that are there, by their sample weights."""
        weights = [
            where if weight is None else weight * where
            for where, (*_, weight) in zip(there, self.scored, strict=True)
        ]
        # On the CPU, as not every device has double precision.
        value, weight = (torch.cat(part).cpu().double() for part in (values, weights))
        return float(weight @ value / weight.sum().clamp(min=1e-12))

    def fit_threshold(self, length: float) -> None:
        """Fit the threshold to a mean length."""
        enough, too_high = float(self.preferences.min()) - 1.0, float(self.preferences.max())
        for _ in range(_HALVINGS):
            middle = (enough + too_high) / 2
            self.sampler.threshold.fill_(middle)
            if self.mean_length() < length:
                too_high = middle
            else:
                enough = middle
        # Halfway to the best word left out, so that no word depends on rounding.
        last = self.preferences[self.preferences > enough].min()
        left = self.preferences[self.preferences < last]
        self.sampler.threshold.copy_((last + left.max()) / 2 if len(left) else last - 1.0)

    def fit_transition_cost(self, limit: float) -> None:
        """Fit the cost to a mean number of transitions; it is 0 if there are no more without."""
        too_little, too_many = 0.0, self._transitions_at(0.0)
        if too_many <= limit:
            return
        span = float(self.preferences.max() - self.preferences.min())
        cost = _SMALL_COST * max(span, 1.0)
        transitions = self._transitions_at(cost)
        for _ in range(_DOUBLINGS):
            if transitions <= limit:
                break
            too_little, too_many, cost = cost, transitions, 2 * cost
            transitions = self._transitions_at(cost)
        for _ in range(_COST_STEPS):
            if transitions >= _CLOSE * limit:
                break
            # Where a line through both ends meets the limit, nearly: each test is slow.
            share = (too_many - (1 + _CLOSE) / 2 * limit) / (too_many - transitions)
            middle = too_little + (cost - too_little) * min(max(share, 0.1), 0.9)
            found = self._transitions_at(middle)
            if found > limit:
                too_little, too_many = middle, found
            else:
                cost, transitions = middle, found
        self.sampler.transition_cost.fill_(cost)

    def _transitions_at(self, cost: float) -> float:
        self.sampler.transition_cost.fill_(cost)
        return self.mean_transitions()
