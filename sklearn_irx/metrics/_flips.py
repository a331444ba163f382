"""The fewest changes of a document after which another class is predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, islice
from math import comb
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from sklearn_irx._stages import expect, step, uncounted
from sklearn_irx.text import Documents

Changes: TypeAlias = tuple[int, ...]
"""Numbers of the changes made to a document, in increasing order."""
Predict: TypeAlias = Callable[[np.ndarray, list[Changes]], np.ndarray]
"""Maps documents (n,) and the changes of each to probabilities (n, n_classes)."""

_AT_ONCE = 20_000  # changed documents that are predicted together
_MOST_SETS = 20_000  # of one size, that are tried for a document


class Flip(NamedTuple):
    """What was found for a document.

    Attributes
    ----------
    changes : tuple of int
        Those after which the prediction is another; where none were found, the last tried.
    found : bool
        Whether another class is predicted after them, or the one asked for.
    exact : bool
        Whether no fewer changes are enough; False if it was not found out, or none were found.
    probabilities : ndarray of shape (n_classes,)
        After the changes.
    """

    changes: Changes
    found: bool
    exact: bool
    probabilities: np.ndarray


class FlipSearch:
    """A search for the fewest changes, of many documents at once.

    Changes are made one by one, each time the one after which another class, or the one asked for,
    is likeliest beside the one predicted before. Those that turn out to be needless are taken back.
    Then all smaller sets of changes are tried, up to a size, and those of that size where nothing
    was found.

    Parameters
    ----------
    predict : callable
        Predicts from changed documents.
    places : sequence of ndarray
        For each document, the place of each possible change. At most one is made at a place.
    base : ndarray of shape (n_documents, n_classes)
        Probabilities before any change.
    target : int or None
        The class that shall be predicted; None is any other than before.
    """

    def __init__(
        self,
        predict: Predict,
        places: Sequence[np.ndarray],
        base: np.ndarray,
        target: int | None = None,
    ) -> None:
        self.predict = predict
        self.places = places
        self.base = base
        self.before = base.argmax(axis=1)
        self.target = target

    def flips(self, *, max_changes: int | None, exact_up_to: int) -> list[Flip]:
        """Return what was found for each document.

        Parameters
        ----------
        max_changes : int or None
            Most changes of a document; None is as many as there are places.
        exact_up_to : int
            Up to this size, all sets of changes are tried where no smaller one is known to be
            enough.
        """
        found, _ = self._judged(np.arange(len(self.base)), self.base)
        flips = [self._flip((), bool(one), p) for one, p in zip(found, self.base, strict=True)]
        most = max((len(np.unique(places)) for places in self.places), default=0)
        most = most if max_changes is None else min(most, max_changes)
        expect(most + max(1, min(exact_up_to, most)))
        for _ in range(most):
            tried = (
                (row, changes)
                for row, flip in enumerate(list(flips))
                if not flip.found
                for changes in self._further(row, flip.changes)
            )
            for row, flip in self._best(tried).items():
                flips[row] = flip
            step()
        self._take_back(flips)
        step()
        rows = set(range(len(flips)))
        for size in range(2, min(exact_up_to, most) + 1):
            rows = {row for row in rows if self._may_shrink(row, flips[row], size)}
            self._try_all(flips, rows, size)
            step()
        return flips

    def _may_shrink(self, row: int, flip: Flip, size: int) -> bool:
        """Return whether sets of a size are to be tried, all smaller ones having been."""
        return not flip.exact and comb(len(self.places[row]), size) <= _MOST_SETS

    def _judged(self, rows: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return whether the class to be reached is predicted, and by how much it is likelier.

        Both are of shape (n,): of the documents `rows`, with probabilities (n, n_classes).
        """
        places = np.arange(len(rows))
        named = self.before[rows] if self.target is None else np.full(len(rows), self.target)
        others = probabilities.copy()
        others[places, named] = -np.inf
        ahead = probabilities[places, named] - others.max(axis=1)
        is_named = probabilities.argmax(axis=1) == named
        return (~is_named, -ahead) if self.target is None else (is_named, ahead)

    def _further(self, row: int, changes: Changes) -> Iterator[Changes]:
        """Yield `changes` with one more."""
        places = self.places[row]
        taken = set(places[list(changes)].tolist())
        for number, place in enumerate(places.tolist()):
            if place not in taken:
                yield tuple(sorted((*changes, number)))

    def _best(self, tried: Iterable[tuple[int, Changes]]) -> dict[int, Flip]:
        """Return, of the sets of changes of each document that has any, the one that flips most."""
        best: dict[int, Flip] = {}
        keys: dict[int, tuple[bool, float]] = {}
        rest = iter(tried)
        while some := list(islice(rest, _AT_ONCE)):
            rows, sets = np.array([row for row, _ in some]), [changes for _, changes in some]
            probabilities = self.predict(rows, sets)
            found, margins = self._judged(rows, probabilities)
            order = np.lexsort((-margins, ~found, rows))
            _, first = np.unique(rows[order], return_index=True)
            for place in order[first].tolist():
                row, key = int(rows[place]), (bool(found[place]), float(margins[place]))
                if row not in best or key > keys[row]:
                    best[row], keys[row] = (
                        self._flip(sets[place], key[0], probabilities[place]),
                        key,
                    )
        return best

    @staticmethod
    def _flip(changes: Changes, found: bool, probabilities: np.ndarray) -> Flip:
        # Of two changes none was enough alone: those were tried first.
        return Flip(changes, found, found and len(changes) <= 2, probabilities)

    def _take_back(self, flips: list[Flip]) -> None:
        """Take changes back, one after the other, without which it is the same."""
        made = {row: flip.changes for row, flip in enumerate(flips) if flip.found}
        for number in range(max(map(len, made.values()), default=0)):
            tried = [
                (row, tuple(one for one in flips[row].changes if one != changes[number]))
                for row, changes in made.items()
                if len(changes) > number and len(flips[row].changes) > 2
            ]
            for row, flip in self._best(tried).items():
                if flip.found:
                    flips[row] = flip

    def _try_all(self, flips: list[Flip], rows: set[int], size: int) -> None:
        """Try all sets of a size, of documents in which no smaller ones flip."""
        tried = ((row, changes) for row in sorted(rows) for changes in self._sets(row, size))
        for row, flip in self._best(tried).items():
            if flip.found:
                flips[row] = flip._replace(exact=True)
            elif flips[row].found and len(flips[row].changes) == size + 1:
                flips[row] = flips[row]._replace(exact=True)

    def _sets(self, row: int, size: int) -> Iterator[Changes]:
        places = self.places[row].tolist()
        for changes in combinations(range(len(places)), size):
            if len({places[number] for number in changes}) == size:
                yield changes


