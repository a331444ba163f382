"""The predictor: what it sees of the selected words, and what it shares with the selector."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

from sklearn_irx._compat import Interval, StrOptions
from sklearn_irx.components.base import Component, Registry
from sklearn_irx.nn.linear import LinearPath
from sklearn_irx.nn.predictor import PredictorNetwork
from sklearn_irx.nn.text_encoder import TextEncoder


class Predictor(Component):
    """The network that predicts the class from the selected words.

    Parameters
    ----------
    hidden_size : int, default=100
        Units of the hidden layer.
    input : {"auto", "in_place", "compact"}, default="auto"
        Whether the predictor sees the selected words in their positions, or closed up. In place, it
        sees where words were left out, and how many (for each, a transformer reads the piece that
        hides a word). "compact" is not for the sampler "gumbel", which leaves no word out in
        training. "auto" is "compact" with a transformer, which is quicker, and else "in_place".
    share_embeddings : bool, default=False
        Whether selector and predictor share trained word vectors. Otherwise the selector keeps the
        pretrained ones, and the predictor trains a copy.
    share_encoder : bool or "auto", default="auto"
        Whether they share the encoder too ("folded rationalization"). "auto" shares a transformer
        and no other encoder.

    References
    ----------
    W. Liu et al., "FR: Folded Rationalization with a Unified Encoder", NeurIPS 2022.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Predictor
    >>> SelectiveRationaleClassifier(predictor=Predictor(hidden_size=120))
    SelectiveRationaleClassifier(predictor=Predictor(hidden_size=120))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "input": [StrOptions({"auto", "in_place", "compact"})],
        "share_embeddings": ["boolean"],
        "share_encoder": ["boolean", StrOptions({"auto"})],
    }

    def __init__(
        self,
        hidden_size: int = 100,
        input: str = "auto",  # noqa: A002
        *,
        share_embeddings: bool = False,
        share_encoder: bool | str = "auto",
    ) -> None:
        self.hidden_size = hidden_size
        self.input = input
        self.share_embeddings = share_embeddings
        self.share_encoder = share_encoder

    def is_compact(self, *, of_pieces: bool = False) -> bool:
        """Return whether the input is compact, of a transformer or else of another encoder."""
        return self.input == "compact" or (self.input == "auto" and of_pieces)

    def shares_encoder(self, *, of_pieces: bool = False) -> bool:
        """Return whether the encoder is shared, a transformer or else another."""
        return self.share_encoder is True or (self.share_encoder == "auto" and of_pieces)

    def build(
        self,
        text_encoder: TextEncoder,
        n_classes: int,
        *,
        dropout: float,
        word_dropout: float,
        linear: LinearPath | None,
    ) -> PredictorNetwork:
        """Build the network; for the arguments see :class:`PredictorNetwork`."""
        return PredictorNetwork(
            text_encoder,
            n_classes,
            hidden_size=self.hidden_size,
            compact=self.is_compact(),
            dropout=dropout,
            word_dropout=word_dropout,
            linear=linear,
        )


PREDICTORS = Registry("predictor", Predictor, {None: Predictor()})
