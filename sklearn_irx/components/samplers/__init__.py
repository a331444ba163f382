"""Samplers: ways to select words so that the selection can be trained."""

from sklearn_irx.components.base import Registry
from sklearn_irx.components.samplers.auto import AutoSampler as AutoSampler
from sklearn_irx.components.samplers.base import RelaxedSampler as RelaxedSampler
from sklearn_irx.components.samplers.base import Sampler
from sklearn_irx.components.samplers.gumbel import Gumbel
from sklearn_irx.components.samplers.hard_kuma import HardKuma
from sklearn_irx.components.samplers.reinforce import Reinforce
from sklearn_irx.components.samplers.sparsemap import SparseMap
from sklearn_irx.components.samplers.straight_through import StraightThrough
from sklearn_irx.components.samplers.top_k import TopK

SAMPLERS = Registry(
    "sampler",
    Sampler,
    {
        "auto": AutoSampler(),
        "straight_through": StraightThrough(),
        "gumbel": Gumbel(),
        "reinforce": Reinforce(),
        "hard_kuma": HardKuma(),
        "sparsemap": SparseMap(),
        "top_k": TopK(),
    },
)
