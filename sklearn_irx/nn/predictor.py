"""The network that sees the selected words only and predicts the class."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear import LinearPath
from sklearn_irx.nn.text_encoder import TextEncoder


class FeaturePredictor(nn.Module):
    """Base of predictors that have logits of features of the selected words.

    With a linear path, whose logits are added, the output layer starts at zero. A subclass calls
    :meth:`add_output` last, and has :meth:`logits`.
    """

    output: nn.Linear
    linear: LinearPath | None

    def add_output(
        self, size: int, n_classes: int, *, word_dropout: float, linear: LinearPath | None
    ) -> None:
        """Add the output layer for so many features, and the linear path, if there is one."""
        self.output = nn.Linear(size, n_classes)
        self.word_dropout = word_dropout
        self.linear = linear
        if linear is not None:
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def forward(self, batch: PackedBatch, mask: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, n_classes) of words under a mask (batch, length).

        `rows` (batch, length) are those of the words in the weights of the linear path.
        """
        if self.training:
            mask = _drop_words(mask, self.word_dropout)
        logits = self.logits(batch, mask)
        return logits if self.linear is None else logits + self.linear(batch, mask, rows)

    def logits(self, batch: PackedBatch, mask: torch.Tensor) -> torch.Tensor:
        """Return the logits without those of the linear path."""
        raise NotImplementedError


class PredictorNetwork(FeaturePredictor):
    """Max-pooled features of the selected words, a hidden layer, and a linear path.

    For `hidden_size`, `compact` input, `dropout` and `word_dropout` see the components
    :class:`Predictor` and :class:`Training`.
    """

    def __init__(
        self,
        text_encoder: TextEncoder,
        n_classes: int,
        *,
        hidden_size: int,
        compact: bool,
        dropout: float,
        word_dropout: float,
        linear: LinearPath | None,
    ) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.hidden = nn.Linear(text_encoder.encoder.output_size, hidden_size)
        self.dropout = Dropout(dropout)
        self.compact = compact
        self.add_output(hidden_size, n_classes, word_dropout=word_dropout, linear=linear)

    def logits(self, batch: PackedBatch, mask: torch.Tensor) -> torch.Tensor:  # noqa: D102
        if self.compact:
            ids, weights = closed_up(batch.ids, mask)
            seen = PackedBatch(ids, batch.margin, batch.unseen)
            pooled = self.text_encoder.max_pooled(seen, seen.packed(weights))
        else:
            pooled = self.text_encoder.max_pooled(batch, batch.packed(mask))
        logits: torch.Tensor = self.output(self.dropout(F.relu(self.hidden(self.dropout(pooled)))))
        return logits


class LinearPredictor(nn.Module):
    """A linear path alone, and a bias for each class; `word_dropout` as in :class:`Training`."""

    text_encoder: None = None

    def __init__(self, linear: LinearPath, n_classes: int, *, word_dropout: float) -> None:
        super().__init__()
        self.linear = linear
        self.bias = nn.Parameter(torch.zeros(n_classes))
        self.word_dropout = word_dropout

    def forward(self, batch: PackedBatch, mask: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the logits; see :meth:`FeaturePredictor.forward`."""
        if self.training:
            mask = _drop_words(mask, self.word_dropout)
        return self.bias + self.linear(batch, mask, rows)


def _drop_words(mask: torch.Tensor, share: float) -> torch.Tensor:
    if not share:
        return mask
    drawn = torch.rand_like(mask, generator=generator_for(mask.device))
    return mask * (drawn >= share)


def closed_up(ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Move the words with a mask above zero to the front, in their order, and drop the others.

    `ids` and `mask` (batch, length) become (batch, most words of a document, at least 1), padded
    with zeros.
    """
    kept = mask > 0
    width = max(1, int(kept.sum(dim=1).max()))
    order = kept.to(torch.int8).argsort(dim=1, descending=True, stable=True)[:, :width]
    kept = kept.gather(1, order)
    return ids.gather(1, order) * kept, mask.gather(1, order) * kept
