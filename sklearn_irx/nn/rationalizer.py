"""Selector and predictor, trained together as one network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from sklearn_irx.nn.linear import LinearPath, LinearStart, WordRanking
from sklearn_irx.nn.predictor import Predictor
from sklearn_irx.nn.samplers import SAMPLERS
from sklearn_irx.nn.selector import Selector
from sklearn_irx.text import PADDING, Documents


class Reading(NamedTuple):
    """What came of reading a batch: class logits (batch, n_classes), mask (batch, length)."""

    logits: torch.Tensor
    mask: torch.Tensor


class Rationalizer(nn.Module):
    """A selector that marks words and a predictor that sees only those.

    Parameters
    ----------
    vectors : ndarray of shape (n_words, size), dtype float32
        Word vectors, row 0 (padding) all zeros.
    n_classes : int
        Number of classes.
    sampler : str
        A name in :data:`sklearn_irx.nn.samplers.SAMPLERS`.
    filter_sizes, n_filters, hidden_size, dropout, temperature, temperature_decay
        See :class:`~sklearn_irx.SelectiveRationaleClassifier`.
    linear_start : LinearStart or None
        The linear classifier that both networks start from.
    documents : Documents or None
        The training documents that `linear_start` was fitted on.
    """

    def __init__(
        self,
        vectors: np.ndarray,
        n_classes: int,
        *,
        sampler: str = "straight_through",
        filter_sizes: Sequence[int] = (3, 4, 5),
        n_filters: int = 100,
        hidden_size: int = 100,
        dropout: float = 0.5,
        temperature: float = 1.0,
        temperature_decay: float = 1e-5,
        linear_start: LinearStart | None = None,
        documents: Documents | None = None,
    ) -> None:
        super().__init__()
        self.settings = {
            "n_classes": n_classes,
            "sampler": sampler,
            "filter_sizes": tuple(filter_sizes),
            "n_filters": n_filters,
            "hidden_size": hidden_size,
            "dropout": dropout,
            "temperature": temperature,
            "temperature_decay": temperature_decay,
        }
        linear = ranking = None
        if linear_start is not None and documents is not None:
            linear = LinearPath(linear_start)
            folds = np.repeat(linear_start.folds, documents.lengths)
            ranking = WordRanking(linear, documents.ids, folds)
        rows = torch.from_numpy(vectors)
        self.selector = Selector(rows, filter_sizes, n_filters, dropout, ranking)
        self.predictor = Predictor(
            rows, n_classes, filter_sizes, n_filters, hidden_size, dropout, linear
        )
        self.sampler = SAMPLERS[sampler](temperature, temperature_decay)

    def forward(
        self,
        ids: torch.Tensor,
        fold: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> Reading:
        """Select and predict.

        Parameters
        ----------
        ids : Tensor of shape (batch, length)
            Word ids, 0 past the end of a document.
        fold : Tensor of shape (batch,), default=None
            In training with a linear start, the fold of each document.
        mask : Tensor of shape (batch, length), default=None
            What the predictor shall read. None asks the selector.
        """
        linear = self.predictor.linear
        rows = ids if linear is None else linear.rows(ids, fold)
        if mask is None:
            mask = self.sampler(self.selector(ids, rows))
        mask = mask * (ids != PADDING)
        return Reading(self.predictor(ids, mask, rows), mask)

    def forget_folds(self) -> None:
        """Drop what only training documents need."""
        for part in (self.predictor.linear, self.selector.ranking):
            if part is not None:
                part.forget_folds()

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Give all weights as NumPy arrays, by name."""
        return {name: value.cpu().numpy() for name, value in self.state_dict().items()}

    @classmethod
    def from_arrays(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Rationalizer:
        """Rebuild a network from its :attr:`settings` and what :meth:`to_arrays` gave."""
        vectors = np.asarray(arrays["selector.vectors.weight"])
        start = documents = None
        if "predictor.linear.idf" in arrays:
            n_words = len(vectors)
            start = LinearStart(
                np.zeros((1, n_words, settings["n_classes"]), dtype=np.float32),
                np.ones(n_words, dtype=np.float32),
                np.zeros(1, dtype=np.int64),
            )
            documents = Documents(np.zeros(1, dtype=np.int32), np.ones(1, dtype=np.int64))
        # Skipping the random start leaves the caller's random numbers alone.
        with torch.random.fork_rng(devices=[]):
            module = cls(vectors, **settings, linear_start=start, documents=documents)
        module.load_state_dict({name: torch.tensor(value) for name, value in arrays.items()})
        return module.eval()
