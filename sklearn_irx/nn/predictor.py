"""The network that sees the selected words only and gives the class."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.packed_batch import Layout
from sklearn_irx.nn.linear import LinearPath
from sklearn_irx.nn.text_encoder import Reader

PREDICTOR_INPUTS = ("in_place", "compact")


class Predictor(nn.Module):
    """A reader of the selected words, the largest value of each feature, and a linear path.

    Parameters
    ----------
    reader : Reader
        What reads the words.
    n_classes : int
        Number of classes.
    hidden_size : int
        Units of the layer between the features and the classes.
    dropout : float
        Share of features dropped in training, before each layer.
    word_dropout : float
        Share of selected words dropped in training.
    compact : bool
        Whether selected words are closed up: no gap tells how many words were left out, or where.
    linear : LinearPath or None
        Added to what the reader says. With it, the reader begins with saying nothing.
    """

    def __init__(
        self,
        reader: Reader,
        n_classes: int,
        *,
        hidden_size: int,
        dropout: float,
        word_dropout: float,
        compact: bool,
        linear: LinearPath | None,
    ) -> None:
        super().__init__()
        self.reader = reader
        self.hidden = nn.Linear(reader.encoder.output_size, hidden_size)
        self.output = nn.Linear(hidden_size, n_classes)
        self.dropout = Dropout(dropout)
        self.word_dropout = word_dropout
        self.compact = compact
        self.linear = linear
        if linear is not None:
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def forward(self, layout: Layout, mask: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Read words under a mask: logits (batch, n_classes).

        Parameters
        ----------
        layout : Layout
            The words.
        mask, rows : Tensor of shape (batch, length)
            Their mask, and their rows in the weights of the linear path.
        """
        if self.training and self.word_dropout:
            drawn = torch.rand_like(mask, generator=generator_for(mask.device))
            mask = mask * (drawn >= self.word_dropout)
        if self.compact:
            ids, weights = closed_up(layout.ids, mask)
            seen = Layout(ids, layout.margin, layout.unseen)
            largest = self.reader.largest(seen, seen.packed(weights))
        else:
            largest = self.reader.largest(layout, layout.packed(mask))
        logits = self.output(self.dropout(F.relu(self.hidden(self.dropout(largest)))))
        return logits if self.linear is None else logits + self.linear(layout, mask, rows)


def closed_up(ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Move the words with a mask above zero to the front, in their order, and drop the others.

    Parameters
    ----------
    ids, mask : Tensor of shape (batch, length)
        Words and their mask.

    Returns
    -------
    ids, mask : Tensor of shape (batch, most words of a document, at least 1)
        Padded with zeros.
    """
    kept = mask > 0
    width = max(1, int(kept.sum(dim=1).max()))
    order = kept.to(torch.int8).argsort(dim=1, descending=True, stable=True)[:, :width]
    kept = kept.gather(1, order)
    return ids.gather(1, order) * kept, mask.gather(1, order) * kept
