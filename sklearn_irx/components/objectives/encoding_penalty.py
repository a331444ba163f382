"""A penalty on what the choice of words tells beyond the words."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval
from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import EncodingPenaltyModule, ObjectiveModule


class EncodingPenalty(Objective):
    r"""A penalty on what the predictor knows from the choice of words, beyond the words.

    Beside the predictor f, which learns from rationales, a *reader* g of the same kind learns from
    words drawn at random as in :class:`RealX`. So f approaches the probability of a class given
    words and that they were selected, and g given these words in a document, whoever chose them.
    The selector s is penalized where the two differ:

    .. math::
        \min_{s, f} \; E_{x, y} \, E_{m \sim s(x)} [ -\log f(y \mid m \odot x) ]
        + w \, E_x \, E_{m \sim s(x)}
        \big[ \mathrm{KL} \big( f(\cdot \mid m \odot x) \,\|\, g(\cdot \mid m \odot x) \big) \big],

    where the second term trains the selector alone: f and g are constants in it, and have no
    dropout. Penalties of words and transitions are added. The reader begins as a copy of the
    predictor; it is of training only, and is not saved.

    Parameters
    ----------
    weight : float, default=2.0
        The weight w, in nats of cross-entropy for each nat of divergence. At 1, what the choice
        tells beyond the words is worth nothing to the selector; above, it costs.

    Notes
    -----
    Where f and g are the true probabilities, the cross-entropy of f is that of g less the
    divergence, so that the selector minimizes

    .. math::
        E [ -\log g(y \mid m \odot x) ] + (w - 1) \,
        E \big[ \mathrm{KL}(f \,\|\, g) \big].

    A weight of 1 is therefore the selector's loss of :class:`RealX`, and with a weight above 1 what
    is minimized has the form of STRIPE-X with its sign changed: an EVAL-X score, which is the
    log-probability that a reader of random masks gives, less :math:`\alpha = w - 1` times a measure
    of how much the fact of selection tells of the label once the words are known. Three things
    differ. STRIPE-X scores given explanations and fits its models to them; here selector, predictor
    and reader are trained at the same time, so while f lags behind the selector the penalty is too
    small. STRIPE-X's measure is the dependence between the label and the event that just these
    words were selected, given their values, so that not having been selected counts too; here only
    what was selected counts, as nothing else is shown. And the reader here draws its masks as
    :class:`RealX` does.

    A weight of 1 is enough against a code of words that say nothing. A choice among words that say
    something, those of the class that the whole document has, also brings g to the class, and costs
    more than it brings at higher weights only.

    Without an encoder, training does not change which words rank first, so the penalty can change
    how many words `lambda1` selects, and nothing else.

    Refused with the sampler "gumbel", whose masks leave no word out in training.

    References
    ----------
    A. Puli et al., "Explanations that reveal all through the definition of encoding", NeurIPS 2024
    (STRIPE-X); N. Jethani et al., "Have We Learned to Explain?: How Interpretability Methods Can
    Learn to Encode Predictions in their Interpretations", AISTATS 2021 (EVAL-X).

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import EncodingPenalty
    >>> clf = SelectiveRationaleClassifier(encoder="cnn", objective=EncodingPenalty(weight=5.0))
    >>> clf.set_params(objective__weight=1.5).objective
    EncodingPenalty(weight=1.5)
    """

    needs_exact_zeros = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "weight": [Interval(Real, 0, None, closed="left")]
    }

    def __init__(self, weight: float = 2.0) -> None:
        self.weight = weight

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: D102
        return EncodingPenaltyModule(module, self.weight)
