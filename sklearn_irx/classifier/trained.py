"""The parameters that a fitted estimator was trained with, whatever was set since."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress
from numbers import Real
from typing import Any

import joblib
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from sklearn_irx.components import REGISTRIES, Component

_AT_ANY_TIME = frozenset(
    {
        "device", "memory", "n_jobs", "n_threads", "prefit", "training__checkpoint_dir", "verbose",
        "warm_start",
    }
)  # fmt: skip
"""Parameters that a fitted estimator may change: its predictions do not come from them."""

_OF_WORDS = ("embeddings", "max_unseen_words", "min_df", "vocabulary")
"""Parameters of what further training keeps: the words and their vectors."""

_OF_NETWORK = (
    *(name for name in REGISTRIES if name not in ("objective", "training")), "max_length",
    "max_rationale_length", "rationale_length", "tokenizer", *_OF_WORDS,
)  # fmt: skip
"""Parameters of what `partial_fit` goes on with."""

_MEMBERS = ("est1", "est2", "estimator", "estimators")
"""Parameters whose values are estimators, with parameters of their own, trained or not."""

_MAX_CHARACTERS = 60  # of a value in a message


class NotKnown:
    """Base of what stands for a parameter in an estimator that was loaded without it."""


def params_of_training(estimator: Any, *, same_words: bool = False) -> dict[str, Any]:
    """Return the parameters of an estimator whose training is done, to be kept in it.

    With `same_words`, the training went on with the words and vectors of an earlier one.
    """
    params = estimator.get_params(deep=False)
    if same_words:
        former = trained_params(estimator)
        params |= {name: former[name] for name in _OF_WORDS}
    return {name: _copy(value) for name, value in params.items() if name not in _MEMBERS}


def pickled_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with clones of callbacks: after training, some refer to the optimizer."""
    training = params.get("training")
    return {**params, "training": clone(training, safe=False)} if training else dict(params)


def trained_params(estimator: Any) -> dict[str, Any]:
    """Return the parameters that an estimator was trained with, not the nested ones.

    Those that may change at any time are as they are now, and so are those that are not known.
    """
    params: dict[str, Any] = estimator.get_params(deep=False)
    for name, former in _kept(estimator).items():
        now = params[name]
        params[name] = _copy(former)
        if name == "training" and isinstance(former, Component) and isinstance(now, Component):
            params[name].checkpoint_dir = now.checkpoint_dir
    return params


def changed_params(estimator: Any) -> dict[str, tuple[Any, Any]]:
    """Return what was set after training: by name, what it was trained with, and what it is now.

    Names are nested ones, for parts and for members of an ensemble. Of what is frozen, nothing is
    expected to be trained again.
    """
    if isinstance(estimator, FrozenEstimator):
        return {}
    changed = _differences(_kept(estimator), estimator)
    if hasattr(estimator, "estimators_"):
        given = estimator.get_params()
        for name, in_use in zip(estimator._names, estimator.estimators_, strict=True):
            member, now = thawed(in_use), thawed(given.get(name))
            if type(now) is not type(member):
                changed[name] = (member, now)
                continue
            of_member = _differences(_kept(member), now)
            changed |= {f"{name}__{key}": pair for key, pair in of_member.items()}
    return changed


def thawed(estimator: Any) -> Any:
    """Return the estimator inside of those that freeze it."""
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    return estimator


def warn_of_changes(changed: Mapping[str, tuple[Any, Any]], consequence: str) -> None:
    """Warn of what :func:`changed_params` found, if anything, and say what follows from it."""
    if changed:
        warnings.warn(f"{_shown(changed)}: {consequence}", UserWarning, stacklevel=3)


def _shown(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """Return changes in a line: ``lambda1=5 was set after training with lambda1=0.01``."""
    now = ", ".join(f"{name}={_short(value)}" for name, (_, value) in changed.items())
    former = ", ".join(f"{name}={_short(value)}" for name, (value, _) in changed.items())
    return f"{now} {'was' if len(changed) == 1 else 'were'} set after training with {former}"


def check_further_training(estimator: Any) -> None:
    """Raise ValueError if `partial_fit` cannot go on with the parameters that were set since."""
    fixed = {
        name: pair
        for name, pair in changed_params(estimator).items()
        if name.partition("__")[0] in _OF_NETWORK
    }
    if fixed:
        raise ValueError(
            f"{_shown(fixed)}, and partial_fit goes on with the network and the words of "
            "the earlier calls: set back what it was, or use fit."
        )


def warn_of_kept_words(estimator: Any) -> None:
    """Warn of parameters of words and vectors that a warm start leaves without effect."""
    changed = changed_params(estimator)
    warn_of_changes(
        {name: pair for name, pair in changed.items() if name in _OF_WORDS},
        "warm_start=True keeps words and vectors of the earlier fit, so this has no effect. Set it "
        "back, or give warm_start=False.",
    )


def _kept(estimator: Any) -> dict[str, Any]:
    """Return the known parameters of training that matter; none of an estimator of others."""
    params = vars(estimator).get("_trained_params", {})  # one that is frozen would pass it on
    return {
        name: value
        for name, value in params.items()
        if name not in _AT_ANY_TIME and not isinstance(value, NotKnown)
    }


def _differences(params: Mapping[str, Any], estimator: Any) -> dict[str, tuple[Any, Any]]:
    """Return in what `params` differ from the parameters of an estimator, by nested names."""
    pairs: dict[str, tuple[Any, Any]] = {}
    given = estimator.get_params(deep=False)
    for name, former in params.items():
        now = given.get(name)
        if name in REGISTRIES:
            with suppress(ValueError):  # a name stands for a part; `fit` says if it stands for none
                former, now = REGISTRIES[name].find(former), REGISTRIES[name].find(now)
        if isinstance(former, Component) and type(former) is type(now):
            own = now.get_params(deep=False)
            pairs |= {
                f"{name}__{key}": (value, own[key])
                for key, value in former.get_params(deep=False).items()
            }
        else:
            pairs[name] = (former, now)
    return {
        name: (former, now)
        for name, (former, now) in pairs.items()
        if name not in _AT_ANY_TIME
        and not isinstance(former, NotKnown)
        and not (name == "embeddings" and now is None)  # dropped, as the model has what it needs
        and not _same(former, now)
    }


def _same(one: Any, other: Any) -> bool:
    """Return whether two values of a parameter are the same, copies included."""
    if one is other:
        return True
    if isinstance(one, Real) and isinstance(other, Real):
        return bool(one == other)
    try:
        return bool(joblib.hash(one) == joblib.hash(other))
    except Exception:  # of any type, as pickling runs the user's code
        return False


def _copy(value: Any) -> Any:
    """Copy a part, so that setting its parameters later does not reach the copy."""
    return type(value)(**value.get_params(deep=False)) if isinstance(value, Component) else value


def _short(value: Any) -> str:
    said = " ".join(repr(value).split())
    return said if len(said) <= _MAX_CHARACTERS else f"{said[: _MAX_CHARACTERS - 1]}…"
