"""Global rationales: the words that a model relies on over many documents."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_irx._pipelines import seen_by_final
from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.metrics._flips import Changes, check_takes_masks, from_masks
from sklearn_irx.metrics._input import check_at_least

_AT_ONCE = 20_000  # rationales that are predicted together


def global_rationales(
    estimator: Any, X: Any, y: Any = None, *, min_shown: int = 2
) -> dict[str, np.ndarray]:
    """Compute which words a model relies on for each class, over many documents.

    In each document, each selected word is hidden from the predictor wherever it is selected, and
    what is predicted from the others is compared. So a word counts where it was shown and changed
    something, and not by its weight alone.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier
        Or a pipeline that ends in one; words are then those of the texts that it sees.
    X : sequence of n_samples str
        Documents.
    y : array-like of shape (n_samples,), default=None
        Their true labels, for the two columns of accuracy.
    min_shown : int, default=2
        Words that are shown in fewer documents of a class are left out.

    Returns
    -------
    table : dict of ndarrays of shape (n_rows,)
        A row for each word and predicted class, the most decisive words first:

        - ``word``, as tokenized, and ``label``, the class predicted where it is shown;
        - ``present``: documents of this prediction in which the word stands;
        - ``shown``: those in which it is selected;
        - ``decisive``: those in which another class is predicted without it;
        - ``drop``: the mean fall in the probability of the class where it is hidden;
        - ``accuracy`` and ``accuracy_without``, of the documents in which it is shown, with it
          and without it; only with `y`.

    Raises
    ------
    TypeError
        If the estimator predicts from no masks, as an ensemble does: ask a member.
    ValueError
        If `y` has not one label a document, or `min_shown` is below 1.

    See Also
    --------
    sklearn_irx.inspection.counterfactuals : What would change the prediction of one document.

    Notes
    -----
    Words act together: none of two that say the same is decisive alone.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.metrics import global_rationales
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(texts[:300], y[:300])
    >>> table = global_rationales(clf, texts[300:], y[300:])
    >>> sorted(table)[:4]
    ['accuracy', 'accuracy_without', 'decisive', 'drop']
    >>> bool((table["decisive"] <= table["shown"]).all())
    True
    """
    check_at_least(1, "min_shown", min_shown)
    clf, X = seen_by_final(estimator, X)
    check_takes_masks(clf)
    texts = check_texts(X)
    y = None if y is None else check_labels(y, len(texts))
    tokenized = clf.tokenize(texts, spans=clf.needs_offsets)
    documents, words = clf.look_up(tokenized), tokenized.word_lists()
    base, masks = clf.predict_with_masks(documents)
    before = base.argmax(axis=1)
    shown = [_places(own, np.flatnonzero(mask)) for own, mask in zip(words, masks, strict=True)]
    hide = from_masks(clf, documents, masks, [np.arange(len(own)) for own in words], shown=False)
    pairs = [(row, word) for row, own in enumerate(shown) for word in own]
    without = np.empty((len(pairs), base.shape[1]))
    for first in range(0, len(pairs), _AT_ONCE):
        part = pairs[first : first + _AT_ONCE]
        rows = np.array([row for row, _ in part])
        without[first : first + len(part)] = hide(rows, [shown[row][word] for row, word in part])
    rows = np.array([row for row, _ in pairs], dtype=int)
    now = without.argmax(axis=1)
    places = np.arange(len(pairs))
    found = {
        "decisive": now != before[rows],
        "drop": base[rows, before[rows]] - without[places, before[rows]],
    }
    if y is not None:
        found["accuracy"] = clf.classes_[before[rows]] == y[rows]
        found["accuracy_without"] = clf.classes_[now] == y[rows]
    keys = [(word, int(before[row])) for row, word in pairs]
    return _table(keys, found, _present(words, before), clf.classes_, min_shown)


def _places(words: list[str], selected: np.ndarray) -> dict[str, Changes]:
    """Return where each selected word of a document is selected."""
    places: dict[str, list[int]] = {}
    for place in selected.tolist():
        places.setdefault(words[place], []).append(place)
    return {word: tuple(own) for word, own in places.items()}


def _present(words: list[list[str]], before: np.ndarray) -> dict[tuple[str, int], int]:
    """Return in how many documents of each prediction each word stands."""
    counts: dict[tuple[str, int], int] = {}
    for own, label in zip(words, before.tolist(), strict=True):
        for word in set(own):
            counts[word, label] = counts.get((word, label), 0) + 1
    return counts


def _table(
    keys: list[tuple[str, int]],
    found: dict[str, np.ndarray],
    present: dict[tuple[str, int], int],
    classes: np.ndarray,
    min_shown: int,
) -> dict[str, np.ndarray]:
    """Join what was found of words in documents by word and class."""
    numbers: dict[tuple[str, int], int] = {}
    of = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=int)
    counts = np.bincount(of, minlength=len(numbers))
    sums = {
        name: np.bincount(of, weights=values, minlength=len(numbers))
        for name, values in found.items()
    }
    rows = np.array(list(numbers), dtype=object).reshape(-1, 2)
    kept = np.flatnonzero(counts >= min_shown)
    order = kept[np.lexsort((rows[kept, 0], -sums["drop"][kept], -sums["decisive"][kept]))]
    table = {
        "word": rows[order, 0].astype(str),
        "label": classes[rows[order, 1].astype(int)],
        "present": np.array([present[word, label] for word, label in rows[order]], dtype=int),
        "shown": counts[order],
        "decisive": sums["decisive"][order].astype(int),
    }
    means = {name: sums[name][order] / counts[order] for name in found if name != "decisive"}
    return table | means
