"""Made-up documents and the settings that all benchmarks share."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_irx.text import WordVectors

N_WORDS = 5000
SETTINGS: dict[str, Any] = {
    "max_length": 80, "rationale_length": 8, "training__max_epochs": 1, "n_threads": 1,
    "device": "cpu", "random_state": 0,
}  # fmt: skip


def make_documents(
    n_documents: int, n_words: int = 80, n_classes: int = 4, seed: int = 0
) -> tuple[list[str], np.ndarray]:
    """Make up documents of words drawn by Zipf's law, with a word in twenty of their class."""
    rng = np.random.RandomState(seed)
    frequencies = 1 / (np.arange(N_WORDS) + 3)
    numbers = rng.choice(N_WORDS, (n_documents, n_words), p=frequencies / frequencies.sum())
    y = rng.permutation(np.arange(n_documents) % n_classes)
    own = N_WORDS - 1 - n_classes * rng.randint(20, size=numbers.shape) - y[:, None]
    numbers = np.where(rng.random_sample(numbers.shape) < 0.05, own, numbers)
    return [" ".join(f"w{number}" for number in row) for row in numbers], y


def make_vectors() -> WordVectors:
    """Make up vectors of 100 numbers for the words of :func:`make_documents`."""
    vectors = np.random.RandomState(0).normal(0, 0.4, (N_WORDS, 100))
    return WordVectors([f"w{number}" for number in range(N_WORDS)], vectors)
