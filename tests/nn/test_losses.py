"""What a rationale costs, against counting in plain Python."""

import itertools
import math
from statistics import fmean

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.nn.losses import n_selected, n_transitions, rationale_loss

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


MARKED = st.lists(
    st.tuples(st.floats(-20, 20), st.sampled_from([0, 1]), st.booleans()), min_size=1, max_size=6
)
"""Log-odds, mark and whether it can be selected, of each word of a document."""


def loss_in_plain_python(words):
    """The loss of a document, or None if no word counts."""
    of = {mark: [word[0] for word in words if word[1:] == (mark, True)] for mark in (0, 1)}
    middle = 0.0
    if of[0] and of[1]:
        middle = (fmean(of[0]) + fmean(of[1])) / 2
    losses = []
    for mark, values in of.items():
        signs = [value - middle if mark else middle - value for value in values]
        if signs:
            losses.append(fmean(math.log1p(math.exp(-sign)) for sign in signs))
    return fmean(losses) if losses else None


@given(st.lists(st.one_of(st.none(), MARKED), min_size=1, max_size=4), st.data())
def test_marked_words_and_others_count_half_each(documents, data):
    """None stands for a document in which nobody marked words."""
    weights = data.draw(st.lists(st.floats(0, 3), min_size=4, max_size=4))[: len(documents)]
    shape = len(documents), 7
    preference = torch.full(shape, 1e4, dtype=torch.float64)
    marks, selectable = torch.full(shape, -1), torch.ones(shape, dtype=torch.bool)
    for row, words in enumerate(documents):
        for place, word in enumerate(words or []):
            preference[row, place], marks[row, place], selectable[row, place] = word
    losses = [loss_in_plain_python(words or []) for words in documents]
    known = [
        (loss, weight) for loss, weight in zip(losses, weights, strict=True) if loss is not None
    ]
    wanted = sum(loss * weight for loss, weight in known) / max(1, len(known))
    found = rationale_loss(preference, marks, selectable, torch.tensor(weights))
    assert found.item() == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    if set(weights) == {1.0}:
        assert found == rationale_loss(preference, marks, selectable)


def test_what_shifts_all_words_of_a_document_alike_is_no_matter():
    preference = torch.tensor([[1.0, -2.0, 0.5]], requires_grad=True)
    marks, selectable = torch.tensor([[1, 0, 0]]), torch.ones(1, 3, dtype=torch.bool)
    loss = rationale_loss(preference, marks, selectable)
    loss.backward()
    assert preference.grad.sum().abs() < 1e-6
    assert preference.grad[0, 0] < 0 < preference.grad[0, 1:].min()
    assert rationale_loss(preference + 7, marks, selectable).item() == pytest.approx(loss.item())


def test_nobody_learns_from_documents_without_marks():
    preference = torch.zeros(2, 3, requires_grad=True)
    loss = rationale_loss(preference, torch.full((2, 3), -1), torch.ones(2, 3, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert not preference.grad.any()
