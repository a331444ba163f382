"""Ways to select words so that the selection can be trained, one file each."""

from __future__ import annotations

import inspect
from typing import Any

from sklearn_irx.components.samplers.gumbel import Gumbel
from sklearn_irx.components.samplers.hard_kuma import HardKuma
from sklearn_irx.components.samplers.reinforce import Reinforce
from sklearn_irx.components.samplers.sparsemap import SparseMap
from sklearn_irx.components.samplers.straight_through import StraightThrough
from sklearn_irx.components.samplers.top_k import TopK
from sklearn_irx.nn.sampler import IndependentSampler, Sampler, Selection

SAMPLERS: dict[str, type[Sampler]] = {
    "straight_through": StraightThrough,
    "gumbel": Gumbel,
    "reinforce": Reinforce,
    "hard_kuma": HardKuma,
    "sparsemap": SparseMap,
    "top_k": TopK,
}


def make_sampler(name: str, params: dict[str, Any] | None, **common: Any) -> Sampler:
    """Make the sampler of a name, with parameters of its own and those common to all.

    Raises
    ------
    ValueError
        If it does not take one of `params`, or not that value.
    """
    own = [
        parameter.name
        for parameter in inspect.signature(SAMPLERS[name]).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD and parameter.name not in _COMMON
    ]
    for key, value in (params or {}).items():
        if key not in own:
            takes = f"its own are {', '.join(own)}" if own else "it has none of its own"
            raise ValueError(
                f"sampler_params={{{key!r}: {value!r}}} is nothing that sampler={name!r} takes: "
                f"{takes}."
            )
    try:
        return SAMPLERS[name](**(params or {}), **common)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sampler_params={params!r} of sampler={name!r}: {error}") from error


_COMMON = inspect.signature(Sampler).parameters

__all__ = ["SAMPLERS", "IndependentSampler", "Sampler", "Selection", "make_sampler"]
