"""Distillation: the rationale shall lead to the prediction from the full text."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import DistillationModule, ObjectiveModule


class Distillation(Objective):
    r"""Distillation from a teacher of the same transformer, which reads the full text.

    The selector's transformer has read the whole document anyway. The *teacher* t, a linear layer
    on the mean of the features of all words, learns the class from them, and the predictor f shall
    predict from the rationale what is predicted from the full text: by q, whose logits are the sum
    of the teacher's and of those that the linear path, if there is one, has for all words. With x
    the words of a document, y its class and s the selector,

    .. math::
        \min_{s, f, t} \; E_{x, y} \, E_{m \sim s(x)} \big[ -\log f(y \mid m \odot x)
        - \log t(y \mid x) \big]
        + w \, \tau^2 \, E_x \, E_{m \sim s(x)}
        \big[ \mathrm{KL} \big( q_\tau(\cdot \mid x) \,\|\, f_\tau(\cdot \mid m \odot x) \big) \big]
        + v \, E_x \big[ \mathrm{H} \big( p(x), \sigma(s(x)) \big) \big],

    where :math:`q_\tau` and :math:`f_\tau` are softmaxes of logits divided by the temperature
    :math:`\tau`. The logits of q are sums over words. In the last term, p marks as many words as
    the selector selects: those that add most to the logit of the class that q predicts, above the
    mean over classes; H is the cross-entropy of a word. In both of the latter terms q and p are
    constants. The teacher is of training only: it is not saved.

    The teacher settles on a class from the full text. So this objective makes the selector choose
    words for that class, more than the others do: what it costs in encoding should be measured
    (:func:`~sklearn_irx.metrics.encoding_score`).

    Parameters
    ----------
    weight : float, default=1.0
        The weight w, in nats of cross-entropy for each nat of divergence.
    mask_weight : float, default=0.0
        The weight v of the teacher's words.
    temperature : float, default=1.0
        The temperature :math:`\tau` of both softmaxes.

    Notes
    -----
    In REKD, teacher and student are two rationale models, and the student learns the label and mask
    distributions of the teacher. Here the teacher is a head of the student, trained along.

    References
    ----------
    "REKD", arXiv 2601.22531, for the distillation of labels and masks; G. Hinton et al.,
    "Distilling the Knowledge in a Neural Network", 2015.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Distillation
    >>> clf = SelectiveRationaleClassifier(
    ...     encoder="transformer", objective=Distillation(weight=0.5)
    ... )
    >>> clf.set_params(objective__mask_weight=0.1).objective
    Distillation(mask_weight=0.1, weight=0.5)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "weight": [Interval(Real, 0, None, closed="left")],
        "mask_weight": [Interval(Real, 0, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self, weight: float = 1.0, *, mask_weight: float = 0.0, temperature: float = 1.0
    ) -> None:
        self.weight = weight
        self.mask_weight = mask_weight
        self.temperature = temperature

    def check_network(self, config: NetworkConfig) -> None:  # noqa: D102
        if not config.encoder.reads_pieces:
            raise ValueError(
                f"objective={self!r} needs a transformer, whose features of the full text it "
                f"learns from, and encoder={config.encoder!r} is none: give "
                "encoder=Transformer(...), or another objective."
            )

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: D102
        return DistillationModule(
            module,
            weight=self.weight,
            mask_weight=self.mask_weight,
            temperature=self.temperature,
        )
