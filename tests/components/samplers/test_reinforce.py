"""Hard masks trained by the score function."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.components.samplers.reinforce import Reinforce, ReinforceModule
from sklearn_irx.nn.losses import n_transitions
from sklearn_irx.nn.sampler import Selection

LOGITS = torch.tensor([-2.0, -0.5, 0.0, 0.3, 1.0, 2.5], dtype=torch.float64)
MASKS = torch.tensor(list(product([False, True], repeat=6)))
TABLE = torch.from_numpy(np.random.default_rng(0).gamma(2.0, size=64))  # a loss for each mask


@pytest.fixture(autouse=True)
def _own_random_numbers():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def probabilities(logits, masks):
    """Give the probability of each mask (n_masks, length) under these logits (length,)."""
    p = 1 / (1 + torch.exp(-logits))
    return torch.where(masks, p, 1 - p).prod(dim=1)


def exact_gradient(logits, masks, table):
    """Give the gradient of the loss to expect, by going through all masks."""
    logits = logits.clone().requires_grad_()
    (probabilities(logits, masks) * table).sum().backward()
    return logits.grad


def ready(baseline, **parameters):
    """Make a sampler with a baseline from earlier batches."""
    sampler = ReinforceModule(**parameters).train()
    sampler.baseline.fill_(baseline)
    sampler.n_batches.fill_(100)
    return sampler


@pytest.fixture
def draw_as_told(monkeypatch):
    """Make a sampler draw these masks (batch, length)."""

    def draw(sampler, logits, masks):
        monkeypatch.setattr(torch, "rand_like", lambda p, **_: torch.where(masks, 0.0, 1.0).to(p))
        selection = sampler(logits.unsqueeze(-1), torch.ones_like(masks))
        monkeypatch.undo()
        assert torch.equal(selection.mask.bool(), masks)
        return selection

    return draw


def sample_gradients(sampler, n):
    """Give the gradient estimate from each of `n` documents that are all the same text."""
    logits = LOGITS.expand(n, 6).clone().requires_grad_()
    selection = sampler(logits.unsqueeze(-1), torch.ones(n, 6, dtype=torch.bool))
    which = (selection.mask.long() * 2 ** torch.arange(5, -1, -1)).sum(dim=1)
    sampler.surrogate_loss(selection, TABLE[which]).backward()
    return logits.grad * n


@pytest.mark.parametrize("baseline", [0.0, 2.0, -50.0])
def test_the_estimate_is_exact_over_all_masks_whatever_the_baseline(draw_as_told, baseline):
    expected = torch.zeros(6, dtype=torch.float64)
    for mask, loss in zip(MASKS, TABLE, strict=True):
        logits = LOGITS.unsqueeze(0).clone().requires_grad_()
        sampler = ready(baseline)
        selection = draw_as_told(sampler, logits, mask.unsqueeze(0))
        sampler.surrogate_loss(selection, loss.unsqueeze(0)).backward()
        expected += probabilities(LOGITS, mask.unsqueeze(0)) * logits.grad[0]
    torch.testing.assert_close(expected, exact_gradient(LOGITS, MASKS, TABLE), rtol=0, atol=1e-9)


@pytest.mark.parametrize("n_earlier_batches", [0, 1])
def test_the_estimate_is_exact_over_all_masks_of_two_documents(draw_as_told, n_earlier_batches):
    texts = LOGITS.reshape(2, 3)
    masks = torch.tensor(list(product([False, True], repeat=3)))
    tables = TABLE[:16].reshape(2, 8)
    found = torch.zeros(2, 3, dtype=torch.float64)
    for i, j in product(range(8), repeat=2):
        logits = texts.clone().requires_grad_()
        sampler = ReinforceModule().train()
        drawn, losses = torch.stack([masks[i], masks[j]]), torch.stack([tables[0, i], tables[1, j]])
        for _ in range(n_earlier_batches):
            sampler.surrogate_loss(draw_as_told(sampler, logits, masks[:2]), tables[0, :2])
        sampler.surrogate_loss(draw_as_told(sampler, logits, drawn), losses).backward()
        weight = probabilities(texts[0], masks)[i] * probabilities(texts[1], masks)[j]
        found += weight * logits.grad
    exact = [
        exact_gradient(text, masks, table) / 2 for text, table in zip(texts, tables, strict=True)
    ]
    torch.testing.assert_close(found, torch.stack(exact), rtol=0, atol=1e-9)


def test_the_estimate_is_right_on_average_over_draws():
    for sampler in (ReinforceModule().train(), ready(2.0)):
        gradients = sample_gradients(sampler, 50_000)
        error = gradients.std(dim=0) / np.sqrt(len(gradients))
        expected = exact_gradient(LOGITS, MASKS, TABLE)
        assert ((gradients.mean(dim=0) - expected).abs() < 4.5 * error).all()
        # So exactly that gradients of the wrong sign, or of no words at all, would be seen.
        assert (expected.abs() > 9 * error).sum() >= 2


def test_a_baseline_of_earlier_losses_reduces_the_variance():
    sampler = ReinforceModule().train()
    for _ in range(50):
        sample_gradients(sampler, 64)
    with_baseline = sample_gradients(sampler, 20_000).var(dim=0).sum()
    without = sample_gradients(ready(0.0), 20_000).var(dim=0).sum()
    assert with_baseline < 0.6 * without


def test_the_baseline_is_the_moving_average_of_mean_losses_and_is_kept():
    sampler = ReinforceModule(baseline_decay=0.8).train()
    log_prob = torch.zeros(3)
    batches = torch.tensor([[1.0, 2.0, 6.0], [0.0, 0.5, 1.0], [2.0, 2.0, 2.0], [7.0, 0.0, 2.0]])
    for losses in batches:
        sampler.surrogate_loss(Selection(*[log_prob] * 5), losses)
    weights = 0.8 ** np.arange(3, -1, -1)
    expected = np.average(batches.mean(dim=1), weights=weights)
    assert sampler.baseline.item() == pytest.approx(expected, rel=1e-6)
    other = ReinforceModule(baseline_decay=0.8)
    other.load_state_dict(sampler.state_dict())
    for each in (sampler, other):
        each.surrogate_loss(Selection(*[log_prob] * 5), torch.ones(3))
    assert other.baseline.item() == sampler.baseline.item()


def test_the_first_batch_is_compared_with_the_other_documents():
    losses = torch.tensor([1.0, 2.0, 6.0])
    for n, advantages in ((3, [-3.0, -1.5, 4.5]), (1, [1.0])):
        log_prob = torch.zeros(n, requires_grad=True)
        selection = Selection(*[torch.zeros(n)] * 3, log_prob=log_prob, entropy=torch.zeros(n))
        ReinforceModule().surrogate_loss(selection, losses[:n]).backward()
        assert (log_prob.grad * n).tolist() == pytest.approx(advantages)


def test_losses_get_no_gradient_from_it():
    losses = torch.ones(1, requires_grad=True)
    scores = torch.zeros(1, 3, 1, requires_grad=True)
    sampler = ReinforceModule().train()
    selection = sampler(scores, torch.ones(1, 3, dtype=torch.bool))
    sampler.surrogate_loss(selection, losses).backward()
    assert losses.grad is None
    assert scores.grad.abs().min() > 0


def test_a_mask_that_was_given_teaches_nothing():
    sampler = ready(0.5, entropy=1.0)
    before = {name: value.clone() for name, value in sampler.state_dict().items()}
    given_mask = Selection(torch.ones(2, 3), torch.ones(2), torch.ones(2))
    assert sampler.surrogate_loss(given_mask, torch.ones(2)) == 0.0
    assert before == sampler.state_dict()


def test_no_gradient_passes_through_the_mask_and_costs_have_the_exact_one():
    logits = LOGITS.unsqueeze(0).clone().requires_grad_()
    selection = ReinforceModule().train()(logits.unsqueeze(-1), torch.ones(1, 6, dtype=torch.bool))
    assert not selection.mask.requires_grad
    for cost, of_masks in (
        (selection.n_selected, MASKS.double().sum(dim=1)),
        (selection.n_transitions, n_transitions(MASKS.double(), torch.ones_like(MASKS))),
    ):
        (gradient,) = torch.autograd.grad(cost.sum(), logits, retain_graph=True)
        torch.testing.assert_close(gradient[0], exact_gradient(LOGITS, MASKS, of_masks))
        expected = (probabilities(LOGITS, MASKS) * of_masks).sum()
        torch.testing.assert_close(cost[0], expected)


def test_log_probability_and_entropy_are_those_of_all_masks(draw_as_told):
    selection = draw_as_told(ReinforceModule().train(), LOGITS.expand(64, 6), MASKS)
    p = probabilities(LOGITS, MASKS)
    torch.testing.assert_close(selection.log_prob, p.log())
    torch.testing.assert_close(selection.entropy, -(p * p.log()).sum().expand(64))


def test_a_bonus_on_entropy_makes_words_undecided():
    sampler = ready(1.0, entropy=2.0)
    logits = LOGITS.expand(4, 6).clone().requires_grad_()
    words = torch.ones(4, 6, dtype=torch.bool)
    for _ in range(100):
        selection = sampler(logits.unsqueeze(-1), words)
        loss = sampler.surrogate_loss(selection, torch.ones(4))
        (gradient,) = torch.autograd.grad(loss, logits)
        assert (gradient * logits >= 0).all()
        # In units of nats a document: the mean over documents, the sum over words.
        p = torch.sigmoid(logits)
        torch.testing.assert_close(gradient, 2.0 / 4 * logits * p * (1 - p))
        logits = (logits - gradient).detach().requires_grad_()
    assert logits.abs().max() < 0.01


def test_words_are_drawn_as_often_as_their_logit_says():
    selection = ReinforceModule().train()(
        LOGITS.expand(40_000, 6).unsqueeze(-1), torch.ones(40_000, 6, dtype=torch.bool)
    )
    assert set(selection.mask.unique().tolist()) == {0.0, 1.0}
    p = torch.sigmoid(LOGITS)
    error = (p * (1 - p) / 40_000).sqrt()
    assert ((selection.mask.mean(dim=0) - p).abs() < 4.5 * error).all()


def test_past_the_end_of_a_document_nothing_is_drawn_or_counts():
    words = torch.tensor([[True] * 6, [True] * 2 + [False] * 4, [False] * 6])
    scores = torch.where(words, LOGITS, torch.tensor(8.0, dtype=torch.float64)).unsqueeze(-1)
    scores.requires_grad_()
    sampler = ready(0.0, entropy=1.0)
    for _ in range(20):
        selection = sampler(scores, words)
        assert (selection.mask[~words] == 0).all()
        of_mask = probabilities(LOGITS[:2], selection.mask[1:2, :2].bool()).log()
        torch.testing.assert_close(selection.log_prob[1:2], of_mask)
    two = sampler(scores[1:2, :2], words[1:2, :2])
    for whole, alone in zip(selection[1:3] + selection[4:5], two[1:3] + two[4:5], strict=True):
        torch.testing.assert_close(whole[1], alone[0])
        assert whole[2] == 0
    assert selection.log_prob[2] == 0
    sampler.surrogate_loss(selection, torch.ones(3)).backward()
    assert (scores.grad[~words] == 0).all()


@pytest.mark.parametrize("logit", [-1e4, -50.0, 50.0, 1e4])
def test_extreme_logits_are_finite(logit):
    scores = torch.full((2, 100, 1), logit, requires_grad=True)
    sampler = ReinforceModule(entropy=1.0).train()
    selection = sampler(scores, torch.ones(2, 100, dtype=torch.bool))
    np.testing.assert_array_equal(selection.mask, float(logit > 0))
    loss = sampler.surrogate_loss(selection, torch.tensor([1.0, 3.0]))
    (loss + selection.n_selected.sum() + selection.n_transitions.sum()).backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(scores.grad).all()
    assert (selection.entropy >= 0).all()


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=20), st.floats(-3, 3, width=32))
def test_at_inference_a_word_is_selected_when_its_logit_is_above_the_threshold(logits, threshold):
    sampler = ReinforceModule().eval()
    sampler.threshold.fill_(threshold)
    scores = torch.tensor([logits]).unsqueeze(-1)
    words = torch.arange(len(logits)).unsqueeze(0) < max(1, len(logits) - 2)
    before = torch.get_rng_state()
    selection = sampler(scores, words)
    assert torch.equal(selection.mask.bool(), (scores[..., 0] > threshold) & words)
    assert selection.log_prob is None
    assert torch.equal(sampler(scores, words).mask, selection.mask)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"entropy": -0.1}, r"'entropy'.*\[0\.0, inf\). Got -0.1"),
        ({"entropy": float("nan")}, r"'entropy'.*\[0\.0, inf\). Got nan"),
        ({"baseline_decay": 1.0}, r"'baseline_decay'.*\[0\.0, 1\.0\). Got 1.0"),
        ({"baseline_decay": -0.5}, r"'baseline_decay'.*\[0\.0, 1\.0\). Got -0.5"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        Reinforce(**parameters).check()
