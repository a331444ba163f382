"""The network that scores words."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.packed_batch import Layout
from sklearn_irx.nn.kernels.scoring import scores_of
from sklearn_irx.nn.linear import FocusedRanking, WordRanking
from sklearn_irx.nn.text_encoder import Reader


class Selector(nn.Module):
    """Scores for every word: from its context, and from a ranking of words.

    Parameters
    ----------
    reader : Reader
        What reads the document.
    directions : sequence of float
        Of the sampler's scores: 1 speaks for a word, -1 against it.
    dropout : float
        Share of features dropped in training.
    first_score : float
        Of every word at the start, times `directions`.
    ranking : WordRanking or FocusedRanking or None
        What it says is added to what the reader says, which begins with saying nothing.
    """

    directions: torch.Tensor

    def __init__(
        self,
        reader: Reader,
        directions: tuple[float, ...],
        dropout: float,
        first_score: float,
        ranking: WordRanking | FocusedRanking | None,
    ) -> None:
        super().__init__()
        self.reader = reader
        self.dropout = Dropout(dropout)
        self.output = nn.Linear(reader.encoder.output_size, len(directions))
        self.ranking = ranking
        self.register_buffer("directions", torch.tensor(directions), persistent=False)
        with torch.no_grad():
            self.output.bias.copy_(first_score * self.directions)
            if ranking is not None:
                self.output.weight.zero_()

    def forward(self, layout: Layout, ranked: torch.Tensor | None) -> torch.Tensor:
        """Score words.

        Parameters
        ----------
        layout : Layout
            The words.
        ranked : Tensor of shape (batch, length) or None
            What the ranking says of them, if there is one.

        Returns
        -------
        scores : Tensor of shape (batch, length, n_scores)
        """
        features = self.reader.of_each(layout)
        if features.device.type == "cpu":
            weight, bias = self.output.weight, self.output.bias
            scores = scores_of(features, weight, bias, self.dropout.share)
        else:
            scores = self.output(self.dropout(F.relu(features)))
        scores = layout.padded(scores)
        if ranked is None:
            return scores
        return scores + ranked.unsqueeze(-1) * self.directions
