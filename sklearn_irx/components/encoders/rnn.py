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
from sklearn_irx.nn.kernels.packed_batch import PackedBatch, look_up
from sklearn_irx.nn.kernels.precision import product
from sklearn_irx.nn.kernels.recurrence import Steps, recurrence

CELLS: dict[str, type[nn.GRU] | type[nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class RNN(Encoder):
    """A bidirectional recurrent network with rectified states.

    Parameters
    ----------
    cell : {"gru", "lstm"}, default="gru"
        Kind of cell.
    hidden_size : int, default=100
        Units of each direction.
    layer_norm : bool, default=True
        Whether the states of each word are normalized, to zero mean and unit variance, before they
        are rectified. At the start they are small, and from random weights little is learned of
        them in few epochs otherwise.

    References
    ----------
    T. Lei et al., "Rationalizing Neural Predictions", EMNLP 2016; J. Bastings et al.,
    "Interpretable Neural Predictions with Differentiable Binary Variables", ACL 2019; J. L. Ba et
    al., "Layer Normalization", 2016.

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
        "layer_norm": ["boolean"],
    }

    def __init__(
        self, cell: str = "gru", hidden_size: int = 100, *, layer_norm: bool = True
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.layer_norm = layer_norm

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({"layer_norm": False, **state})  # it was not there in older pickles

    def build(self, input_size: int) -> RecurrentModule:
        """Build the module for word vectors of a size."""
        return RecurrentModule(input_size, **self.get_params())


class RecurrentModule(EncoderModule):
    """A bidirectional GRU or LSTM; for its parameters see :class:`RNN`.

    Attributes
    ----------
    plain : bool
        Whether to leave a GRU to torch, as on devices other than the CPU: the reference for tests
        and benchmarks. An LSTM is left to it everywhere.
    """

    plain = False

    def __init__(self, input_size: int, *, cell: str, hidden_size: int, layer_norm: bool) -> None:
        super().__init__()
        self.cells = CELLS[cell](input_size, hidden_size, batch_first=True, bidirectional=True)
        self.output_size = 2 * hidden_size
        self.norm = nn.LayerNorm(self.output_size) if layer_norm else nn.Identity()

    def forward(self, vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        # Packed, so that the backward direction starts at the last word, not at padding.
        lengths = words.sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(
            self.cells(packed)[0], batch_first=True, total_length=vectors.shape[1]
        )
        return F.relu(self.norm(states)) * words.unsqueeze(-1)

    def token_features(self, table: torch.Tensor, batch: PackedBatch) -> torch.Tensor:  # noqa: D102
        if self._is_plain(table):
            return super().token_features(table, batch)
        return self._states(table, batch, batch.inverse)

    def word_features(self, vectors: torch.Tensor, batch: PackedBatch) -> torch.Tensor:  # noqa: D102
        if self._is_plain(vectors):
            return super().word_features(vectors, batch)
        return self._states(vectors, batch)

    def max_pooled(  # noqa: D102
        self, vectors: torch.Tensor, kept: torch.Tensor, batch: PackedBatch
    ) -> torch.Tensor:
        if self._is_plain(vectors):
            return super().max_pooled(vectors, kept, batch)
        states = self._states(vectors, batch)
        return F.relu(batch.padded(states)).masked_fill(~batch.words.unsqueeze(2), 0).amax(dim=1)

    def _is_plain(self, vectors: torch.Tensor) -> bool:
        return self.plain or vectors.device.type != "cpu" or not isinstance(self.cells, nn.GRU)

    def _states(
        self, vectors: torch.Tensor, batch: PackedBatch, inverse: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the states (1 + n_words, output_size) of both directions; row 0 is of no word.

        `vectors` are those of the words, or those at `inverse` are.
        """
        steps = Steps(batch)
        if not steps.sizes:
            return vectors.new_zeros(1, self.output_size)
        weights, biases, of_states, of_states_bias = (
            torch.stack([self.cells.get_parameter(f"{name}_l0{end}") for end in ("", "_reverse")])
            for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
        )
        gates = product(vectors, weights.flatten(0, 1), self.precision) + biases.flatten()
        rows = steps.rows if inverse is None else look_up(inverse, steps.rows)
        states = recurrence(
            gates.unflatten(1, (2, -1)).flatten(0, 1).index_select(0, 2 * rows + steps.backward),
            of_states.transpose(1, 2).contiguous(),
            of_states_bias.unsqueeze(1),
            steps,
        )
        normalized: torch.Tensor = self.norm(look_up(states, steps.places).flatten(1))
        return normalized
