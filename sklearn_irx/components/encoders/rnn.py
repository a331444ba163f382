"""A recurrent network in both directions."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sklearn_irx._compat import Interval, StrOptions
from sklearn_irx.components.encoders.base import Encoder
from sklearn_irx.nn.encoder import EncoderModule

CELLS: dict[str, type[nn.GRU] | type[nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class RNN(Encoder):
    """A bidirectional recurrent network with rectified states.

    Parameters
    ----------
    cell : {"gru", "lstm"}, default="gru"
        Kind of cell.
    hidden_size : int, default=100
        Units of each direction.

    References
    ----------
    T. Lei et al., "Rationalizing Neural Predictions", EMNLP 2016; J. Bastings et al.,
    "Interpretable Neural Predictions with Differentiable Binary Variables", ACL 2019.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import RNN
    >>> SelectiveRationaleClassifier(encoder=RNN(cell="lstm"))
    SelectiveRationaleClassifier(encoder=RNN(cell='lstm'))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "cell": [StrOptions(set(CELLS))],
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, cell: str = "gru", hidden_size: int = 100) -> None:
        self.cell = cell
        self.hidden_size = hidden_size

    def build(self, input_size: int) -> RecurrentModule:
        """Build the module for word vectors of a size."""
        return RecurrentModule(input_size, cell=self.cell, hidden_size=self.hidden_size)


class RecurrentModule(EncoderModule):
    """A bidirectional GRU or LSTM; for its parameters see :class:`RNN`."""

    def __init__(self, input_size: int, *, cell: str, hidden_size: int) -> None:
        super().__init__()
        self.cells = CELLS[cell](input_size, hidden_size, batch_first=True, bidirectional=True)
        self.output_size = 2 * hidden_size

    def forward(self, vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        # Packed, so that the backward direction starts at the last word, not at padding.
        lengths = words.sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(
            self.cells(packed)[0], batch_first=True, total_length=vectors.shape[1]
        )
        return F.relu(states) * words.unsqueeze(-1)
