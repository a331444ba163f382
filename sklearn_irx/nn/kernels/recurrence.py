"""A gated recurrent unit that reads all documents of a batch in both directions at once.

A step of it is a small product and some operations on the documents that have so many words: what
takes the time is that there are many steps. So both directions take theirs together, the backward
pass is written by hand, and what does not depend on the step before is one large product, of unique
words where they are read as they stand.
"""

from __future__ import annotations

from typing import Any

import torch

from sklearn_irx.nn.kernels.packed_batch import PackedBatch


class Steps:
    """The words of a batch in the order in which they are read, both directions side by side.

    Parameters
    ----------
    batch : PackedBatch
        The words.

    Attributes
    ----------
    sizes : list of int
        How many documents have a word left at each step. Longer documents come first.
    rows : Tensor of shape (2, n_words), dtype int64
        The packed rows, step by step: forward, and backward from the last word of each document.
    places : Tensor of shape (2, 1 + n_words), dtype int64
        Where each packed row stands in `rows`; 0 for row 0, which is no word.
    """

    def __init__(self, batch: PackedBatch) -> None:
        lengths, order = batch.words.sum(dim=1).sort(descending=True, stable=True)
        steps = torch.arange(batch.words.shape[1], device=lengths.device).unsqueeze(1)
        there = steps < lengths
        self.sizes = [size for size in there.sum(dim=1).tolist() if size]
        forward = batch.rows[order].T
        backward = forward.gather(0, (lengths - 1 - steps).clamp(min=0))
        self.rows = torch.stack([forward[there], backward[there]])
        numbers = torch.arange(self.rows.shape[1], device=lengths.device)
        self.places = numbers.new_zeros(2, 1 + len(numbers))
        self.places.scatter_(1, self.rows, numbers.expand(2, -1))


class _Recurrence(torch.autograd.Function):
    """See :func:`recurrence`."""

    @staticmethod
    def forward(
        ctx: Any,
        gates: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        sizes: list[int],
    ) -> torch.Tensor:
        size = weight.shape[1]
        states, news, of_states = (gates.new_empty(*gates.shape[:2], size) for _ in range(3))
        switches = gates.new_empty(*gates.shape[:2], 2 * size)
        state = gates.new_zeros(2, sizes[0], size)
        for at in _slices(sizes):
            state = state[:, : at.stop - at.start]
            hidden = torch.baddbmm(bias, state, weight)
            switch, candidate = gates[:, at].split([2 * size, size], dim=2)
            switch = torch.add(switch, hidden[..., : 2 * size], out=switches[:, at]).sigmoid_()
            reset, keep = switch.chunk(2, dim=2)
            of_state = of_states[:, at].copy_(hidden[..., 2 * size :])
            new = torch.addcmul(candidate, reset, of_state, out=news[:, at]).tanh_()
            state = torch.lerp(new, state, keep, out=states[:, at])
        ctx.save_for_backward(weight, states, switches, news, of_states)
        ctx.sizes = sizes
        return states

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        weight, states, switches, news, of_states = ctx.saved_tensors
        before = _states_before(states, ctx.sizes)
        reset, keep = switches.chunk(2, dim=2)
        # What each gradient is multiplied by, as far as it does not depend on the steps after.
        of_new = (1 - keep) * (1 - news * news)
        of_reset = of_states * reset * (1 - reset)
        of_keep = (before - news) * keep * (1 - keep)
        size, back = weight.shape[1], weight.transpose(1, 2).contiguous()
        hidden = states.new_empty(*states.shape[:2], 3 * size)  # gradients of `hidden`
        news_gradient = states.new_empty(states.shape)
        later = states.new_zeros(2, 0, size)
        for at in reversed(_slices(ctx.sizes)):
            of_state = gradient[:, at].clone()
            of_state[:, : later.shape[1]] += later
            new = torch.mul(of_state, of_new[:, at], out=news_gradient[:, at])
            torch.mul(new, of_reset[:, at], out=hidden[:, at, :size])
            torch.mul(of_state, of_keep[:, at], out=hidden[:, at, size : 2 * size])
            torch.mul(new, reset[:, at], out=hidden[:, at, 2 * size :])
            later = torch.baddbmm(of_state.mul_(keep[:, at]), hidden[:, at], back)
        weight_gradient = before.transpose(1, 2) @ hidden
        bias_gradient = hidden.sum(dim=1, keepdim=True)
        gates = torch.cat([hidden[..., : 2 * size], news_gradient], dim=2)
        return gates, weight_gradient, bias_gradient, None


def recurrence(
    gates: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, sizes: list[int]
) -> torch.Tensor:
    """Return the states of a gated recurrent unit (GRU) after each word.

    With r, z and n for the three parts of `gates` plus those of the state before, h::

        r, z = sigmoid(gates_rz + h W_rz + b_rz)
        n = tanh(gates_n + r (h W_n + b_n))
        state = (1 - z) n + z h

    Parameters
    ----------
    gates : Tensor of shape (2, n_words, 3 * size)
        What each word adds to the gates reset, update and new, in the order of :class:`Steps`.
    weight, bias : Tensor of shape (2, size, 3 * size) and (2, 1, 3 * size)
        What the state before adds.
    sizes : list of int
        As in :class:`Steps`; not empty.

    Returns
    -------
    states : Tensor of shape (2, n_words, size)

    References
    ----------
    K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014; torch's
    GRU has the gate r where it stands here.
    """
    states: torch.Tensor = _Recurrence.apply(gates, weight, bias, sizes)
    return states


def _slices(sizes: list[int]) -> list[slice]:
    """Return the words of each step."""
    slices, start = [], 0
    for size in sizes:
        slices.append(slice(start, start + size))
        start += size
    return slices


def _states_before(states: torch.Tensor, sizes: list[int]) -> torch.Tensor:
    """Return the state before each word: zeros at the first step."""
    parts = [states.new_zeros(2, sizes[0], states.shape[2])]
    slices = _slices(sizes)
    for at, following in zip(slices, sizes[1:], strict=False):
        parts.append(states[:, at.start : at.start + following])
    return torch.cat(parts, dim=1)
