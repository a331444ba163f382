"""Prices, the multiplier that finds one, and the threshold that meets a length."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.components import SAMPLERS
from sklearn_irx.nn.training.penalties import Deviation, FixedPenalty, LagrangeMultiplier
from sklearn_irx.nn.training.thresholds import fit_selection, match_length

WORDS = torch.arange(10) < torch.tensor([[10], [4], [0]])


def test_a_fixed_price_counts_what_is_not_free():
    n = torch.tensor([6.0, 2.0, 0.0])
    assert FixedPenalty(0.5).cost(n, WORDS, 1.0).item() == pytest.approx(0.5 * 8 / 3)
    assert FixedPenalty(0.5, free=3).cost(n, WORDS, 1.0).item() == pytest.approx(0.5 * 3 / 3)
    # Half of ten words are free, and half of four.
    assert FixedPenalty(0.5, free=0.5).cost(n, WORDS, 1.0).item() == pytest.approx(0.5 * 1 / 3)
    assert FixedPenalty(0.5).cost(n, WORDS, 0.25).item() == pytest.approx(0.125 * 8 / 3)


@pytest.mark.parametrize("target", [3.0, 8.0])
@pytest.mark.parametrize("worth", [0.02, 0.3])
def test_the_multiplier_finds_the_price_of_a_length(target, worth):
    """Words are worth less the more there are; every step follows the slope of the whole."""
    price, n = LagrangeMultiplier(target, bound=3.0), torch.tensor([20.0], requires_grad=True)
    seen = []
    for _ in range(600):
        cost = price.cost(n, WORDS[:1], 1.0) - worth * 10 * torch.log(n)
        (slope,) = torch.autograd.grad(cost.sum(), n)
        price.update(n, WORDS[:1], 1.0)
        n = (n - 2.0 / worth * 0.05 * slope).clamp(0.5, 100).detach().requires_grad_()
        seen.append(n.item())
    assert np.abs(np.array(seen[-100:]) / target - 1).max() < 0.02
    assert price.per_unit == pytest.approx(worth * 10 / target, rel=0.05)


@given(st.lists(st.floats(0, 1000), max_size=300))
def test_the_multiplier_is_bounded_whatever_comes(lengths):
    price = LagrangeMultiplier(5.0, bound=0.7)
    for n in lengths:
        price.update(torch.tensor([n]), WORDS[:1], 1.0)
        assert 0 <= price.value <= 0.7
    # And it comes back within a moment, wherever it went: nothing winds up.
    steps = 0
    while price.error > 0 or price.value > 0.3:
        price.update(torch.tensor([1.0]), WORDS[:1], 1.0)
        steps += 1
    assert steps < 120


def test_a_share_is_the_mean_of_the_documents_with_words():
    price = LagrangeMultiplier(0.5, bound=1.0)
    n = torch.tensor([8.0, 4.0, 0.0], requires_grad=True)
    price.sum = 0.2
    assert price.cost(n, WORDS, 1.0).item() == pytest.approx(0.2 / 0.5 * (0.8 + 1.0) / 2)
    price.update(n, WORDS, 1.0)
    assert price.error == pytest.approx(0.1 * (0.9 / 0.5 - 1))


def test_while_the_curriculum_asks_for_less_longer_rationales_are_right():
    price = LagrangeMultiplier(3.0, bound=1.0)
    price.update(torch.tensor([12.0]), WORDS[:1], 0.25)
    assert price.value == 0


@pytest.mark.parametrize("target", [2.0, 0.2])
def test_a_deviation_draws_from_both_sides_and_costs_little(target):
    """All words of a document too many, or too few, cost one nat and no more."""
    price = Deviation(target)
    mean_length = 14 / 3
    for n in (torch.tensor([6.0, 2.0, 0.0]), torch.tensor([0.5, 0.2, 0.0])):
        n.requires_grad_()
        cost = price.cost(n, WORDS, 1.0)
        mean = (n[0] / 10 + n[1] / 4) / 2 if target < 1 else n.mean()
        expected = abs(mean.item() - target) / (1 if target < 1 else mean_length)
        assert cost.item() == pytest.approx(expected)
        (slope,) = torch.autograd.grad(cost, n)
        above = mean > target
        assert (slope[:2] > 0).all() == above
        assert (slope[:2] < 0).all() != above
        assert price.cost(n.detach(), WORDS, 0.25).item() == pytest.approx(expected / 4)
    assert price.cost(torch.tensor([10.0, 4.0, 0.0]), WORDS, 1.0) < 1
    price.update(torch.zeros(3), WORDS, 0.5)
    assert price.per_unit == pytest.approx(0.5 if target < 1 else 0.5 / mean_length)
    assert price.excess(2 * target) == pytest.approx(1)


@pytest.mark.parametrize("name", ["top_k", "sparsemap"])
def test_a_budget_comes_down_to_the_length_asked_for(name):
    sampler = SAMPLERS.make(name).build(rationale_length=2)
    words = torch.arange(10) < torch.tensor([[10], [4], [0]])
    scores = torch.arange(30.0).view(3, 10, 1) / 30 + 2
    for pace, expected in (
        (0.25, [8, 4, 0]),
        (0.5, [4, 4, 0]),
        (0.75, [3, 3, 0]),
        (1.0, [2, 2, 0]),
    ):
        sampler.train().pace = pace
        assert sampler.budget(words).tolist() == expected
        n = sampler(scores, words).mask.sum(dim=1).tolist()
        assert n == pytest.approx(expected, abs=1e-4)
        assert sampler.eval()(scores, words).mask.sum(dim=1).tolist() == [2, 2, 0]


def network(name, scores, lengths, **parameters):
    """Stand in for a network that gives these scores."""
    sampler = SAMPLERS.make(name).build(**parameters).eval()

    def look_up(rows):
        words = torch.arange(scores.shape[1]) < lengths[rows].unsqueeze(1)
        directions = torch.tensor(sampler.directions)
        return scores[rows].unsqueeze(-1) * directions, words, words, None

    return SimpleNamespace(sampler=sampler, scores=look_up, eval=lambda: None)


@pytest.mark.parametrize("name", ["straight_through", "hard_kuma"])
@given(st.data())
def test_the_threshold_meets_the_length(name, data):
    seed = data.draw(st.integers(0, 1000))
    n, width = data.draw(st.integers(1, 12)), data.draw(st.integers(2, 12))
    share = data.draw(st.booleans())
    random = np.random.RandomState(seed)
    scores = torch.from_numpy(random.normal(size=(n, width))).float()
    lengths = torch.from_numpy(random.randint(1, width + 1, size=n))
    limit = data.draw(st.sampled_from([None, 2, 0.5]))
    module = network(name, scores, lengths, max_rationale_length=limit)
    asked = data.draw(st.floats(0.05, 0.95)) if share else data.draw(st.floats(1, width))
    fit_selection(
        module, [({"rows": rows}, None) for rows in torch.arange(n).split(5)], asked, None
    )
    mask = module.sampler(*module.scores(torch.arange(n))[:2]).mask.sum(dim=1)
    got = (mask / lengths).mean() if share else mask.mean()
    module.sampler.threshold.fill_(-1e9)
    most = module.sampler(*module.scores(torch.arange(n))[:2]).mask.sum(dim=1)
    reachable = min(asked, (most / lengths).mean() if share else most.mean())
    # One word more is the least that can be too much.
    one_word = (1 / lengths.min() if share else 1) / n
    assert reachable - 1e-5 <= got <= reachable + one_word + 1e-5


def test_without_words_the_threshold_stays():
    module = network("gumbel", torch.zeros(2, 3), torch.tensor([0, 0]))
    fit_selection(module, [({"rows": torch.arange(2)}, None)], 5.0, 3.0)
    assert module.sampler.threshold == 0


def test_long_pieces_do_not_get_past_the_limit_of_borders():
    scores = torch.tensor([1.0] * 10 + [-1.0] * 10).repeat(8).unsqueeze(0)
    module = network("straight_through", scores, torch.tensor([160]))
    fit_selection(module, [({"rows": torch.arange(1)}, None)], 80.0, 2.0)
    assert module.sampler(*module.scores(torch.arange(1))[:2]).n_transitions <= 2


@pytest.mark.parametrize("name", ["top_k", "sparsemap"])
@pytest.mark.parametrize("limit", [1.0, 3.0, 50.0])
def test_a_limit_of_borders_leaves_every_budget_as_it_is(name, limit):
    random = np.random.RandomState(0)
    scores = torch.from_numpy(random.normal(size=(40, 20))).float()
    rows, lengths = torch.arange(40), torch.from_numpy(random.randint(0, 21, size=40))
    module = network(name, scores, lengths, rationale_length=6)
    before = module.sampler(*module.scores(rows)[:2])
    fit_selection(module, [({"rows": rows}, None)], 6.0, limit)
    after = module.sampler(*module.scores(rows)[:2])
    assert torch.equal(after.n_selected, before.n_selected)
    assert after.n_transitions.mean() <= limit
    assert torch.equal(after.mask, before.mask) == (limit == 50)


@pytest.mark.parametrize("asked", [None, 6.0, 0.3])
@pytest.mark.parametrize("limit", [2.0, 4.0, 50.0])
def test_the_cost_of_borders_keeps_their_limit_at_the_same_length(asked, limit):
    random = np.random.RandomState(0)
    scores = torch.from_numpy(random.normal(size=(40, 20))).float()
    lengths = torch.from_numpy(random.randint(12, 21, size=40))
    module = network("straight_through", scores, lengths)
    rows = torch.arange(40)
    before = module.sampler(*module.scores(rows)[:2])
    fit_selection(module, [({"rows": rows}, None)], asked, limit)
    after = module.sampler(*module.scores(rows)[:2])
    assert after.n_transitions.mean() <= limit
    if limit == 50:
        assert module.sampler.transition_cost == 0
    else:
        assert after.n_transitions.mean() > 0.8 * limit
    if asked is not None:
        n = after.n_selected
        assert float((n / lengths if asked < 1 else n).mean()) == pytest.approx(asked, rel=0.05)
    elif limit == 50:
        assert torch.equal(after.mask, before.mask)


@given(st.data())
def test_lengths_stay_when_scores_change_their_scale(data):
    """Of the same documents, as many words as before are selected, whatever scores mean now."""
    random = np.random.RandomState(data.draw(st.integers(0, 100)))
    scores = torch.from_numpy(random.normal(size=(30, 12))).float()
    lengths = torch.from_numpy(random.randint(1, 13, size=30))
    asked = data.draw(st.sampled_from([1.0, 4.0, 0.3]))
    module = network("straight_through", scores, lengths)
    batches = [({"rows": rows}, None) for rows in torch.arange(30).split(7)]
    fit_selection(module, batches, asked, 3.0)
    before = module.sampler(*module.scores(torch.arange(30))[:2]).n_selected
    cost = float(module.sampler.transition_cost)
    factor, shift = data.draw(st.floats(0.2, 5)), data.draw(st.floats(-3, 3))
    as_they_were = module.scores
    scaled = SimpleNamespace(
        sampler=module.sampler,
        eval=lambda: None,
        scores=lambda rows, new=False: (
            as_they_were(rows)[0] * (factor if new else 1) + (shift if new else 0),
            *as_they_were(rows)[1:],
        ),
    )
    match_length(scaled, batches, [({**X, "new": True}, None) for X, _ in batches], asked)
    after = scaled.sampler(*scaled.scores(torch.arange(30), new=True)[:2]).n_selected
    assert torch.equal(after, before)
    assert float(module.sampler.transition_cost) == cost
