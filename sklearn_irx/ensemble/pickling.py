"""Pickling of the ensembles: a member that is a parameter, too, is written once."""

from __future__ import annotations

from typing import Any

from sklearn_irx.classifier.base import RationaleEstimator


class PickledEnsemble(RationaleEstimator):
    """Base of ensembles, with their state as it is pickled."""

    estimators_: list[Any]
    _names: list[str]

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "estimators_" in state:
            # A member that is used as it is, and so is a parameter too, is saved once: None here.
            given = self.get_params()
            members = [
                None if given.get(name) is member else member
                for name, member in zip(self._names, self.estimators_, strict=True)
            ]
            state = {**state, "estimators_": members}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        # What there was not when older files were made.
        state = {"rule": "convinced", "validation_fraction": 0.1, "random_state": None, **state}
        if "estimators_" in state:
            state = {"rule_": state["rule"], "referee_": None, **state}
        super().__setstate__(state)
        if "estimators_" in state:
            given = self.get_params()
            self.estimators_ = [
                given[name] if member is None else member
                for name, member in zip(self._names, state["estimators_"], strict=True)
            ]
