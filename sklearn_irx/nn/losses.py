"""What a rationale costs."""

from __future__ import annotations

import torch


def n_selected(mask: torch.Tensor) -> torch.Tensor:
    """Count the selected words of each document: the first regularizer of Lei et al. (2016).

    Parameters
    ----------
    mask : Tensor of shape (batch, length)
        Values in [0, 1], 0 past the end of a document.

    Returns
    -------
    n : Tensor of shape (batch,)
    """
    return mask.sum(dim=1)


def n_transitions(mask: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Count the borders between selected and unselected words of each document.

    The second regularizer of Lei et al. (2016). The end of a document is no border.

    Parameters
    ----------
    mask : Tensor of shape (batch, length)
        Values in [0, 1].
    words : Tensor of shape (batch, length), dtype bool
        False past the end of a document.

    Returns
    -------
    n : Tensor of shape (batch,)
    """
    steps = (mask[:, 1:] - mask[:, :-1]).abs() * words[:, 1:]
    return steps.sum(dim=1)
