"""Checks and values that depend on several parameters of the selection."""

from __future__ import annotations

import numpy as np

from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.lengths import is_share
from sklearn_irx.nn.training.penalties import FixedPenalty, LagrangeMultiplier, Penalty


def check_selection(config: NetworkConfig, free_length: float | None) -> None:
    """Raise ValueError if the parameters of the selection contradict each other."""
    sampler, length, longest = config.sampler, config.rationale_length, config.max_rationale_length
    if sampler.module.has_budget and length is None:
        raise ValueError(
            f"sampler={sampler!r} selects a given number of words, and rationale_length=None: "
            "give one, 10 for ten words or 0.1 for a tenth of the text."
        )
    if length is not None and free_length is not None:
        raise ValueError(
            f"rationale_length={length!r} replaces lambda1, and free_length={free_length!r} "
            "belongs to lambda1: give one of them."
        )
    if (
        length is not None
        and longest is not None
        and is_share(length) == is_share(longest)
        and longest < length
    ):
        raise ValueError(
            f"max_rationale_length={longest!r} is below rationale_length={length!r}, which cannot "
            "be the mean then: raise one or lower the other."
        )
    if config.predictor.input == "compact" and not sampler.module.has_exact_zeros:
        raise ValueError(
            f"predictor input='compact' needs masks that leave words out, and sampler={sampler!r} "
            "leaves none out in training: give 'in_place', or another sampler."
        )


def make_penalties(
    config: NetworkConfig,
    *,
    lambda1: float,
    free_length: float | None,
    lambda2: float,
    max_transitions: float | None,
    n_classes: int,
) -> tuple[Penalty, Penalty]:
    """Return the penalties of words and of transitions: fixed, or Lagrange multipliers."""
    bound = float(np.log(n_classes))  # the cross-entropy of guessing
    words: Penalty = FixedPenalty(lambda1, free_length)
    if config.rationale_length is not None:
        words = FixedPenalty(0.0)
        if not config.sampler.module.has_budget:
            words = LagrangeMultiplier(config.rationale_length, bound)
    transitions: Penalty = FixedPenalty(lambda2)
    if max_transitions is not None and config.sampler.module.has_budget:
        # Nothing would hold against a penalty that grows until no word is selected.
        transitions = FixedPenalty(0.0, target=max_transitions)
    elif max_transitions is not None:
        transitions = LagrangeMultiplier(max_transitions, bound)
    return words, transitions


def initial_selection(config: NetworkConfig, lengths: np.ndarray) -> float:
    """Return the share of words selected at the start, for documents of these lengths."""
    share, length = config.initialization.initial_selection, config.rationale_length
    if not isinstance(share, str):
        return float(share)
    if config.sampler.module.has_budget:
        return 0.9  # scores high enough to use up the budget
    if length is None:
        return 0.3
    return min(0.9, length if is_share(length) else length / max(1.0, lengths.mean()))
