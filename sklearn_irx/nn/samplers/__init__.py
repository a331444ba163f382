"""Ways to select words so that the selection can be trained, one file each."""

from sklearn_irx.nn.samplers.base import Sampler
from sklearn_irx.nn.samplers.gumbel import Gumbel
from sklearn_irx.nn.samplers.straight_through import StraightThrough

SAMPLERS: dict[str, type[Sampler]] = {
    "straight_through": StraightThrough,
    "gumbel": Gumbel,
}

__all__ = ["SAMPLERS", "Gumbel", "Sampler", "StraightThrough"]
