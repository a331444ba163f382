"""The base of samplers."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.base import Component
from sklearn_irx.nn.sampler import SamplerModule


class Sampler(Component):
    """Base of samplers, which decide how the selection is trained and made at inference.

    A subclass names its `module`, which takes the parameters of the subclass and the two lengths.

    Attributes
    ----------
    module : type of SamplerModule
        Class of the module that :meth:`build` makes.
    """

    module: ClassVar[type[SamplerModule]]

    def build(
        self,
        *,
        rationale_length: float | str | None = None,
        max_rationale_length: float | None = None,
    ) -> SamplerModule:
        """Build the module.

        Parameters
        ----------
        rationale_length, max_rationale_length : float or None
            As :class:`~sklearn_irx.SelectiveRationaleClassifier` takes them.

        Returns
        -------
        module : SamplerModule
        """
        return self.module(
            **self.get_params(deep=False),
            rationale_length=rationale_length,
            max_rationale_length=max_rationale_length,
        )

    def shaping_params(self) -> dict[str, Any]:
        """Return no parameters: no weight depends on those of a sampler."""
        return {}


class RelaxedSampler(Sampler):
    """Base of samplers with a temperature.

    Parameters
    ----------
    temperature : float, default=1.0
        Softness of the relaxation at the first training step.
    temperature_decay : float, default=1e-5
        At step s the temperature is ``temperature * exp(-temperature_decay * s)``.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "temperature_decay": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, temperature: float = 1.0, temperature_decay: float = 1e-5) -> None:
        self.temperature = temperature
        self.temperature_decay = temperature_decay
