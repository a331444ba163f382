"""From selection logits to masks."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.nn.samplers import SAMPLERS

LOGITS = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=20)


def draw(name, logits, seed=0, **parameters):
    """Give one training mask and its gradient at the logits, each word weighed differently."""
    logits = torch.tensor(logits).reshape(1, -1).requires_grad_()
    torch.manual_seed(seed)
    mask = SAMPLERS[name](**parameters).train()(logits)
    (mask * torch.arange(1.0, 1 + logits.shape[1])).sum().backward()
    return mask.detach().numpy()[0], logits.grad.numpy()[0]


@pytest.fixture(autouse=True)
def _own_random_numbers():
    with torch.random.fork_rng(devices=[]):
        yield


@pytest.mark.parametrize("name", SAMPLERS)
@given(logits=LOGITS)
def test_at_inference_a_word_is_selected_when_its_logit_is_positive(name, logits):
    sampler = SAMPLERS[name]().eval()
    before = torch.get_rng_state()
    mask = sampler(torch.tensor([logits]))
    assert mask.tolist() == [[float(logit > 0) for logit in logits]]
    assert torch.equal(sampler(torch.tensor([logits])), mask)
    assert torch.equal(torch.get_rng_state(), before)


@given(LOGITS, st.integers(0, 99))
def test_straight_through_is_hard_forward_and_soft_backward(logits, seed):
    hard, gradient = draw("straight_through", logits, seed)
    soft, soft_gradient = draw("gumbel", logits, seed)
    assert ((soft >= 0) & (soft <= 1)).all()
    np.testing.assert_allclose(hard, soft > 0.5, atol=1e-6)
    np.testing.assert_array_equal(gradient, soft_gradient)


@pytest.mark.parametrize("name", SAMPLERS)
def test_gradients_reach_every_undecided_word(name):
    _, gradient = draw(name, np.linspace(-3, 3, 50, dtype=np.float32))
    assert np.isfinite(gradient).all()
    assert (gradient > 0).all()


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("logit", [-2.0, 0.0, 1.0])
def test_words_are_selected_as_often_as_their_logit_says(name, temperature, logit):
    n = 40_000
    mask, _ = draw(name, np.full(n, logit, np.float32), temperature=temperature)
    expected = 1 / (1 + np.exp(-logit))
    error = np.sqrt(expected * (1 - expected) / n)
    assert abs((mask > 0.5).mean() - expected) < 4 * error


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_extreme_logits_are_finite(name, logit):
    mask, gradient = draw(name, np.full(1000, logit, np.float32), temperature=1e-3)
    np.testing.assert_array_equal(mask, float(logit > 0))
    assert np.isfinite(gradient).all()


def test_the_temperature_decays_with_the_steps_of_training():
    sampler = SAMPLERS["gumbel"](temperature=2.0, temperature_decay=0.3)
    logits = torch.tensor([[0.5, -0.25, 0.1]], dtype=torch.float64)
    noisy = []
    for _ in range(5):
        sampler.eval()(logits)  # reading is no step of training
        torch.manual_seed(0)
        noisy.append(torch.logit(sampler.train()(logits)))
    temperatures = 2.0 * np.exp(-0.3 * np.arange(5))
    for value, temperature in zip(noisy, temperatures, strict=True):
        torch.testing.assert_close(value * temperature, noisy[0] * 2.0)
