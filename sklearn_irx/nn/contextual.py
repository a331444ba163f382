"""Selector and predictor on a pretrained transformer, which reads words in context."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn

from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear import DocumentPrior, LinearPath, SelectionPrior
from sklearn_irx.nn.predictor import (
    FeaturePredictor,
    LinearPredictor,
    PredictorNetwork,
    closed_up,
)
from sklearn_irx.nn.selector import FeatureSelector, PriorSelector, SelectorNetwork
from sklearn_irx.nn.transformer import Transformer
from sklearn_irx.text import CONTEXT


class PieceBatch:
    """The pieces of a batch of documents.

    Parameters
    ----------
    pieces : Tensor of shape (batch, n_pieces), dtype int64
        In their order.
    owners : Tensor of shape (batch, n_pieces), dtype int64
        The word of the document that each piece belongs to, -1 for none, -2 past the end.
    frozen : Tensor of shape (batch, n_states, hidden_size) or None
        What the frozen layers of the selector's transformer have made of them, if that is known.

    Attributes
    ----------
    features : dict of Transformer to Tensor of shape (batch, length, hidden_size)
        Of the words in context, once the selector that has this transformer has computed them.
    """

    def __init__(
        self, pieces: torch.Tensor, owners: torch.Tensor, frozen: torch.Tensor | None = None
    ) -> None:
        self.pieces = pieces
        self.owners = owners
        self.frozen = frozen
        self.features: dict[Transformer, torch.Tensor] = {}

    @property
    def n_pieces(self) -> torch.Tensor:
        """Number of pieces of each document, (batch,)."""
        return (self.owners >= CONTEXT).sum(dim=1)

    def of_words(self, mask: torch.Tensor) -> torch.Tensor:
        """Map a mask of words (batch, length) to their pieces, (batch, n_pieces)."""
        return mask.gather(1, self.owners.clamp(min=0)) * (self.owners > CONTEXT)

    def first_of_words(self) -> torch.Tensor:
        """Return which pieces are the first of their word, (batch, n_pieces)."""
        before = torch.cat([torch.full_like(self.owners[:, :1], CONTEXT), self.owners[:, :-1]], 1)
        return (self.owners > CONTEXT) & (self.owners != before)


class WholeReader(nn.Linear):
    """Logits of a document: a linear layer on the mean of the features of all its words.

    It starts at zero.
    """

    def reset_parameters(self) -> None:  # noqa: D102
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def added(self, features: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Return what each word adds to the logits, (batch, length, n_classes).

        `features` are (batch, length, hidden_size); `words` (batch, length) says which there are.
        """
        n = words.sum(dim=1).clamp(min=1).view(-1, 1, 1)
        added: torch.Tensor = self(features) * words.unsqueeze(2) / n
        return added


class ContextualSelector(FeatureSelector):
    """Scores every word by what a transformer makes of it in its document.

    The features of a word are the mean of those of its pieces. With `n_classes` there is a reader
    of the whole document, too, whose logits a class-conditional prior asks for.
    """

    text_encoder: None = None

    def __init__(
        self,
        transformer: Transformer,
        directions: tuple[float, ...],
        *,
        prior: SelectionPrior | DocumentPrior | None,
        n_classes: int | None = None,
    ) -> None:
        super().__init__()
        self.transformer = transformer
        size = transformer.hidden_size
        self.whole = None if n_classes is None else WholeReader(size, n_classes)
        self.add_output(size, directions, prior)

    def scores(self, batch: PackedBatch) -> torch.Tensor:  # noqa: D102
        scores: torch.Tensor = self.output(self.features(batch))
        return scores

    def word_logits(self, batch: PackedBatch) -> torch.Tensor | None:  # noqa: D102
        if self.whole is None:
            return None
        return self.whole.added(self.features(batch), batch.words)

    def features(self, batch: PackedBatch) -> torch.Tensor:
        """Return the features of words in context, (batch, length, hidden_size), computed once."""
        known: dict[Transformer, torch.Tensor] = batch.of_pieces.features
        if self.transformer not in known:
            known[self.transformer] = self._features(batch)
        return known[self.transformer]

    def _features(self, batch: PackedBatch) -> torch.Tensor:
        read = batch.of_pieces
        states, document, piece = self.transformer(read.pieces, read.n_pieces, frozen=read.frozen)
        n_documents, length = batch.ids.shape
        word = read.owners[document.unsqueeze(1), piece.clamp(min=0)]
        is_of_word = (piece >= 0) & (word > CONTEXT)
        place = torch.where(is_of_word, document.unsqueeze(1) * length + word, n_documents * length)
        sums = states.new_zeros(n_documents * length + 1, states.shape[2])
        sums = sums.index_add(0, place.flatten(), states.flatten(0, 1))[:-1]
        counts = torch.bincount(place.flatten(), minlength=n_documents * length + 1)[:-1]
        return (sums / counts.clamp(min=1).unsqueeze(1)).view(n_documents, length, -1)


class ContextualPredictor(FeaturePredictor):
    """The mean of what a transformer makes of the selected words alone, and a linear path.

    For `compact` input and `word_dropout` see the components :class:`Predictor` and
    :class:`Training`.
    """

    text_encoder: None = None

    def __init__(
        self,
        transformer: Transformer,
        n_classes: int,
        *,
        compact: bool,
        dropout: float,
        word_dropout: float,
        linear: LinearPath | None,
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.dropout = Dropout(dropout)
        self.compact = compact
        size = transformer.hidden_size
        self.add_output(size, n_classes, word_dropout=word_dropout, linear=linear)

    def logits(self, batch: PackedBatch, mask: torch.Tensor) -> torch.Tensor:  # noqa: D102
        logits: torch.Tensor = self.output(self.dropout(self._pooled(batch, mask)))
        return logits

    def _pooled(self, batch: PackedBatch, mask: torch.Tensor) -> torch.Tensor:
        """Return the mean of the states of all that is read, (batch, hidden_size)."""
        read = batch.of_pieces
        pieces, values = read.pieces, read.of_words(mask)
        seen = values > 0
        if not self.compact:
            hidden = read.first_of_words() & ~seen
            pieces = torch.where(hidden, self.transformer.mask, pieces)
            values, seen = torch.where(hidden, 1.0, values), seen | hidden
        n = seen.sum(dim=1)
        # Numbers begin at 0, which `closed_up` fills up with.
        pieces, values = closed_up(pieces + 1, values)
        states, document, piece = self.transformer((pieces - 1).clamp(min=0), n, values=values)
        there = (piece > -2).unsqueeze(2)
        sums = states.new_zeros(len(n), states.shape[2])
        sums = sums.index_add(0, document, (states * there).sum(dim=1))
        counts = torch.zeros_like(n).index_add(0, document, there.squeeze(2).sum(dim=1))
        return sums / counts.clamp(min=1).unsqueeze(1)


AnySelector: TypeAlias = SelectorNetwork | PriorSelector | ContextualSelector
AnyPredictor: TypeAlias = PredictorNetwork | LinearPredictor | ContextualPredictor
