"""Objectives: what selector and predictor are trained on."""

from sklearn_irx.components.base import Registry
from sklearn_irx.components.objectives.a2r import A2R
from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.components.objectives.car import CAR
from sklearn_irx.components.objectives.dar import DAR
from sklearn_irx.components.objectives.distillation import Distillation
from sklearn_irx.components.objectives.dr import DR
from sklearn_irx.components.objectives.encoding_penalty import EncodingPenalty
from sklearn_irx.components.objectives.fr import FR
from sklearn_irx.components.objectives.grat import GRAT
from sklearn_irx.components.objectives.joint import JointObjective
from sklearn_irx.components.objectives.mcd import MCD
from sklearn_irx.components.objectives.mgr import MGR
from sklearn_irx.components.objectives.mrd import MRD
from sklearn_irx.components.objectives.real_x import RealX

OBJECTIVES = Registry(
    "objective",
    Objective,
    {
        None: JointObjective(),
        "real_x": RealX(),
        "encoding_penalty": EncodingPenalty(),
        "distillation": Distillation(),
        "fr": FR(),
        "dr": DR(),
        "a2r": A2R(),
        "mgr": MGR(),
        "mcd": MCD(),
        "mrd": MRD(),
        "dar": DAR(),
        "grat": GRAT(),
        "car": CAR(),
    },
)
