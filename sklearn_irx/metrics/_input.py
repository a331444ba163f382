"""Validation of the arguments of metrics: masks or spans, lengths, averages."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Literal

import numpy as np
from sklearn.model_selection import StratifiedKFold

from sklearn_irx._validation import check_document_spans

Average = Literal["samples"]
Span = tuple[int, int]
Masks = np.ndarray | Sequence[Sequence[Span]]
"""Masks of shape (n_samples, n_words), or for each document its spans (start, end) in words."""


def check_masks(name: str, masks: Any) -> np.ndarray:
    """Return masks or spans as a boolean array of shape (n_samples, n_words), after checking them.

    `name` is the argument in errors. The width of masks from spans is the largest end.
    """
    spans = _as_spans(name, masks)
    if spans is not None:
        width = max((end for row in spans for _, end in row), default=0)
        array = np.zeros((len(spans), width), dtype=bool)
        for mask, row in zip(array, spans, strict=True):
            for start, end in row:
                mask[start:end] = True
        return array
    array = np.asarray(masks)
    if array.dtype != bool:
        raise TypeError(
            f"{name} has dtype {array.dtype}: give a boolean array, for example {name} > 0, or "
            "for each document a list of spans (start, end) in words."
        )
    if array.ndim != 2 or not len(array):
        raise ValueError(
            f"{name} has shape {array.shape}: give (n_samples, n_words) with at least one document."
        )
    return array


def check_spans(name: str, masks: Any) -> list[set[Span]]:
    """Return the spans of each document as a set: those passed, or the maximal runs of words.

    Adjacent or overlapping input spans are not merged.
    """
    if (pairs := _as_spans(name, masks)) is not None:
        return [set(row) for row in pairs]
    masks = check_masks(name, masks)
    rows, starts, ends = runs(masks)
    spans: list[set[Span]] = [set() for _ in masks]
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        spans[row].add((start, end))
    return spans


def runs(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row, start and end (exclusive) of each maximal run of selected words, in order."""
    edges = np.diff(np.pad(masks, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    return rows, starts, np.nonzero(edges == -1)[1]


def check_pair(names: tuple[str, str], one: Any, two: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check two sets of masks of the same documents and pad them to equal width."""
    masks = check_masks(names[0], one), check_masks(names[1], two)
    check_same_documents(names, *masks)
    width = max(array.shape[1] for array in masks)
    first, second = (np.pad(a, ((0, 0), (0, width - a.shape[1]))) for a in masks)
    return first, second


def check_same_documents(names: tuple[str, str], one: Any, two: Any) -> None:
    """Check that two arguments have the same number of rows."""
    if len(one) != len(two):
        raise ValueError(
            f"{names[0]} has {len(one)} rows and {names[1]} {len(two)}: give both for the same "
            "documents."
        )


def check_words(name: str, masks: Any, lengths: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of shape (n_samples, n_words) and lengths of shape (n_samples,), after checks.

    Without `lengths`, every column is a word. Masks from spans are as wide as the longest document.
    """
    array = check_masks(name, masks)
    if lengths is None:
        return array, np.full(len(array), array.shape[1])
    lengths = check_lengths(lengths, array, name)
    width = int(lengths.max())
    if _as_spans(name, masks) is not None:
        return np.pad(array, ((0, 0), (0, max(0, width - array.shape[1])))), lengths
    if width > array.shape[1]:
        raise ValueError(
            f"lengths has values from {lengths.min()} to {width}: give numbers of words from 0 to "
            f"{array.shape[1]}, the width of {name}."
        )
    return array, lengths


def check_lengths(lengths: Any, masks: np.ndarray, name: str) -> np.ndarray:
    """Check the numbers of words of documents, and that `masks` select no word past them."""
    lengths = check_counts("lengths", lengths, len(masks), f"rows of {name}")
    if (row := first_past(masks, lengths)) is not None:
        raise ValueError(
            f"lengths[{row}]={lengths[row]}, but {name}[{row}] selects a word past it: give masks "
            "that are False past the end of a document."
        )
    return lengths


def first_past(masks: np.ndarray, lengths: np.ndarray) -> int | None:
    """Return the first row that selects a word past the end of its document, or None."""
    past = (masks & (np.arange(masks.shape[1]) >= lengths[:, None])).any(axis=1)
    return int(past.argmax()) if past.any() else None


def check_counts(name: str, counts: Any, n_samples: int, of: str) -> np.ndarray:
    """Check numbers of words, one for each document, and return them as an array."""
    array = np.asarray(counts)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{name} has dtype {array.dtype}: give integers, numbers of words.")
    if array.shape != (n_samples,):
        raise ValueError(
            f"{name} has shape {array.shape}: give one number for each of the {n_samples} {of}."
        )
    if array.min(initial=0) < 0:
        raise ValueError(
            f"{name} has values from {array.min()} to {array.max()}: give numbers of at least 0."
        )
    return array


def check_numbers_of_words(n_words: Any, n_samples: int) -> np.ndarray:
    """Return `n_words` of each document: one number is that of all."""
    counts = np.full(n_samples, n_words) if np.ndim(n_words) == 0 else n_words
    return check_counts("n_words", counts, n_samples, "documents")


def check_at_least(least: int, name: str, value: Any) -> None:
    """Raise ValueError unless a parameter is an integer of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise ValueError(f"{name}={value!r}: give an integer of at least {least}.")


def columns_of(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the columns that labels have among the probabilities of a reader of `classes`."""
    columns = {label: column for column, label in enumerate(classes.tolist())}
    unknown = sorted({str(label) for label in y.tolist() if label not in columns})
    if unknown:
        raise ValueError(
            f"y has labels {unknown} that the reader does not know: give documents of "
            f"{classes.tolist()}."
        )
    return np.array([columns[label] for label in y.tolist()], dtype=int)


def stratified_folds(y: np.ndarray, cv: Any, seed: int) -> StratifiedKFold:
    """Return the splitter of a cross-validation of the labels `y`, or raise ValueError."""
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        raise ValueError(
            f"y has only the label {classes.tolist()[0]!r}: give documents of two or more labels."
        )
    check_at_least(2, "cv", cv)
    if counts.min() < cv:
        raise ValueError(
            f"cv={cv}, but y has the label {classes.tolist()[counts.argmin()]!r} {counts.min()} "
            "times: give a smaller cv, or remove the documents of rare labels."
        )
    return StratifiedKFold(int(cv), shuffle=True, random_state=seed)


def check_scores(scores: Any, n_samples: int | None = None) -> np.ndarray:
    """Return scores of shape (n_samples, n_words), nan past each end only, after checks."""
    array = np.asarray(scores, dtype=float)
    if array.ndim != 2 or not len(array) or n_samples not in (None, len(array)):
        wanted = "n_samples" if n_samples is None else n_samples
        raise ValueError(
            f"scores has shape {array.shape}: give ({wanted}, n_words), a row for each document."
        )
    scored = ~np.isnan(array)
    broken = (scored[:, 1:] & ~scored[:, :-1]).any(axis=1) | np.isinf(array).any(axis=1)
    if broken.any():
        row = int(broken.argmax())
        raise ValueError(
            f"scores[{row}] has a word without a finite score before the end: use nan only past "
            "the end of a document."
        )
    return array


def averaged(values: np.ndarray, average: str | None) -> Any:
    """Return the mean of the values that are not nan, or all values if `average` is None."""
    if average is None:
        return values.astype(float)
    if average == "samples":
        defined = values[~np.isnan(values)]
        return float(defined.mean()) if len(defined) else float("nan")
    raise ValueError(f'average={average!r} is unknown: give "samples" or None.')


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide elementwise, with 0 where the denominator is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _as_spans(name: str, masks: Any) -> list[list[Span]] | None:
    """Return spans as lists of pairs of int, or None if `masks` is not a list of spans."""
    if not isinstance(masks, (list, tuple)) or not masks:
        return None
    rows = [row.tolist() if _is_pairs(row) else row for row in masks]
    if not all(isinstance(row, (list, tuple)) for row in rows):
        return None
    if not all(isinstance(span, (list, tuple)) for row in rows for span in row):
        return None
    return [check_document_spans(f"{name}[{index}]", row) for index, row in enumerate(rows)]


def _is_pairs(row: Any) -> bool:
    return isinstance(row, np.ndarray) and row.ndim == 2 and row.dtype != bool
