"""Checks and values that depend on several parameters of the selection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.base import clone

from sklearn_irx.components import (
    ENCODERS,
    INITIALIZATIONS,
    OBJECTIVES,
    PREDICTORS,
    SAMPLERS,
    STYLES,
    Initialization,
    Sampler,
    Style,
)
from sklearn_irx.components.samplers import AutoSampler
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.lengths import auto_length, is_share
from sklearn_irx.nn.training.penalties import Deviation, FixedPenalty, LagrangeMultiplier, Penalty

_SHARE_OF_SEGMENTS = 1 / 6  # for "auto"
_OF_PASSAGE, _OF_SPANS = 16.0, 2.0  # smoothing, in words
_OF_SPAN_LENGTH = 1 / 4  # smoothing, in lengths of a span


class SelectionAsked(NamedTuple):
    """What the parameters of a classifier ask of the selection.

    Attributes
    ----------
    rationale_length : float, "auto" or None
        None if `lambda1` is given instead.
    max_transitions : float, "auto" or None
        "auto" is as many as spans of the style's `span_length` have, as a mean.
    sampler : Sampler
        Never :class:`AutoSampler`.
    style : Style
    """

    rationale_length: float | str | None
    max_transitions: float | str | None
    sampler: Sampler
    style: Style

    @classmethod
    def of(cls, clf: Any) -> SelectionAsked:
        """Return what a style stands for, where parameters do not say otherwise."""
        length, transitions = clf.rationale_length, clf.max_transitions
        style = STYLES.find(clf.style)
        if length is None and clf.lambda1 is None:
            length = "auto"
        if style.span_length is not None and transitions is None and not clf.lambda2:
            transitions = "auto"
        sampler = SAMPLERS.find(clf.sampler)
        if isinstance(sampler, AutoSampler):
            of_pieces = ENCODERS.find(clf.encoder).reads_pieces
            starts = INITIALIZATIONS.find(clf.initialization)
            compact = PREDICTORS.find(clf.predictor).is_compact(of_pieces=of_pieces)
            sampler = sampler.choose(
                length,
                one_window=style.max_spans == 1,
                from_scratch=starts.from_scratch and not of_pieces,
                exact_zeros=compact or OBJECTIVES.find(clf.objective).needs_exact_zeros,
            )
        if length == "auto" and style.of_segments:
            length = _SHARE_OF_SEGMENTS
        return cls(length, transitions, sampler, style)

    def limit_of_transitions(self, lengths: np.ndarray) -> float | None:
        """Return `max_transitions` as a number, for documents with `lengths` units."""
        if not isinstance(self.max_transitions, str):
            return self.max_transitions
        length, of_span = mean_length(self.rationale_length, lengths), self.style.span_length
        return 2.0 if length is None or of_span is None else max(2.0, 2 * length / of_span)


def mean_length(length: float | str | None, lengths: np.ndarray) -> float | None:
    """Return the mean number of words that a `rationale_length` means, or None."""
    if isinstance(length, str):
        return float(auto_length(torch.from_numpy(lengths)).mean())
    return length * float(lengths.mean()) if length is not None and is_share(length) else length


def smoothed_for(style: Style, initialization: Initialization) -> Initialization:
    """Return an initialization with a number for its `smoothing`, if it has one."""
    if initialization.smoothing != "auto":
        return initialization
    smoothing = 0.0
    if style.of_segments:
        pass  # a segment is as smooth as can be
    elif style.max_spans is not None:
        smoothing = _OF_PASSAGE if style.max_spans == 1 else _OF_SPANS
    elif style.span_length is not None:
        smoothing = _OF_SPAN_LENGTH * style.span_length
    return clone(initialization).set_params(smoothing=smoothing)


def with_number(config: NetworkConfig, lengths: np.ndarray) -> NetworkConfig:
    """Return a configuration with a number for "auto", unless the sampler has a budget.

    Samplers without one have a mean length: that of documents with `lengths` words.
    """
    if not isinstance(config.rationale_length, str) or config.sampler.module.has_budget:
        return config
    return replace(config, rationale_length=max(1.0, mean_length("auto", lengths) or 0.0))


def check_selection(config: NetworkConfig, free_length: float | None) -> None:
    """Raise ValueError if the parameters of the selection contradict each other."""
    sampler, length, longest = config.sampler, config.rationale_length, config.max_rationale_length
    if sampler.module.has_budget and length is None:
        raise ValueError(
            f"sampler={sampler!r} selects a given number of words, and lambda1 is a penalty for "
            "each: leave lambda1 out, give another sampler or style, or rationale_length: 10 for "
            "ten words, 0.1 for a tenth of the text."
        )
    if length is not None and free_length is not None:
        raise ValueError(
            f"rationale_length={length!r} replaces lambda1, and free_length={free_length!r} "
            "belongs to lambda1: give one of them."
        )
    if (
        length is not None
        and longest is not None
        and not isinstance(length, str)
        and is_share(length) == is_share(longest)
        and longest < length
    ):
        raise ValueError(
            f"max_rationale_length={longest!r} is below rationale_length={length!r}, which cannot "
            "be the mean then: raise one or lower the other."
        )
    if not config.encoder.has_context and config.initialization.from_scratch:
        raise ValueError(
            f"encoder={config.encoder!r} leaves a linear path only, and initialization="
            f"{config.initialization!r} makes none: give an encoder such as 'cnn', or another "
            "initialization."
        )
    compact = config.predictor.is_compact(of_pieces=config.encoder.reads_pieces)
    if compact and not sampler.module.has_exact_zeros:
        raise ValueError(
            f"predictor input='compact' needs masks that leave words out, and sampler={sampler!r} "
            "leaves none out in training: give 'in_place', or another sampler."
        )


def make_penalties(
    config: NetworkConfig,
    *,
    lambda1: float | None,
    free_length: float | None,
    lambda2: float,
    max_transitions: float | None,
    n_classes: int,
) -> tuple[Penalty, Penalty]:
    """Return the penalties of words and of transitions.

    They are fixed, or Lagrange multipliers where a mean is asked for; from scratch, that of words
    is the deviation from its mean.
    """
    bound = float(np.log(n_classes))  # the cross-entropy of guessing
    length = config.rationale_length
    words: Penalty = FixedPenalty(lambda1 or 0.0, free_length)
    if config.sampler.module.has_budget:
        words = FixedPenalty(0.0)
    elif length is not None and not isinstance(length, str):
        from_scratch = config.initialization.from_scratch
        words = Deviation(length) if from_scratch else LagrangeMultiplier(length, bound)
    transitions: Penalty = FixedPenalty(lambda2)
    if max_transitions is not None and config.sampler.module.has_budget:
        # Nothing would hold against a penalty that grows until no word is selected.
        transitions = FixedPenalty(0.0, target=max_transitions)
    elif max_transitions is not None:
        transitions = LagrangeMultiplier(max_transitions, bound)
    return words, transitions


def initial_selection(config: NetworkConfig, lengths: np.ndarray) -> float:
    """Return the share of words selected at the start, for documents of these lengths."""
    share = config.initialization.initial_selection
    if not isinstance(share, str):
        return float(share)
    if config.sampler.module.has_budget:
        return 0.9  # scores high enough to use up the budget
    length = mean_length(config.rationale_length, lengths)
    return 0.3 if length is None else min(0.9, length / max(1.0, lengths.mean()))
