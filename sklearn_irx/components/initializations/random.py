"""Initialization with random weights."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.initializations.base import Built, Initialization, InitializationData
from sklearn_irx.nn.config import NetworkShape


class RandomInit(Initialization):
    """Start both networks from random weights, as Dai et al. (2022) did, without a linear path.

    Parameters
    ----------
    initial_selection : float, default=0.73
        Share of the words selected at the start, in (0, 1).

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022.

    Examples
    --------
    >>> from sklearn_irx.components import RandomInit
    >>> RandomInit(initial_selection=0.5)
    RandomInit(initial_selection=0.5)
    """

    from_scratch = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "initial_selection": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(self, initial_selection: float = 0.73) -> None:
        self.initial_selection = initial_selection

    def fit_weights(self, data: InitializationData) -> None:
        """Return None: there is no linear classifier."""

    def build(self, shape: NetworkShape, *, of_segments: bool = False) -> Built:  # noqa: ARG002
        """Return None for the linear path and the prior."""
        return None, None
