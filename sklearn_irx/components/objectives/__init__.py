"""Objectives: what selector and predictor are trained on."""

from sklearn_irx.components.base import Registry
from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.components.objectives.distillation import Distillation
from sklearn_irx.components.objectives.encoding_penalty import EncodingPenalty
from sklearn_irx.components.objectives.joint import JointObjective
from sklearn_irx.components.objectives.real_x import RealX

OBJECTIVES = Registry(
    "objective",
    Objective,
    {
        None: JointObjective(),
        "real_x": RealX(),
        "encoding_penalty": EncodingPenalty(),
        "distillation": Distillation(),
    },
)
