"""The network that scores words."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.kernels.scoring import scores_of
from sklearn_irx.nn.linear import DocumentPrior, SelectionCorrection, SelectionPrior
from sklearn_irx.nn.text_encoder import TextEncoder


class FeatureSelector(nn.Module):
    """Base of selectors that score words by features, and by a selection prior if there is one.

    With a prior, whose logits are added, the weights of the features start at zero. `directions`
    are those of the :class:`SamplerModule`. A subclass calls :meth:`add_output` last, and has
    :meth:`scores`.
    """

    directions: torch.Tensor
    output: nn.Linear
    prior: SelectionPrior | DocumentPrior | None

    def add_output(
        self,
        size: int,
        directions: tuple[float, ...],
        prior: SelectionPrior | DocumentPrior | None,
    ) -> None:
        """Add the output layer for so many features of a word, and the prior, if there is one."""
        self.output = nn.Linear(size, len(directions))
        self.prior = prior
        self.register_buffer("directions", torch.tensor(directions), persistent=False)
        if prior is not None:
            nn.init.zeros_(self.output.weight)

    @torch.no_grad()
    def initialize(self, score: float) -> None:
        """Set the initial score of every word, to be multiplied by `directions`."""
        self.output.bias.copy_(score * self.directions)

    def forward(self, batch: PackedBatch, prior_logits: torch.Tensor | None) -> torch.Tensor:
        """Return the scores of words, (batch, length, n_scores), given those of the prior."""
        scores = self.scores(batch)
        if prior_logits is None:
            return scores
        return scores + prior_logits.unsqueeze(-1) * self.directions

    def scores(self, batch: PackedBatch) -> torch.Tensor:
        """Return the scores of words without those of the prior."""
        raise NotImplementedError

    def features(self, batch: PackedBatch) -> torch.Tensor:
        """Return the features of words in context, (batch, length, n_features)."""
        raise NotImplementedError

    def open_to_people(self, scores: torch.Tensor, batch: PackedBatch) -> torch.Tensor:  # noqa: ARG002
        """Return the scores that learn from people's rationales: all that is trained has a part."""
        return scores

    def word_logits(self, batch: PackedBatch) -> torch.Tensor | None:  # noqa: ARG002
        """Return what each word adds to the logits of all, (batch, length, n_classes), if known.

        For a class-conditional prior.
        """
        return None


class SelectorNetwork(FeatureSelector):
    """Scores every word by the features that an encoder makes of word vectors in context."""

    def __init__(
        self,
        text_encoder: TextEncoder,
        directions: tuple[float, ...],
        *,
        dropout: float,
        prior: SelectionPrior | DocumentPrior | None,
    ) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.dropout = Dropout(dropout)
        self.add_output(text_encoder.encoder.output_size, directions, prior)

    def scores(self, batch: PackedBatch) -> torch.Tensor:  # noqa: D102
        features = self.text_encoder.token_features(batch)
        if features.device.type == "cpu":
            weight, bias = self.output.weight, self.output.bias
            scores = scores_of(features, weight, bias, dropout=self.dropout.share)
        else:
            scores = self.output(self.dropout(F.relu(features)))
        return batch.padded(scores)

    def features(self, batch: PackedBatch) -> torch.Tensor:  # noqa: D102
        features = self.text_encoder.token_features(batch)
        return batch.padded(self.dropout(F.relu(features)).to(self.output.weight.dtype))


class PriorSelector(nn.Module):
    """Scores every word by its selection prior alone.

    `score` is that of a word with even odds, to be multiplied by the `directions` of the
    :class:`SamplerModule`. With `n_corrected`, so many words have a correction, too, which is
    learned from people's rationales.
    """

    directions: torch.Tensor
    text_encoder: None = None

    def __init__(
        self,
        prior: SelectionPrior | DocumentPrior,
        directions: tuple[float, ...],
        *,
        score: float,
        n_corrected: int | None = None,
    ) -> None:
        super().__init__()
        self.prior = prior
        self.correction = None if n_corrected is None else SelectionCorrection(n_corrected)
        self.score = score
        self.register_buffer("directions", torch.tensor(directions), persistent=False)

    def forward(self, batch: PackedBatch, prior_logits: torch.Tensor) -> torch.Tensor:
        """Return the scores of words, (batch, length, n_scores)."""
        if self.correction is not None:
            prior_logits = prior_logits + self.correction(batch, self.prior).detach()
        return (self.score + prior_logits).unsqueeze(-1) * self.directions

    def open_to_people(self, scores: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
        """Return the scores with a gradient to the correction, which has none in :meth:`forward`.

        So it learns from people alone, and not from the noise of selections.
        """
        if self.correction is None:
            return scores
        correction = batch.units.mean(self.correction(batch, self.prior).unsqueeze(-1))
        return scores + (correction - correction.detach()) * self.directions

    def word_logits(self, batch: PackedBatch) -> None:
        """Return None: the linear path alone reads whole documents."""
