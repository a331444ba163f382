"""The linear path: weights of words and bigrams for each class, summed over the selected words."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear.bigrams import BatchBigrams, BigramPath
from sklearn_irx.nn.linear.weights import LinearWeights
from sklearn_irx.text import UNKNOWN


class LinearPath(nn.Module):
    """Logits from the TF-IDF of the selected words, and the word weights of the selection priors.

    The weights are those of the linear initialization plus a trained correction. A linear model
    overfits its training documents: a word or two would seem to suffice there, and the networks
    would learn nothing. So in training a document is encoded with the weights fitted without its
    fold.

    A word that is selected twice counts once. Words with ids of `n_words` or more count as unknown:
    their weight is 0. A bigram counts if both its words are selected; sums are divided by the
    length of the words' TF-IDF, so that a single bigram is not worth all of those in a document.
    """

    weights: torch.Tensor
    idf: torch.Tensor

    def __init__(self, n_words: int, n_classes: int, n_bigrams: int = 0) -> None:
        super().__init__()
        self.register_buffer("weights", torch.zeros(n_words, n_classes))
        self.register_buffer("idf", torch.ones(n_words))
        # Unknown words have no gradient: a trained weight would treat them as one word.
        self.correction = nn.Embedding(n_words, n_classes, padding_idx=UNKNOWN, sparse=True)
        nn.init.zeros_(self.correction.weight)
        self.bigrams = BigramPath(n_bigrams, n_words, n_classes) if n_bigrams else None
        self.n_words = n_words

    def initialize(self, linear: LinearWeights) -> None:
        """Take the weights of a fitted classifier, with those fitted without each fold."""
        if self.bigrams is not None and linear.bigrams is not None:
            self.bigrams.initialize(linear.bigrams)
        self.weights = torch.from_numpy(linear.weights.reshape(-1, linear.weights.shape[2]))
        self.idf = torch.from_numpy(linear.idf).clone()
        self.idf[: UNKNOWN + 1] = 0  # they count for nothing

    def forward(self, batch: PackedBatch, mask: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, n_classes) of words under a mask (batch, length).

        `rows` (batch, length) are the rows of the words in `weights`.
        """
        return self._logits(batch, mask, F.embedding(rows, self.weights), rows)

    def _logits(
        self, batch: PackedBatch, mask: torch.Tensor, initial: torch.Tensor, rows: torch.Tensor
    ) -> torch.Tensor:
        """Return logits of words whose initial weights are (batch, length, n_classes)."""
        tfidf = batch.count_once(mask) * self.idf[self._known(batch.ids)]
        correction = self.correction(self._known(batch.unique))
        weights = initial + F.embedding(batch.padded_inverse, correction)
        sums = (tfidf.unsqueeze(-1) * weights).sum(dim=1)
        if self.bigrams is not None:
            sums = sums + self._bigrams(batch, rows).sums(mask)
        return sums / _norms(tfidf)

    def rows(self, ids: torch.Tensor, fold: torch.Tensor | None) -> torch.Tensor:
        """Return the rows of `weights` for ids (batch, length) of documents of folds (batch,)."""
        ids = self._known(ids)
        return ids if fold is None else ids + self.n_words * fold.unsqueeze(1)

    def _known(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.where(ids < self.n_words, ids, UNKNOWN)

    def fold(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the folds (batch,) of rows (batch, length), 0 for none."""
        return rows[:, 0].div(self.n_words, rounding_mode="floor")

    def whole_logits(
        self, batch: PackedBatch, initial: torch.Tensor, rows: torch.Tensor
    ) -> torch.Tensor:
        """Return the logits (batch, n_classes) of all known words, from their initial weights."""
        known = self._known(batch.ids) > UNKNOWN
        return self._logits(batch, known.to(initial.dtype), initial, rows)

    def tfidf_weights(
        self, batch: PackedBatch, initial: torch.Tensor, rows: torch.Tensor, bigram_share: float
    ) -> torch.Tensor:
        """Return what each word adds at the start, (batch, length, n_classes).

        That is its `initial` weights times its idf, and a share of those of its bigrams.
        """
        weights = initial * self.idf[self._known(batch.ids)].unsqueeze(2)
        if self.bigrams is None:
            return weights
        return weights + bigram_share * self._bigrams(batch, rows).of_words()

    @torch.no_grad()
    def added(self, batch: PackedBatch, rows: torch.Tensor) -> torch.Tensor:
        """Return what each known word adds to the logits of all, (batch, length, n_classes).

        A bigram is divided between its words.
        """
        tfidf = self._whole_tfidf(batch)
        weights = F.embedding(rows, self.weights) + self.correction(self._known(batch.ids))
        added = tfidf.unsqueeze(2) * weights
        if self.bigrams is not None:
            added = added + 0.5 * self._bigrams(batch, rows).of_words()
        return added / _norms(tfidf).unsqueeze(2)

    def norms(self, batch: PackedBatch) -> torch.Tensor:
        """Return the lengths (batch, 1) of the TF-IDF of all known words, at least 1."""
        return _norms(self._whole_tfidf(batch))

    def _whole_tfidf(self, batch: PackedBatch) -> torch.Tensor:
        """Return the TF-IDF (batch, length) of all known words, each counted once."""
        known = self._known(batch.ids)
        return batch.count_once((known > UNKNOWN).float()) * self.idf[known]

    def _bigrams(self, batch: PackedBatch, rows: torch.Tensor) -> BatchBigrams:
        """Look up the bigrams of a batch, once for selector and predictor."""
        if batch.bigrams is None and self.bigrams is not None:
            batch.bigrams = self.bigrams(batch.ids, self.fold(rows))
        return batch.bigrams

    def largest_weight_of_rows(self) -> torch.Tensor:
        """Return the largest TF-IDF weight of each row of `weights` for any class."""
        n_fits = len(self.weights) // self.n_words
        return self.weights.amax(dim=1) * self.idf.repeat(n_fits)

    def drop_fold_weights(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: self.n_words].clone()
        if self.bigrams is not None:
            self.bigrams.drop_fold_weights()


def _norms(tfidf: torch.Tensor) -> torch.Tensor:
    """Return the lengths (batch, 1) of TF-IDF (batch, length).

    At least 1, the smallest idf, so that an empty rationale has a finite gradient.
    """
    return tfidf.square().sum(dim=1, keepdim=True).clamp(min=1.0).sqrt()
