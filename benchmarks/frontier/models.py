"""Members trained and kept in files, and ensembles of those that are kept."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import joblib
import numpy as np

from benchmarks.book import Kind
from benchmarks.common import convolutional, made_once
from benchmarks.frontier.measures import Heard, measure_ensemble
from benchmarks.frontier.plan import Job
from benchmarks.frontier.workshop import Labelled, Workshop
from benchmarks.paper.measures import Reading, measure_model
from benchmarks.paper.models import history_of
from sklearn_irx import InteractiveCommittee, SelectiveRationaleClassifier

AT_A_TIME = 4096
"""Documents that an ensemble reads."""


class Trained(NamedTuple):
    """A fitted model, its row of results, and its rationales of the test texts."""

    classifier: SelectiveRationaleClassifier
    row: dict[str, Any]
    masks: np.ndarray
    lengths: np.ndarray


def make_member(member: Job, shop: Workshop) -> dict[str, Any]:
    """Train a model and keep it, unless it is kept already, and give its row of results."""
    trained: Trained = made_once(shop.path(member), lambda: train_member(member, shop))
    return trained.row


def train_member(member: Job, shop: Workshop) -> Trained:
    """Train a model and let it read the test texts."""
    parts = shop.parts(member)
    training = shop.training(member)
    parameters = shop.parameters(member)
    start = time.perf_counter()
    clf = convolutional().set_params(**parameters)
    clf.fit(*training, validation_data=parts.validation)
    seconds = time.perf_counter() - start
    clf.set_params(embeddings=None, memory=None)  # else every file would hold all vectors
    texts = clf.tokenize(parts.test.texts)
    reading = Reading(*clf.predict_with_masks(texts))
    row = {
        **dict(zip(MEMBERS.key, shop.plan.member_key(member), strict=True)), **shop.circumstances,
        "training_texts": len(training.texts),
        "validation_texts": clf.n_validation_documents_, "test_texts": len(parts.test.texts),
        **measure_model(_numbers(clf, parts.test), reading, texts.lengths), **history_of(clf),
        "temperature": round(clf.calibration_temperature_, 4), "seconds": round(seconds, 1),
    }  # fmt: skip
    return Trained(clf, row, reading.masks, texts.lengths)


def evaluate_ensemble(ensemble: Job, shop: Workshop) -> dict[str, Any]:
    """Let models that are kept read each other's rationales of validation and test texts."""
    start = time.perf_counter()
    members = shop.plan.members_of(ensemble)
    trained = [joblib.load(shop.path(member)) for member in members]
    parts = shop.parts(ensemble)
    committee = InteractiveCommittee(
        [(job.name, one.classifier) for job, one in zip(members, trained, strict=True)],
        prefit=True,
    ).fit(parts.training.texts[:1])
    masks = np.stack([one.masks for one in trained])
    test = _heard(committee, parts.test, masks, trained[0].lengths)
    validation = None
    if parts.validation is not None:
        texts = committee.estimators_[0].tokenize(parts.validation.texts)
        masks = np.stack([one.transform(parts.validation.texts) for one in committee.estimators_])
        validation = _heard(committee, parts.validation, masks, texts.lengths)
    rule = shop.plan.rule_of(ensemble)
    return {
        **dict(zip(ENSEMBLES.key, shop.plan.ensemble_key(ensemble), strict=True)),
        **shop.circumstances,
        **measure_ensemble(rule, validation, test),
        "seconds": round(time.perf_counter() - start, 1),
    }


def _heard(
    committee: InteractiveCommittee, of: Labelled, masks: np.ndarray, lengths: np.ndarray
) -> Heard:
    readings = cross_predict_proba(committee, of.texts)
    return Heard(_numbers(committee, of), readings, masks, lengths)


def cross_predict_proba(committee: InteractiveCommittee, texts: list[str]) -> np.ndarray:
    """Let every member read every rationale, of some documents after the others.

    Members with different tokenizers keep the place of every word, which takes much memory.
    """
    parts = [texts[first : first + AT_A_TIME] for first in range(0, len(texts), AT_A_TIME)]
    return np.concatenate([committee.cross_predict_proba(part) for part in parts], axis=2)


def _numbers(clf: Any, of: Labelled) -> np.ndarray:
    return np.searchsorted(clf.classes_, of.labels)


MEMBERS = Kind(
    "frontier-members", ("corpus", "asked", "seed", "member", "settings"), make_member
)  # fmt: skip
ENSEMBLES = Kind(
    "frontier-ensembles", ("corpus", "asked", "seed", "ensemble", "settings"), evaluate_ensemble
)
