"""Which classes words are to support, and the rationales for these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sklearn_irx.classifier.classwise import (
    ClasswiseDocuments,
    ClasswiseRationales,
    check_target,
)
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.classifier.sides import BothSides, SidedDocuments
from sklearn_irx.nn.classwise import class_masks
from sklearn_irx.nn.isolation import threads
from sklearn_irx.text import Documents

_CHUNK = 4096  # masks that are in memory at a time
_SHARE = 1 / 3  # of what the strongest word of either side does, to count as speaking for a class
_LEAST_PROBABILITY = 1e-12  # so that log-odds are finite


class _Chosen(NamedTuple):
    """Some documents, and the words chosen for classes of each.

    Attributes
    ----------
    documents : Documents
        Of length n_documents.
    own : list of Rationale
        The model's own.
    targets : ndarray of shape (n_documents, n_targets), dtype int
        Numbers of the classes.
    masks : ndarray of shape (n_documents, n_targets, longest document), dtype bool
    """

    documents: Documents
    own: list[Rationale]
    targets: np.ndarray
    masks: np.ndarray


def target_numbers(target: str | int, probabilities: np.ndarray) -> np.ndarray:
    """Return the numbers of the classes to support, (n_samples, n_targets).

    `probabilities` (n_samples, n_classes) are those from the model's own rationales; with "all",
    the classes are ordered by them. Of equals, the first comes first.
    """
    if not isinstance(target, str):
        return np.full((len(probabilities), 1), target)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    return {"all": order, "predicted": order[:, :1], "runner_up": order[:, 1:2]}[target]


def side_numbers(rival: int | None, probabilities: np.ndarray) -> np.ndarray:
    """Return the numbers of the class predicted and of its rival, (n_samples, 2).

    The rival of the other classes is `rival`, where that is given, and else the runner-up.
    """
    numbers = target_numbers("all", probabilities)[:, :2].copy()
    if rival is not None:
        numbers[numbers[:, 0] != rival, 1] = rival
    return numbers


def explain_targets(clf: Any, X: Any, target: Any) -> ClasswiseDocuments:
    """Return the own rationale of each document, and the words for each class asked for.

    Parameters are those of :meth:`MemberMixin.explain`, `clf` being fitted and `target` not None.
    """
    target = check_target(target, clf.classes_)
    found = ClasswiseDocuments()
    for chosen in _chosen(clf, X, lambda own: target_numbers(target, own)):
        rationales = _rationales(clf, chosen, chosen.masks)
        found += map(ClasswiseRationales, chosen.own, rationales)
    return found


def explain_sides(clf: Any, X: Any, rival: int | None = None) -> SidedDocuments:
    """Return the words of each document for the class predicted, and those for its rival.

    Parameters
    ----------
    clf : fitted SelectiveRationaleClassifier
    X : sequence of n_samples str
        Documents.
    rival : int or None, default=None
        The number of the class that speaks against all others. None is the runner-up.

    Returns
    -------
    documents : SidedDocuments
        Of length n_samples.
    """
    found = SidedDocuments()
    for chosen in _chosen(clf, X, lambda own: side_numbers(rival, own)):
        sides = _rationales(clf, chosen, _confirmed(clf, chosen))
        found += (BothSides(own, *both) for own, both in zip(chosen.own, sides, strict=True))
    return found


def _chosen(clf: Any, X: Any, targets_of: Callable[[np.ndarray], np.ndarray]) -> Iterator[_Chosen]:
    """Yield documents with as many words for each class as the own rationale has.

    `targets_of` maps probabilities from the own rationales to the numbers of classes.
    """
    tokenized = clf.tokenize(X, spans=True)
    documents = clf.look_up(tokenized)
    own, masks, scores = clf.predict_with_masks(documents, scores=True)
    rationales = clf.to_rationales(tokenized, own, masks, scores)
    targets = targets_of(own)
    size = max(1, _CHUNK // targets.shape[1])
    for first in range(0, len(own), size):
        part = slice(first, first + size)
        some = documents.take(np.arange(len(own))[part])
        with threads(clf.n_threads):
            selected = class_masks(clf._module, some, masks[part], targets[part])
        yield _Chosen(some, rationales[part], targets[part], selected)


def _rationales(clf: Any, chosen: _Chosen, masks: np.ndarray) -> list[tuple[Rationale, ...]]:
    """Return for each document a rationale for each of its classes, from the words of `masks`."""
    columns = []
    for place, numbers in enumerate(chosen.targets.T):
        predicted = clf.predict_with_masks(chosen.documents, masks[:, place])[0]
        found = zip(chosen.own, numbers, masks[:, place], predicted, strict=True)
        columns.append([_for(clf, *one) for one in found])
    return list(zip(*columns, strict=True))


def _for(
    clf: Any, own: Rationale, number: int, mask: np.ndarray, probabilities: np.ndarray
) -> Rationale:
    """Return a rationale for a class, from a mask and a prediction, in place of the own one."""
    best = int(probabilities.argmax())
    return replace(
        own,
        mask=mask[: len(own.tokens)].copy(),
        label=clf.classes_[best],
        confidence=float(probabilities[best]),
        scores=None,
        target=clf.classes_[number],
        target_confidence=float(probabilities[number]),
    )


def _confirmed(clf: Any, chosen: _Chosen) -> np.ndarray:
    """Return the masks of what the predictor, reading it alone, finds to speak for its class.

    What is read alone is a word, a segment, or a span, whatever rationales are made of.
    """
    documents, masks = chosen.documents, chosen.masks
    begins = masks & (_part_begins(clf, documents) | ~np.roll(masks, 1, axis=2))
    begins[:, :, :1] = masks[:, :, :1]
    rows, sides, _ = begins.nonzero()
    numbers = begins.cumsum().reshape(begins.shape) - 1
    parts = numbers[masks], masks.nonzero()[2]  # the part of each chosen word, and its place
    nothing = clf.predict_with_masks(documents, np.zeros_like(masks[:, 0]))[0]
    classes = chosen.targets[rows, sides]
    raised = _log_odds(_alone(clf, documents, rows, parts), classes)
    raised -= _log_odds(nothing[rows], classes)
    strongest = np.zeros(len(documents))
    np.maximum.at(strongest, rows, raised)
    speaks = (raised > 0) & (raised >= _SHARE * strongest[rows])
    confirmed = masks.copy()
    confirmed[masks] = speaks[parts[0]]
    return confirmed


def _part_begins(clf: Any, documents: Documents) -> np.ndarray:
    """Return at which words (n_documents or 1, 1, n_words or 1) a part begins, in any case."""
    sampler = clf._module.sampler
    if clf._module.config.style.of_segments:
        assert documents.begins is not None
        return documents.padded_values(documents.begins, np.arange(len(documents)), False)[:, None]
    in_spans = sampler.selects_unknown or float(sampler.transition_cost) > 0
    return np.array([[[not in_spans]]])


def _alone(
    clf: Any, documents: Documents, rows: np.ndarray, parts: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Return probabilities (n_parts, n_classes) from each part of a document, read alone.

    Parameters
    ----------
    clf : fitted SelectiveRationaleClassifier
    documents : Documents
    rows : ndarray of shape (n_parts,), dtype int
        The document of each part.
    parts : pair of ndarrays of shape (n_words,), dtype int
        For each word, the number of its part, in order, and its place in the document.
    """
    numbers, places = parts
    probabilities = [np.empty((0, len(clf.classes_)))]
    for first in range(0, len(rows), _CHUNK):
        some = rows[first : first + _CHUNK]
        words = slice(*np.searchsorted(numbers, [first, first + len(some)]))
        masks = np.zeros((len(some), documents.lengths.max(initial=0)), dtype=bool)
        masks[numbers[words] - first, places[words]] = True
        probabilities.append(clf.predict_with_masks(documents.take(some), masks)[0])
    return np.concatenate(probabilities)


def _log_odds(probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the log-odds of a class in each row, (n,)."""
    p = np.take_along_axis(probabilities, classes[:, None], axis=1)[:, 0]
    p = p.clip(_LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.log(p) - np.log1p(-p)
