"""Whether the choice of words tells the label without the words."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_irx._validation import check_labels
from sklearn_irx.metrics._input import Masks, check_words, runs

_PARTS = 10  # of a document, whose selected words are counted


class MaskLeakage(NamedTuple):
    """How well the label can be told from the shapes of masks, and how well without.

    Attributes
    ----------
    accuracy : float
        Of the better of the two classifiers that see the shapes, in cross-validation.
    baseline : float
        Share of the largest class: what is right without looking at anything.
    """

    accuracy: float
    baseline: float


def mask_leakage_score(
    masks: Masks,
    y: Any,
    lengths: Sequence[int] | np.ndarray | None = None,
    *,
    cv: int = 5,
    random_state: Any = None,
) -> MaskLeakage:
    """Tell the label from where words were selected and how many, without the words.

    A selector has read the whole document, and may pass on its label by a code: two words for one
    class and three for the other, or words at the beginning and at the end. Logistic regression and
    a random forest learn the label from the shape of masks: number of words, of runs and whether
    they are even, share of the document, first and last place, lengths of runs and gaps, the words
    in each tenth of the document, and the share of them at even places. They are scored on
    documents held out.

    Parameters
    ----------
    masks : array of shape (n_samples, n_words), dtype bool, or list of lists of spans
        The rationales. Or the spans (start, end) of each document in words.
    y : array-like of shape (n_samples,)
        The labels that may leak: those the model gave, or the true ones.
    lengths : array-like of shape (n_samples,), dtype int, default=None
        Number of words of each document, for shares and relative places. None means that every
        column is a word.
    cv : int, default=5
        Number of parts of which each is held out once; at most the documents of the rarest class.
    random_state : int, RandomState instance or None, default=None
        Shuffles the documents into parts.

    Returns
    -------
    leakage : MaskLeakage
        Named tuple of ``accuracy`` and ``baseline``, both between 0 and 1. The nearer the first is
        to the second, the better; chance alone moves it by about
        ``sqrt(baseline * (1 - baseline) / n_samples)``, and a little upwards, as the better of
        two classifiers is taken. More than that has not always been smuggled: where long documents
        are of one class, or people say at the end what they think, an honest mask shows it.

    Raises
    ------
    TypeError
        If `masks` are neither boolean nor spans, or `lengths` not of integers.
    ValueError
        If they do not fit one another, there are fewer than two classes, or fewer documents of one
        than `cv`.

    References
    ----------
    M. Yu et al., "Rethinking Cooperative Rationalization: Introspective Extraction and Complement
    Control", EMNLP 2019 (degeneration). A. Jacovi and Y. Goldberg, "Aligning Faithful
    Interpretations with their Social Attribution", TACL 2021 ("Trojan" explanations).

    Examples
    --------
    >>> from sklearn_irx.metrics import mask_leakage_score
    >>> y = ["bad", "good"] * 60
    >>> masks = [[(i % 7, i % 7 + 2 + i % 2)] for i in range(120)]  # three words say "good"
    >>> mask_leakage_score(masks, y, [20] * 120, random_state=0)
    MaskLeakage(accuracy=1.0, baseline=0.5)
    """
    array, n_words = check_words("masks", masks, lengths)
    y = check_labels(y, len(array))
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        raise ValueError(
            f"y has the one label {classes.tolist()[0]!r}: give documents of two or more."
        )
    if not isinstance(cv, Integral) or isinstance(cv, bool) or int(cv) < 2:
        raise ValueError(f"cv={cv!r}: give an integer of at least 2.")
    if counts.min() < cv:
        raise ValueError(
            f"cv={cv}, and y has the label {classes.tolist()[counts.argmin()]!r} {counts.min()} "
            "times: give a smaller cv, or leave out the documents of rare labels."
        )
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    parts = StratifiedKFold(int(cv), shuffle=True, random_state=seed)
    shapes = _shapes(array, n_words)
    classifiers = [
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        RandomForestClassifier(50, max_features=0.5, min_samples_leaf=3, random_state=seed),
    ]
    right = [(cross_val_predict(one, shapes, y, cv=parts) == y).mean() for one in classifiers]
    return MaskLeakage(float(max(right)), float(counts.max() / len(y)))


def _shapes(masks: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Describe each mask by numbers, (n_samples, n_features). 0 stands for what is not there."""
    n_samples, width = masks.shape
    n = masks.sum(axis=1)
    some = np.maximum(n, 1)
    places = np.arange(width)
    first = np.where(n > 0, masks.argmax(axis=1) if width else 0, 0)
    last = np.where(n > 0, width - 1 - (masks[:, ::-1].argmax(axis=1) if width else 0), 0)
    mean = (masks * places).sum(axis=1) / some
    spread = np.sqrt((masks * (places - mean[:, None]) ** 2).sum(axis=1) / some)

    rows, starts, ends = runs(masks)
    n_runs = np.bincount(rows, minlength=n_samples)
    longest = _largest(rows, ends - starts, n_samples)
    same = rows[1:] == rows[:-1]
    gaps = (starts[1:] - ends[:-1])[same]
    widest_gap = _largest(rows[1:][same], gaps, n_samples)

    words = np.maximum(lengths, 1)
    part = np.minimum(places * _PARTS // words[:, None], _PARTS - 1)
    in_parts = np.stack([(masks & (part == i)).sum(axis=1) for i in range(_PARTS)], axis=1)
    at_even_places = masks[:, ::2].sum(axis=1) / some
    absolute = [n, n_runs, first, last, mean, spread, longest, widest_gap]
    return np.column_stack(
        [
            *absolute,
            *(value / words for value in absolute),
            *(value % 2 for value in (n, n_runs, first, last)),
            at_even_places,
            in_parts,
            in_parts / some[:, None],
        ]
    )


def _largest(rows: np.ndarray, values: np.ndarray, n_samples: int) -> np.ndarray:
    largest = np.zeros(n_samples, dtype=int)
    np.maximum.at(largest, rows, values)
    return largest
