"""Which classes words are to support, and the rationales for these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_irx.classifier.classwise import (
    ClasswiseDocuments,
    ClasswiseRationales,
    check_target,
)
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.nn.classwise import class_masks
from sklearn_irx.nn.isolation import threads

_CHUNK = 4096  # masks that are in memory at a time


def target_numbers(target: str | int, probabilities: np.ndarray) -> np.ndarray:
    """Return the numbers of the classes to support, (n_samples, n_targets).

    `probabilities` (n_samples, n_classes) are those from the model's own rationales; with "all",
    the classes are ordered by them. Of equals, the first comes first.
    """
    if not isinstance(target, str):
        return np.full((len(probabilities), 1), target)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    return {"all": order, "predicted": order[:, :1], "runner_up": order[:, 1:2]}[target]


def explain_targets(clf: Any, X: Any, target: Any) -> ClasswiseDocuments:
    """Return the own rationale of each document, and the words for each class asked for.

    Parameters are those of :meth:`MemberMixin.explain`, `clf` being fitted and `target` not None.
    """
    target = check_target(target, clf.classes_)
    tokenized = clf.tokenize(X, spans=True)
    documents = clf.look_up(tokenized)
    own, masks, scores = clf.predict_with_masks(documents, scores=True)
    rationales = clf.to_rationales(tokenized, own, masks, scores)
    targets = target_numbers(target, own)
    found = ClasswiseDocuments()
    size = max(1, _CHUNK // targets.shape[1])
    for first in range(0, len(own), size):
        part = slice(first, first + size)
        some = documents.take(np.arange(len(own))[part])
        with threads(clf.n_threads):
            selected = class_masks(clf._module, some, masks[part], targets[part])
        predicted = [
            clf.predict_with_masks(some, selected[:, place])[0] for place in range(targets.shape[1])
        ]
        for row, rationale in enumerate(rationales[part]):
            numbers = targets[first + row]
            of_row = zip(numbers, selected[row], (one[row] for one in predicted), strict=True)
            found.append(ClasswiseRationales(rationale, tuple(_for(clf, rationale, of_row))))
    return found


def _for(
    clf: Any, own: Rationale, found: Iterator[tuple[int, np.ndarray, np.ndarray]]
) -> Iterator[Rationale]:
    """Yield a rationale for each class number, mask and prediction, in place of the own one."""
    for number, mask, probabilities in found:
        best = int(probabilities.argmax())
        yield replace(
            own,
            mask=mask[: len(own.tokens)].copy(),
            label=clf.classes_[best],
            confidence=float(probabilities[best]),
            scores=None,
            target=clf.classes_[number],
            target_confidence=float(probabilities[number]),
        )
