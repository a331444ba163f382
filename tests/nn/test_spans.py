"""Exact inference of the best words in few spans."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_irx.components import SAMPLERS, Style
from sklearn_irx.nn.losses import n_spans
from sklearn_irx.nn.spans import best_spans

NAMES = [name for name in SAMPLERS.named if name != "auto"]
NUMBERS = st.floats(-3, 3, width=32)


def runs(mask):
    return int((np.diff(np.concatenate([[0], mask])) == 1).sum())


def worth(mask, gains, costs):
    return np.dot(mask, gains) - np.dot(np.abs(np.diff(mask)), costs[1:])


@settings(max_examples=150)
@given(st.data())
def test_no_other_mask_of_as_many_words_in_so_few_spans_is_worth_more(data):
    length = data.draw(st.integers(1, 9))
    gains = np.array(data.draw(st.lists(NUMBERS, min_size=length, max_size=length)))
    costs = np.array(data.draw(st.lists(st.floats(0, 2), min_size=length, max_size=length)))
    n, limit = data.draw(st.integers(0, length)), data.draw(st.integers(1, 4))
    found = best_spans(
        torch.from_numpy(gains)[None], torch.from_numpy(costs)[None], torch.tensor([n]),
        max_spans=limit,
    ).numpy()[0].astype(int)  # fmt: skip
    assert found.sum() == n
    assert runs(found) <= limit
    allowed = [m for m in product([0, 1], repeat=length) if sum(m) == n and runs(m) <= limit]
    assert worth(found, gains, costs) >= max(worth(m, gains, costs) for m in allowed) - 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_documents_are_independent_of_each_other_and_of_padding(seed, limit):
    random = np.random.RandomState(seed)
    lengths = random.randint(1, 15, size=4)
    words = torch.arange(15) < torch.from_numpy(lengths)[:, None]
    gains = torch.from_numpy(random.normal(size=(4, 15))).masked_fill(~words, -torch.inf)
    costs = torch.from_numpy(random.uniform(size=(4, 15))) * words
    n = torch.from_numpy((random.uniform(size=4) * (1 + lengths)).astype(int))
    together = best_spans(gains, costs, n, max_spans=limit)
    for i, length in enumerate(lengths):
        part = slice(i, i + 1), slice(0, length)
        alone = best_spans(gains[part], costs[part], n[i : i + 1], max_spans=limit)
        assert torch.equal(alone, together[part])


def test_an_impossible_number_of_spans_does_not_arise_where_all_words_may_be_selected():
    gains = torch.tensor([[5.0, -1e4, 5, -1e4, 5]]).double()
    found = best_spans(gains, torch.zeros(1, 5).double(), torch.tensor([3]), max_spans=1)
    assert found.tolist() == [[True, True, True, False, False]]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(st.lists(NUMBERS, min_size=1, max_size=9), st.integers(1, 3))
def test_every_sampler_keeps_its_number_of_words_and_the_limit_of_spans(name, logits, limit):
    lengths = {"rationale_length": 4} if SAMPLERS.named[name].module.has_budget else {}
    sampler = SAMPLERS.make(name).build(**lengths).eval()
    scores = torch.tensor(logits).view(1, -1, 1) * torch.tensor(sampler.directions)
    words = torch.ones(1, len(logits), dtype=torch.bool)
    before = sampler(scores, words).mask
    Style(max_spans=limit).shape(sampler)
    mask = sampler(scores, words).mask
    assert mask.sum() == before.sum()
    assert n_spans(mask) <= limit
    if n_spans(before) <= limit:
        assert torch.equal(mask, before)
        return
    gains = sampler.preference(scores)[0].double().numpy()
    allowed = [
        m for m in product([0, 1], repeat=len(logits)) if sum(m) == mask.sum() and runs(m) <= limit
    ]
    assert np.dot(mask[0].numpy(), gains) >= max(np.dot(m, gains) for m in allowed) - 1e-4


def test_ends_snap_to_clauses_where_the_scores_hardly_change():
    sampler = SAMPLERS.make("top_k").build(rationale_length=3).eval()
    Style(max_spans=1, snap=1.0).shape(sampler)
    begins = torch.tensor([[1, 0, 0, 1, 0, 0, 1, 0, 0]]).bool()
    words = torch.ones(1, 9, dtype=torch.bool)
    nearly = torch.tensor([0.0, 0, 0, 1.0, 2, 2, 1.1, 0, 0]).view(1, -1, 1)
    assert sampler(nearly, words).mask[0].nonzero().flatten().tolist() == [4, 5, 6]
    assert sampler(nearly, words, begins).mask[0].nonzero().flatten().tolist() == [3, 4, 5]
    clearly = torch.tensor([0.0, 0, 0, 1.0, 2, 2, 4.0, 0, 0]).view(1, -1, 1)
    assert sampler(clearly, words, begins).mask[0].nonzero().flatten().tolist() == [4, 5, 6]


def test_snapping_does_not_depend_on_the_scale_of_the_scores():
    random = np.random.RandomState(0)
    scores = torch.from_numpy(random.normal(size=(5, 30, 1))).float()
    begins = torch.from_numpy(random.uniform(size=(5, 30)) < 0.2)
    words = torch.ones(5, 30, dtype=torch.bool)
    sampler = SAMPLERS.make("top_k").build(rationale_length=8).eval()
    Style(max_spans=2, snap=0.5).shape(sampler)
    mask = sampler(scores, words, begins).mask
    assert torch.equal(mask, sampler(8 * scores + 3, words, begins).mask)
    assert not torch.equal(mask, sampler(scores, words).mask)
