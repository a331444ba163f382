"""What came of an exchange between models, in numbers: pure functions on arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from benchmarks.paper.measures import DIGITS, Reading, measure_model
from sklearn_irx.ensemble.referee import Referee, fit_referee
from sklearn_irx.exchange import (
    LEARNED,
    RULES,
    Settlement,
    candidate_features,
    settle,
    settle_by,
)

BY_VALIDATION = "auto"
"""The rule, of those that are not learned, that is right most often on the validation texts."""


class Heard(NamedTuple):
    """What every model says of every rationale of some documents.

    Attributes
    ----------
    y : ndarray of shape (n_documents,)
        Class numbers.
    readings : ndarray of shape (n_models, n_models, n_documents, n_classes)
        As :meth:`sklearn_irx.InteractiveCommittee.cross_predict_proba` gives them.
    masks : ndarray of shape (n_models, n_documents, n_words), dtype bool
        The rationales.
    lengths : ndarray of shape (n_documents,)
        Words of each document.
    """

    y: np.ndarray
    readings: np.ndarray
    masks: np.ndarray
    lengths: np.ndarray

    @property
    def own(self) -> np.ndarray:
        """Class probabilities of each model, given its own rationale."""
        everyone = np.arange(len(self.readings))
        return self.readings[everyone, everyone]

    def settled(self, referee: Referee) -> Settlement:
        """Let a referee settle all documents."""
        scores = referee.probabilities(self.features())
        return settle_by(self.readings, scores, LEARNED)

    def features(self) -> np.ndarray:
        """Give what a referee looks at."""
        return candidate_features(self.readings, self.masks.sum(axis=2), self.lengths)

    def accuracy(self, probabilities: np.ndarray) -> float:
        """Give how often probabilities of shape (..., n_documents, n_classes) are right."""
        return float(np.mean(probabilities.argmax(axis=-1) == self.y))


def fitted_referee(heard: Heard) -> Referee:
    """Fit a referee on texts that no model was fitted on."""
    labels = heard.own.argmax(axis=2)
    disputed = (labels != labels[0]).any(axis=0)
    return fit_referee(
        heard.readings[:, :, disputed], heard.features()[:, disputed], heard.y[disputed],
        n_texts=len(heard.y),
    )  # fmt: skip


def measure_ensemble(rule: str, validation: Heard | None, test: Heard) -> dict[str, Any]:
    """Measure what comes of an exchange on test texts.

    Parameters
    ----------
    rule : str
        Decides; one of :data:`~sklearn_irx.exchange.RULES`, :data:`BY_VALIDATION` or "learned",
        which is "convinced" unless a referee is better on the validation texts.
    validation, test : Heard
        Texts that no model was fitted on. There need be none to choose on if the rule is named.

    Returns
    -------
    found : dict
        Of the rule that decides: what :func:`~benchmarks.paper.measures.measure_model` measures.
        Of every rule: accuracy on validation and test texts, and words.
    """
    on_validation: dict[str, float] = {}
    if validation is not None:
        for name in RULES:
            probabilities = settle(validation.readings, name).probabilities
            on_validation[name] = validation.accuracy(probabilities)
    settled = {name: settle(test.readings, name) for name in RULES}
    if rule == BY_VALIDATION:
        rule = max(on_validation, key=on_validation.__getitem__)
    if rule == LEARNED and validation is not None:
        referee = fitted_referee(validation)
        rule = referee.rule
        settled |= {LEARNED: test.settled(referee)} if rule == LEARNED else {}
    kept = {name: _kept(test.masks, outcome) for name, outcome in settled.items()}
    outcome = Reading(settled[rule].probabilities, kept[rule])
    found: dict[str, float] = {}
    for name in RULES:
        found[f"valid_accuracy_{name}"] = on_validation.get(name, np.nan)
        found[f"accuracy_{name}"] = test.accuracy(settled[name].probabilities)
        found[f"words_{name}"] = kept[name].sum(axis=1).mean()
    found.update(_without_rules(test))
    rounded = {name: round(float(value), DIGITS) for name, value in found.items()}
    return {"rule": rule, **measure_model(test.y, outcome, test.lengths), **rounded}


def _kept(masks: np.ndarray, settlement: Settlement) -> np.ndarray:
    return masks[settlement.chosen, np.arange(masks.shape[1])]


def _without_rules(test: Heard) -> dict[str, float]:
    """Measure the models themselves, and what can be made of them without a choice."""
    labels = test.own.argmax(axis=2)
    right = labels == test.y
    others = ~np.eye(len(test.readings), dtype=bool)
    return {
        "best_member": right.mean(axis=1).max(),
        "soft_voting": test.accuracy(test.own.mean(axis=0)),
        "soft_voting_words": test.masks.any(axis=0).sum(axis=1).mean(),
        "agreement": (labels == labels[0]).all(axis=0).mean(),
        "second_reader": test.accuracy(test.readings[others]),
        "oracle": right.any(axis=0).mean(),
    }
