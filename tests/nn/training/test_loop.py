"""What happens between the epochs, and what training leaves behind."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from skorch.history import History

from sklearn_irx.components import CNN, MGR, Predictor, Training
from sklearn_irx.nn.inference import predict
from sklearn_irx.nn.isolation import isolated
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.nn.training.callbacks import BestWeights, Curriculum
from sklearn_irx.nn.training.loop import train
from sklearn_irx.nn.training.penalties import FixedPenalty, LagrangeMultiplier
from sklearn_irx.text import Documents
from tests.nn.networks import make_network


class Recorder(Callback):
    """Note what the net looks like in every epoch."""

    def __init__(self):
        self.schedule = []
        self.weights = []

    def on_epoch_begin(self, net, **kwargs):
        self.schedule.append((net.full_text, net.penalty_scale, net.module_.sampler.pace))

    def on_epoch_end(self, net, **kwargs):
        self.weights.append({k: v.clone() for k, v in net.module_.state_dict().items()})


def trained(callbacks, max_epochs=6, objective=None, **parameters):
    random = np.random.RandomState(0)
    lengths = random.randint(0, 9, size=60)
    documents = Documents(random.randint(1, 12, size=lengths.sum()).astype(np.int32), lengths)
    labelled = LabelledDocuments(documents, random.randint(0, 2, size=60))
    vectors = random.normal(size=(12, 4)).astype(np.float32)
    vectors[0] = 0
    settings = {"learning_rate": 0.05, "weight_decay": 0.0, "batch_size": 16, **parameters}
    with isolated(0, 1, "cpu"):
        module = make_network(
            vectors, 2, encoder=CNN(filter_sizes=(3,), n_filters=4), predictor=Predictor(4)
        )
        net = Training(**settings).build(
            module, labelled, penalties=(FixedPenalty(0.01), FixedPenalty(0.01)),
            class_weights=np.ones(2), callbacks=callbacks, max_epochs=max_epochs,
            random_state=np.random.RandomState(0), device="cpu",
            objective=None if objective is None else objective.build(module),
        )  # fmt: skip
        train(net, labelled)
    return module, net.history, documents


@pytest.mark.parametrize("objective", [None, MGR()])
def test_a_step_of_a_sampler_is_a_batch_after_the_warm_up(objective):
    steps = []

    class Steps(Callback):
        def on_epoch_end(self, net, **kwargs):
            steps.append(net.module_.sampler.step)

    trained([Curriculum(warmup_epochs=2, ramp_epochs=0), Steps()], 4, objective=objective)
    assert steps == [0, 0, 4, 8]  # of 60 documents, 16 at a time


def test_training_ends_with_the_weights_of_the_best_epoch():
    recorder = Recorder()
    # A learning rate far too high: the last epoch is not the best one.
    module, history, documents = trained([recorder, BestWeights(patience=3)], learning_rate=0.5)
    losses = history[:, "valid_loss"]
    best = int(np.argmin(losses))
    assert best != len(losses) - 1
    for name, value in module.state_dict().items():
        assert torch.equal(value, recorder.weights[best][name]), name
    assert history[:, "best"] == [loss < min([9e9, *losses[:i]]) for i, loss in enumerate(losses)]
    assert not module.training
    probabilities, _ = predict(module, documents)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def scripted(losses, borders=None, transition_penalty=None, recorded="valid_loss", **parameters):
    """Go through epochs with these validation losses; epoch n ends with the weight n."""
    module = torch.nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    net = SimpleNamespace(
        module_=module, optimizer_=optimizer, history=History(),
        transition_penalty=transition_penalty or FixedPenalty(0.0),
    )  # fmt: skip
    callback = BestWeights(**parameters)
    callback.on_train_begin(net)
    weights = []
    for epoch, loss in enumerate(losses, start=1):
        net.history.new_epoch()
        net.history.record(recorded, loss)
        net.history.record("valid_transitions", borders[epoch - 1] if borders else 0.0)
        torch.nn.init.constant_(module.weight, epoch)
        callback.on_epoch_end(net)
        weights.append(module.weight.item())
    callback.on_train_end(net)
    return weights, module.weight.item(), net.history


def test_after_patience_the_best_weights_return_and_the_learning_rate_halves():
    weights, last, history = scripted([3, 1, 2, 2, 0.5, 2, 2, 2], patience=2)
    assert weights == [1, 2, 3, 2, 5, 6, 5, 8]
    assert last == 5
    assert history[:, "learning_rate"] == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert history[:, "best"] == [True, True, False, False, True, False, False, False]


def test_epochs_before_the_first_do_not_count():
    weights, last, history = scripted([0.1, 0.2, 3, 4, 5, 2], patience=2, first_epoch=3)
    assert weights == [1, 2, 3, 4, 3, 6]
    assert last == 6
    assert history[:, "best"] == [False, False, True, False, False, True]


def test_without_a_best_epoch_the_last_weights_stay():
    assert scripted([float("nan")] * 4, patience=2)[1] == 4
    assert scripted([1.0, 2.0], patience=1, first_epoch=5)[1] == 2


def test_of_agreement_more_is_better():
    f1 = [0.1, 0.4, 0.4, 0.2, 0.5]
    _, last, history = scripted(f1, recorded="valid_token_f1", patience=9, by="token_f1")
    assert history[:, "best"] == [True, True, False, False, True]
    assert last == 5


def test_an_epoch_that_keeps_the_limit_of_borders_is_better_than_any_that_does_not():
    limit = LagrangeMultiplier(10, bound=1.0)
    borders = [30, 14, 10.4, 9, 20, 10.4]
    _, last, history = scripted([1, 2, 4, 3, 0.5, 3.5], borders, limit, patience=9)
    assert history[:, "best"] == [True, True, True, True, False, False]
    assert last == 4


@pytest.mark.parametrize(
    ("warmup", "ramp", "schedule"),
    [
        (2, 2, [(True, 0), (True, 0), (False, 1 / 3), (False, 2 / 3), (False, 1), (False, 1)]),
        (0, 3, [(False, 1 / 4), (False, 1 / 2), (False, 3 / 4), (False, 1)]),
        (1, 0, [(True, 0), (False, 1), (False, 1)]),
        (0, 0, [(False, 1), (False, 1)]),
    ],
)
def test_the_price_rises_after_the_warmup(warmup, ramp, schedule):
    recorder = Recorder()
    trained([Curriculum(warmup, ramp), recorder], max_epochs=len(schedule))
    assert [full for full, *_ in recorder.schedule] == [full for full, _ in schedule]
    scales = [scale for _, scale in schedule]
    assert [scale for _, scale, _ in recorder.schedule] == pytest.approx(scales)
    # While the price rises, the length asked for comes down.
    paces = [scale or 1 for scale in scales]
    assert [pace for *_, pace in recorder.schedule] == pytest.approx(paces)


def test_the_selector_rests_while_the_predictor_reads_all_words():
    recorder = Recorder()
    trained([Curriculum(2, 0), recorder], max_epochs=3)
    moved = [
        {name for name in one if not torch.equal(one[name], two[name])}
        for one, two in zip(recorder.weights, recorder.weights[1:], strict=False)
    ]
    assert not any(name.startswith("selector") for name in moved[0])
    assert any(name.startswith("predictor") for name in moved[0])
    assert any(name.startswith("selector") for name in moved[1])


def test_given_masks_are_read_and_come_back():
    module, _, documents = trained([], max_epochs=1)
    _, own = predict(module, documents)
    assert own.shape == (60, documents.lengths.max())
    probabilities, used = predict(module, documents, own)
    np.testing.assert_array_equal(used, own)
    np.testing.assert_allclose(probabilities, predict(module, documents)[0], atol=1e-6)


@pytest.mark.parametrize(("given", "rate"), [(None, 0.05), (0.01, 0.01)])
def test_the_predictor_may_learn_slower(given, rate):
    rates = []

    class Rates(Callback):
        def on_batch_end(self, net, training, **kwargs):
            if training:
                groups = {group.get("name"): group["lr"] for group in net.optimizer_.param_groups}
                rates.append((groups["predictor"], groups[None]))

    trained([Rates()], max_epochs=2, predictor_learning_rate=given)
    assert rates == [(pytest.approx(rate), 0.05)] * 8
