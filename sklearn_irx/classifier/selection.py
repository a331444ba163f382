"""What a user's parameters of the selection mean together."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_irx.components.samplers import SAMPLERS, make_sampler
from sklearn_irx.nn.lengths import is_share
from sklearn_irx.nn.training.length_control import FixedPrice, Multiplier


def check_selection(
    sampler: str,
    sampler_params: dict[str, Any] | None,
    rationale_length: float | None,
    max_rationale_length: float | None,
    free_length: float | None,
    predictor_input: str,
) -> None:
    """Check what parameters of a classifier ask of each other.

    Raises
    ------
    ValueError
        If one makes no sense beside another.
    """
    made = make_sampler(sampler, sampler_params)
    if made.has_budget and rationale_length is None:
        raise ValueError(
            f"sampler={sampler!r} selects a given number of words, and rationale_length=None: "
            "give one, 10 for ten words or 0.1 for a tenth of the text."
        )
    if rationale_length is not None and free_length is not None:
        raise ValueError(
            f"rationale_length={rationale_length!r} replaces lambda1, and "
            f"free_length={free_length!r} belongs to lambda1: give one of them."
        )
    if (
        rationale_length is not None
        and max_rationale_length is not None
        and is_share(rationale_length) == is_share(max_rationale_length)
        and max_rationale_length < rationale_length
    ):
        raise ValueError(
            f"max_rationale_length={max_rationale_length!r} is below rationale_length="
            f"{rationale_length!r}, which cannot be the mean then: raise one or lower the other."
        )
    if predictor_input == "compact" and not made.has_exact_zeros:
        raise ValueError(
            f"predictor_input='compact' needs masks that leave words out, and "
            f"sampler={sampler!r} leaves none out in training: give 'in_place', or another sampler."
        )


def check_focus(class_focus: float, linear_start: str | None) -> None:
    """Check that there is something to read the whole document, if the ranking heeds it.

    Raises
    ------
    ValueError
        If there is not.
    """
    if class_focus > 0 and linear_start is None:
        raise ValueError(
            f"class_focus={class_focus!r} needs a linear classifier that reads the whole document, "
            "and linear_start=None: give one, or class_focus=0."
        )


def make_prices(
    lambda1: float,
    free_length: float | None,
    rationale_length: float | None,
    lambda2: float,
    max_transitions: float | None,
    sampler: str,
    n_classes: int,
) -> tuple[FixedPrice | Multiplier, FixedPrice | Multiplier]:
    """Give the prices of words and of borders: as given, or to be found in training."""
    at_stake = float(np.log(n_classes))  # the cross-entropy of guessing
    words: FixedPrice | Multiplier = FixedPrice(lambda1, free_length)
    if rationale_length is not None:
        budget = SAMPLERS[sampler].has_budget
        words = FixedPrice(0.0) if budget else Multiplier(rationale_length, at_stake)
    borders: FixedPrice | Multiplier = FixedPrice(lambda2)
    if max_transitions is not None:
        borders = Multiplier(max_transitions, at_stake)
    return words, borders


def first_selection(
    initial_selection: float | str,
    linear_start: str | None,
    sampler: str,
    rationale_length: float | None,
    lengths: np.ndarray,
) -> float:
    """Give the share of words selected at the start, of training documents of these lengths."""
    if not isinstance(initial_selection, str):
        return initial_selection
    if linear_start is None:
        return 0.73
    if SAMPLERS[sampler].has_budget:
        return 0.9  # scores high enough for the budget to be used up
    if rationale_length is None:
        return 0.3
    share = is_share(rationale_length)
    return min(0.9, rationale_length if share else rationale_length / max(1.0, lengths.mean()))
