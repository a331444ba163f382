"""The best words in few spans: exact inference over the chain of a document's words."""

from __future__ import annotations

import numpy as np
import torch

_MAX_CELLS = 2**26  # of the tables of one call, a byte each


def best_spans(
    gains: torch.Tensor, costs: torch.Tensor, n: torch.Tensor, *, max_spans: int | None = None
) -> torch.Tensor:
    """Select `n` words of each document for the largest sum of gains minus costs of transitions.

    By dynamic programming over positions, numbers of selected words, and numbers of spans: its time
    is linear in the length, and so is its memory, two bytes for each of these cells.

    Parameters
    ----------
    gains : Tensor of shape (batch, length), dtype float64, on the CPU
        Of selecting a word; minus infinity where it must not be selected.
    costs : Tensor of shape (batch, length), dtype float64
        Of a transition between a word and the one before it; the first column counts for nothing.
        0 past the end of a document.
    n : Tensor of shape (batch,), dtype int64
        At most the number of words that may be selected.
    max_spans : int or None, default=None
        Most runs of selected words. So many must have room for `n`.

    Returns
    -------
    mask : Tensor of shape (batch, length), dtype bool
    """
    n_counts, n_spans = int(n.max()) + 1, 1
    if max_spans is not None:
        n_spans = min(max_spans, max(1, n_counts - 1), (gains.shape[1] + 1) // 2) + 1
    cells = max(1, 2 * gains.shape[1] * n_counts * n_spans)
    rows = torch.arange(len(gains)).split(max(1, _MAX_CELLS // cells))
    counted = max_spans is not None
    return torch.cat([_best(gains[r], costs[r], n[r], n_spans, counted=counted) for r in rows])


def spread(values: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """Return the standard deviation (batch, 1) of values (batch, length) at some words.

    `where` is (batch, length). At least 1e-6.
    """
    n = where.sum(dim=1, keepdim=True).clamp(min=1)
    mean = values.masked_fill(~where, 0).sum(dim=1, keepdim=True) / n
    squares = (values - mean).square().masked_fill(~where, 0)
    return (squares.sum(dim=1, keepdim=True) / n).sqrt().clamp(min=1e-6)


def _best(
    gains: torch.Tensor, costs: torch.Tensor, n: torch.Tensor, n_spans: int, *, counted: bool
) -> torch.Tensor:
    """Select `n` words in fewer than `n_spans` spans, or in any number if they are not `counted`.

    In NumPy, whose many small steps take half the time of torch's.
    """
    gain_at, cost_at, count = gains.detach().numpy(), costs.numpy(), n.numpy().copy()
    n_documents, length = gain_at.shape
    shape = n_documents, n_spans, int(count.max()) + 1
    # The best sum for each number of spans and of selected words, without and with the latest word.
    off, on, ended, begun = (np.full(shape, -np.inf) for _ in range(4))
    off[:, 0, 0] = 0
    # Whether the word before was selected, if this one is not, and if it is.
    if_off, if_on = np.empty((2, length, *shape), dtype=bool)
    earlier, later = (slice(-1), slice(1, None)) if counted else (slice(None), slice(None))
    for i in range(length):
        cost, gain = cost_at[:, i, None, None], gain_at[:, i, None, None]
        np.subtract(on, cost, out=ended)
        np.subtract(off[:, earlier], cost if i else 0.0, out=begun[:, later])
        np.greater(ended, off, out=if_off[i])
        np.greater(on, begun, out=if_on[i])
        np.maximum(off, ended, out=off)
        best = np.maximum(on, begun, out=ended)
        np.add(best[..., :-1], gain, out=on[..., 1:])
        on[..., 0] = -np.inf
    rows = np.arange(n_documents)
    final = np.maximum(on, off)[rows, :, count]
    spans = final.argmax(axis=1)
    selected = (on > off)[rows, spans, count]
    mask = np.zeros(gain_at.shape, dtype=bool)
    for i in reversed(range(length)):
        mask[:, i] = selected
        before = np.where(
            selected,
            if_on[i, rows, spans, count - selected],
            if_off[i, rows, spans, count],
        )
        count -= selected
        if counted:
            spans -= selected & ~before
        selected = before
    return torch.from_numpy(mask)
