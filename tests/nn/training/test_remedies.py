"""What makes each published remedy itself: its losses, and which network learns from them."""

import copy

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr, softmax
from skorch.callbacks import Callback

from sklearn_irx.components import A2R, CAR, DAR, DR, GRAT, MCD, MGR, MRD
from sklearn_irx.nn.isolation import own_numbers
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.training.callbacks import Curriculum
from sklearn_irx.nn.training.objectives import car
from sklearn_irx.nn.training.objectives.base import js_divergence
from sklearn_irx.nn.training.objectives.grat import guided
from sklearn_irx.text import UNKNOWN
from tests.nn.networks import N_CLASSES, network
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

WEIGHT = torch.linspace(0.5, 2, 16)
"""Of the penalties of the documents of a batch."""
WITH_ENCODER = [name for name in NETWORKS if name != "without an encoder"]


def numbers(*tensors):
    return [tensor.detach().double().numpy() for tensor in tensors]


def probabilities(logits):
    return softmax(logits.detach().double().numpy(), axis=1)


def kl(logits, others):
    """Compute Kullback-Leibler divergences with scipy."""
    return rel_entr(probabilities(logits), probabilities(others)).sum(axis=1)


def js(logits, others):
    """Compute Jensen-Shannon divergences with scipy."""
    return jensenshannon(probabilities(logits), probabilities(others), axis=1) ** 2


def of_labels(logits):
    """Compute cross-entropies with numpy."""
    p = probabilities(logits)
    return -np.log(p[np.arange(len(p)), documents()[1].numpy()])


def judged(module, mask):
    """Return what the predictor says of a mask, as it predicts."""
    batch, rows = module.look_up(documents()[0])
    module.predictor.eval()
    logits = module.predict(batch, rows, mask)
    module.predictor.train()
    return logits


def deterministic(start="from scratch", **parameters):
    """A network whose training draws nothing."""
    return network(start, "sparsemap", training__dropout=0.0, **parameters)


def loss_of_a_batch(net):
    """Return what a network being trained makes of a batch, the labels, and its loss."""
    random = np.random.RandomState(1)
    ids = torch.from_numpy(random.randint(1, 12, size=(16, 9)))
    y = torch.from_numpy(random.randint(0, 2, size=16))
    net.module_.train()
    output = net.objective_(net.module_, ids)
    net.history.new_epoch()
    net.history.new_batch()
    return output, y, net.get_loss(output, y, {"ids": ids}, training=True)


# A2R


