"""Reading a reject option back, and which estimators may stand inside which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_irx.classifier.estimator import SelectiveRationaleClassifier
from sklearn_irx.classifier.trained import thawed
from sklearn_irx.ensemble.committee import InteractiveCommittee
from sklearn_irx.ensemble.pair import InteractiveEnsemble
from sklearn_irx.ensemble.rejection import RejectOption
from sklearn_irx.ensemble.signals import signals_of
from sklearn_irx.io._save import NUMBERS_OF_REJECTION
from sklearn_irx.io._values import count, read_value, typed

_ANSWERING = (SelectiveRationaleClassifier, InteractiveEnsemble, InteractiveCommittee)


def check_member(cls: type, member: Any) -> None:
    """Raise ValueError if an estimator cannot stand inside one of class `cls`, frozen or not."""
    kinds = _ANSWERING if cls in (RejectOption, FrozenEstimator) else _ANSWERING[:1]
    inner = thawed(member)
    if type(inner) not in kinds:
        raise ValueError(f"a {type(inner).__name__} cannot be a member of a {cls.__name__}")


def read_rejection(fitted: dict[str, Any], estimator_of: Callable[[int], Any]) -> dict[str, Any]:
    """Return the fitted attributes of a reject option, or raise an error."""
    estimator = estimator_of(count(fitted, "estimator"))
    check_member(RejectOption, estimator)
    check_is_fitted(estimator)
    signals = signals_of(estimator)
    areas = typed(fitted, "aurc", dict)
    if fitted["signal"] not in signals or not areas.keys() <= set(signals):
        raise ValueError(f"signal is {str(fitted['signal'])[:80]!r}")
    numbers = {name: read_value(fitted[name], name, estimator_of) for name in NUMBERS_OF_REJECTION}
    if type(numbers["threshold"]) not in (int, float) or not numbers["threshold"] >= 0:
        raise ValueError(f"threshold is {str(fitted['threshold'])[:80]!r}")
    nothing_answered = numbers["coverage"] == 0  # then there is no risk
    for share in (numbers["coverage"], 0 if nothing_answered else numbers["risk"], *areas.values()):
        if type(share) not in (int, float) or not 0 <= share <= 1:
            raise ValueError(f"{str(share)[:80]!r} stands where a share is to be")
    return {
        "estimator_": estimator,
        "classes_": estimator.classes_,
        "signal_": fitted["signal"],
        **{f"{name}_": float(number) for name, number in numbers.items()},
        "aurc_": {name: float(area) for name, area in areas.items()},
    }
