"""Prediction with a fitted classifier, as functions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from sklearn_irx._validation import check_masks, fit_masks, iterate_texts
from sklearn_irx.classifier.calibration import at_temperature
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.nn.inference import predict
from sklearn_irx.nn.isolation import threads
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.text import Documents, TokenizedTexts, Vocabulary

CHUNK_SIZE = 4096  # documents in memory as words at a time


def chunks_of(
    X: Any, vocabulary: Vocabulary, *, tokenizer: Any, max_length: int, chunk_size: int
) -> Iterator[Documents]:
    """Look up the words of `chunk_size` documents after the other."""
    if isinstance(X, TokenizedTexts):
        documents = Documents.from_tokenized(X, vocabulary)
        rows = np.arange(len(X))
        return (documents.take(rows[i : i + chunk_size]) for i in range(0, len(X), chunk_size))
    texts = iterate_texts(X)
    chunks = iter(lambda: list(islice(texts, chunk_size)), [])
    return (Documents.from_texts(chunk, tokenizer, vocabulary, max_length) for chunk in chunks)


def predict_chunks(
    module: Rationalizer,
    chunks: Iterator[Documents],
    masks: np.ndarray | None = None,
    *,
    max_length: int,
    temperature: float,
    n_threads: int | None,
    scores: bool = False,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Predict documents chunk by chunk.

    Parameters
    ----------
    module : Rationalizer
        The network.
    chunks : iterator of Documents
        As :func:`chunks_of` returns them.
    masks : ndarray of shape (n_samples, n_words), dtype bool, default=None
        Rationales of all documents. None asks the selector.
    max_length : int
        Columns of the results.
    temperature : float
        Of calibration.
    n_threads : int or None
        Of torch.
    scores : bool, default=False
        Whether to yield selection scores, too.

    Yields
    ------
    probabilities, masks[, scores] : ndarrays with a row for each document
    """
    first = 0
    for documents in chunks:
        given = None
        if masks is not None:
            rows = masks[first : first + len(documents)]
            given = fit_masks(rows, documents.lengths, max_length, first)
        with threads(n_threads):
            probabilities, used, *found = predict(module, documents, given, scores=scores)
        missing = ((0, 0), (0, max_length - used.shape[1]))
        yield (
            at_temperature(probabilities, temperature),
            np.pad(used, missing),
            *(np.pad(word_scores, missing, constant_values=np.nan) for word_scores in found),
        )
        first += len(documents)
    if masks is not None and first != len(masks):
        check_masks(masks, first)


def joined(
    parts: Iterator[tuple[np.ndarray, ...]], *, n_classes: int, max_length: int, scores: bool
) -> tuple[np.ndarray, ...]:
    """Concatenate the results of :func:`predict_chunks`."""
    results: tuple[np.ndarray, ...] = (
        np.empty((0, n_classes)),
        np.empty((0, max_length), dtype=bool),
    )
    if scores:
        results = (*results, np.empty((0, max_length)))
    for arrays in parts:
        first = len(results[0])
        # In place: concatenated in the end, all results would be in memory twice.
        for array, part in zip(results, arrays, strict=True):
            array.resize((first + len(part), array.shape[1]), refcheck=False)
            array[first:] = part
    return results


def to_rationales(
    tokenized: TokenizedTexts,
    probabilities: np.ndarray,
    masks: np.ndarray,
    scores: np.ndarray | None,
    *,
    classes: np.ndarray,
) -> list[Rationale]:
    """Join documents, tokenized with spans, with what was predicted for them."""
    rationales = []
    for text, tokens, spans, row, mask, word_scores in zip(
        tokenized.texts, tokenized.word_lists(), tokenized.spans or [], probabilities, masks,
        [None] * len(masks) if scores is None else scores,
        strict=True,
    ):  # fmt: skip
        best = int(row.argmax())
        rationales.append(
            Rationale(
                text=text,
                tokens=tokens,
                spans=spans,
                mask=mask[: len(tokens)].copy(),
                label=classes[best],
                confidence=float(row[best]),
                scores=None if word_scores is None else word_scores[: len(tokens)].copy(),
            )
        )
    return rationales