def test_the_soft_predictor_reads_words_by_the_softmax_of_their_scores():
    module = deterministic()
    objective = A2R(weight=3.0).build(module)
    with torch.no_grad():
        for weight in objective.reader.parameters():
            weight.mul_(0.5)
    found, aside, output = losses(module, objective, WEIGHT)
    ids, _ = documents()
    batch, rows = module.look_up(ids)
    scores = output.scores.squeeze(2).detach().double().numpy()
    shares = softmax(scores, axis=1)
    seen = torch.tensor(shares / shares.max(axis=1, keepdims=True), dtype=torch.float32)
    soft = module.predict(batch, rows, seen, objective.reader)
    assert not torch.allclose(soft, output.logits, atol=1e-3)
    np.testing.assert_allclose(*numbers(found), of_labels(output.logits), rtol=1e-4)
    expected = of_labels(soft) + 3.0 * WEIGHT.numpy() * js(output.logits, soft)
    np.testing.assert_allclose(*numbers(aside), expected, rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_selector_of_a2r_learns_from_the_soft_predictor_alone(name):
    module = NETWORKS[name]()
    found, aside, _ = losses(module, A2R().build(module))
    assert not gradients(found.sum(), module.selector)
    own = gradients(aside.sum(), module.selector)
    assert any(gradient.any() for gradient in own.values())


def test_hard_and_soft_predictor_learn_from_their_labels_and_their_divergence():
    module = network("from scratch")
    for weight in (0.0, 2.0):
        objective = A2R(weight).build(module)
        with torch.no_grad():
            for parameter in objective.reader.parameters():
                parameter.mul_(0.5)
        own = gradients(losses(module, objective)[1].sum(), module.predictor)
        assert any(gradient.any() for gradient in own.values()) == (weight > 0)
        own = gradients(losses(module, objective)[1].sum(), objective.reader)
        assert any(gradient.any() for gradient in own.values())


def test_divergences_are_those_of_scipy():
    random = np.random.RandomState(0)
    one, two = (torch.from_numpy(random.normal(size=(50, 4), scale=3)) for _ in range(2))
    np.testing.assert_allclose(*numbers(js_divergence(one, two)), js(one, two), atol=1e-7)
    apart = torch.tensor([[1000.0, 0.0]]), torch.tensor([[0.0, 1000.0]])
    assert js_divergence(*apart).item() == pytest.approx(np.log(2))


# MGR


def test_each_selector_of_mgr_shows_the_predictor_words_of_its_own():
    module = deterministic()
    with own_numbers(1):
        objective = MGR(n_selectors=3).build(module)
    *_, output = losses(module, objective)
    assert len(output.others) == 2
    masks = [output.selection.mask]
    for selector, other in zip(objective.selectors, output.others, strict=True):
        alone = copy.deepcopy(module)
        alone.selector = copy.deepcopy(selector)
        expected = alone.train()(documents()[0])
        torch.testing.assert_close(other.selection.mask, expected.selection.mask)
        torch.testing.assert_close(other.logits, expected.logits)
        masks.append(other.selection.mask)
    assert all(not torch.allclose(one, two) for one in masks[:1] for two in masks[1:])
    assert not torch.allclose(masks[1], masks[2])


def test_losses_and_penalties_of_mgr_are_means_over_selectors():
    net, _ = trained(MGR(n_selectors=3), max_epochs=1)
    output, y, found = loss_of_a_batch(net)
    expected = []
    for one in (output, *output.others):
        p = probabilities(one.logits)[np.arange(16), y.numpy()]
        n = one.selection.n_selected + one.selection.n_transitions
        expected.append(-np.log(p).mean() + 0.01 * n.mean().item())
    assert np.ptp(expected) > 1e-3
    assert found.item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_the_selectors_of_mgr_learn_at_different_rates():
    net, before = trained(MGR(n_selectors=3))
    rates = {group.get("name"): group["lr"] for group in net.optimizer_.param_groups}
    assert rates["predictor"] == pytest.approx(0.05 / 3)
    by_weight = {
        id(weight): group["lr"]
        for group in net.optimizer_.param_groups
        for weight in group["params"]
    }
    for number, selector in enumerate([net.module_.selector, *net.objective_.selectors], start=1):
        for name, weight in selector.named_parameters():
            if weight.requires_grad:
                assert by_weight[id(weight)] == pytest.approx(number * 0.05), name
    moved = [
        not torch.equal(value, before[name])
        for name, value in net.objective_.state_dict().items()
        if name.endswith("output.weight")
    ]
    assert moved == [True, True]


# CAR


ARGUED_FOR = torch.arange(16) % N_CLASSES
"""A class for each document of a batch."""


@pytest.fixture
def argue(monkeypatch):
    """Return a network, its objective, and what comes of arguing for `ARGUED_FOR` in a batch."""
    monkeypatch.setattr(car, "argued_for", lambda logits: ARGUED_FOR)

    def of(module, weight=0.5):
        with own_numbers(1):
            objective = CAR(weight).build(module)
        with torch.no_grad():
            objective.advocate.for_classes.weight.mul_(10)
        own, aside, output = losses(module, objective)
        np.testing.assert_allclose(*numbers(own), of_labels(output.logits), rtol=1e-4)
        assert aside is None
        (argued,) = output.others
        y = documents()[1]
        found = objective.losses(argued, lambda logits: cross_entropy(logits, y), WEIGHT)
        return objective, argued, *found

    return of


def test_the_advocate_selects_words_for_a_class(argue):
    module = deterministic()
    objective, argued, found, aside = argue(module, weight=2.0)
    alone = copy.deepcopy(module)
    alone.selector = copy.deepcopy(objective.advocate.selector)
    layer, output = objective.advocate.for_classes.weight.detach(), alone.selector.output.weight
    masks = []
    for added in layer:
        with torch.no_grad():
            output.add_(added)
            masks.append(alone.train()(documents()[0]).selection.mask)
            output.sub_(added)
    expected = torch.stack(masks)[ARGUED_FOR, torch.arange(16)]
    torch.testing.assert_close(argued.selection.mask, expected, atol=1e-4, rtol=1e-3)
    assert not torch.allclose(masks[0], masks[1], atol=1e-2)
    convinced = probabilities(judged(module, expected))[np.arange(16), ARGUED_FOR.numpy()]
    np.testing.assert_allclose(*numbers(found), -2 * WEIGHT.numpy() * convinced, rtol=1e-4)
    np.testing.assert_allclose(*numbers(aside), 2 * of_labels(argued.logits), rtol=1e-4)


@pytest.mark.parametrize("name", WITH_ENCODER)
def test_the_advocate_and_the_predictor_are_opponents(name, argue):
    module = NETWORKS[name]()
    objective, argued, found, aside = argue(module)
    of_advocate = found.sum() + module.sampler.surrogate_loss(argued.selection, found)
    assert gradients(of_advocate, objective.advocate)["for_classes.weight"].any()
    assert not gradients(of_advocate, module)
    own = gradients(aside.sum(), module.predictor)
    assert any(gradient.any() for gradient in own.values())
    assert not gradients(aside.sum(), objective.advocate)
    assert not gradients(aside.sum(), module.selector)


def test_what_is_argued_weighs_as_much_as_the_weight_says(monkeypatch):
    monkeypatch.setattr(car, "argued_for", lambda logits: torch.arange(len(logits)) % 2)
    net, _ = trained(CAR(weight=0.25), max_epochs=1)
    output, y, found = loss_of_a_batch(net)
    bias = net.module_.predictor.output.bias
    (found,) = torch.autograd.grad(found, bias, retain_graph=True)
    own, argued = (
        torch.autograd.grad(cross_entropy(one.logits, y).mean(), bias, retain_graph=True)[0]
        for one in (output, *output.others)
    )
    torch.testing.assert_close(found, (own + 0.25 * argued) / 2)


def test_half_of_the_time_the_predicted_class_is_argued_for():
    logits = torch.eye(4).repeat(5000, 1)
    with own_numbers(0):
        found = car.argued_for(logits)
    shares = np.array(
        [[(found[row::4] == number).float().mean() for number in range(4)] for row in range(4)]
    )
    np.testing.assert_allclose(shares, np.where(np.eye(4), 1 / 2, 1 / 6), atol=0.02)
    with own_numbers(0):
        found = car.argued_for(torch.tensor([[1.0, 0.0]]).repeat(5000, 1))
    assert found.float().mean() == pytest.approx(0.5, abs=0.03)


# MCD


@pytest.mark.parametrize("name", NETWORKS)
def test_the_selector_of_mcd_is_drawn_to_what_the_full_text_says(name):
    module = NETWORKS[name]()
    objective = MCD().build(module)
    found, aside, output = losses(module, objective, WEIGHT)
    with torch.no_grad():
        of_rationale = judged(module, output.selection.mask)
    _, whole = output.aside
    expected = WEIGHT.numpy() * kl(whole, of_rationale)
    np.testing.assert_allclose(*numbers(found), expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(
        *numbers(aside), of_labels(output.logits) + of_labels(whole), rtol=1e-4
    )
    assert not gradients(found.sum(), module.predictor)
    if name != "reinforce":  # whose masks have no gradient
        found = losses(module, objective)[0]
        assert any(gradient.any() for gradient in gradients(found.sum(), module.selector).values())
    assert not gradients(losses(module, objective)[1].sum(), module.selector)


def test_the_full_text_of_mcd_is_all_words():
    module = deterministic()
    *_, output = losses(module, MCD().build(module))
    ids, _ = documents()
    batch, rows = module.look_up(ids)
    expected = module.predict(batch, rows, (ids > 0).float())
    torch.testing.assert_close(output.aside[1], expected)


# MRD


@pytest.mark.parametrize("name", NETWORKS)
def test_the_selector_of_mrd_takes_out_what_tells_the_class(name):
    module = NETWORKS[name]()
    objective = MRD().build(module)
    found, aside, output = losses(module, objective, WEIGHT)
    ids, _ = documents()
    rest = (ids > 0).float() - output.selection.mask.detach()
    with torch.no_grad():
        of_rest = judged(module, rest)
    _, trained_on_rest, whole = output.aside
    expected = -WEIGHT.numpy() * kl(whole, of_rest)
    np.testing.assert_allclose(*numbers(found), expected, rtol=1e-3, atol=1e-6)
    of_all = sum(map(of_labels, (output.logits, trained_on_rest, whole)))
    np.testing.assert_allclose(*numbers(aside), of_all, rtol=1e-4)
    assert not gradients(found.sum(), module.predictor)
    assert not gradients(losses(module, objective)[1].sum(), module.selector)


# DAR


@pytest.mark.parametrize("name", NETWORKS)
def test_the_aligner_judges_the_rationale_and_learns_nothing(name):
    module = NETWORKS[name]()
    objective = DAR(weight=3.0).build(module)
    objective.begin(changed_predictor(module))
    found, aside, output = losses(module, objective)
    assert aside is None
    batch, rows = module.look_up(documents()[0])
    objective.aligner.eval()
    with torch.no_grad():
        aligned = module.predict(batch, rows, output.selection.mask, objective.aligner)
    expected = of_labels(output.logits) + 3.0 * of_labels(aligned)
    np.testing.assert_allclose(*numbers(found), expected, rtol=1e-4)
    assert not gradients(found.sum(), objective)
    # The predictor learns from its own loss alone.
    plain = DAR(weight=0.0).build(module)
    assert_same(
        gradients(losses(module, objective)[0].sum(), module.predictor),
        gradients(losses(module, plain)[0].sum(), module.predictor),
    )


def changed_predictor(module):
    other = copy.deepcopy(module)
    with torch.no_grad():
        for weight in other.predictor.parameters():
            if weight.requires_grad:
                weight.mul_(0.5)
    return other


def test_the_aligner_is_the_predictor_of_the_end_of_the_warm_up():
    predictors = []

    class Remember(Callback):
        def on_epoch_end(self, net, **kwargs):
            predictors.append(copy.deepcopy(net.module_.predictor.state_dict()))

    net, _ = trained(DAR(), [Curriculum(2, 0), Remember()], max_epochs=4)
    aligner = net.objective_.aligner.state_dict()
    for name, value in aligner.items():
        assert torch.equal(value, predictors[1][name]), name
    assert any(not torch.equal(value, predictors[3][name]) for name, value in aligner.items())


# G-RAT


def test_the_guide_wants_words_above_a_bit_more_than_their_share():
    attention = torch.tensor([[0.7, 0.2, 0.1, 0.0], [0.5, 0.5, 0.0, 0.0]])
    words = torch.tensor([[True, True, True, False], [True, True, False, False]])
    expected = [
        [min(1, a / (1 / n + 1 / (1 + n))) for a in row]
        for row, n in zip(attention.tolist(), (3, 2), strict=True)
    ]
    torch.testing.assert_close(guided(attention, words), torch.tensor(expected))
    assert not guided(torch.zeros(1, 2), torch.zeros(1, 2, dtype=torch.bool)).any()


@pytest.mark.parametrize("name", WITH_ENCODER)
def test_the_guide_learns_from_labels_and_the_selector_from_the_guide(name):
    module = NETWORKS[name]()
    objective = GRAT().build(module)
    found, aside, output = losses(module, objective)
    np.testing.assert_allclose(*numbers(aside), of_labels(output.aside[0]), rtol=1e-4)
    assert not gradients(found.sum(), objective)
    for part in (module.selector, module.predictor):
        assert not gradients(losses(module, objective)[1].sum(), part)
    assert gradients(losses(module, objective)[1].sum(), objective)
    own = gradients(losses(module, objective)[0].sum(), module.selector)
    assert any(gradient.any() for gradient in own.values())


@pytest.mark.parametrize(("step", "share"), [(1, 1.0), (3, 0.8), (11, 0.0), (20, 0.0)])
def test_the_attention_of_the_guide_counts_less_and_less(step, share):
    module = deterministic()
    objective = GRAT(decay=0.1, noise=0.0).build(module)
    module.sampler.step = step - 1
    found, _, output = losses(module, objective, WEIGHT)
    guiding, _ = output.aside
    batch = PackedBatch(documents()[0], 1, module.unseen)
    with torch.no_grad():
        logits, attention = objective.guide(batch)
    torch.testing.assert_close(logits, guiding)
    words = batch.words.numpy()
    np.testing.assert_allclose(attention[words.any(axis=1)].sum(dim=1), 1.0, rtol=1e-5)
    assert not attention[batch.words.any(dim=1)][~batch.words[batch.words.any(dim=1)]].any()
    scores = output.scores.squeeze(2).detach().double().numpy()
    target = guided(attention, batch.words).double().numpy()
    of_words = np.logaddexp(0, scores) - target * scores
    known = documents()[0].numpy() > UNKNOWN
    of_guide = (of_words * known).sum(axis=1) / known.sum(axis=1).clip(1)
    assert of_guide.max() < 10
    expected = of_labels(output.logits) + WEIGHT.numpy() * (
        share * of_guide + (1 - share) * js(output.logits, guiding)
    )
    np.testing.assert_allclose(*numbers(found), expected, rtol=1e-4)


# DR


@pytest.mark.parametrize("least", [0.05, 0.9])
def test_the_predictor_of_dr_learns_as_fast_as_it_sees_words(least):
    rates = []

    class Rates(Callback):
        def on_batch_end(self, net, training, **kwargs):
            if training:
                groups = {group.get("name"): group["lr"] for group in net.optimizer_.param_groups}
                share = net.history[-1, "batches", -1, "train_share"]
                rates.append((groups["predictor"], groups[None], share))

    objective = DR(least=least)
    trained(objective, [*objective.callbacks(), Rates()])
    assert len(rates) == 8
    for predictor, selector, share in rates:
        assert selector == 0.05
        assert 0 < share < 0.9
        assert predictor == pytest.approx(0.05 * max(least, share))


# All of them


@pytest.mark.parametrize(
    "objective",
    [A2R(), CAR(), DAR(), GRAT(), MCD(), MGR(), MRD()],
    ids=lambda one: type(one).__name__,
)
def test_the_selector_rests_in_the_warm_up(objective):
    net, _ = trained(objective, [Curriculum(1, 0)], max_epochs=1)
    fresh, _ = trained(objective, [Curriculum(1, 0)], max_epochs=0)
    state = fresh.module_.state_dict()
    for name, value in net.module_.selector.state_dict().items():
        assert torch.equal(value, state[f"selector.{name}"]), name
    moved = [
        not torch.equal(value, state[f"predictor.{name}"])
        for name, value in net.module_.predictor.state_dict().items()
    ]
    assert any(moved)


@pytest.mark.parametrize("name", WITH_ENCODER)
@pytest.mark.parametrize("objective", [A2R(), DAR(), MCD(), MRD()], ids=str)
def test_what_is_read_depends_on_the_selection(name, objective):
    module = NETWORKS[name]()
    one, two = (
        losses(network_, objective.build(network_))[2].logits
        for network_ in (module, changed_selector(module))
    )
    assert one.shape == (16, N_CLASSES)
    assert not torch.equal(one, two)
