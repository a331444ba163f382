"""Encoders of the words of a batch, forward and backward."""

# ruff: noqa: ARG002 (asv gives every parameter to every method)

from __future__ import annotations

import numpy as np
import torch

from sklearn_irx.components.encoders import ENCODERS
from sklearn_irx.nn.kernels.packed_batch import PackedBatch

from .common import N_WORDS

_BATCH_SIZE, _SIZE = 64, 100


class Features:
    """As the package computes them, and at every position as a textbook, or torch, would."""

    params = (["cnn", "rnn"], ["fast", "plain"], [80, 200], ["float32", "bfloat16"])
    param_names = ("encoder", "formulation", "words", "precision")
    timeout = 60

    def setup(self, encoder: str, formulation: str, words: int, precision: str) -> None:
        if (formulation, precision) == ("plain", "bfloat16"):
            raise NotImplementedError  # skips the combination: plain is in 32 bits
        torch.set_num_threads(1)
        torch.manual_seed(0)
        rng = np.random.RandomState(0)
        frequencies = 1 / (np.arange(N_WORDS) + 3)
        ids = 2 + rng.choice(N_WORDS, (_BATCH_SIZE, words), p=frequencies / frequencies.sum())
        ids[np.arange(words) >= rng.randint(words // 2, words + 1, _BATCH_SIZE)[:, None]] = 0
        self.encoder = ENCODERS.make(encoder).build(_SIZE)
        self.encoder.precision = precision
        self.encoder.plain = formulation == "plain"
        self.batch = PackedBatch(torch.from_numpy(ids), self.encoder.half_width)
        self.table = torch.randn(len(self.batch.unique), _SIZE)
        self.table[0] = 0
        n_rows = len(self.batch.inverse)
        self.kept = torch.rand(n_rows) < 0.15
        self.kept[0] = False
        vectors = self.table[self.batch.inverse] * self.kept.unsqueeze(1)
        self.vectors = vectors.requires_grad_()
        with torch.no_grad():
            self.slopes = torch.randn_like(self.encoder.token_features(self.table, self.batch))
        # The first calls prepare what later ones use: a quick run would count that.
        self.time_of_each_backward(encoder, formulation, words, precision)
        self.time_largest_backward(encoder, formulation, words, precision)

    def time_of_each(self, encoder: str, formulation: str, words: int, precision: str) -> None:
        with torch.no_grad():
            self.encoder.token_features(self.table, self.batch)

    def time_of_each_backward(
        self, encoder: str, formulation: str, words: int, precision: str
    ) -> None:
        self.encoder.token_features(self.table, self.batch).backward(self.slopes)

    def time_largest(self, encoder: str, formulation: str, words: int, precision: str) -> None:
        with torch.no_grad():
            self.encoder.max_pooled(self.vectors, self.kept, self.batch)

    def time_largest_backward(
        self, encoder: str, formulation: str, words: int, precision: str
    ) -> None:
        self.encoder.max_pooled(self.vectors, self.kept, self.batch).sum().backward()
