"""The linear path: one weight per word and class, summed over the selected words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.layout import Layout
from sklearn_irx.text import UNKNOWN

_SPREAD = 2.0  # selection logits at the start, in standard deviations of the words' weights


class LinearStart(NamedTuple):
    """A linear text classifier to start both networks from.

    Attributes
    ----------
    weights : ndarray of shape (1 + n_folds, n_words, n_classes), dtype float32
        Weight of each word for each class on the scale of logits, in ``weights[0]`` fitted on all
        training documents and in ``weights[k]`` on all but those of fold ``k``.
    idf : ndarray of shape (n_words,), dtype float32
        Inverse document frequencies.
    folds : ndarray of shape (n_documents,), dtype int
        For each training document its fold, from 1.
    """

    weights: np.ndarray
    idf: np.ndarray
    folds: np.ndarray


class LinearPath(nn.Module):
    """Logits from the TF-IDF of the selected words, and from it a first ranking of all words.

    The weights are those of the linear start plus a correction that is trained. A linear model
    fits its own training documents too well: there it would seem that a word or two suffice and
    that nothing is left to learn. So in training a document is read with the weights fitted on
    the other folds.

    Words with ids beyond the weights are to it what unknown words are: their weight is 0.

    Parameters
    ----------
    start : LinearStart
        The classifier to start from.
    """

    weights: torch.Tensor
    idf: torch.Tensor

    def __init__(self, start: LinearStart) -> None:
        super().__init__()
        _, n_words, n_classes = start.weights.shape
        self.register_buffer("weights", torch.from_numpy(start.weights.reshape(-1, n_classes)))
        self.register_buffer("idf", torch.from_numpy(start.idf))
        # No gradient for unknown words, of which a trained weight would make one word.
        self.correction = nn.Embedding(n_words, n_classes, padding_idx=UNKNOWN, sparse=True)
        nn.init.zeros_(self.correction.weight)
        self.n_words = n_words

    def forward(self, layout: Layout, mask: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Read words under a mask: logits (batch, n_classes).

        Parameters
        ----------
        layout : Layout
            The words.
        mask, rows : Tensor of shape (batch, length)
            Their mask, and their rows in `weights`.
        """
        tfidf = mask * self.idf[self._known(layout.ids)]
        correction = self.correction(self._known(layout.distinct))
        weights = F.embedding(rows, self.weights) + F.embedding(layout.numbers, correction)
        logits = (tfidf.unsqueeze(-1) * weights).sum(dim=1)
        # At least 1, the smallest idf there is: an empty rationale has a finite gradient.
        return logits / tfidf.square().sum(dim=1, keepdim=True).clamp(min=1.0).sqrt()

    def rows(self, ids: torch.Tensor, fold: torch.Tensor | None) -> torch.Tensor:
        """Give the rows of `weights` for ids (batch, length) of documents of folds (batch,)."""
        ids = self._known(ids)
        return ids if fold is None else ids + self.n_words * fold.unsqueeze(1)

    def _known(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.where(ids < self.n_words, ids, UNKNOWN)

    def word_weights(self) -> torch.Tensor:
        """Give the largest TF-IDF weight of each row of `weights` for any class."""
        n_fits = len(self.weights) // self.n_words
        return self.weights.amax(dim=1) * self.idf.repeat(n_fits)

    def forget_folds(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: self.n_words].clone()


class WordRanking(nn.Module):
    """A selection logit for each word from its weight in the linear path, gain and bias trained.

    Parameters
    ----------
    linear : LinearPath
        Where the weights come from.
    ids, folds : ndarray of shape (n_words_in_all,), dtype int
        All words of the training documents end to end, and the fold of each.
    initial_selection : float
        Share of these words that is selected at the start.
    """

    weights: torch.Tensor

    def __init__(
        self, linear: LinearPath, ids: np.ndarray, folds: np.ndarray, initial_selection: float
    ) -> None:
        super().__init__()
        weights = linear.word_weights()
        rows = linear.rows(torch.from_numpy(ids).unsqueeze(1), torch.from_numpy(folds))
        seen = weights[rows].numpy()
        least = float(np.quantile(seen, 1 - initial_selection))
        deviation = max(float(seen.std()), 1e-6)
        self.register_buffer("weights", (weights - least) / deviation)
        self.gain = nn.Parameter(torch.tensor(_SPREAD))
        self.bias = nn.Parameter(torch.tensor(0.0))
        self.n_words = linear.n_words

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Map rows (batch, length), as :meth:`LinearPath.rows` gives them, to logits."""
        return self.gain * (self.weights[rows] + self.bias)

    def forget_folds(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: self.n_words].clone()
