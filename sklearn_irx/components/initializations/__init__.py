"""Initializations: the initial weights of selector and predictor."""

from sklearn_irx.components.base import Registry
from sklearn_irx.components.initializations.base import (
    HELD_OUT,
    N_FOLDS,
    Initialization,
    InitializationData,
)
from sklearn_irx.components.initializations.linear import LINEAR_MODELS, LinearInit
from sklearn_irx.components.initializations.random import RandomInit

INITIALIZATIONS = Registry(
    "initialization",
    Initialization,
    {**{name: LinearInit(name) for name in LINEAR_MODELS}, None: RandomInit()},
)

__all__ = [
    "HELD_OUT",
    "INITIALIZATIONS",
    "N_FOLDS",
    "Initialization",
    "InitializationData",
    "LinearInit",
    "RandomInit",
]
