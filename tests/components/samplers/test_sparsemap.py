"""Sparse structured masks, against a general solver and against trying every set of words."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize

from sklearn_irx.components.samplers.sparsemap import SparseMap, SparseMapModule, lp_sparsemap
from sklearn_irx.nn.kernels.total_variation import denoise
from sklearn_irx.nn.lengths import n_allowed

SCORES = st.lists(st.floats(-3, 3, width=16), min_size=1, max_size=8)
WEIGHTS = st.sampled_from([0.0, 0.1, 0.5, 2.0])
LENGTHS = st.sampled_from([1, 2, 5, 0.1, 0.3, 0.9])
DOCUMENTS = st.lists(
    st.lists(st.sampled_from([-1.0, -0.1, 0.0, 0.4, 0.5, 2.0]), max_size=8), min_size=1, max_size=5
)


def batch(documents, extra=0, dtype=torch.float32):
    """Give scores, absurd on padding, and words."""
    width = max(1, *map(len, documents), 1) + extra
    scores = torch.full((len(documents), width, 1), 99.0, dtype=dtype)
    words = torch.zeros(len(documents), width, dtype=torch.bool)
    for i, document in enumerate(documents):
        scores[i, : len(document), 0] = torch.tensor(document, dtype=dtype)
        words[i, : len(document)] = True
    return scores, words


def train(document, **parameters):
    return (
        SparseMapModule(**parameters)
        .train()(*batch([document], dtype=torch.float64))
        .mask[0]
        .numpy()
    )


def read(document, **parameters):
    return SparseMapModule(**parameters).eval()(*batch([document])).mask[0].tolist()


def by_solver(scores, weight, budget):
    """Solve the quadratic program, with a variable for each pair of neighbours."""
    n = len(scores)
    pairs = n - 1
    less = np.zeros((1 + 2 * pairs, n + pairs))
    less[0, :n] = -1
    for i in range(pairs):
        less[1 + 2 * i, [i, n + i]] = 1, -1
        less[2 + 2 * i, [i + 1, n + i]] = 1, -1
    right = np.append(-budget, np.zeros(2 * pairs))
    linear = np.append(scores, np.full(pairs, weight))
    square = np.append(np.ones(n), np.zeros(pairs))
    found = minimize(
        lambda x: square @ x**2 / 2 - linear @ x,
        np.full(n + pairs, min(0.5, budget / (2 * n))),
        jac=lambda x: square * x - linear,
        bounds=[(0, 1)] * (n + pairs),
        constraints={"type": "ineq", "fun": lambda x: less @ x - right, "jac": lambda x: less},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    return found.x[:n]


def worth(scores, mask, weight):
    together = sum(a and b for a, b in itertools.pairwise(mask))
    return sum(s for s, m in zip(scores, mask, strict=True) if m) + weight * together


@given(SCORES, WEIGHTS, st.integers(1, 4))
def test_training_solves_the_quadratic_program(scores, weight, budget):
    z, _, _ = lp_sparsemap(np.array(scores), weight, budget)
    solver = by_solver(np.array(scores), weight, budget)

    def value(z):
        close = np.minimum(z[1:], z[:-1]).sum()
        return scores @ z + weight * close - z @ z / 2

    assert z.sum() <= budget + 1e-9
    assert value(z) >= value(solver) - 1e-7


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), st.floats(0.01, 100))
def test_denoising_meets_its_optimality_conditions(values, weight):
    z = np.array(denoise(values, weight))
    # The tension between neighbours: within the weight, and at it where they differ.
    tension = np.cumsum(np.array(values) - z)
    assert abs(tension[-1]) < 1e-8
    assert (np.abs(tension) <= weight + 1e-8).all()
    steps = np.diff(z)
    np.testing.assert_allclose((tension[:-1] + weight * np.sign(steps))[steps != 0], 0, atol=1e-8)


@given(DOCUMENTS, LENGTHS, WEIGHTS, st.floats(0.1, 3))
def test_the_budget_holds_for_each_document(documents, length, weight, temperature):
    sampler = SparseMapModule(
        neighbour_score=weight, rationale_length=length, temperature=temperature
    )
    scores, words = batch(documents, extra=2)
    budgets = n_allowed(length, words)
    for training in (True, False):
        mask, n_selected, _ = sampler.train(training)(scores, words)[:3]
        assert (mask.sum(dim=1) <= budgets + 1e-5).all()
        torch.testing.assert_close(n_selected, mask.sum(dim=1))
        assert (mask >= 0).all()
        assert (mask <= 1).all()
        assert (mask[~words] == 0).all()
    assert ((mask == 0) | (mask == 1)).all()


def test_training_leaves_words_out_entirely_and_keeps_others_entirely():
    mask = train([5.0, 0.6, 0.5, -1.0], neighbour_score=0.0, rationale_length=2)
    np.testing.assert_allclose(mask, [1, 0.55, 0.45, 0])
    assert mask[0] == 1
    assert mask[3] == 0


def test_equal_scores_share_the_budget():
    np.testing.assert_allclose(train([2.0] * 8, rationale_length=2), 0.25)


@given(SCORES, WEIGHTS, LENGTHS, st.sampled_from([0.5, 1.0, 2.0]))
def test_gradients_are_those_of_finite_differences(scores, weight, length, temperature):
    def mask(x):
        sampler = SparseMapModule(
            neighbour_score=weight, rationale_length=length, temperature=temperature
        )
        return sampler.train()(x, torch.ones(x.shape[:2], dtype=torch.bool)).mask

    # Hypothesis likes ties, which are kinks: irregular steps break them, and where one is left
    # the two one-sided differences tell.
    steps = 0.01 * np.sin(np.arange(1, 1 + len(scores)) ** 2)
    x = torch.tensor(np.array(scores) + steps).reshape(1, -1, 1)
    for i in range(x.shape[1]):
        step = torch.zeros_like(x)
        step[0, i] = 1e-5
        assume(torch.allclose(mask(x + step) - mask(x), mask(x) - mask(x - step), atol=1e-9))
    assert torch.autograd.gradcheck(mask, x.requires_grad_(), eps=1e-6, atol=1e-6)


@given(
    SCORES,
    st.sampled_from([0.0, 0.1, 0.5, 2.0]),
    LENGTHS,
    st.none() | LENGTHS,
)
def test_at_inference_no_set_is_worth_more(scores, weight, length, limit):
    found = read(
        scores, neighbour_score=weight, rationale_length=length, max_rationale_length=limit
    )
    words = torch.ones(1, len(scores), dtype=torch.bool)
    budget = min(int(n_allowed(length, words)), int(n_allowed(limit or length, words)))
    sets = [m for m in itertools.product([0, 1], repeat=len(scores)) if sum(m) <= budget]
    assert sum(found) <= budget
    most = max(worth(scores, mask, weight) for mask in sets)
    assert worth(scores, found, weight) == pytest.approx(most, abs=1e-9)


@pytest.mark.parametrize("temperature", [0.3, 1.0])
def test_inference_knows_no_temperature_and_takes_no_step(temperature):
    sampler = SparseMapModule(
        rationale_length=2, temperature=temperature, neighbour_score=0.5
    ).eval()
    mask = sampler(*batch([[1.0, -0.4, 0.1, -0.2]])).mask
    assert mask.tolist() == [[1, 0, 1, 0]]
    assert sampler.step == 0


def test_of_equal_sets_the_shorter_and_then_the_earlier_is_taken():
    assert read([0.0, 1.0, 0.0], rationale_length=2, neighbour_score=0.0) == [0, 1, 0]
    assert read([1.0] * 5, rationale_length=2, neighbour_score=0.5) == [1, 1, 0, 0, 0]
    assert read([1.0, 0.5, 1.0], rationale_length=2, neighbour_score=0.0) == [1, 0, 1]


def test_the_score_of_neighbours_draws_words_together():
    scores = np.random.RandomState(0).normal(size=(20, 30)).tolist()
    borders = {"train": [], "eval": []}
    for weight in (0.0, 0.5, 2.0):
        sampler = SparseMapModule(neighbour_score=weight, rationale_length=0.3)
        borders["train"].append(sampler.train()(*batch(scores)).n_transitions.mean())
        borders["eval"].append(sampler.eval()(*batch(scores)).n_transitions.mean())
    for none, some, much in borders.values():
        assert none > 1.2 * some > 1.4 * much


@given(DOCUMENTS, LENGTHS, WEIGHTS, st.integers(0, 3))
def test_neither_padding_nor_other_documents_change_a_mask(documents, length, weight, extra):
    sampler = SparseMapModule(neighbour_score=weight, rationale_length=length)
    together = batch(documents, extra)
    for training in (True, False):
        mask = sampler.train(training)(*together).mask
        for i, document in enumerate(documents):
            alone = sampler(*batch([document])).mask
            assert torch.equal(mask[i, : len(document)], alone[0, : len(document)])


@given(DOCUMENTS, LENGTHS)
def test_gradients_reach_words_and_never_padding(documents, length):
    scores, words = batch([*documents, [], [0.5, 0.4, 0.3]], extra=1)
    scores.requires_grad_()
    mask = SparseMapModule(rationale_length=length).train()(scores, words).mask
    (mask * torch.arange(mask.shape[1])).sum().backward()
    gradient = scores.grad.squeeze(-1)
    assert torch.isfinite(gradient).all()
    assert (gradient[~words] == 0).all()
    if n_allowed(length, words)[-1] >= 2:
        assert gradient[-1].abs().max() > 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e4, 1e12, 1e30])
@pytest.mark.parametrize("weight", [0.0, 0.1, 1e4])
def test_extreme_scores_are_finite(scale, weight, dtype):
    scores = np.random.RandomState(0).normal(size=(4, 200)) * scale
    scores[1], scores[2] = scale, -scale
    scores, words = batch(scores.tolist(), dtype=dtype)
    scores.requires_grad_()
    sampler = SparseMapModule(neighbour_score=weight, rationale_length=10, temperature=1e-3)
    mask = sampler.train()(scores, words).mask
    mask.square().sum().backward()
    assert torch.isfinite(mask).all()
    assert torch.isfinite(scores.grad).all()
    assert (mask.sum(dim=1) <= 10.001).all()
    assert (sampler.eval()(scores, words).mask.sum(dim=1) <= 10).all()


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_scores_that_are_no_numbers_show_in_the_mask(weight):
    sampler = SparseMapModule(neighbour_score=weight, rationale_length=2).train()
    mask = sampler(*batch([[float("nan")] * 5, [1.0, 2.0, 3.0]])).mask
    assert mask[0].isnan().all()
    assert not mask[1].isnan().any()


def test_it_draws_nothing():
    before = torch.get_rng_state()
    SparseMapModule(rationale_length=2).train()(*batch([[1.0, 0.9, 0.8]]))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_score_that_keeps_neighbours_apart_is_refused(value):
    with pytest.raises(ValueError, match=rf"'neighbour_score'.*\[0\.0, inf\). Got {value}"):
        SparseMap(neighbour_score=value).check()
