"""Exactly so many words, against probabilities that are counted out."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit, softmax

from sklearn_irx.components.samplers.top_k import TopKModule, relaxed_top_k
from sklearn_irx.nn.lengths import n_allowed

LENGTHS = st.sampled_from([1, 2, 5, 0.1, 0.3, 0.9])
DOCUMENTS = st.lists(
    st.lists(st.sampled_from([-7.0, -0.1, 0.0, 0.5, 2.0]), max_size=8), min_size=1, max_size=5
)
both_modes = pytest.mark.parametrize("contiguous", [False, True])


@pytest.fixture(autouse=True)
def _own_random_numbers():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def batch(documents, extra=0, dtype=torch.float32):
    """Give scores, absurd on padding, and words."""
    width = max(1, *map(len, documents), 1) + extra
    scores = torch.full((len(documents), width, 1), 99.0, dtype=dtype)
    words = torch.zeros(len(documents), width, dtype=torch.bool)
    for i, document in enumerate(documents):
        scores[i, : len(document), 0] = torch.tensor(document, dtype=dtype)
        words[i, : len(document)] = True
    return scores, words


def read(document, **parameters):
    return TopKModule(**parameters).eval()(*batch([document])).mask[0].tolist()


def one_run(mask):
    selected = torch.nonzero(mask)
    return len(selected) == 0 or selected[-1] - selected[0] + 1 == len(selected)


@both_modes
@given(documents=DOCUMENTS, length=LENGTHS, limit=st.none() | LENGTHS)
def test_exactly_so_many_words_are_selected(contiguous, documents, length, limit):
    sampler = TopKModule(contiguous=contiguous, rationale_length=length, max_rationale_length=limit)
    scores, words = batch(documents, extra=2)
    k = n_allowed(length, words)
    for training in (True, False):
        mask, n_selected, _ = sampler.train(training)(scores, words)[:3]
        expected = k if training else k.minimum(n_allowed(limit or length, words))
        assert ((mask == 0) | (mask == 1)).all()
        assert (mask[~words] == 0).all()
        assert mask.sum(dim=1).tolist() == expected.tolist() == n_selected.tolist()
        assert not contiguous or all(map(one_run, mask))


def test_shares_and_short_documents():
    scores, words = batch([[0.1, 0.2, 0.3, 0.4], [1.0], [], [0.3, 0.2, 0.1] * 4])
    by_share = TopKModule(rationale_length=0.5).eval()(scores, words).mask
    assert by_share.sum(dim=1).tolist() == [2, 1, 0, 6]
    assert by_share[0].tolist()[:4] == [0, 0, 1, 1]
    assert TopKModule(rationale_length=3).train()(scores, words).mask.sum(dim=1).tolist() == [
        3,
        1,
        0,
        3,
    ]


@both_modes
def test_inference_draws_nothing(contiguous):
    before = torch.get_rng_state()
    sampler = TopKModule(rationale_length=2, contiguous=contiguous).eval()
    sampler(*batch([[0.1, 0.2, 0.3]]))
    assert torch.equal(torch.get_rng_state(), before)


@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=12), st.integers(1, 12))
def test_inference_takes_the_largest_scores_and_of_equal_ones_the_earlier(scores, k):
    largest = sorted(range(len(scores)), key=lambda i: -scores[i])[:k]
    assert read(scores, rationale_length=k) == [float(i in largest) for i in range(len(scores))]


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=12), st.integers(1, 12))
def test_inference_takes_the_first_of_the_best_windows(scores, k):
    k = min(k, len(scores))
    start = max(range(len(scores) - k + 1), key=lambda i: sum(scores[i : i + k]))
    found = read([s / 7 for s in scores], rationale_length=k, contiguous=True)
    # Of windows that rounding alone tells apart either will do.
    best = sum(scores[start : start + k])
    assert np.dot(found, scores) == pytest.approx(best)
    exact = read([s / 8 for s in scores], rationale_length=k, contiguous=True)
    assert exact == [float(start <= i < start + k) for i in range(len(scores))]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_words_are_drawn_one_after_the_other_without_putting_back(k):
    scores, n = [1.5, 0.0, -0.5, 0.3], 20_000
    expected = np.zeros(4)
    weights = np.exp(scores)
    for order in itertools.permutations(range(4), k):
        left = weights.sum() - np.cumsum([0, *weights[list(order[:-1])]])
        expected[list(order)] += np.prod(weights[list(order)] / left)
    mask = TopKModule(rationale_length=k).train()(*batch([scores] * n)).mask
    error = np.sqrt(expected * (1 - expected) / n)
    assert (np.abs(mask.mean(dim=0).numpy() - expected) < 4 * error).all()


def test_windows_are_drawn_by_their_scores():
    scores, n = [0.5, 0.0, -0.5, 0.9], 20_000
    q = softmax([0.5, -0.5, 0.4])
    expected = np.array([q[0], q[0] + q[1], q[1] + q[2], q[2]])
    mask = TopKModule(rationale_length=2, contiguous=True).train()(*batch([scores] * n)).mask
    error = np.sqrt(expected * (1 - expected) / n)
    assert (np.abs(mask.mean(dim=0).numpy() - expected) < 4 * error).all()


def relaxed(scores, k, temperature):
    tau = brentq(lambda t: expit((scores - t) / temperature).sum() - k, -100, 100, xtol=1e-14)
    return expit((scores - tau) / temperature)


def coverage(scores, k, temperature):
    windows = [scores[i : i + k].sum() / temperature for i in range(len(scores) - k + 1)]
    covered = np.zeros(len(scores))
    for i, probability in enumerate(softmax(windows)):
        covered[i : i + k] += probability
    return covered


def jacobian(function, x, step=1e-5):
    rows = np.eye(len(x)) * step
    return np.array([(function(x + row) - function(x - row)) / (2 * step) for row in rows]).T


@both_modes
@settings(max_examples=50)
@given(
    scores=st.lists(st.floats(-3, 3), min_size=2, max_size=7),
    k=st.integers(1, 6),
    temperature=st.sampled_from([0.2, 1.0, 3.0]),
    seed=st.integers(0, 99),
)
def test_the_gradient_is_that_of_the_relaxation(contiguous, scores, k, temperature, seed):
    k = min(k, len(scores) - 1)
    sampler = TopKModule(rationale_length=k, contiguous=contiguous, temperature=temperature)
    words = torch.ones(1, len(scores), dtype=torch.bool)

    def mask(x):
        torch.manual_seed(seed)
        return sampler.train()(x.reshape(1, -1, 1), words).mask[0]

    x = torch.tensor(scores, dtype=torch.float64)
    found = torch.autograd.functional.jacobian(mask, x).numpy()
    torch.manual_seed(seed)
    noise = -torch.empty(1, len(scores), dtype=torch.float64).exponential_().log()[0].numpy()
    if contiguous:
        expected = jacobian(lambda s: coverage(s, k, temperature), x.numpy())
    else:
        expected = jacobian(lambda s: relaxed(s, k, temperature), x.numpy() + noise)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_the_relaxation_sums_to_the_words_asked_for():
    scores, words = batch([[0.1, 3.0, -2.0, 0.2], [1.0, 2.0], [], [40.0, 0.0, 0.0, -40.0]], extra=1)
    k = torch.tensor([2, 2, 0, 2])
    top = TopKModule(rationale_length=2).eval()(scores, words).mask.bool()
    soft = relaxed_top_k(scores.squeeze(-1), words, top, 0.5)
    torch.testing.assert_close(soft.sum(dim=1), k.float())
    np.testing.assert_allclose(soft[0, :4], relaxed(scores[0, :4, 0].numpy(), 2, 0.5), atol=1e-6)
    torch.testing.assert_close(soft[3], torch.tensor([1, 0.5, 0.5, 0, 0]))


@both_modes
def test_where_all_words_are_selected_no_score_matters(contiguous):
    scores, words = batch([[0.1, -0.3, 0.2], [1.0], []])
    scores.requires_grad_()
    mask = TopKModule(rationale_length=3, contiguous=contiguous).train()(scores, words).mask
    (mask * torch.tensor([1.0, 2.0, 4.0])).sum().backward()
    torch.testing.assert_close(mask, words.float())
    np.testing.assert_allclose(scores.grad, 0, atol=1e-7)


@both_modes
@given(documents=DOCUMENTS, length=LENGTHS, extra=st.integers(0, 3))
def test_neither_padding_nor_other_documents_change_a_mask(contiguous, documents, length, extra):
    sampler = TopKModule(contiguous=contiguous, rationale_length=length).eval()
    mask = sampler(*batch(documents, extra)).mask
    for i, document in enumerate(documents):
        alone = sampler(*batch([document])).mask
        assert torch.equal(mask[i, : len(document)], alone[0, : len(document)])


@both_modes
@pytest.mark.parametrize("scale", [1.0, 1e4, 1e12, 1e30])
def test_extreme_scores_are_finite(contiguous, scale):
    scores = np.random.RandomState(0).normal(size=(5, 200)) * scale
    scores[1], scores[2] = scale, -scale
    scores[3, ::2] = -scale
    scores, words = batch([*scores.tolist(), []], extra=1)
    scores.requires_grad_()
    sampler = TopKModule(contiguous=contiguous, rationale_length=10, temperature=1e-3)
    mask = sampler.train()(scores, words).mask
    (mask * torch.arange(mask.shape[1])).sum().backward()
    assert mask.sum(dim=1).tolist() == [10] * 5 + [0]
    gradient = scores.grad.squeeze(-1)
    assert torch.isfinite(gradient).all()
    assert (gradient[~words] == 0).all()
    assert math.isclose(sampler.eval()(scores, words).mask.sum(), 50)
