"""What a rationale costs, against counting in plain Python."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.nn.losses import n_selected, n_transitions

BATCHES = st.lists(st.lists(st.sampled_from([0, 1, 0.25]), max_size=6), min_size=1, max_size=5)


def padded(masks, width):
    rows = [mask + [0] * (width - len(mask)) for mask in masks]
    words = [[True] * len(mask) + [False] * (width - len(mask)) for mask in masks]
    return torch.tensor(rows, dtype=torch.float32), torch.tensor(words)


@given(BATCHES, st.integers(0, 4))
def test_costs_are_counts_and_padding_is_free(masks, extra):
    width = max(1, *(len(mask) for mask in masks), 1) + extra
    mask, words = padded(masks, width)
    borders = [sum(abs(a - b) for a, b in itertools.pairwise(row)) for row in masks]
    assert n_selected(mask).tolist() == pytest.approx([sum(row) for row in masks])
    assert n_transitions(mask, words).tolist() == pytest.approx(borders)


def test_known_costs():
    masks = [[1, 1, 1], [0, 1, 0, 1], [], [1]]
    mask, words = padded(masks, 6)
    assert n_selected(mask).tolist() == [3, 2, 0, 1]
    assert n_transitions(mask, words).tolist() == [
        0,
        3,
        0,
        0,
    ]  # the ends of documents are no borders
