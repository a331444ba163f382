"""CAR: an advocate argues for a class, and the predictor is not to be talked into it."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import (
    Objective,
    check_has_encoder,
    check_shares_no_encoder,
)
from sklearn_irx.components.samplers import Reinforce
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import CARModule, ObjectiveModule


class CAR(Objective):
    r"""Class-wise adversarial rationalization: the predictor is not to be talked into a class.

    Beside the selector s, an advocate is trained: a_t selects words for the class t, whether the
    text is of that class or not. The predictor f judges. It learns the true class from what is
    argued, too, so words that stand in texts of other classes as well do not convince it:

    .. math::
        f &= \arg\min_f \; E_{x, y} \big[ E_{m \sim s(x)} [ -\log f(y \mid m \odot x) ]
             + w \, E_t \, E_{m \sim a_t(x)} [ -\log f(y \mid m \odot x) ] \big], \\
        s &= \arg\min_s \; E_{x, y} \, E_{m \sim s(x)} [ -\log f(y \mid m \odot x) ]
             + \text{penalties of } m, \\
        a &= \arg\max_a \; E_x \, E_t \, E_{m \sim a_t(x)} [ w \, f(t \mid m \odot x) ]
             - \text{penalties of } m.

    In the objective of a, f is a constant, and has no dropout. For t, half of the time the
    predicted class is drawn, for which both should agree, and else any other, where they are
    opponents. The advocate is of training only, and is not saved.

    What becomes of it: words for another class than the predicted one, as
    ``explain(X, target="runner_up")`` finds them, convince the model less often.

    Parameters
    ----------
    weight : float, default=1.0
        The weight w of what is argued, above 0.

    Notes
    -----
    The paper has, for each class, a selector for its texts, one for all others, and a judge of
    which of the two has selected. Here the two are one, since nobody knows of a new text which is
    to be asked, with an encoder that the classes share; the judges of the classes are one
    predictor; and the selector s, which the paper does not have, settles on the class.

    References
    ----------
    S. Chang et al., "A Game Theoretic Approach to Class-wise Selective Rationalization", NeurIPS
    2019.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="car")
    >>> clf.set_params(objective__weight=0.5).objective
    CAR(weight=0.5)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "weight": [Interval(Real, 0, None, closed="neither")]
    }

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def check_network(self, config: NetworkConfig) -> None:  # noqa: D102
        check_has_encoder(self, config)
        reason = "an encoder of the advocate, and its opponent, the predictor, cannot share one"
        check_shares_no_encoder(self, config, reason)
        if isinstance(config.sampler, Reinforce):
            raise ValueError(
                f"objective={self!r} has two selectors with losses of their own, and sampler="
                f"{config.sampler!r} compares losses with one average: give another sampler."
            )

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: D102
        return CARModule(module, self.weight)
