"""MGR: several selectors train one predictor."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import (
    Objective,
    check_has_encoder,
    check_shares_no_encoder,
)
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import MGRModule, ObjectiveModule


class MGR(Objective):
    r"""Multi-generator rationalization: several selectors train one predictor.

    One selector that is stuck with poor words spoils its predictor. Of n selectors with different
    initial weights and learning rates, some will not be, and the predictor that learns from all of
    them draws the others along:

    .. math::
        \min_{s_1 \ldots s_n, f} \; \frac{1}{n} \sum_{i=1}^{n} E_{x, y} \,
        E_{m \sim s_i(x)} [ -\log f(y \mid m \odot x) ]

    plus the mean of the penalties of words and transitions. Selector i has i times the learning
    rate, and the predictor a n-th of its own. The first selector is the model's; the others are of
    training only, and are not saved.

    Parameters
    ----------
    n_selectors : int, default=3
        The number n. Time and memory of training grow with it.

    Notes
    -----
    The paper sums losses where the mean is taken here, so that penalties keep their meaning; to
    Adam this is the same. Word vectors, and the pretrained weights of a transformer, are the same
    for all selectors. Those that start from a linear initialization, or from a transformer, differ
    by their learning rates and by chance alone; and the layers of a transformer have its own rates,
    whatever the selector.

    References
    ----------
    W. Liu et al., "MGR: Multi-generator Based Rationalization", ACL 2023.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="mgr")
    >>> clf.set_params(objective__n_selectors=2).objective
    MGR(n_selectors=2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_selectors": [Interval(Integral, 2, None, closed="left")]
    }

    def __init__(self, n_selectors: int = 3) -> None:
        self.n_selectors = n_selectors

    def check_network(self, config: NetworkConfig) -> None:  # noqa: D102
        check_has_encoder(self, config)
        reason = "several encoders of selectors, and the predictor cannot share them"
        check_shares_no_encoder(self, config, reason)

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: D102
        return MGRModule(module, self.n_selectors)
