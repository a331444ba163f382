"""Selection priors: which words the linear initialization would select."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear.bigrams import BigramPath
from sklearn_irx.nn.linear.path import LinearPath
from sklearn_irx.nn.linear.weights import LinearWeights
from sklearn_irx.text import Documents, inference_batches

_BATCH_SIZE = 1024
_INITIAL_GAIN = 2.0  # selection logits at the start, in standard deviations of the word weights


class SelectionPrior(nn.Module):
    """A selection logit for each word: its largest weight in the linear path, for any class.

    ``gain * ((weight - offset) / scale + bias)``, with gain and bias trained.
    """

    weights: torch.Tensor

    def __init__(self, n_words: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.zeros(n_words))
        self.gain = nn.Parameter(torch.tensor(_INITIAL_GAIN))
        self.bias = nn.Parameter(torch.tensor(0.0))
        self.n_words = n_words

    def initialize(
        self,
        path: LinearPath,
        linear: LinearWeights,
        documents: Documents,
        *,
        initial_selection: float,
    ) -> None:
        """Scale the weights so that the share `initial_selection` of all words is selected.

        `path` has been initialized with `linear`, which was fitted on `documents`.
        """
        weights = path.largest_weight_of_rows()
        folds = torch.from_numpy(np.repeat(linear.folds, documents.lengths))
        rows = path.rows(torch.from_numpy(documents.ids).unsqueeze(1), folds)
        offset, scale = _offset_and_scale(weights[rows].numpy(), initial_selection)
        self.weights = (weights - offset) / scale

    def forward(self, path: LinearPath, batch: PackedBatch, rows: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Map rows (batch, length), as :meth:`LinearPath.rows` returns them, to logits."""
        return self.gain * (self.weights[rows] + self.bias)

    def drop_fold_weights(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: self.n_words].clone()


class ClassConditionalPrior(nn.Module):
    """A selection logit for each word: its weight for the classes that the whole document suggests.

    The linear path, and that of bigrams if there is one, first classifies the whole document. The
    weight of a word is its largest for any class, each times the probability of the class to the
    power of `focus`. With 0 it is that of :class:`SelectionPrior`.
    """

    scale: torch.Tensor

    def __init__(self, n_words: int, n_bigrams: int, n_classes: int, focus: float) -> None:
        super().__init__()
        self.focus = focus
        self.bigrams = BigramPath(n_bigrams, n_words, n_classes) if n_bigrams else None
        self.register_buffer("scale", torch.tensor([0.0, 1.0]))  # offset and scale
        self.gain = nn.Parameter(torch.tensor(_INITIAL_GAIN))
        self.bias = nn.Parameter(torch.tensor(0.0))

    def initialize(
        self,
        path: LinearPath,
        linear: LinearWeights,
        documents: Documents,
        *,
        initial_selection: float,
    ) -> None:
        """Scale the weights; see :meth:`SelectionPrior.initialize`."""
        if self.bigrams is not None and linear.bigrams is not None:
            self.bigrams.initialize(linear.bigrams)
        weights = [np.empty(0, dtype=np.float32)]
        for lines in inference_batches(documents.lengths, _BATCH_SIZE):
            batch = PackedBatch(torch.from_numpy(documents.padded(lines)))
            rows = path.rows(batch.ids, torch.from_numpy(linear.folds[lines]))
            weights.append(self.weights(path, batch, rows)[batch.words].numpy())
        self.scale = torch.tensor(_offset_and_scale(np.concatenate(weights), initial_selection))

    def forward(self, path: LinearPath, batch: PackedBatch, rows: torch.Tensor) -> torch.Tensor:
        """Map rows (batch, length), as :meth:`LinearPath.rows` returns them, to logits."""
        standardized = (self.weights(path, batch, rows) - self.scale[0]) / self.scale[1]
        return self.gain * (standardized + self.bias)

    @torch.no_grad()
    def weights(self, path: LinearPath, batch: PackedBatch, rows: torch.Tensor) -> torch.Tensor:
        """Return the weights of words, (batch, length)."""
        initial = F.embedding(rows, path.weights)
        logits = path.whole_logits(batch, initial)
        if self.bigrams is not None:
            logits = self.bigrams(logits, batch.ids, path.fold(rows))
        return path.largest_weights(batch, initial, logits.softmax(dim=1).pow(self.focus))

    def drop_fold_weights(self) -> None:
        """Keep only what inference needs."""
        if self.bigrams is not None:
            self.bigrams.drop_fold_weights()


def _offset_and_scale(weights: np.ndarray, initial_selection: float) -> tuple[float, float]:
    """Return the smallest weight selected at the start, and the standard deviation of all."""
    if not len(weights):
        return 0.0, 1.0
    offset = float(np.quantile(weights, 1 - initial_selection))
    return offset, max(float(weights.std()), 1e-6)
