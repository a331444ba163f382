"""What members of an ensemble predict, as arrays of all members."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_irx.exchange import candidate_features
from sklearn_irx.text import Documents


def disputed_rows(own: np.ndarray) -> np.ndarray:
    """Return the rows of documents on which members disagree, by (member, document, class)."""
    numbers = own.argmax(axis=2)
    return np.flatnonzero((numbers != numbers[0]).any(axis=0))


def features_of(
    cross: np.ndarray, masks: np.ndarray, documents: Documents, rows: np.ndarray
) -> np.ndarray:
    """Compute the features of rationales of the documents at `rows`, which `cross` is about."""
    return candidate_features(cross, masks[:, rows].sum(axis=2), documents.lengths[rows])


def stacked(arrays: Sequence[np.ndarray], padding: bool | float) -> np.ndarray:
    """Stack arrays (n_samples, n_words) of all members, made as wide as the widest."""
    width = max(array.shape[1] for array in arrays)
    return np.stack(
        [
            np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=padding)
            for array in arrays
        ]
    )
