"""DR: the predictor learns as fast as it sees words."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from skorch.callbacks import Callback

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.training.callbacks import DecoupledLearningRate


class DR(Objective):
    r"""Decoupled rationalization: the predictor learns as fast as it sees words.

    A predictor that adapts fast to a poor selection keeps the selector there. Here the learning
    rate of the predictor in each step is that of the selector, times the share of the words of the
    batch that is selected:

    .. math:: \eta_f = \eta_s \cdot \max \Big( \text{least}, \; \frac{\sum m}{\sum 1} \Big).

    That bounds the slope of the predictor's loss over masks. Loss and penalties are those of
    :class:`JointObjective`. Weights that selector and predictor share have the selector's rate.

    Parameters
    ----------
    least : float, default=0.05
        The lowest factor, in (0, 1].

    References
    ----------
    W. Liu et al., "Decoupled Rationalization with Asymmetric Learning Rates: A Flexible Lipschitz
    Restraint", KDD 2023.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="dr")
    >>> clf.set_params(objective__least=0.1).objective
    DR(least=0.1)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "least": [Interval(Real, 0, 1, closed="right")]
    }

    def __init__(self, least: float = 0.05) -> None:
        self.least = least

    def callbacks(self) -> list[Callback]:  # noqa: D102
        return [DecoupledLearningRate(self.least)]
