"""The linear path: one weight per word and class, summed over the selected words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from scipy.sparse import csr_array
from scipy.special import softmax
from torch import nn

from sklearn_irx.nn.layout import Layout
from sklearn_irx.text import UNKNOWN, Documents

_AT_A_TIME = 1024  # documents
_SPREAD = 2.0  # selection logits at the start, in standard deviations of the words' weights


class LinearStart(NamedTuple):
    """A linear text classifier to start both networks from.

    Attributes
    ----------
    weights : ndarray of shape (1 + n_folds, n_words, n_classes), dtype float32
        Weight of each word for each class on the scale of logits, in ``weights[0]`` fitted on all
        documents and in ``weights[k]`` without those of fold ``k``.
    idf : ndarray of shape (n_words,), dtype float32
        Inverse document frequencies.
    folds : ndarray of shape (n_documents,), dtype int
        The fold of each document, from 1.
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

    A word that is selected twice counts once: what it says again is not new.

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
        return self._logits(layout, mask, F.embedding(rows, self.weights))

    def _logits(self, layout: Layout, mask: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        """Read words under a mask whose weights were `first`: (batch, length, n_classes)."""
        tfidf = layout.once(mask) * self.idf[self._known(layout.ids)]
        correction = self.correction(self._known(layout.distinct))
        weights = first + F.embedding(layout.numbers, correction)
        logits = (tfidf.unsqueeze(-1) * weights).sum(dim=1)
        # At least 1, the smallest idf there is: an empty rationale has a finite gradient.
        return logits / tfidf.square().sum(dim=1, keepdim=True).clamp(min=1.0).sqrt()

    def rows(self, ids: torch.Tensor, fold: torch.Tensor | None) -> torch.Tensor:
        """Give the rows of `weights` for ids (batch, length) of documents of folds (batch,)."""
        ids = self._known(ids)
        return ids if fold is None else ids + self.n_words * fold.unsqueeze(1)

    def _known(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.where(ids < self.n_words, ids, UNKNOWN)

    def worths(self, layout: Layout, rows: torch.Tensor, focus: float) -> torch.Tensor:
        """Say what words are worth where the whole document is read first.

        Parameters
        ----------
        layout : Layout
            The words.
        rows : Tensor of shape (batch, length)
            Their rows in `weights`.
        focus : float
            The power of a class's probability that its weights are multiplied by.

        Returns
        -------
        worths : Tensor of shape (batch, length)
            The largest TF-IDF weight for any class.
        """
        known = self._known(layout.ids)
        first = F.embedding(rows, self.weights)
        whole = self._logits(layout, (known > UNKNOWN).to(first.dtype), first)
        weights = first * whole.softmax(dim=1).pow(focus).unsqueeze(1)
        return weights.amax(dim=2) * self.idf[known]

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
        least, deviation = _scale(weights[rows].numpy(), initial_selection)
        self.register_buffer("weights", (weights - least) / deviation)
        self.gain = nn.Parameter(torch.tensor(_SPREAD))
        self.bias = nn.Parameter(torch.tensor(0.0))
        self.n_words = linear.n_words

    def forward(self, linear: LinearPath, layout: Layout, rows: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Map rows (batch, length), as :meth:`LinearPath.rows` gives them, to logits."""
        return self.gain * (self.weights[rows] + self.bias)

    def forget_folds(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: self.n_words].clone()


class FocusedRanking(nn.Module):
    """A selection logit for each word from what it says for the classes its document speaks for.

    The linear path first reads the whole document. A word is worth its largest TF-IDF weight for
    any class, each times the probability of the class to the power of `focus`. With 0 that is what
    :class:`WordRanking` says.

    Parameters
    ----------
    start : LinearStart
        What the linear path starts from.
    documents : Documents
        That it was fitted on.
    initial_selection : float
        Share of their words that is selected at the start.
    focus : float
        At least 0.
    """

    scale: torch.Tensor

    def __init__(
        self, start: LinearStart, documents: Documents, initial_selection: float, focus: float
    ) -> None:
        super().__init__()
        scale = _scale(_worths(start, documents, focus), initial_selection)
        self.register_buffer("scale", torch.tensor(scale))
        self.gain = nn.Parameter(torch.tensor(_SPREAD))
        self.bias = nn.Parameter(torch.tensor(0.0))
        self.focus = focus

    def forward(self, linear: LinearPath, layout: Layout, rows: torch.Tensor) -> torch.Tensor:
        """Map the words of documents to logits.

        Parameters
        ----------
        linear : LinearPath
            As it is by now.
        layout : Layout
            The words.
        rows : Tensor of shape (batch, length)
            As :meth:`LinearPath.rows` gives them.

        Returns
        -------
        logits : Tensor of shape (batch, length)
        """
        with torch.no_grad():
            worth = linear.worths(layout, rows, self.focus)
            ranked = (worth - self.scale[0]) / self.scale[1]
        return self.gain * (ranked + self.bias)

    def forget_folds(self) -> None:
        """Do nothing: it holds nothing of them."""


def _scale(seen: np.ndarray, initial_selection: float) -> tuple[float, float]:
    """Give what a word selected at the start is worth at least, and the deviation of all."""
    least = float(np.quantile(seen, 1 - initial_selection))
    return least, max(float(seen.std()), 1e-6)


def _worths(start: LinearStart, documents: Documents, focus: float) -> np.ndarray:
    """Give what :meth:`LinearPath.worths` says of all words of training documents, end to end."""
    n_words = len(start.idf)
    ends = np.cumsum(documents.lengths)
    found = [np.empty(0, dtype=np.float32)]
    for first in range(0, len(ends), _AT_A_TIME):
        lengths = documents.lengths[first : first + _AT_A_TIME]
        last = ends[first + len(lengths) - 1]
        ids = documents.ids[last - lengths.sum() : last]
        ids = np.where(ids < n_words, ids, UNKNOWN)
        lines = np.repeat(np.arange(len(lengths)), lengths)
        weights = start.weights[start.folds[first + lines], ids]
        tfidf = np.zeros(len(ids))
        once = np.unique(lines * n_words + ids, return_index=True)[1]
        tfidf[once] = np.where(ids[once] > UNKNOWN, start.idf[ids[once]], 0)
        places = (lines, np.arange(len(ids)))
        logits = csr_array((tfidf, places), shape=(len(lengths), len(ids))) @ weights
        norms = np.sqrt(np.bincount(lines, np.square(tfidf), len(lengths)).clip(1))
        likely = softmax(logits / norms[:, None], axis=1) ** focus
        found.append((weights * likely[lines]).max(axis=1) * start.idf[ids])
    return np.concatenate(found)
