"""Masks from stretched and rectified Kumaraswamy distributions."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from sklearn_irx.components.samplers.hard_kuma import HardKuma, HardKumaModule

SHAPES = [(0.0, 0.0), (1.5, -1.0), (-1.0, 1.5), (-2.0, -3.0), (2.0, 4.0)]
STRETCHES = [0.02, 0.1, 1.0]
N = 100_000


@pytest.fixture(autouse=True)
def _own_random_numbers():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def softplus(score):
    return np.clip(np.logaddexp(0, np.asarray(score, np.float64)), 1e-6, 100)


def draw(scores, n, **parameters):
    """Give `n` training masks of one document, and what the sampler says of them all."""
    scores = torch.tensor(scores).expand(n, -1, -1)
    selection = HardKumaModule(**parameters).train()(scores, torch.ones(scores.shape[:2]).bool())
    return selection, selection.mask.numpy()


def within_errors(values, expected, n_errors=4.5):
    error = values.std() / np.sqrt(len(values)) + 1e-6
    return abs(values.mean() - expected) < n_errors * error


@pytest.mark.parametrize("stretch", STRETCHES)
@pytest.mark.parametrize("scores", SHAPES)
def test_zeros_and_ones_are_as_likely_as_the_integral_of_the_density_says(scores, stretch):
    a, b = softplus(scores[0]), softplus(scores[1])
    sampler = HardKumaModule(stretch=stretch)

    def density(k):
        return a * b * k ** (a - 1) * (1 - k**a) ** (b - 1)

    # Integrated between the two cuts, away from the poles at 0 and 1; the rest by a beta variable.
    low, high = stretch / (1 + 2 * stretch), (1 + stretch) / (1 + 2 * stretch)
    p_zero = sampler.probability_of_zero(torch.tensor([[scores]])).item()
    p_one = sampler.probability_of_one(torch.tensor([[scores]])).item()
    assert 1 - p_zero - p_one == pytest.approx(quad(density, low, high)[0], abs=1e-5)
    assert p_zero == pytest.approx(beta.cdf(low**a, 1, b), rel=1e-5)
    assert p_one == pytest.approx(beta.sf(high**a, 1, b), rel=1e-5)


@pytest.mark.parametrize("stretch", STRETCHES)
@pytest.mark.parametrize("scores", SHAPES)
def test_draws_have_the_distribution_of_a_stretched_beta_power(scores, stretch):
    a, b = softplus(scores[0]), softplus(scores[1])
    _, masks = draw([scores] * 4, N // 4, stretch=stretch)
    assert ((masks >= 0) & (masks <= 1)).all()
    sampler, scores = HardKumaModule(stretch=stretch), torch.tensor([[scores]])
    assert within_errors(masks.ravel() == 0, sampler.probability_of_zero(scores).item())
    assert within_errors(masks.ravel() == 1, sampler.probability_of_one(scores).item())
    for z in (0.0, 0.05, 0.3, 0.5, 0.9, 0.99):
        # A Kumaraswamy variable is a Beta(1, b) one to the power of 1/a.
        expected = beta.cdf(((z + stretch) / (1 + 2 * stretch)) ** a, 1, b)
        assert within_errors(masks.ravel() <= z, expected)


def test_costs_are_the_words_and_borders_to_expect_of_masks_other_than_zero():
    scores = np.random.default_rng(0).normal(scale=2, size=(8, 2)).astype(np.float32)
    selection, masks = draw(scores, N)
    selected = masks != 0
    assert within_errors(selected.sum(axis=1), selection.n_selected[0].item())
    borders = sum(one != two for one, two in pairwise(selected.T.astype(int)))
    assert within_errors(borders, selection.n_transitions[0].item())


@pytest.mark.parametrize("score", [0, 1])
def test_gradients_of_a_draw_are_its_differences_under_the_same_noise(score):
    scores = torch.randn(1, 2000, 2, dtype=torch.float64) * 2
    words = torch.ones(1, 2000, dtype=torch.bool)

    def masks(shift):
        torch.manual_seed(1)
        direction = torch.zeros(2, dtype=torch.float64)
        direction[score] = shift
        return HardKumaModule().train()(scores + direction, words).mask

    scores.requires_grad_()
    masks(0.0).sum().backward()
    step = 1e-6
    with torch.no_grad():
        low, mask, high = masks(-step), masks(0.0), masks(step)
    soft = (low > 0) & (low < 1) & (high > 0) & (high < 1)
    hard = (low == mask) & (mask == high)
    assert soft.sum() > 300
    assert hard.sum() > 300
    differences = (high - low) / (2 * step)
    gradient = scores.grad[..., score]
    torch.testing.assert_close(gradient[soft], differences[soft], rtol=1e-4, atol=1e-6)
    assert (gradient[hard & ~soft] == 0).all()


@pytest.mark.parametrize("what", ["preference", "probability_of_zero", "probability_of_one"])
def test_gradients_of_closed_forms_are_their_differences(what):
    scores = (torch.randn(3, 5, 2, dtype=torch.float64) * 3).requires_grad_()
    assert torch.autograd.gradcheck(getattr(HardKumaModule(), what), scores)


@pytest.mark.parametrize("stretch", STRETCHES)
def test_the_preference_is_precise_where_probabilities_round_to_zero_or_one(stretch):
    grid = np.concatenate([np.linspace(-13, 13, 53), [20.0, 60.0, 99.0]]).astype(np.float32)
    scores = torch.tensor(list(product(grid, grid)))
    a, b = softplus(scores[:, 0].numpy()), softplus(scores[:, 1].numpy())
    log_selected = b * np.log1p(-((stretch / (1 + 2 * stretch)) ** a))
    expected = log_selected - np.log(-np.expm1(log_selected))
    found = HardKumaModule(stretch=stretch).preference(scores)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-5)


@given(
    *[st.floats(-5, 5, width=32)] * 2,
    st.floats(0.125, 5, width=32),
)
def test_the_first_score_speaks_for_a_word_and_the_second_against_it(a, b, more):
    scores = torch.tensor([[a, b], [a + more, b], [a, b + more]])
    before, with_first, with_second = HardKumaModule().preference(scores).tolist()
    assert with_second < before < with_first
    assert HardKumaModule.directions == (1.0, -1.0)


@given(st.lists(st.tuples(*[st.floats(-20, 20, width=32)] * 2), min_size=1, max_size=9))
def test_at_inference_a_word_is_selected_when_that_is_likelier_than_not(scores):
    scores = torch.tensor([scores])
    words = torch.ones(scores.shape[:2], dtype=torch.bool)
    sampler = HardKumaModule().eval()
    before = torch.get_rng_state()
    mask = sampler(scores, words).mask
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(sampler(scores, words).mask, mask)
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    p_zero = sampler.probability_of_zero(scores)
    clear = (p_zero - 0.5).abs() > 1e-5
    assert torch.equal(mask[clear] == 1, p_zero[clear] < 0.5)


def test_at_inference_a_threshold_and_a_limit_hold():
    scores = torch.randn(4, 50, 2) * 2
    words = torch.ones(4, 50, dtype=torch.bool)
    sampler = HardKumaModule(max_rationale_length=5).eval()
    preference = sampler.preference(scores)
    for threshold in (-1.0, 0.5, 3.0):
        sampler.threshold.fill_(threshold)
        mask = sampler(scores, words).mask.bool()
        for row, selected in zip(preference, mask, strict=True):
            limit = max(threshold, row.sort(descending=True).values[5].item())
            assert torch.equal(selected, row > limit)


@pytest.mark.parametrize("training", [True, False])
def test_past_the_end_of_a_document_nothing_is_selected_or_costs(training):
    scores = torch.randn(3, 6, 2)
    words = torch.tensor([[True] * 6, [True] * 2 + [False] * 4, [False] * 6])
    sampler = HardKumaModule().train(training)
    selection = sampler(torch.where(words.unsqueeze(-1), scores, torch.tensor([9.0, -9.0])), words)
    assert (selection.mask[~words] == 0).all()
    assert selection.n_selected[2] == selection.n_transitions[2] == 0
    alone = sampler(scores[1:2, :2], words[1:2, :2])
    torch.testing.assert_close(selection.n_selected[1], alone.n_selected[0])
    torch.testing.assert_close(selection.n_transitions[1], alone.n_transitions[0])


@pytest.mark.parametrize("stretch", [1e-6, 0.1, 100.0])
@pytest.mark.parametrize("scores", list(product([-1e4, -50.0, -14.0, 0.0, 50.0, 1e4], repeat=2)))
def test_extreme_scores_are_finite(scores, stretch):
    sampler = HardKumaModule(stretch=stretch).train()
    tensor = torch.tensor([[scores] * 2000]).requires_grad_()
    selection = sampler(tensor, torch.ones(1, 2000, dtype=torch.bool))
    p_zero, p_one = sampler.probability_of_zero(tensor), sampler.probability_of_one(tensor)
    values = (selection.mask, selection.n_selected, selection.n_transitions, p_zero, p_one)
    for value in (*values, sampler.preference(tensor)):
        assert torch.isfinite(value).all()
        (gradient,) = torch.autograd.grad(value.sum(), tensor, retain_graph=True)
        assert torch.isfinite(gradient).all()
    assert ((p_zero >= 0) & (p_one >= 0) & (p_zero + p_one <= 1 + 1e-6)).all()


def test_noise_that_rounds_to_zero_gives_zero_and_no_gradient(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "exponential_", lambda noise, **_: noise.zero_())
    scores = torch.zeros(1, 3, 2, requires_grad=True)
    mask = HardKumaModule().train()(scores, torch.ones(1, 3, dtype=torch.bool)).mask
    mask.sum().backward()
    assert (mask == 0).all()
    assert (scores.grad == 0).all()


@pytest.mark.parametrize("stretch", [0.0, -0.1, float("nan"), float("inf")])
def test_a_stretch_that_makes_no_zeros_is_refused(stretch):
    with pytest.raises(ValueError, match=rf"'stretch'.*\(0\.0, inf\). Got {stretch}"):
        HardKuma(stretch=stretch).check()
