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
    """The words of a batch in the order in which both directions read them.

    *Readings* are in that order: those of the first step forward, in all documents, then those of
    the first step backward, then the second step. Each word is read twice.

    Parameters
    ----------
    batch : PackedBatch
        The words.

    Attributes
    ----------
    sizes : list of int
        How many documents have a word left at each step. Longer documents come first.
    rows : Tensor of shape (2 * n_words,), dtype int64
        The packed row of each reading.
    backward : Tensor of shape (2 * n_words,), dtype int64
        Whether each reading is backward, 0 or 1.
    places : Tensor of shape (1 + n_words, 2), dtype int64
        The readings of each packed row, forward and backward; 0 for row 0, which is no word.
    """

    def __init__(self, batch: PackedBatch) -> None:
        lengths, order = batch.words.sum(dim=1).sort(descending=True, stable=True)
        steps = torch.arange(batch.words.shape[1], device=lengths.device).unsqueeze(1)
        there = (steps < lengths).unsqueeze(1).expand(-1, 2, -1)
        self.sizes = [size for size in there[:, 0].sum(dim=1).tolist() if size]
        forward = batch.rows[order].T
        backward = forward.gather(0, (lengths - 1 - steps).clamp(min=0))
        self.rows = torch.stack([forward, backward], dim=1)[there]
        directions = torch.arange(2, device=lengths.device).view(1, 2, 1).expand(there.shape)
        self.backward = directions[there]
        self.places = self.rows.new_zeros(1 + len(self.rows) // 2, 2)
        self.places[self.rows, self.backward] = torch.arange(len(self.rows), device=lengths.device)


class _Recurrence(torch.autograd.Function):
    """See :func:`recurrence`."""

    @staticmethod
    def forward(
        ctx: Any, gates: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, steps: Steps
    ) -> torch.Tensor:
        size = weight.shape[1]
        hidden, switches = torch.empty_like(gates), gates.new_empty(len(gates), 2 * size)
        news, states = (gates.new_empty(len(gates), size) for _ in range(2))
        parts = (
            hidden, *hidden.split([2 * size, size], dim=1),
            *gates.split([2 * size, size], dim=1), switches, *switches.chunk(2, dim=1),
            news, states,
        )  # fmt: skip
        state, one = gates.new_zeros(2 * steps.sizes[0], size), gates.new_ones(())
        for (
            n, of_state, of_state_gate, of_state_candidate, gate, candidate, switch, reset, keep,
            new, after,
        ) in zip(steps.sizes, *(_by_step(part, steps) for part in parts), strict=True):  # fmt: skip
            if len(state) > 2 * n:  # shorter documents are at their end
                state = state.view(2, -1, size)[:, :n].reshape(2 * n, size)
            torch.baddbmm(bias, state.view(2, n, size), weight, out=of_state.view(2, n, -1))
            torch.add(gate, of_state_gate, out=switch).sigmoid_()
            torch.addcmul(candidate, reset, of_state_candidate, out=new)
            # tanh(x) = 2 sigmoid(2 x) - 1, several times as fast as torch's tanh
            torch.sub(new.mul_(2).sigmoid_().mul_(2), one, out=new)
            state = torch.lerp(new, state, keep, out=after)
        ctx.save_for_backward(weight, states, switches, news, hidden)
        ctx.steps = steps
        return states

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        weight, states, switches, news, hidden = ctx.saved_tensors
        steps, size = ctx.steps, weight.shape[1]
        before = _states_before(states, steps)
        reset, keep = switches.chunk(2, dim=1)
        # What the gradient of a state is multiplied by: that does not depend on later steps.
        of_new = torch.ops.aten.tanh_backward(1 - keep, news)
        of_hidden = states.new_empty(len(states), 3, size)
        of_reset, of_keep, of_candidate = of_hidden.unbind(1)
        slope_of = torch.ops.aten.sigmoid_backward.grad_input
        slope_of(of_new * hidden[:, 2 * size :], reset, grad_input=of_reset)
        slope_of(before - news, keep, grad_input=of_keep)
        torch.mul(of_new, reset, out=of_candidate)
        total = gradient.clone(memory_format=torch.contiguous_format)
        slopes = torch.empty_like(hidden)
        totals = _by_step(total, steps)
        parts = of_hidden, slopes, slopes.view(-1, 3, size), keep
        of_steps = zip(
            steps.sizes, totals, (None, *totals[:-1]), *(_by_step(part, steps) for part in parts),
            strict=True,
        )  # fmt: skip
        back = weight.transpose(1, 2).contiguous()
        for n, of_state, earlier, factors, slope, by_gate, kept in reversed(list(of_steps)):
            torch.mul(of_state.unsqueeze(1), factors, out=by_gate)
            if earlier is not None:
                longer = earlier.view(2, -1, size)[:, :n]
                longer.addcmul_(of_state.view(2, n, size), kept.view(2, n, size))
                longer.baddbmm_(slope.view(2, n, -1), back)
        gates = torch.cat([slopes[:, : 2 * size], total * of_new], dim=1)
        of_directions = [
            (before.index_select(0, read), slopes.index_select(0, read))
            for read in steps.places[1:].T
        ]
        weight_gradient = torch.stack([one.T @ two for one, two in of_directions])
        bias_gradient = torch.stack([two.sum(dim=0, keepdim=True) for _, two in of_directions])
        return gates, weight_gradient, bias_gradient, None


def recurrence(
    gates: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, steps: Steps
) -> torch.Tensor:
    """Return the states of a gated recurrent unit (GRU) after each word.

    With r, z and n for the three parts of `gates` plus those of the state before, h::

        r, z = sigmoid(gates_rz + h W_rz + b_rz)
        n = tanh(gates_n + r (h W_n + b_n))
        state = (1 - z) n + z h

    Parameters
    ----------
    gates : Tensor of shape (2 * n_words, 3 * size)
        What a word adds to the gates reset, update and new, at each of its readings.
    weight, bias : Tensor of shape (2, size, 3 * size) and (2, 1, 3 * size)
        What the state before adds, forward and backward.
    steps : Steps
        At least one.

    Returns
    -------
    states : Tensor of shape (2 * n_words, size)
        After each reading.

    References
    ----------
    K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014; torch's
    GRU has the gate r where it stands here.
    """
    states: torch.Tensor = _Recurrence.apply(gates, weight, bias, steps)
    return states


def _by_step(values: torch.Tensor, steps: Steps) -> tuple[torch.Tensor, ...]:
    """Return the values (2 * n_words, ...) of each step, forward and backward."""
    return values.split([2 * size for size in steps.sizes])


def _states_before(states: torch.Tensor, steps: Steps) -> torch.Tensor:
    """Return the state before each reading: zeros at the first step."""
    sizes, size = steps.sizes, states.shape[1]
    parts = [
        state.view(2, -1, size)[:, :n].reshape(2 * n, size)
        for state, n in zip(_by_step(states, steps), sizes[1:], strict=False)
    ]
    return torch.cat([states.new_zeros(2 * sizes[0], size), *parts])
