"""The base of encoders."""

from __future__ import annotations

from typing import ClassVar

from sklearn_irx.components.base import Component
from sklearn_irx.nn.encoder import EncoderModule


class Encoder(Component):
    """Base of encoders, which compute features of words in context for selector and predictor.

    A subclass has parameters of its own and :meth:`build`.

    Attributes
    ----------
    needs_vectors : bool
        Whether there is anything to compute from word vectors.
    """

    needs_vectors: ClassVar[bool] = True

    def build(self, input_size: int) -> EncoderModule:
        """Build the module.

        Parameters
        ----------
        input_size : int
            Dimensions of the word vectors.

        Returns
        -------
        module : EncoderModule
        """
        raise NotImplementedError
