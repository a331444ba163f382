"""Labelled documents, in batches as skorch expects them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from sklearn_irx.nn.training.frozen import FrozenStates
from sklearn_irx.text import Documents, inference_batches, training_batches


class LabelledDocuments(Dataset):
    """Documents with their class numbers.

    Parameters
    ----------
    documents : Documents
        Word ids.
    y : ndarray of shape (n_documents,), dtype int
        Class numbers.
    folds : ndarray of shape (n_documents,), dtype int, or None
        Folds of documents that a linear initialization was fitted on.
    weights : ndarray of shape (n_documents,), dtype float32, or None
        Sample weights, 1 in the mean.
    frozen : FrozenStates or None
        What the frozen layers of a transformer make of the documents.
    marks : ndarray of shape (n_words_in_all,), dtype int8, or None
        Of the words, end to end: 1 for those that people marked, 0 for others, -1 in documents of
        which it is not known.
    """

    def __init__(
        self,
        documents: Documents,
        y: np.ndarray,
        folds: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        frozen: FrozenStates | None = None,
        marks: np.ndarray | None = None,
    ) -> None:
        self.documents = documents
        self.y = y
        self.folds = folds
        self.weights = weights
        self.frozen = frozen
        self.marks = marks

    def __len__(self) -> int:
        return len(self.y)

    def batch(self, rows: np.ndarray) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Return the documents at `rows` as a batch (X, y) of skorch."""
        X = {name: torch.from_numpy(a) for name, a in self.documents.batch(rows).items()}
        if self.frozen is not None:
            X["frozen"] = torch.from_numpy(self.frozen.padded(rows))
        if self.folds is not None:
            X["fold"] = torch.from_numpy(self.folds[rows])
        if self.weights is not None:
            X["weight"] = torch.from_numpy(self.weights[rows])
        if self.marks is not None:
            marks = self.documents.padded_values(self.marks, rows, -1)
            X["marks"] = torch.from_numpy(marks)
        return X, torch.from_numpy(self.y[rows])


class TrainingBatches:
    """Batches of documents of similar length, shuffled anew for each epoch."""

    def __init__(
        self, dataset: LabelledDocuments, batch_size: int, random_state: np.random.RandomState
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.random_state = random_state

    def __iter__(self) -> Iterator[Any]:
        sizes = self.dataset.documents.sizes
        for rows in training_batches(sizes, self.batch_size, self.random_state):
            yield self.dataset.batch(rows)

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)


class ValidationBatches:
    """Batches of documents of similar length, in the same order every time."""

    def __init__(self, dataset: LabelledDocuments, batch_size: int) -> None:
        self.dataset = dataset
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[Any]:
        for rows in inference_batches(self.dataset.documents.sizes, self.batch_size):
            yield self.dataset.batch(rows)
