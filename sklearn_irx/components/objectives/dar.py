"""DAR: a predictor that has read full texts alone must read the rationale."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import DARModule, ObjectiveModule


class DAR(Objective):
    r"""Discriminatively aligned rationalization: one who has read full texts alone can read it.

    Selector and predictor may come to understand each other in words that mean something else in a
    text. The *aligner* g has learned from full texts in the warm-up, knows nothing of rationales,
    and never will. With s the selector and f the predictor,

    .. math::
        \min_{s, f} \; E_{x, y} \, E_{m \sim s(x)} [ -\log f(y \mid m \odot x)
        - w \log g(y \mid m \odot x) ]

    plus the penalties of words and transitions. g is a constant, and has no dropout.

    Parameters
    ----------
    weight : float, default=1.0
        The weight w.

    Notes
    -----
    g is a copy of f at the end of the warm-up (`warmup_epochs` of :class:`Training`), in which f
    learns from full texts; without one, of f as it begins, with what the linear initialization
    learned from them. From scratch without a warm-up there is nothing to copy, which is refused. In
    the paper f begins anew after that.

    References
    ----------
    W. Liu et al., "Enhancing the Rationale-Input Alignment for Self-explaining Rationalization",
    ICDE 2024.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="dar")
    >>> clf.set_params(objective__weight=0.5).objective
    DAR(weight=0.5)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "weight": [Interval(Real, 0, None, closed="left")]
    }

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def check_network(self, config: NetworkConfig) -> None:  # noqa: D102
        from_scratch = config.initialization.from_scratch
        of_pieces = config.encoder.reads_pieces
        n_epochs, _ = config.training.curriculum(from_scratch=from_scratch, of_pieces=of_pieces)
        if from_scratch and not n_epochs:
            raise ValueError(
                f"objective={self!r} needs a predictor that has learned from full texts, and "
                "warmup_epochs=0 of training lets it learn from none: give some, or an "
                "initialization."
            )

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: D102
        return DARModule(module, self.weight)
