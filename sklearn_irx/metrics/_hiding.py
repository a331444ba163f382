"""What hiding parts of rationales from a predictor does, over many documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._pipelines import seen_by_final
from sklearn_irx._validation import check_texts
from sklearn_irx.ensemble.result import exchanges
from sklearn_irx.metrics._flips import Changes, check_takes_masks, from_masks
from sklearn_irx.text import TokenizedTexts
from sklearn_irx.text.spans import runs

Unit: TypeAlias = tuple[str, ...]
"""Words that follow one another and are hidden as a whole."""
Places: TypeAlias = dict[Unit, Changes]
"""Where the units of a rationale are selected."""
Units: TypeAlias = Callable[[list[str], np.ndarray], Places]
"""Maps the words of a document and the mask of its rationale to the units to hide."""

_AT_ONCE = 20_000  # rationales that are predicted together


class Hidden(NamedTuple):
    """What hiding each unit did, by unit and predicted class.

    Attributes
    ----------
    n_predicted : ndarray of shape (n_classes,), dtype int
        Documents of each prediction.
    keys : list of (Unit, int)
        Unit and number of the class that is predicted where it is shown.
    present, shown : ndarray of shape (n_keys,), dtype int
        Documents of this prediction that contain it, and in whose rationale it is.
    sums : dict of str to ndarray of shape (n_keys,)
        Over the documents in which it is shown: ``decisive`` (another class is predicted without
        it), ``drop`` (fall of the probability of the class), and, with true labels, ``accuracy``
        and ``accuracy_without``.
    """

    n_predicted: np.ndarray
    keys: list[tuple[Unit, int]]
    present: np.ndarray
    shown: np.ndarray
    sums: dict[str, np.ndarray]


class Model(NamedTuple):
    """A fitted classifier, and documents as it sees them."""

    clf: Any
    texts: list[str]

    def tokenized(self) -> TokenizedTexts:
        """Return the documents, split into the words of the classifier."""
        found: TokenizedTexts = self.clf.tokenize(self.texts, spans=self.clf.needs_offsets)
        return found


def models_of(estimator: Any, X: Any) -> list[Model]:
    """Return the classifiers behind what a user gives: one, an ensemble's members, or a list.

    Raises
    ------
    TypeError
        If one predicts from no masks of words.
    ValueError
        If the list is empty, or not all know the same classes.
    """
    if isinstance(X, Iterator):  # each reads all of it
        X = list(X)
    models: list[Model] = []
    for one in estimator if isinstance(estimator, list | tuple) else [estimator]:
        final, seen = seen_by_final(one, X)
        members = [final]
        if exchanges(final):
            check_is_fitted(final)
            members = final.estimators_
        for member in members:
            check_takes_masks(member)
            check_is_fitted(member)
        texts = check_texts(seen)
        models += [Model(member, texts) for member in members]
    if not models:
        raise ValueError(f"estimator={estimator!r} holds no models: give at least one.")
    first = models[0].clf.classes_
    for model in models[1:]:
        if not np.array_equal(model.clf.classes_, first):
            raise ValueError(
                f"estimator holds models of the classes {first.tolist()} and "
                f"{model.clf.classes_.tolist()}: give models of the same classes."
            )
    return models


def hide_units(
    clf: Any, tokenized: TokenizedTexts, units: Units, y: np.ndarray | None = None
) -> Hidden:
    """Hide each unit of each rationale from the predictor, wherever it is selected."""
    documents, words = clf.look_up(tokenized), tokenized.word_lists()
    base, masks = clf.predict_with_masks(documents)
    before = base.argmax(axis=1)
    shown = [units(own, mask[: len(own)]) for own, mask in zip(words, masks, strict=True)]
    hide = from_masks(clf, documents, masks, [np.arange(len(own)) for own in words], shown=False)
    pairs = [(row, unit) for row, own in enumerate(shown) for unit in own]
    rows = np.array([row for row, _ in pairs], dtype=int)
    without = np.empty((len(pairs), base.shape[1]))
    for first in range(0, len(pairs), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        without[part] = hide(rows[part], [shown[row][unit] for row, unit in pairs[part]])
    now = without.argmax(axis=1)
    found = {
        "decisive": now != before[rows],
        "drop": base[rows, before[rows]] - without[np.arange(len(pairs)), before[rows]],
    }
    if y is not None:
        found["accuracy"] = clf.classes_[before[rows]] == y[rows]
        found["accuracy_without"] = clf.classes_[now] == y[rows]
    numbers: dict[tuple[Unit, int], int] = {}
    of = np.array(
        [numbers.setdefault((unit, int(before[row])), len(numbers)) for row, unit in pairs],
        dtype=int,
    )
    there = _present(words, before, {unit for unit, _ in numbers})
    return Hidden(
        np.bincount(before, minlength=base.shape[1]),
        list(numbers),
        np.array([there[key] for key in numbers], dtype=int),
        np.bincount(of, minlength=len(numbers)),
        {
            name: np.bincount(of, weights=values, minlength=len(numbers))
            for name, values in found.items()
        },
    )


def places_of(units: Iterable[tuple[Unit, Iterable[int]]]) -> Places:
    """Join the places of equal units of a document."""
    places: defaultdict[Unit, set[int]] = defaultdict(set)
    for unit, own in units:
        places[unit].update(own)
    return {unit: tuple(sorted(own)) for unit, own in places.items()}


def selected_words(words: list[str], mask: np.ndarray) -> Places:
    """Return each selected word, and where it is selected."""
    return places_of(((words[i],), [i]) for i in np.flatnonzero(mask).tolist())


def selected_phrases(words: list[str], mask: np.ndarray) -> Places:
    """Return each two words that follow one another and are both selected."""
    firsts = np.flatnonzero(mask[:-1] & mask[1:]).tolist()
    return places_of(((words[i], words[i + 1]), [i, i + 1]) for i in firsts)


def selected_runs(words: list[str], mask: np.ndarray) -> Places:
    """Return each maximal run of selected words."""
    return places_of((tuple(words[first:past]), range(first, past)) for first, past in runs(mask))


def units_at(words: Sequence[str], units: dict[str, list[Unit]]) -> Iterator[tuple[int, Unit]]:
    """Yield where units, listed by their first word, begin in a document."""
    for place, word in enumerate(words):
        for unit in units.get(word, ()):
            if len(unit) == 1 or tuple(words[place : place + len(unit)]) == unit:
                yield place, unit


def by_first_word(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    """List units by their first word."""
    listed: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        listed[unit[0]].append(unit)
    return dict(listed)


def _present(
    words: list[list[str]], before: np.ndarray, units: set[Unit]
) -> dict[tuple[Unit, int], int]:
    """Return how many documents of each prediction contain each unit."""
    listed = by_first_word(units)
    counts: defaultdict[tuple[Unit, int], int] = defaultdict(int)
    for own, label in zip(words, before.tolist(), strict=True):
        for unit in {unit for _, unit in units_at(own, listed)}:
            counts[unit, label] += 1
    return counts
