"""What all samplers have in common, and the two simple ones."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from sklearn_irx.components import SAMPLERS, Reinforce, TopK
from sklearn_irx.nn.sampler import IndependentSamplerModule
from sklearn_irx.nn.spans import best_spans

MODULES = {name: part.module for name, part in SAMPLERS.named.items()}
LOGITS = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=20)
INDEPENDENT = [name for name in MODULES if issubclass(MODULES[name], IndependentSamplerModule)]
BUDGETED = [name for name in MODULES if MODULES[name].has_budget]
RELAXED = ["straight_through", "gumbel"]


def scored(name, logits):
    """Give scores (1, length, n_scores) that say the same of each word whatever the sampler."""
    scores = torch.tensor(logits).reshape(1, -1, 1) * torch.tensor(MODULES[name].directions)
    return scores, torch.ones(scores.shape[:2], dtype=torch.bool)


def draw(name, logits, seed=0, **parameters):
    """Give one training mask and its gradient at the logits, each word weighed differently."""
    scores, words = scored(name, logits)
    scores.requires_grad_()
    torch.manual_seed(seed)
    mask = MODULES[name](**parameters).train()(scores, words).mask
    (mask * torch.arange(1.0, 1 + mask.shape[1])).sum().backward()
    return mask.detach().numpy()[0], scores.grad[0, :, 0].numpy()


@pytest.fixture(autouse=True)
def _own_random_numbers():
    with torch.random.fork_rng(devices=[]):
        yield


@pytest.mark.parametrize("name", MODULES)
@given(logits=LOGITS, length=st.one_of(st.integers(1, 20), st.floats(0.1, 0.9)))
def test_inference_is_hard_and_draws_nothing(name, logits, length):
    sampler = MODULES[name](rationale_length=length).eval()
    before = torch.get_rng_state()
    scores, words = scored(name, logits)
    mask = sampler(scores, words).mask
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(sampler(scores, words).mask, mask)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("training", [True, False])
@given(st.data())
def test_padding_is_never_selected_and_never_counted(name, training, data):
    lengths = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=4))
    extra = data.draw(st.integers(0, 5))
    words = torch.arange(max(1, *lengths, 1) + extra) < torch.tensor(lengths).unsqueeze(1)
    scores = torch.randn(*words.shape, len(MODULES[name].directions)) * 3
    sampler = MODULES[name](rationale_length=3).train(training)
    selection = sampler(scores, words)
    assert not selection.mask[~words].any()
    assert (selection.n_selected <= torch.tensor(lengths) + 1e-4).all()
    assert (selection.n_transitions <= (torch.tensor(lengths) - 1).clamp(min=0) + 1e-4).all()
    if not training:
        assert selection.n_selected.tolist() == selection.mask.sum(dim=1).tolist()


@pytest.mark.parametrize("name", INDEPENDENT)
@given(logits=LOGITS, threshold=st.floats(-5, 5, width=32))
def test_words_preferred_to_the_threshold_are_selected(name, logits, threshold):
    scores, words = scored(name, logits)
    sampler = MODULES[name]().eval()
    sampler.threshold.fill_(threshold)
    preference = sampler.preference(scores)
    assert torch.equal(sampler(scores, words).mask > 0, preference > threshold)
    order = torch.tensor(logits).argsort(stable=True)
    assert (preference[0, order].diff() >= -1e-6).all()  # equal up to rounding


@pytest.mark.parametrize("name", MODULES)
@given(
    logits=st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=7),
    cost=st.floats(0.0625, 30, width=32),
    extra=st.integers(0, 3),
    data=st.data(),
)
def test_with_a_cost_of_borders_the_best_of_all_masks_of_that_length_is_found(
    name, logits, cost, extra, data
):
    """Words that are unknown are part of none, however dear borders are."""
    unknown = data.draw(st.lists(st.booleans(), min_size=len(logits), max_size=len(logits)))
    sampler = MODULES[name](rationale_length=3).eval()
    scores, _ = scored(name, logits + [9.0] * extra)
    directions = torch.tensor(sampler.directions)
    scores[0, : len(logits)][torch.tensor(unknown)] = -1e4 * directions
    words = torch.arange(len(logits) + extra).unsqueeze(0) < len(logits)
    free = sampler(scores, words).mask[0, : len(logits)].numpy() * ~np.array(unknown)
    sampler.transition_cost.fill_(cost)
    mask = sampler(scores, words).mask[0].numpy()
    assert not mask[len(logits) :].any()
    mask = mask[: len(logits)]
    assert mask.sum() == free.sum()
    assert not mask[unknown].any()
    gains = sampler.preference(scores)[0, : len(logits)].numpy()

    def worth(mask):
        return np.dot(mask, gains) - cost * np.abs(np.diff(mask)).sum()

    masks = [[number >> i & 1 for i in range(len(logits))] for number in range(2 ** len(logits))]
    allowed = [m for m in masks if sum(m) == free.sum() and not np.dot(m, unknown)]
    assert worth(mask) >= max(map(worth, allowed)) - 1e-3


@given(st.data())
def test_spans_of_many_documents_are_those_of_each(data):
    lengths = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=6))
    gains = torch.from_numpy(np.random.RandomState(len(lengths)).normal(size=(len(lengths), 12)))
    words = torch.arange(12) < torch.tensor(lengths).unsqueeze(1)
    n = torch.tensor([data.draw(st.integers(0, length)) for length in lengths])
    gains = gains.masked_fill(~words, -torch.inf)
    together = best_spans(gains, 0.7 * words, n)
    assert torch.equal(together.sum(dim=1), n)
    for i, length in enumerate(lengths):
        part = slice(i, i + 1), slice(0, max(length, 1))
        alone = best_spans(gains[part], 0.7 * words[part], n[i : i + 1])
        assert torch.equal(alone, together[part])


def test_a_limit_and_a_cost_of_borders_hold_together():
    sampler = MODULES["straight_through"](max_rationale_length=3).eval()
    scores, words = scored("straight_through", [-9.0, 3, -9, 1, 1, 1.5, 1, 2, 2])
    assert sampler(scores, words).mask.tolist() == [[0, 1, 0, 0, 0, 0, 0, 1, 1]]
    sampler.transition_cost.fill_(2.0)
    assert sampler(scores, words).mask.tolist() == [[0, 0, 0, 0, 0, 0, 1, 1, 1]]


@pytest.mark.parametrize("name", INDEPENDENT)
@pytest.mark.parametrize("log_odds", [-3.0, 0.0, 1.0])
def test_scores_can_be_found_for_given_odds(name, log_odds):
    sampler = MODULES[name]()
    scores, _ = scored(name, [sampler.score_for(log_odds)])
    assert sampler.preference(scores).item() == pytest.approx(log_odds, abs=1e-3)


@pytest.mark.parametrize("name", MODULES)
@given(logits=LOGITS, limit=st.one_of(st.integers(1, 20), st.floats(0.1, 0.9)))
def test_no_rationale_is_longer_than_the_limit(name, logits, limit):
    scores, words = scored(name, logits)
    free = MODULES[name](rationale_length=15).eval()(scores, words).mask
    capped = MODULES[name](rationale_length=15, max_rationale_length=limit).eval()
    mask = capped(scores, words).mask
    allowed = limit if limit >= 1 else max(1, round(limit * len(logits)))
    if name == "sparsemap":  # within a smaller budget, a worse word may not pay
        assert mask.sum() <= min(free.sum(), allowed)
    else:
        assert mask.sum() == min(free.sum(), allowed)
    if name in INDEPENDENT:
        assert (mask <= free).all()
        kept, left = capped.preference(scores)[mask > 0], capped.preference(scores)[free > mask]
        assert not len(left) or kept.min() >= left.max()


@pytest.mark.parametrize("name", BUDGETED)
@given(logits=LOGITS, share=st.floats(0.05, 0.95))
def test_a_share_is_a_share_of_each_document(name, logits, share):
    assume(abs(share * len(logits) % 1 - 0.5) > 1e-5)  # in 32 bits, half a word may be reached
    scores, words = scored(name, np.abs(logits).astype(np.float32) + 1)
    mask = MODULES[name](rationale_length=share).eval()(scores, words).mask
    assert mask.sum() == max(1, round(share * len(logits)))


@given(LOGITS, st.integers(0, 99))
def test_straight_through_is_hard_forward_and_soft_backward(logits, seed):
    hard, gradient = draw("straight_through", logits, seed)
    soft, soft_gradient = draw("gumbel", logits, seed)
    assert ((soft >= 0) & (soft <= 1)).all()
    np.testing.assert_allclose(hard, soft > 0.5, atol=1e-6)
    np.testing.assert_array_equal(gradient, soft_gradient)


@pytest.mark.parametrize("name", RELAXED)
def test_gradients_reach_every_undecided_word(name):
    _, gradient = draw(name, np.linspace(-3, 3, 50, dtype=np.float32))
    assert np.isfinite(gradient).all()
    assert (gradient > 0).all()


@pytest.mark.parametrize("name", RELAXED)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("logit", [-2.0, 0.0, 1.0])
def test_words_are_selected_as_often_as_their_logit_says(name, temperature, logit):
    n = 40_000
    mask, _ = draw(name, np.full(n, logit, np.float32), temperature=temperature)
    expected = 1 / (1 + np.exp(-logit))
    error = np.sqrt(expected * (1 - expected) / n)
    assert abs((mask > 0.5).mean() - expected) < 4 * error


@pytest.mark.parametrize("name", ["straight_through", "reinforce"])
@given(logits=st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=6))
def test_costs_are_those_of_all_masks_weighed_by_their_probability(name, logits):
    scores, words = scored(name, logits)
    selection = MODULES[name]().train()(scores, words)
    p = 1 / (1 + np.exp(-np.array(logits, dtype=np.float64)))
    n_selected = n_transitions = 0.0
    for number in range(2 ** len(logits)):
        mask = np.array([number >> i & 1 for i in range(len(logits))])
        probability = np.where(mask, p, 1 - p).prod()
        n_selected += probability * mask.sum()
        n_transitions += probability * np.abs(np.diff(mask)).sum()
    assert selection.n_selected.item() == pytest.approx(n_selected, abs=1e-5)
    assert selection.n_transitions.item() == pytest.approx(n_transitions, abs=1e-5)


@pytest.mark.parametrize("name", RELAXED)
@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_extreme_logits_are_finite(name, logit):
    mask, gradient = draw(name, np.full(1000, logit, np.float32), temperature=1e-3)
    np.testing.assert_array_equal(mask, float(logit > 0))
    assert np.isfinite(gradient).all()


def test_the_temperature_decays_with_the_steps_of_training():
    sampler = MODULES["gumbel"](temperature=2.0, temperature_decay=0.3)
    scores = torch.tensor([[[0.5], [-0.25], [0.1]]], dtype=torch.float64)
    words = torch.ones(1, 3, dtype=torch.bool)
    noisy = []
    for step in range(5):
        sampler.step = step
        torch.manual_seed(0)
        noisy.append(torch.logit(sampler.train()(scores, words).mask))
    temperatures = 2.0 * np.exp(-0.3 * np.arange(5))
    for value, temperature in zip(noisy, temperatures, strict=True):
        torch.testing.assert_close(value * temperature, noisy[0] * 2.0)


def test_parameters_that_a_sampler_does_not_take_are_named():
    assert TopK(contiguous=True).build(rationale_length=3).contiguous
    with pytest.raises(ValueError, match=r"'stretch' for estimator TopK\(\).*'contiguous'"):
        TopK().set_params(stretch=0.1)
    with pytest.raises(ValueError, match=r"'temperature' for estimator Reinforce\(\)"):
        Reinforce().set_params(temperature=2.0)
    with pytest.raises(ValueError, match=r"'entropy' parameter of Reinforce .* Got -1"):
        Reinforce(entropy=-1).check()
