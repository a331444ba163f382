"""G-RAT: a guide that attends to all words shows the selector where to look."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import Objective, check_has_encoder
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import GRATModule, ObjectiveModule


class GRAT(Objective):
    r"""Guided rationalization: a guide that attends to all words shows the selector where to look.

    The *guide* g predicts from all words, weighted by attention a (a softmax over the words, from
    an encoder of its own), and learns from the labels alone, from the first epoch of the warm-up
    on. The selector learns to select what the guide attends to, and later the predictor f to
    predict what the guide does:

    .. math::
        \min_{s, f} \; E_{x, y} \, E_{m \sim s(x)} \big[ -\log f(y \mid m \odot x)
        + v_t \, \mathrm{H} \big( p, \sigma(s(x)) \big)
        + (1 - v_t) \, \mathrm{JS} \big( f(\cdot \mid m \odot x), g(\cdot \mid x) \big) \big],

    .. math:: p_i = \min \Big( 1, \; \frac{a_i}{1/n + 1/(n + 1)} \Big),

    plus the penalties of words and transitions. H is the cross-entropy of a word, in the mean over
    the words of a document that may be selected; n is the number of all its words; JS is the
    Jensen-Shannon divergence; and :math:`v_t = \max(0, 1 - d (t - 1))` in step t after the warm-up.
    a and g are constants here. The guide is of training only, and is not saved.

    Parameters
    ----------
    decay : float, default=1e-4
        What the weight of the guide's attention loses in a step, d.
    noise : float, default=1.0
        The absolute value of normal noise of this standard deviation is added to the guide's scores
        of attention while it learns, so that it does not settle on a few words early.

    Notes
    -----
    The guide learns in the same step as the model, not before it.

    References
    ----------
    S. Hu and K. Yu, "Learning Robust Rationales for Model Explainability: A Guidance-Based
    Approach", AAAI 2024.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="grat")
    >>> clf.set_params(objective__decay=1e-3).objective
    GRAT(decay=0.001)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "decay": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, decay: float = 1e-4, *, noise: float = 1.0) -> None:
        self.decay = decay
        self.noise = noise

    def check_network(self, config: NetworkConfig) -> None:  # noqa: D102
        check_has_encoder(self, config)

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: D102
        return GRATModule(module, self.decay, self.noise)
