"""Networks, losses and gradients, for tests of what objectives send to which network."""

import copy

import numpy as np
import torch

from sklearn_irx.components import CNN, NoEncoder, Predictor, Training
from sklearn_irx.nn.isolation import isolated, own_numbers
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.nn.training.loop import train
from sklearn_irx.nn.training.penalties import FixedPenalty
from sklearn_irx.text import UNKNOWN, Documents
from tests.nn.networks import N_CLASSES, N_WORDS, UNSEEN, make_network, network

SAMPLERS = ["straight_through", "reinforce", "hard_kuma", "sparsemap", "top_k"]
NETWORKS = {
    **{sampler: lambda sampler=sampler: network("linear start", sampler) for sampler in SAMPLERS},
    "from scratch": lambda: network("from scratch"),
    "bigrams": lambda: network("linear start", "top_k", bigrams=True),
    "without an encoder": lambda: network("linear start", encoder=NoEncoder()),
}


def documents(seed=0):
    """Word ids of 16 documents, of which one is empty and one has unknown words only."""
    random = np.random.RandomState(seed)
    ids = random.randint(2, N_WORDS + len(UNSEEN), size=(16, 9))
    ids[random.uniform(size=ids.shape) < 0.1] = UNKNOWN
    ids[np.arange(9) >= random.randint(3, 10, size=(16, 1))] = 0
    ids[0], ids[1] = 0, np.where(np.arange(9) < 4, UNKNOWN, 0)
    return torch.from_numpy(ids), torch.from_numpy(random.randint(0, N_CLASSES, size=16))


def losses(module, objective, weight=1.0):
    """Return losses of one batch, those aside, and the output, with random numbers of its own."""
    ids, y = documents()
    module.train()
    objective.train()
    with own_numbers(0):
        output = objective(module, ids)
    return *objective.losses(output, lambda logits: cross_entropy(logits, y), weight), output


def cross_entropy(logits, y):
    return torch.nn.functional.cross_entropy(logits, y, reduction="none")


def gradients(loss, part):
    """Return the gradients of a loss, by the names of the parameters that have one."""
    named = {name: p for name, p in part.named_parameters() if p.requires_grad}
    if not loss.requires_grad or not named:
        return {}
    found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return {
        name: gradient.to_dense() if gradient.is_sparse else gradient
        for name, gradient in zip(named, found, strict=True)
        if gradient is not None
    }


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-4, rtol=1e-4, msg=name)


def changed_selector(module):
    """Return a copy of a network with another selector, and so with other masks."""
    other = copy.deepcopy(module)
    with torch.no_grad():
        for weight in other.selector.parameters():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    return other


def trained(objective, callbacks=(), max_epochs=2):
    random = np.random.RandomState(0)
    lengths = random.randint(0, 9, size=60)
    labelled = LabelledDocuments(
        Documents(random.randint(1, 12, size=lengths.sum()).astype(np.int32), lengths),
        random.randint(0, 2, size=60),
    )
    vectors = random.normal(size=(12, 4)).astype(np.float32)
    vectors[0] = 0
    with isolated(0, 1, "cpu"):
        module = make_network(
            vectors, 2, encoder=CNN(filter_sizes=(3,), n_filters=4), predictor=Predictor(4)
        )
        net = Training(learning_rate=0.05, batch_size=16).build(
            module, labelled, penalties=(FixedPenalty(0.01), FixedPenalty(0.01)),
            objective=objective and objective.build(module), class_weights=np.ones(2),
            callbacks=list(callbacks), max_epochs=max_epochs,
            random_state=np.random.RandomState(0), device="cpu",
        )  # fmt: skip
        before = copy.deepcopy(net.objective.state_dict())
        train(net, labelled)
    return net, before
