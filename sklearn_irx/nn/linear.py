"""The linear path: one weight per word and class, summed over the selected words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import Layout
from sklearn_irx.text import UNKNOWN, Documents, inference_batches

_AT_A_TIME = 1024  # documents
_SPREAD = 2.0  # selection logits at the start, in standard deviations of the words' weights


class PairStart(NamedTuple):
    """What a linear text classifier that reads whole documents says of neighbouring words.

    Attributes
    ----------
    pairs : ndarray of shape (n_pairs,), dtype int64
        The id of the first word times the number of words, plus the id of the second; ascending.
    weights : ndarray of shape (1 + n_folds, n_pairs, n_classes), dtype float32
        Weight of each pair for each class, as those of words in :class:`LinearStart`.
    idf : ndarray of shape (n_pairs,), dtype float32
        Inverse document frequencies.
    word_factor : float
        What the logits of the single words are multiplied by before those of the pairs are added.
    """

    pairs: np.ndarray
    weights: np.ndarray
    idf: np.ndarray
    word_factor: float


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
    pairs : PairStart or None
        What it knows of pairs of words, where it reads whole documents.
    """

    weights: np.ndarray
    idf: np.ndarray
    folds: np.ndarray
    pairs: PairStart | None = None


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
        return _logits_of(tfidf, weights)

    def rows(self, ids: torch.Tensor, fold: torch.Tensor | None) -> torch.Tensor:
        """Give the rows of `weights` for ids (batch, length) of documents of folds (batch,)."""
        ids = self._known(ids)
        return ids if fold is None else ids + self.n_words * fold.unsqueeze(1)

    def _known(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.where(ids < self.n_words, ids, UNKNOWN)

    def fold(self, rows: torch.Tensor) -> torch.Tensor:
        """Give the folds (batch,) that rows (batch, length) are of, 0 where there is none."""
        return rows[:, 0].div(self.n_words, rounding_mode="floor")

    def whole(self, layout: Layout, first: torch.Tensor) -> torch.Tensor:
        """Read all known words, whose weights were `first`: logits (batch, n_classes)."""
        known = self._known(layout.ids) > UNKNOWN
        return self._logits(layout, known.to(first.dtype), first)

    def worths(self, layout: Layout, first: torch.Tensor, likely: torch.Tensor) -> torch.Tensor:
        """Say what words are worth where some classes are more likely than others.

        Parameters
        ----------
        layout : Layout
            The words.
        first : Tensor of shape (batch, length, n_classes)
            Their weights at the start.
        likely : Tensor of shape (batch, n_classes)
            What the weights for each class are multiplied by.

        Returns
        -------
        worths : Tensor of shape (batch, length)
            The largest TF-IDF weight for any class.
        """
        weights = first * likely.unsqueeze(1)
        return weights.amax(dim=2) * self.idf[self._known(layout.ids)]

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


class PairPath(nn.Module):
    """Logits from the TF-IDF of pairs of neighbouring words, none of which is unknown.

    Parameters
    ----------
    start : PairStart
        The pairs and their weights, which are not trained.
    n_words : int
        Number of the words that pairs are of.
    """

    pairs: torch.Tensor
    weights: torch.Tensor
    idf: torch.Tensor
    word_factor: torch.Tensor

    def __init__(self, start: PairStart, n_words: int) -> None:
        super().__init__()
        self.register_buffer("pairs", torch.from_numpy(start.pairs))
        weights = start.weights.reshape(-1, start.weights.shape[2])
        self.register_buffer("weights", torch.from_numpy(weights))
        self.register_buffer("idf", torch.from_numpy(start.idf))
        self.register_buffer("word_factor", torch.tensor(start.word_factor))
        self.n_words = n_words

    def forward(
        self, of_words: torch.Tensor, ids: torch.Tensor, fold: torch.Tensor
    ) -> torch.Tensor:
        """Read all pairs beside the single words.

        Parameters
        ----------
        of_words : Tensor of shape (batch, n_classes)
            Logits of the single words.
        ids : Tensor of shape (batch, length)
            All words.
        fold : Tensor of shape (batch,)
            Whose weights each document is read with.

        Returns
        -------
        logits : Tensor of shape (batch, n_classes)
        """
        known = (ids > UNKNOWN) & (ids < self.n_words)
        sought = ids[:, :-1] * self.n_words + ids[:, 1:]
        place = torch.searchsorted(self.pairs, sought).clamp_(max=len(self.pairs) - 1)
        found = known[:, :-1] & known[:, 1:] & (self.pairs[place] == sought)
        # In order, those that occur twice stand together, and those not found at the end.
        place = torch.where(found, place, len(self.pairs)).sort(dim=1).values
        before = F.pad(place, (1, 0), value=-1)[:, :-1]
        once = (place != before) & (place < len(self.pairs))
        place = place.clamp_(max=len(self.pairs) - 1)
        tfidf = once * self.idf[place]
        weights = F.embedding(place + len(self.pairs) * fold.unsqueeze(1), self.weights)
        return self.word_factor * of_words + _logits_of(tfidf, weights)

    def forget_folds(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: len(self.pairs)].clone()


class FocusedRanking(nn.Module):
    """A selection logit for each word from what it says for the classes its document speaks for.

    The linear path first reads the whole document, and pairs of neighbouring words beside it, if
    the linear start knows some. A word is worth its largest TF-IDF weight for any class, each times
    the probability of the class to the power of `focus`. With 0 that is what :class:`WordRanking`
    says.

    Parameters
    ----------
    linear : LinearPath
        As it is at the start.
    start : LinearStart
        That it was made of.
    documents : Documents
        That the start was fitted on.
    initial_selection : float
        Share of their words that is selected at the start.
    focus : float
        At least 0.
    """

    scale: torch.Tensor

    def __init__(
        self,
        linear: LinearPath,
        start: LinearStart,
        documents: Documents,
        initial_selection: float,
        focus: float,
    ) -> None:
        super().__init__()
        self.focus = focus
        self.pairs = None if start.pairs is None else PairPath(start.pairs, linear.n_words)
        seen = self._worths_of_all(linear, documents, start.folds)
        self.register_buffer("scale", torch.tensor(_scale(seen, initial_selection)))
        self.gain = nn.Parameter(torch.tensor(_SPREAD))
        self.bias = nn.Parameter(torch.tensor(0.0))

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
        ranked = (self.worths(linear, layout, rows) - self.scale[0]) / self.scale[1]
        return self.gain * (ranked + self.bias)

    @torch.no_grad()
    def worths(self, linear: LinearPath, layout: Layout, rows: torch.Tensor) -> torch.Tensor:
        """Say what words are worth, from the same parameters: (batch, length)."""
        first = F.embedding(rows, linear.weights)
        whole = linear.whole(layout, first)
        if self.pairs is not None:
            whole = self.pairs(whole, layout.ids, linear.fold(rows))
        return linear.worths(layout, first, whole.softmax(dim=1).pow(self.focus))

    def _worths_of_all(
        self, linear: LinearPath, documents: Documents, folds: np.ndarray
    ) -> np.ndarray:
        """Say what all words of training documents are worth."""
        found = [np.empty(0, dtype=np.float32)]
        for lines in inference_batches(documents.lengths, _AT_A_TIME):
            layout = Layout(torch.from_numpy(documents.padded(lines)))
            rows = linear.rows(layout.ids, torch.from_numpy(folds[lines]))
            found.append(self.worths(linear, layout, rows)[layout.words].numpy())
        return np.concatenate(found)

    def forget_folds(self) -> None:
        """Keep only what inference needs."""
        if self.pairs is not None:
            self.pairs.forget_folds()


def _logits_of(tfidf: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Sum weights (batch, length, n_classes) by TF-IDF (batch, length), scaled to length 1."""
    logits = (tfidf.unsqueeze(-1) * weights).sum(dim=1)
    # At least 1, the smallest idf there is: an empty rationale has a finite gradient.
    return logits / tfidf.square().sum(dim=1, keepdim=True).clamp(min=1.0).sqrt()


def _scale(seen: np.ndarray, initial_selection: float) -> tuple[float, float]:
    """Give what a word selected at the start is worth at least, and the deviation of all."""
    if not len(seen):
        return 0.0, 1.0
    least = float(np.quantile(seen, 1 - initial_selection))
    return least, max(float(seen.std()), 1e-6)
