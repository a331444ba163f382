"""What came of an exchange between models, in numbers: pure functions on arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from benchmarks.paper.measures import DIGITS, Reading, measure_model
from sklearn_irx.exchange import RULES, Settlement, settle

BY_VALIDATION = "auto"
"""The rule that is right most often on the validation texts."""


class Heard(NamedTuple):
    """What every model says of every rationale of some documents.

    Attributes
    ----------
    y : ndarray of shape (n_documents,)
        Class numbers.
    readings : ndarray of shape (n_models, n_models, n_documents, n_classes)
        As :meth:`sklearn_irx.InteractiveCommittee.cross_predict_proba` gives them.
    """

    y: np.ndarray
    readings: np.ndarray

    @property
    def own(self) -> np.ndarray:
        """Class probabilities of each model, given its own rationale."""
        everyone = np.arange(len(self.readings))
        return self.readings[everyone, everyone]

    def accuracy(self, probabilities: np.ndarray) -> float:
        """Give how often probabilities of shape (..., n_documents, n_classes) are right."""
        return float(np.mean(probabilities.argmax(axis=-1) == self.y))


def measure_ensemble(
    rule: str, validation: Heard | None, test: Heard, masks: np.ndarray, lengths: np.ndarray
) -> dict[str, Any]:
    """Measure what comes of an exchange on test texts.

    Parameters
    ----------
    rule : str
        Decides; one of :data:`~sklearn_irx.exchange.RULES` or :data:`BY_VALIDATION`.
    validation, test : Heard
        Texts that no model was fitted on. There need be none to choose on if the rule is named.
    masks : ndarray of shape (n_models, n_documents, n_words), dtype bool
        The rationales of the test texts.
    lengths : ndarray of shape (n_documents,)
        Words of each test text.

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
    kept = {name: _kept(masks, outcome) for name, outcome in settled.items()}
    outcome = Reading(settled[rule].probabilities, kept[rule])
    found: dict[str, float] = {}
    for name in RULES:
        found[f"valid_accuracy_{name}"] = on_validation.get(name, np.nan)
        found[f"accuracy_{name}"] = test.accuracy(settled[name].probabilities)
        found[f"words_{name}"] = kept[name].sum(axis=1).mean()
    found.update(_without_rules(test, masks))
    rounded = {name: round(float(value), DIGITS) for name, value in found.items()}
    return {"rule": rule, **measure_model(test.y, outcome, lengths), **rounded}


def _kept(masks: np.ndarray, settlement: Settlement) -> np.ndarray:
    return masks[settlement.chosen, np.arange(masks.shape[1])]


def _without_rules(test: Heard, masks: np.ndarray) -> dict[str, float]:
    """Measure the models themselves, and what can be made of them without a choice."""
    labels = test.own.argmax(axis=2)
    right = labels == test.y
    others = ~np.eye(len(test.readings), dtype=bool)
    return {
        "best_member": right.mean(axis=1).max(),
        "soft_voting": test.accuracy(test.own.mean(axis=0)),
        "soft_voting_words": masks.any(axis=0).sum(axis=1).mean(),
        "agreement": (labels == labels[0]).all(axis=0).mean(),
        "second_reader": test.accuracy(test.readings[others]),
        "oracle": right.any(axis=0).mean(),
    }
