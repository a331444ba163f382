"""Objectives: what selector and predictor are trained on, batch by batch."""

from sklearn_irx.nn.training.objectives.a2r import A2RModule
from sklearn_irx.nn.training.objectives.base import CrossEntropy, ObjectiveModule
from sklearn_irx.nn.training.objectives.car import CARModule
from sklearn_irx.nn.training.objectives.dar import DARModule
from sklearn_irx.nn.training.objectives.distillation import DistillationModule
from sklearn_irx.nn.training.objectives.encoding_penalty import EncodingPenaltyModule
from sklearn_irx.nn.training.objectives.grat import GRATModule
from sklearn_irx.nn.training.objectives.mcd import MCDModule
from sklearn_irx.nn.training.objectives.mgr import MGRModule
from sklearn_irx.nn.training.objectives.mrd import MRDModule
from sklearn_irx.nn.training.objectives.real_x import RealXModule

__all__ = [
    "A2RModule",
    "CARModule",
    "CrossEntropy",
    "DARModule",
    "DistillationModule",
    "EncodingPenaltyModule",
    "GRATModule",
    "MCDModule",
    "MGRModule",
    "MRDModule",
    "ObjectiveModule",
    "RealXModule",
]
