"""MCD: the rationale leads to what is predicted from the full text."""

from __future__ import annotations

from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import MCDModule, ObjectiveModule


class MCD(Objective):
    r"""Minimal conditional dependence: the rationale leads to what the full text does.

    Words that go along with a class, and are no reason for it, predict it well; but once the
    reasons are selected, they add nothing. So the selector s does not minimize the cross-entropy.
    It selects words from which the predictor f says what it says from the full text, and f learns
    from both:

    .. math::
        f &= \arg\min_f \; E_{x, y} \, E_{m \sim s(x)} [ -\log f(y \mid m \odot x)
             - \log f(y \mid x) ], \\
        s &= \arg\min_s \; E_x \, E_{m \sim s(x)}
             \big[ \mathrm{KL} \big( f(\cdot \mid x) \,\|\, f(\cdot \mid m \odot x) \big) \big]
             + \text{penalties of } m.

    Both are minimized at once, a step of each for every batch; in the loss of s, f is a constant,
    and has no dropout. That loss is the training loss that is shown.

    Notes
    -----
    The paper takes a step of f and then one of s, each with masks of its own. f knows what the full
    text says, and s selects to repeat it: see what is said of
    :class:`Distillation`, and measure it by :func:`~sklearn_irx.metrics.encoding_score`.

    References
    ----------
    W. Liu et al., "D-Separation for Causal Self-Explanation", NeurIPS 2023.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="mcd")
    """

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: ARG002, D102
        return MCDModule()
