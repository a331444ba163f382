"""The result of an exchange, written down by hand."""

import numpy as np

from sklearn_irx import Exchange
from sklearn_irx.exchange import CASES


def exchange_of_labels(own_labels, case, labels, *, members=(1, 2), cases=CASES):
    """Return an exchange without documents, in which all predictions have probability 1."""
    own_labels, labels = np.array(own_labels), np.array(labels)
    classes = np.unique(own_labels)
    disputed = np.flatnonzero((own_labels != own_labels[0]).any(axis=0))
    n_members, n_samples = own_labels.shape
    return Exchange(
        members=members,
        classes=classes,
        cases=cases,
        own_probabilities=(own_labels[..., None] == classes).astype(float),
        masks=np.zeros((n_members, n_samples, 1), dtype=bool),
        disputed=disputed,
        cross_probabilities=np.zeros((n_members, n_members, len(disputed), len(classes))),
        chosen=(own_labels == labels).argmax(axis=0),
        case=np.array(case),
        probabilities=(labels[:, None] == classes).astype(float),
    )
