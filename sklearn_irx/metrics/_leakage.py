"""Whether the positions of selected words reveal the label without the words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_irx._validation import check_labels
from sklearn_irx.metrics._input import Masks, check_at_least, check_words, runs, stratified_folds

_PARTS = 10  # equal parts of a document in which selected words are counted


class MaskLeakage(NamedTuple):
    """How well the label can be predicted from the shape of masks, and without it.

    Attributes
    ----------
    accuracy : float
        Cross-validated accuracy of the better of two classifiers on the shapes.
    baseline : float
        Share of the largest class: the accuracy without any features.
    permuted : float
        The same accuracy with permuted labels, which no shape can tell, as a mean of
        `n_permutations`, or None. What it has beyond `baseline` is chance.
    """

    accuracy: float
    baseline: float
    permuted: float | None = None


def mask_leakage_score(
    masks: Masks,
    y: Any,
    lengths: Sequence[int] | np.ndarray | None = None,
    *,
    cv: int = 5,
    n_permutations: int = 0,
    random_state: Any = None,
) -> MaskLeakage:
    """Predict the label from the number and positions of selected words, without the words.

    A selector encodes the whole document and may pass its label on by a code: two words for one
    class and three for the other, or words at the beginning and at the end. Logistic regression and
    a random forest predict the label from the shape of masks: numbers of words and runs and their
    parity, share of the document, first and last position, lengths of runs and gaps, words in each
    tenth of the document, and share of words at even positions. They are cross-validated.

    Parameters
    ----------
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of spans
        The rationales. Or the spans (start, end) of each document in words.
    y : array-like of shape (n_samples,)
        The labels that may leak: the true ones, or those that the model predicts, since a code may
        be for a decision that is wrong.
    lengths : array-like of shape (n_samples,), dtype int, default=None
        Number of words of each document, for shares and relative positions. None means that every
        column is a word.
    cv : int, default=5
        Number of folds; at most the number of documents of the rarest class.
    n_permutations : int, default=0
        How often the same is done with permuted labels, to see what chance gives.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds, the random forest and the permutations.

    Returns
    -------
    leakage : MaskLeakage
        Named tuple of ``accuracy``, ``baseline`` and ``permuted``, all between 0 and 1. The closer
        the first two, the better; by chance they differ by about
        ``sqrt(baseline * (1 - baseline) / n_samples)``, with a slight upward bias because the
        better of two classifiers counts, as `permuted` shows. A larger difference need not be a
        code: if document length or the position of evidence depends on the class, the
        shape of a faithful mask depends on it too.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `lengths` not of integers.
    ValueError
        If the arguments do not match, there are fewer than two classes, or a class has fewer than
        `cv` documents.

    References
    ----------
    M. Yu et al., "Rethinking Cooperative Rationalization: Introspective Extraction and Complement
    Control", EMNLP 2019 (degeneration). A. Jacovi and Y. Goldberg, "Aligning Faithful
    Interpretations with their Social Attribution", TACL 2021 ("Trojan" explanations).

    Examples
    --------
    >>> from sklearn_irx.metrics import mask_leakage_score
    >>> y = ["bad", "good"] * 60
    >>> masks = [[(i % 7, i % 7 + 2 + i % 2)] for i in range(120)]  # three words mean "good"
    >>> mask_leakage_score(masks, y, [20] * 120, random_state=0)
    MaskLeakage(accuracy=1.0, baseline=0.5, permuted=None)
    """
    array, n_words = check_words("masks", masks, lengths)
    y = check_labels(y, len(array))
    check_at_least(0, "n_permutations", n_permutations)
    random_state = check_random_state(random_state)
    seed = int(random_state.randint(2**31 - 1))
    folds = stratified_folds(y, cv, seed)
    shapes = shapes_of(array, n_words)
    classifiers = [make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), forest(seed)]

    def accuracy(labels: np.ndarray) -> float:
        found = [cross_val_predict(one, shapes, labels, cv=folds) for one in classifiers]
        return max(float((labels_found == labels).mean()) for labels_found in found)

    permuted = [accuracy(random_state.permutation(y)) for _ in range(int(n_permutations))]
    _, counts = np.unique(y, return_counts=True)
    return MaskLeakage(
        accuracy(y),
        float(counts.max() / len(y)),
        float(np.mean(permuted)) if permuted else None,
    )


def forest(seed: int, n_trees: int = 50, min_samples_leaf: int = 3) -> RandomForestClassifier:
    """Return the classifier that tells the label from the shape of a mask."""
    return RandomForestClassifier(
        n_trees, max_features=0.5, min_samples_leaf=min_samples_leaf, random_state=seed
    )


def shapes_of(masks: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return features of each mask, (n_samples, n_features); undefined ones are 0."""
    n_samples, width = masks.shape
    n = masks.sum(axis=1)
    selected = np.maximum(n, 1)
    positions = np.arange(width)
    first = np.where(n > 0, masks.argmax(axis=1) if width else 0, 0)
    last = np.where(n > 0, width - 1 - (masks[:, ::-1].argmax(axis=1) if width else 0), 0)
    mean = (masks * positions).sum(axis=1) / selected
    spread = np.sqrt((masks * (positions - mean[:, None]) ** 2).sum(axis=1) / selected)

    rows, starts, ends = runs(masks)
    n_runs = np.bincount(rows, minlength=n_samples)
    longest = _row_max(rows, ends - starts, n_samples)
    same = rows[1:] == rows[:-1]
    gaps = (starts[1:] - ends[:-1])[same]
    widest_gap = _row_max(rows[1:][same], gaps, n_samples)

    words = np.maximum(lengths, 1)
    part = np.minimum(positions * _PARTS // words[:, None], _PARTS - 1)
    in_parts = np.stack([(masks & (part == i)).sum(axis=1) for i in range(_PARTS)], axis=1)
    at_even_positions = masks[:, ::2].sum(axis=1) / selected
    absolute = [n, n_runs, first, last, mean, spread, longest, widest_gap]
    return np.column_stack(
        [
            *absolute,
            *(value / words for value in absolute),
            *(value % 2 for value in (n, n_runs, first, last)),
            at_even_positions,
            in_parts,
            in_parts / selected[:, None],
        ]
    )


def _row_max(rows: np.ndarray, values: np.ndarray, n_samples: int) -> np.ndarray:
    result = np.zeros(n_samples, dtype=int)
    np.maximum.at(result, rows, values)
    return result
