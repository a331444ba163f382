"""MRD: what is left without the rationale does not lead to what the full text does."""

from __future__ import annotations

from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import MRDModule, ObjectiveModule


class MRD(Objective):
    r"""Maximal remaining discrepancy: the rest of the text does not tell the class.

    Whether words that go along with a class are taken out or noise is, the rest tells as much as
    before, since the reasons are still there. So the selector s takes out words until the predictor
    f says of the rest something else than of the full text, and f learns from the rest, the full
    text and the rationale:

    .. math::
        f &= \arg\min_f \; E_{x, y} \, E_{m \sim s(x)} [ -\log f(y \mid (1 - m) \odot x)
             - \log f(y \mid x) - \log f(y \mid m \odot x) ], \\
        s &= \arg\max_s \; E_x \, E_{m \sim s(x)}
             \big[ \mathrm{KL} \big( f(\cdot \mid x) \,\|\, f(\cdot \mid (1 - m) \odot x) \big)
             \big] - \text{penalties of } m.

    Both are at once, a step of each for every batch; in the objective of s, f is a constant, and
    has no dropout. The training loss that is shown is that of s, and below zero.

    The rationale has to hold all that tells the class: of texts that repeat themselves it will be
    too short for that.

    Notes
    -----
    In the paper f never learns from the rationale, though accuracy is measured on it. Here it does,
    as it is the model's predictor; no gradient of that reaches s. Where m is soft, as the sampler
    "gumbel" has it, something of each selected word stays in the rest, the less the surer s is.

    References
    ----------
    W. Liu et al., "Is the MMI Criterion Necessary for Interpretability? Degenerating Non-causal
    Features to Plain Noise for Self-Rationalization", NeurIPS 2024.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="mrd")
    """

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: ARG002, D102
        return MRDModule()