def from_masks(
    clf: Any, documents: Documents, masks: np.ndarray, places: Sequence[np.ndarray], *, shown: bool
) -> Predict:
    """Return what predicts from rationales in which words are shown, too, or no longer.

    Parameters
    ----------
    clf : fitted SelectiveRationaleClassifier
    documents : Documents
        As its ``look_up`` returns them.
    masks : ndarray of shape (n_documents, n_words), dtype bool
        The rationales.
    places : sequence of ndarray
        For each document, the words whose numbers are the changes.
    shown : bool
        Whether words are added, or hidden.
    """

    def predict(rows: np.ndarray, sets: list[Changes]) -> np.ndarray:
        changed = masks[rows]
        for mask, row, changes in zip(changed, rows, sets, strict=True):
            mask[places[row][list(changes)]] = shown
        with uncounted():
            probabilities: np.ndarray = clf.predict_with_masks(documents.take(rows), changed)[0]
        return probabilities

    return predict


def check_takes_masks(estimator: Any) -> None:
    """Raise TypeError unless an estimator predicts from masks of words that it has looked up."""
    if not hasattr(estimator, "look_up"):
        raise TypeError(
            f"estimator={estimator!r} does not predict from given words: give a "
            "SelectiveRationaleClassifier, for example a member of the ensemble, estimators_[0]."
        )
