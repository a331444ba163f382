"""Regularizers of a rationale: its length and its transitions (Lei et al., 2016)."""

from __future__ import annotations

import torch


def n_selected(mask: torch.Tensor) -> torch.Tensor:
    """Sum a mask (batch, length) over the words of each document: (batch,)."""
    return mask.sum(dim=1)


def n_transitions(mask: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Count the transitions between selected and unselected words of each document: (batch,).

    `mask` (batch, length) is in [0, 1]. The end of a document, where `words` become False, is none.
    """
    steps = (mask[:, 1:] - mask[:, :-1]).abs() * words[:, 1:]
    return steps.sum(dim=1)


def n_spans(mask: torch.Tensor) -> torch.Tensor:
    """Count the runs of selected words of each document, (batch,), in a hard mask."""
    selected = mask > 0
    return selected[:, :1].sum(dim=1) + (selected[:, 1:] & ~selected[:, :-1]).sum(dim=1)
