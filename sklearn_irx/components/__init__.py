"""The parts of a classifier: each has its own parameters, and a string stands for its defaults.

A new encoder, sampler, initialization or objective is a subclass of :class:`Encoder`,
:class:`Sampler`, :class:`Initialization` or :class:`Objective`. Added to its registry
(``ENCODERS.named["mine"] = Mine()``), it can be given by that name, and loaded from the folder of a
model.
"""

from sklearn_irx.components.base import Component, Registry
from sklearn_irx.components.encoders import CNN, ENCODERS, RNN, Encoder, NoEncoder, Transformer
from sklearn_irx.components.initializations import (
    HELD_OUT,
    INITIALIZATIONS,
    N_FOLDS,
    Initialization,
    InitializationData,
    LinearInit,
    RandomInit,
)
from sklearn_irx.components.objectives import (
    A2R,
    CAR,
    DAR,
    DR,
    FR,
    GRAT,
    MCD,
    MGR,
    MRD,
    OBJECTIVES,
    Distillation,
    EncodingPenalty,
    JointObjective,
    Objective,
    RealX,
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
from sklearn_irx.components.style import STYLES, Style
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
from sklearn_irx.nn.training.objectives import ObjectiveModule

REGISTRIES = {
    registry.parameter: registry
    for registry in (
        STYLES,
        SAMPLERS,
        ENCODERS,
        INITIALIZATIONS,
        PREDICTORS,
        OBJECTIVES,
        TRAININGS,
    )
}
"""The parameters of the classifier that are components."""

__all__ = [
    "A2R",
    "CAR",
    "CNN",
    "DAR",
    "DR",
    "ENCODERS",
    "FR",
    "GRAT",
    "HELD_OUT",
    "INITIALIZATIONS",
    "MCD",
    "MGR",
    "MRD",
    "N_FOLDS",
    "OBJECTIVES",
    "REGISTRIES",
    "RNN",
    "SAMPLERS",
    "STYLES",
    "Component",
    "Distillation",
    "Encoder",
    "EncoderModule",
    "EncodingPenalty",
    "Gumbel",
    "HardKuma",
    "IndependentSamplerModule",
    "Initialization",
    "InitializationData",
    "JointObjective",
    "LinearInit",
    "LinearWeights",
    "NoEncoder",
    "Objective",
    "ObjectiveModule",
    "Predictor",
    "RandomInit",
    "RealX",
    "Registry",
    "Reinforce",
    "Sampler",
    "SamplerModule",
    "Selection",
    "SparseMap",
    "StraightThrough",
    "Style",
    "TopK",
    "Training",
    "Transformer",
    "expected_counts",
    "generator_for",
]
