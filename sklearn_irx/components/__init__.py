"""The parts of a classifier: each has its own parameters, and a string stands for its defaults.

A new encoder, sampler or initialization is a subclass of :class:`Encoder`, :class:`Sampler` or
:class:`Initialization`. Added to its registry (``ENCODERS.named["mine"] = Mine()``), it can be
given by that name, and loaded from the folder of a model.
"""

from sklearn_irx.components.base import Component, Registry
from sklearn_irx.components.encoders import CNN, ENCODERS, RNN, Encoder, NoEncoder
from sklearn_irx.components.initializations import (
    HELD_OUT,
    INITIALIZATIONS,
    N_FOLDS,
    Initialization,
    InitializationData,
    LinearInit,
    RandomInit,
)
from sklearn_irx.components.predictor import PREDICTORS, Predictor
from sklearn_irx.components.samplers import (
    SAMPLERS,
    Gumbel,
    HardKuma,
    Reinforce,
    Sampler,
    SparseMap,
    StraightThrough,
    TopK,
)
from sklearn_irx.components.training import TRAININGS, Training
from sklearn_irx.nn.encoder import EncoderModule
from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.linear import LinearWeights
from sklearn_irx.nn.sampler import (
    IndependentSamplerModule,
    SamplerModule,
    Selection,
    expected_counts,
)

REGISTRIES = {
    registry.parameter: registry
    for registry in (SAMPLERS, ENCODERS, INITIALIZATIONS, PREDICTORS, TRAININGS)
}
"""The parameters of the classifier that are components."""

__all__ = [
    "CNN",
    "ENCODERS",
    "HELD_OUT",
    "INITIALIZATIONS",
    "N_FOLDS",
    "REGISTRIES",
    "RNN",
    "SAMPLERS",
    "Component",
    "Encoder",
    "EncoderModule",
    "Gumbel",
    "HardKuma",
    "IndependentSamplerModule",
    "Initialization",
    "InitializationData",
    "LinearInit",
    "LinearWeights",
    "NoEncoder",
    "Predictor",
    "RandomInit",
    "Registry",
    "Reinforce",
    "Sampler",
    "SamplerModule",
    "Selection",
    "SparseMap",
    "StraightThrough",
    "TopK",
    "Training",
    "expected_counts",
    "generator_for",
]
