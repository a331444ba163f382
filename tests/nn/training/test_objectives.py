"""What each objective sends to which network."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from sklearn_irx.components import EncodingPenalty, NoEncoder, RealX
from sklearn_irx.nn.isolation import own_numbers
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.training.callbacks import Curriculum
from sklearn_irx.nn.training.objectives import ObjectiveModule
from sklearn_irx.nn.training.objectives.base import judging, random_masks
from sklearn_irx.text import UNKNOWN
from tests.nn.networks import N_CLASSES, N_WORDS, network
from tests.nn.training.objective_made import (
    NETWORKS,
    assert_same,
    changed_selector,
    cross_entropy,
    documents,
    gradients,
    losses,
    trained,
)

# Masks drawn at random


def test_as_many_words_are_kept_as_any_other_number_and_one_at_least():
    # With a share drawn uniformly, each number of n words is as likely as any other, and 0 is 1.
    batch = PackedBatch(torch.tensor([[5, 6, UNKNOWN, 7, 8, 0]]).repeat(8000, 1))
    with own_numbers(0):
        masks = random_masks(batch)
    kept, n = np.unique(masks.sum(dim=1).numpy(), return_counts=True)
    assert kept.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(n / 8000, [0.4, 0.2, 0.2, 0.2], atol=0.02)
    positions = masks.mean(dim=0).numpy()
    np.testing.assert_allclose(positions[[0, 1, 3, 4]], 0.55, atol=0.02)
    assert not positions[[2, 5]].any()
    assert set(masks.unique().tolist()) == {0.0, 1.0}


def test_documents_without_a_known_word_keep_none():
    masks = random_masks(PackedBatch(documents()[0]))
    assert not masks[:2].any()
    assert (masks[2:].sum(dim=1) >= 1).all()
    assert random_masks(PackedBatch(torch.zeros(2, 1, dtype=torch.int64))).shape == (2, 1)


def test_masks_come_from_the_numbers_of_the_training():
    batch = PackedBatch(documents()[0])
    state = torch.random.get_rng_state()
    one, two = (drawn(batch) for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(state, torch.random.get_rng_state())


def drawn(batch):
    with own_numbers(3):
        return random_masks(batch)


# REAL-X


@pytest.mark.parametrize("name", NETWORKS)
def test_the_predictor_of_real_x_learns_nothing_of_the_selection(name):
    module = NETWORKS[name]()
    found, masks = [], []
    for one in (module, changed_selector(module)):
        judged, aside, output = losses(one, RealX().build(one))
        masks.append(output.selection.mask)
        found.append(gradients((judged + aside).sum(), one.predictor))
    assert not torch.equal(*masks), "the selections are the same: nothing is seen"
    assert found[0]
    assert found[0].keys() == found[1].keys()
    for key, gradient in found[0].items():
        assert torch.equal(gradient, found[1][key]), key


@pytest.mark.parametrize("name", NETWORKS)
def test_the_judgement_of_real_x_trains_the_selector_and_not_the_predictor(name):
    module = NETWORKS[name]()
    assert not gradients(losses(module, RealX().build(module))[0].sum(), module.predictor)
    assert not gradients(losses(module, RealX().build(module))[1].sum(), module.selector)
    judged, _, output = losses(module, RealX().build(module))
    # It is that of the predictor as it predicts, on the words selected.
    module.predictor.eval()
    again = module.predict(*module.look_up(documents()[0]), output.selection.mask)
    torch.testing.assert_close(cross_entropy(again, documents()[1]), judged)
    if name == "reinforce":
        judged = module.sampler.surrogate_loss(output.selection, judged)
    found = gradients(judged.sum(), module.selector)
    assert any(gradient.any() for gradient in found.values())


# The penalty on encoding


def test_the_penalty_is_the_divergence_of_the_predictor_from_the_reader():
    module = network("linear start", encoder=NoEncoder())
    objective = EncodingPenalty(weight=3.0).build(module)
    with torch.no_grad():
        for parameter in objective.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.linspace(-1, 1, parameter.numel()).view(parameter.shape))
    weight = torch.linspace(0.5, 2, 16)
    found, _, output = losses(module, objective, weight)
    ids, y = documents()
    mask = output.selection.mask.detach().numpy()
    readers = module.predictor, objective.reader
    both = [_linear_logits(reader, ids.numpy(), mask) for reader in readers]
    np.testing.assert_allclose(output.logits.detach().numpy(), both[0], rtol=1e-4, atol=1e-5)
    log_p, log_q = (log_softmax(logits, axis=1) for logits in both)
    divergence = (np.exp(log_p) * (log_p - log_q)).sum(axis=1)
    assert (divergence > 0.01).mean() > 0.8
    expected = -log_p[np.arange(16), y] + 3.0 * weight.numpy() * divergence
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def _linear_logits(predictor, ids, mask):
    """Compute the logits of a predictor without an encoder, document by document."""
    weights = (predictor.linear.weights[:N_WORDS] + predictor.linear.correction.weight).detach()
    idf, bias = predictor.linear.idf.numpy(), predictor.bias.detach().numpy()
    rows = []
    for words, chosen in zip(ids, mask, strict=True):
        kept = {word for word, one in zip(words, chosen, strict=True) if one and word < N_WORDS}
        kept -= {0, UNKNOWN}
        sums = sum((idf[word] * weights[word].numpy() for word in kept), np.zeros(N_CLASSES))
        rows.append(bias + sums / np.sqrt(max(1.0, sum(idf[word] ** 2 for word in kept))))
    return np.array(rows)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_penalty_trains_the_selector_and_random_words_the_reader(name):
    module = NETWORKS[name]()

    def found(weight, which, part):
        """Return gradients of the losses, or of those aside, of a penalty with this weight."""
        objective = EncodingPenalty(weight).build(module)
        with torch.no_grad():
            for parameter in objective.parameters():
                parameter.mul_(0.5)
        *both, output = losses(module, objective)
        loss = both[which].sum()
        if name == "reinforce" and which == 0 and part == "selector":
            loss = module.sampler.surrogate_loss(output.selection, both[0])
            module.sampler.n_batches.zero_()
        return gradients(loss, objective if part == "reader" else getattr(module, part))

    # The predictor learns from rationales, and not from the penalty.
    assert_same(found(2.0, 0, "predictor"), found(0.0, 0, "predictor"))
    # The reader learns from words drawn at random, and from nothing else.
    assert not found(2.0, 0, "reader")
    assert any(gradient.any() for gradient in found(2.0, 1, "reader").values())
    assert not found(2.0, 1, "selector")
    assert not found(2.0, 1, "predictor")
    # The selector learns from both.
    one, two = found(2.0, 0, "selector"), found(0.0, 0, "selector")
    assert any(not torch.allclose(one[key], two[key], atol=1e-6) for key in one)


def test_the_reader_is_a_predictor_of_its_own():
    module = network("linear start", predictor__share_encoder=True)
    reader = EncodingPenalty().build(module).reader
    assert type(reader) is type(module.predictor)
    theirs = {id(parameter) for parameter in module.parameters()}
    for (name, own), (_, other) in zip(
        reader.named_parameters(), module.predictor.named_parameters(), strict=True
    ):
        assert torch.equal(own, other), name
        assert id(own) not in theirs, name
    # What is not trained, and may be large, is there once.
    assert reader.linear.weights is module.predictor.linear.weights


def test_judges_are_what_they_were_afterwards():
    module = network("linear start").train()
    module.predictor.hidden.eval()  # one part that was in another mode
    before = state_of(module)
    with judging(module.predictor):
        assert not any(part for parts in state_of(module.predictor) for part in parts)
        assert module.selector.training
    assert state_of(module) == before
    with pytest.raises(TypeError), judging(module.predictor):
        module.predictor()  # a prediction may fail
    assert state_of(module) == before


def state_of(module):
    return [p.requires_grad for p in module.parameters()], [m.training for m in module.modules()]


# In the loop


@pytest.mark.parametrize("objective", [RealX(), EncodingPenalty()], ids=["real_x", "penalty"])
def test_nothing_of_an_objective_is_part_of_the_network(objective):
    net, before = trained(objective)
    joint, _ = trained(None)
    assert type(joint.objective) is ObjectiveModule
    found, expected = net.module_.to_arrays(), joint.module_.to_arrays()
    assert found.keys() == expected.keys()
    assert any(not np.array_equal(found[name], expected[name]) for name in found)
    if before:
        moved = {
            name for name, value in net.objective_.state_dict().items()
            if not torch.equal(value, before[name])
        }  # fmt: skip
        assert {name for name, _ in net.objective_.named_parameters()} <= moved
        rates = {group.get("name"): group["lr"] for group in net.optimizer_.param_groups}
        assert rates["reader"] == rates["predictor"]


@pytest.mark.parametrize("objective", [RealX(), EncodingPenalty()], ids=["real_x", "penalty"])
def test_the_selector_rests_in_the_warm_up(objective):
    net, _ = trained(objective, [Curriculum(1, 0)], max_epochs=1)
    fresh, _ = trained(objective, [Curriculum(1, 0)], max_epochs=0)
    for name, value in net.module_.selector.state_dict().items():
        assert torch.equal(value, fresh.module_.selector.state_dict()[name]), name
    moved = [
        not torch.equal(value, fresh.module_.state_dict()[name])
        for name, value in net.module_.state_dict().items()
        if name.startswith("predictor")
    ]
    assert any(moved)
