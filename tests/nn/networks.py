"""Networks for tests, from nested names of parameters as the classifier takes them."""

import numpy as np
import torch

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import CNN, REGISTRIES, SAMPLERS
from sklearn_irx.nn.config import NetworkConfig, NetworkShape
from sklearn_irx.nn.linear import BigramWeights, LinearWeights
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.text import Documents

N_WORDS, N_CLASSES = 20, 3
UNSEEN = [20, 21, 22]
"""Ids of words that have a vector only."""
STARTS = ["from scratch", "linear start"]


def make_network(
    vectors, n_classes, *, unseen=None, linear=None, documents=None, initial_selection=0.3,
    **parameters,
):  # fmt: skip
    """Make a network, initialized; without `linear` it starts from random weights."""
    initialization = None if linear is None else "naive_bayes"
    clf = SelectiveRationaleClassifier(
        sampler="straight_through", encoder="cnn", initialization=initialization
    ).set_params(**parameters)
    parts = {name: registry.make(getattr(clf, name)) for name, registry in REGISTRIES.items()}
    del parts["objective"]  # of training alone
    if unseen is None:
        unseen = np.empty((0, vectors.shape[1]), dtype=np.float16)
    shape = NetworkShape(
        n_words=len(vectors), n_unseen=len(unseen), vector_size=vectors.shape[1],
        n_classes=n_classes,
        n_bigrams=0 if linear is None or linear.bigrams is None else len(linear.bigrams.bigrams),
    )  # fmt: skip
    config = NetworkConfig(
        **parts, rationale_length=clf.rationale_length,
        max_rationale_length=clf.max_rationale_length,
    )  # fmt: skip
    module = Rationalizer(config, shape)
    module.initialize(
        vectors, unseen, initial_selection=initial_selection, linear=linear, documents=documents
    )
    return module


def network(start, sampler="straight_through", fresh=False, bigrams=False, **parameters):
    """Make a small network, its weights drawn at random unless it shall be fresh."""
    random = np.random.RandomState(0)
    vectors = random.normal(size=(N_WORDS, 4)).astype(np.float32)
    vectors[0] = 0
    unseen = np.random.RandomState(1).normal(size=(len(UNSEEN), 4)).astype(np.float16)
    linear = documents = None
    if start == "linear start":
        lengths = np.full(10, 8)
        documents = Documents(random.randint(2, N_WORDS, size=80).astype(np.int32), lengths)
        weights = random.normal(size=(6, N_WORDS, N_CLASSES)).astype(np.float32)
        idf = random.uniform(1, 3, N_WORDS).astype(np.float32)
        weights[:, :2], idf[:2] = 0, 0
        pairs = None
        if bigrams:
            known = np.unique(random.choice(N_WORDS**2, size=150))
            weights_of_pairs = random.normal(size=(6, len(known), N_CLASSES)).astype(np.float32)
            pairs = BigramWeights(known, weights_of_pairs, np.ones(len(known), np.float32), 0.5)
        linear = LinearWeights(weights, idf, 1 + np.arange(10) % 5, pairs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        settings = {
            "encoder": CNN((2, 3), n_filters=5), "predictor__hidden_size": 6,
            "training__dropout": 0.1,
            "rationale_length": 3 if SAMPLERS.named[sampler].module.has_budget else None,
            **parameters,
        }  # fmt: skip
        module = make_network(
            vectors, N_CLASSES, unseen=unseen, sampler=sampler, linear=linear, documents=documents,
            initial_selection=0.7, **settings,
        )  # fmt: skip
        if not fresh:
            for parameter in module.parameters():
                if parameter.requires_grad:
                    torch.nn.init.normal_(parameter, std=0.5)
    return module.eval()
