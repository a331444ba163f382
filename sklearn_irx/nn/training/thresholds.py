"""Thresholds of selection for the length and transitions asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from sklearn_irx.nn.lengths import is_share
from sklearn_irx.nn.losses import n_transitions
from sklearn_irx.nn.sampler import IndependentSamplerModule, SamplerModule

_HALVINGS = 40  # of the range of preferences, to find a threshold
_SMALL_COST = 1 / 16  # of a transition, in ranges of preference
_DOUBLINGS = 16  # of that cost, at most; then it outweighs any words
_COST_HALVINGS = 12
_CLOSE = 0.98  # of the limit of transitions: close enough


@torch.inference_mode()
def fit_selection(
    module: Any,
    batches: Iterable[tuple[dict[str, torch.Tensor], torch.Tensor | None]],
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
    batches : iterable of (dict, Tensor of shape (batch,) or None)
        Arguments of :meth:`Rationalizer.scores`, and sample weights.
    rationale_length : float or None
        Mean over documents; below 1, a share of their words. None keeps the threshold.
    max_transitions : float or None
        Upper limit of the mean over documents.
    """
    sampler: SamplerModule = module.sampler
    module.eval()
    scored = [(*module.scores(**batch), weight) for batch, weight in batches]
    preferences = torch.cat([sampler.preference(scores)[known] for scores, _, known, _ in scored])
    if not len(preferences) or not preferences.isfinite().all():
        return
    low, high = float(preferences.min()), float(preferences.max())

    def measured() -> tuple[float, float]:
        """Return mean length, in the unit asked for, and mean transitions."""
        lengths, transitions, weights = [], [], []
        for scores, words, known, weight in scored:
            # On the CPU, as not every device has double precision.
            mask, words = (sampler.select_spans(scores, words) & known).cpu(), words.cpu()
            n_words = words.sum(dim=1)
            length = mask.sum(dim=1)
            weight = torch.ones(len(words)) if weight is None else weight.cpu()
            if rationale_length is not None and is_share(rationale_length):
                length = length / n_words.clamp(min=1)
                weight = weight * (n_words > 0)
            lengths.append(length.double())
            transitions.append(n_transitions(mask.double(), words))
            weights.append(weight.double())
        weight = torch.cat(weights)
        weight /= weight.sum().clamp(min=1e-12)
        return float(weight @ torch.cat(lengths)), float(weight @ torch.cat(transitions))

    sampler.transition_cost.fill_(0.0)
    if rationale_length is not None and isinstance(sampler, IndependentSamplerModule):
        enough, too_high = low - 1.0, high
        for _ in range(_HALVINGS):
            middle = (enough + too_high) / 2
            sampler.threshold.fill_(middle)
            if measured()[0] < rationale_length:
                too_high = middle
            else:
                enough = middle
        # Halfway to the best word left out, so that no word depends on rounding.
        last = preferences[preferences > enough].min()
        left = preferences[preferences < last]
        sampler.threshold.copy_((last + left.max()) / 2 if len(left) else last - 1.0)
    if max_transitions is None or measured()[1] <= max_transitions:
        return

    def transitions_at(cost: float) -> float:
        sampler.transition_cost.fill_(cost)
        return measured()[1]

    too_little, cost = 0.0, _SMALL_COST * max(high - low, 1.0)
    for _ in range(_DOUBLINGS):
        if transitions_at(cost) <= max_transitions:
            break
        too_little, cost = cost, 2 * cost
    for _ in range(_COST_HALVINGS):
        middle = (too_little + cost) / 2
        transitions = transitions_at(middle)
        if transitions > max_transitions:
            too_little = middle
        else:
            cost = middle
            if transitions >= _CLOSE * max_transitions:
                break
    sampler.transition_cost.fill_(cost)
