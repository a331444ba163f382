"""A recurrent network in both directions."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sklearn_irx.nn.encoder import Encoder

CELLS: dict[str, type[nn.GRU] | type[nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class RecurrentEncoder(Encoder):
    """A bidirectional GRU or LSTM, its states rectified (Lei et al., 2016; Bastings et al., 2019).

    Parameters
    ----------
    input_size : int
        Length of a word's vector.
    rnn_cell : {"gru", "lstm"}
        Kind of cell.
    rnn_size : int
        Units of each direction.
    """

    def __init__(self, input_size: int, *, rnn_cell: str, rnn_size: int) -> None:
        super().__init__()
        self.cells = CELLS[rnn_cell](input_size, rnn_size, batch_first=True, bidirectional=True)
        self.output_size = 2 * rnn_size

    def forward(self, vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        # Packed, so that the backward direction begins at the last word and not at the padding.
        lengths = words.sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(
            self.cells(packed)[0], batch_first=True, total_length=vectors.shape[1]
        )
        return F.relu(states) * words.unsqueeze(-1)
