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
    reads_pieces : bool
        Whether it is a pretrained transformer, which reads pieces of words instead.
    """

    needs_vectors: ClassVar[bool] = True
    reads_pieces: ClassVar[bool] = False

    @property
    def has_context(self) -> bool:
        """Whether words have features that depend on others."""
        return self.needs_vectors or self.reads_pieces

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
