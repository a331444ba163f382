"""Networks for tests, from nested names of parameters as the classifier takes them."""

import numpy as np

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import REGISTRIES
from sklearn_irx.nn.config import NetworkConfig, NetworkShape
from sklearn_irx.nn.model import Rationalizer


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
