"""REAL-X: the selector is judged by a predictor that learns from words drawn at random."""

from __future__ import annotations

from sklearn_irx.components.objectives.base import Objective
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import ObjectiveModule, RealXModule


class RealX(Objective):
    r"""REAL-X: the predictor learns from words drawn at random, and never from a rationale.

    So it knows what words say, and nothing of what it means that they were selected. The selector
    learns from its cross-entropy on the rationales, with the predictor taken as a constant. With x
    the words of a document, y its class, f the predictor and s the selector,

    .. math::
        f &= \arg\min_f \; E_{x, y} \, E_{r \sim R(x)} [ -\log f(y \mid r \odot x) ], \\
        s &= \arg\min_s \; E_{x, y} \, E_{m \sim s(x)} [ -\log f(y \mid m \odot x) ]
             + \text{penalties of } m.

    Both are minimized at once, a step of each for every batch. R draws a share for each document,
    uniformly between 0 and 1, and keeps each known word with this probability, but at least one.
    In the judgement of rationales the predictor has no dropout.

    Notes
    -----
    In the paper R keeps each feature with probability 1/2, so that a rationale of five words among
    a hundred would be unlike anything that the predictor has seen; a share drawn for each document
    covers all lengths. The paper's selector draws each feature independently and its gradient is
    estimated by REBAR; here `sampler` decides.

    The selector may still choose among words that say something, for the class that the whole
    document has, since these convince the predictor. Without an encoder, training does not change
    which words rank first: then only the predictor differs from that of :class:`JointObjective`, in
    that it does not know how its words were chosen.

    Refused with the sampler "gumbel", whose masks leave no word out in training, and with a
    predictor that shares weights with the selector, which would learn from rationales through them.

    References
    ----------
    N. Jethani et al., "Have We Learned to Explain?: How Interpretability Methods Can Learn to
    Encode Predictions in their Interpretations", AISTATS 2021.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import RealX
    >>> clf = SelectiveRationaleClassifier(objective="real_x")  # or
    >>> clf = SelectiveRationaleClassifier(objective=RealX())
    """

    needs_exact_zeros = True

    def check_network(self, config: NetworkConfig) -> None:  # noqa: D102
        super().check_network(config)
        of_pieces = config.encoder.reads_pieces
        shared = {
            "share_encoder": config.predictor.shares_encoder(of_pieces=of_pieces),
            "share_embeddings": config.predictor.share_embeddings and not of_pieces,
        }
        for name, is_shared in shared.items():
            if config.encoder.has_context and is_shared:
                raise ValueError(
                    f"objective={self!r} trains the predictor on no rationale, and {name}=True of "
                    f"predictor would train it with the selector: give {name}=False."
                )

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: ARG002, D102
        return RealXModule()
