"""FR: selector and predictor share one encoder."""

from __future__ import annotations

from sklearn.base import clone

from sklearn_irx.components.base import Component
from sklearn_irx.components.objectives.base import Objective, check_has_encoder
from sklearn_irx.nn.config import NetworkConfig


class FR(Objective):
    r"""Folded rationalization: selector and predictor share one encoder.

    It is trained by both, on the loss of :class:`JointObjective`. With h the encoder, s and f the
    layers above it,

    .. math:: \min_{h, s, f} \; E_{x, y} \, E_{m \sim s(h(x))} [ -\log f(y \mid h(m \odot x)) ]

    plus the penalties of words and transitions. What the predictor learns of words, the selector
    knows, and words that mean nothing to the one are not selected by the other.

    It is ``predictor=Predictor(share_encoder=True)`` by another name; a model that was trained with
    it has such a predictor. A transformer is shared by default.

    References
    ----------
    W. Liu et al., "FR: Folded Rationalization with a Unified Encoder", NeurIPS 2022.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None, objective="fr")
    """

    def adapted(self, parts: dict[str, Component]) -> dict[str, Component]:  # noqa: D102
        if parts["predictor"].get_params()["share_encoder"] is False:
            raise ValueError(
                f"objective={self!r} is a shared encoder, and share_encoder=False of predictor "
                "rules it out: leave one of them out."
            )
        return {**parts, "predictor": clone(parts["predictor"]).set_params(share_encoder=True)}

    def check_network(self, config: NetworkConfig) -> None:  # noqa: D102
        check_has_encoder(self, config)
