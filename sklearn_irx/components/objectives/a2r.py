"""A2R: attention to rationale, a soft predictor beside the hard one."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import A2RModule, ObjectiveModule


class A2R(Objective):
    r"""Attention to rationale: a soft predictor reads all words, and the hard one agrees with it.

    Of a poor selection, the predictor makes what it can, and its loss does not tell the selector
    what it missed. Here the selector learns from a *soft* predictor g, which sees every word,
    weighted by attention: the softmax of the selector's scores, divided by its largest value. With
    a the attention, m the hard mask, y the class, and JS the Jensen-Shannon divergence in nats,

    .. math::
        \min_{s, g} \; E_{x, y} \big[ -\log g(y \mid a \odot x) \big]
        + w \, E_x \big[ \mathrm{JS} \big( f(\cdot \mid m \odot x), g(\cdot \mid a \odot x) \big)
        \big], \\
        \min_f \; E_{x, y} \big[ -\log f(y \mid m \odot x) \big]
        + w \, E_x \big[ \mathrm{JS} \big( f(\cdot \mid m \odot x), g(\cdot \mid a \odot x) \big)
        \big],

    plus the penalties of words and transitions of m. No gradient passes through m but that of the
    penalties. g begins as a copy of f, is of training only, and is not saved.

    Parameters
    ----------
    weight : float, default=1.0
        The weight w, in nats of cross-entropy for each nat of divergence.

    Notes
    -----
    The published selector takes the words of highest attention (`sampler` "top_k" here).

    References
    ----------
    M. Yu, Y. Zhang, S. Chang and T. Jaakkola, "Understanding Interlocking Dynamics of Cooperative
    Rationalization", NeurIPS 2021.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="a2r")
    >>> clf.set_params(objective__weight=0.5).objective
    A2R(weight=0.5)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "weight": [Interval(Real, 0, None, closed="left")]
    }

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: D102
        return A2RModule(module, self.weight)
