"""Checks of user input. Their errors name the parameter, its value and the remedy."""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import permutations
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets


def check_texts(X: Any, name: str = "X") -> list[str]:
    """Return the documents as a list of str.

    Raises TypeError if `X` is one string, cannot be iterated over, or holds anything but strings;
    ValueError if it is an array or a data frame of two dimensions. `name` is that of the parameter.
    """
    return list(iterate_texts(X, name))


def iterate_texts(X: Any, name: str = "X") -> Iterator[str]:
    """Return an iterator over the documents; a lazy :func:`check_texts`.

    The container is checked at once, a document when it is reached.
    """
    if isinstance(X, (str, bytes)):
        raise TypeError(
            f"{name} is one {type(X).__name__}, {X[:20]!r}: give a sequence of documents, "
            f"[text] for a single one."
        )
    if getattr(X, "ndim", 1) != 1 or hasattr(X, "columns"):
        names = list(getattr(X, "columns", []))
        if len(names) > 1 and names.count(names[0]) == len(names):
            raise ValueError(
                f"{name} holds {len(names)} columns named {names[0]!r}: give one of them by its "
                "place, frame['text'].iloc[:, 0] for example, or rename them."
            )
        raise ValueError(
            f"{name} is a {type(X).__name__} of shape {getattr(X, 'shape', None)}: give one "
            "column of texts, for example frame['text']."
        )
    if isinstance(X, dict) or not hasattr(X, "__iter__"):
        raise TypeError(f"{name} is a {type(X).__name__}: give a sequence of documents.")
    return (_checked_text(text, row, name) for row, text in enumerate(X))


def _checked_text(text: Any, row: int, name: str) -> str:
    if not isinstance(text, str):
        listed = isinstance(text, Collection) and not isinstance(text, bytes)
        remedy = "' '.join(words) for a list of words" if listed else "'' for a missing one"
        raise TypeError(
            f"{name}[{row}] is {reprlib.repr(text)}, a {type(text).__name__}: give a str for every "
            f"document, {remedy}."
        )
    return str(text)  # numpy.str_ becomes str


def check_labels(y: Any, n_samples: int | None = None, name: str = "y") -> np.ndarray:
    """Return the labels as an array of shape (n_samples,), or raise ValueError.

    `n_samples` None takes any number of them. They are all text, all numbers, or all booleans.
    """
    if y is None:
        raise ValueError(f"{name}=None: give the label of every document.")
    labels = labels_array(y, name)
    if n_samples is not None and len(labels) != n_samples:
        raise ValueError(
            f"X has {n_samples} documents and {name} {len(labels)} labels: give as many of the one "
            "as of the other."
        )
    if labels.dtype.kind == "O":
        labels = _of_one_kind(labels, name)
    check_classification_targets(labels)
    return labels


def labels_array(y: Any, name: str = "y") -> np.ndarray:
    """Return labels as an array of one dimension, or raise ValueError if one is missing.

    None, nan, infinity, and what pandas and masked arrays have for a missing value are no labels.
    What is not in an array keeps its type: NumPy would write numbers and nan among strings as text.
    """
    if isinstance(y, np.ma.MaskedArray):
        y, masked = np.array(y, dtype=object), np.ma.getmaskarray(y)
        y[masked] = None
    labels = np.asarray(y) if hasattr(y, "__array__") else np.asarray(y, dtype=object)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if labels.ndim != 1:
        raise ValueError(f"{name} has shape {labels.shape}: give one label for each document.")
    if labels.dtype.kind not in "biufUMmO":
        labels = labels.astype(object)
    missing = _missing(labels)
    if missing.any():
        row = int(missing.argmax())
        more = f", and {missing.sum() - 1:,} more are missing" if missing.sum() > 1 else ""
        raise ValueError(
            f"{name}[{row}] is {labels[row]!s}{more}: give the label of every document, and leave "
            "out documents that have none."
        )
    if labels.dtype.kind == "O" and not hasattr(y, "__array__"):
        kinds = {_kind(of) for of in set(map(type, labels))}
        if len(kinds) == 1 and "" not in kinds:
            return np.array(labels.tolist())
    return labels


def _missing(labels: np.ndarray) -> np.ndarray:
    """Return where labels are missing."""
    if labels.dtype.kind == "f":
        return ~np.isfinite(labels)
    if labels.dtype.kind in "Mm":
        return np.isnat(labels)
    if labels.dtype.kind != "O":
        return np.zeros(len(labels), dtype=bool)
    return np.fromiter(map(is_missing, labels), dtype=bool, count=len(labels))


def is_missing(label: Any) -> bool:
    """Return whether a value is one of those that stand for none: None, nan, NaT, NA."""
    if isinstance(label, float | np.floating):
        return not np.isfinite(label)
    if isinstance(label, np.datetime64 | np.timedelta64):
        return bool(np.isnat(label))
    return label is None or type(label).__name__ in ("NAType", "NaTType")


def _of_one_kind(labels: np.ndarray, name: str) -> np.ndarray:
    """Return labels of any type as strings, numbers or booleans, or raise ValueError."""
    kinds = [_kind(type(label)) for label in labels]
    odd = next((row for row, kind in enumerate(kinds) if not kind or kind != kinds[0]), None)
    if odd is None:  # strings stay objects, as pandas holds them
        return labels if kinds[:1] == ["str"] else np.array(labels.tolist())
    of = type(labels[odd]).__name__
    if not kinds[odd]:
        raise ValueError(
            f"{name}[{odd}] is {reprlib.repr(labels[odd])}, a label of type {of}: give strings, "
            f"numbers or booleans, [str(label) for label in {name}] for example."
        )
    raise ValueError(
        f"{name}[{odd}] is {reprlib.repr(labels[odd])}, of type {of}, and {name}[0] is "
        f"{reprlib.repr(labels[0])}, of type {type(labels[0]).__name__}: give labels of one type, "
        f"[str(label) for label in {name}] for example."
    )


def _kind(of: type) -> str:
    """Return what a type of labels is: text, a boolean, a number, or "" for anything else."""
    if issubclass(of, str):
        return "str"
    if issubclass(of, bool | np.bool_):
        return "bool"
    return "number" if issubclass(of, Real) else ""


def check_sample_weight(sample_weight: Any, n_samples: int) -> np.ndarray:
    """Return the weights as an array of shape (n_samples,), or raise ValueError."""
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"sample_weight is a {type(sample_weight).__name__} that holds no numbers: give one "
            "for each document."
        ) from error
    if weights.shape != (n_samples,):
        raise ValueError(
            f"sample_weight has shape {weights.shape} and X {n_samples} documents: give a weight "
            "for each document."
        )
    wrong = ~np.isfinite(weights) | (weights < 0)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"sample_weight[{row}] is {weights[row]}: give finite numbers of at least 0."
        )
    if not weights.any():
        raise ValueError("sample_weight is 0 for every document: give some a weight above 0.")
    return weights


def check_class_weight(class_weight: Any, classes: np.ndarray) -> None:
    """Raise ValueError if weights of classes are no finite numbers of at least 0, or not of these.

    As in scikit-learn, weights of other labels are ignored if every class has one.
    """
    if not isinstance(class_weight, dict):
        return
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
            raise ValueError(
                f"class_weight has the weight {weight!r} for {label!r}: give finite numbers of at "
                "least 0."
            )
    known = classes.tolist()
    strange = [label for label in class_weight if label not in known]
    missing = [label for label in known if label not in class_weight]
    if strange and missing:
        raise ValueError(
            f"class_weight has a weight for {strange[0]!r} and none for {missing[0]!r}: give "
            f"weights of the labels of y, {known}."
        )
    if not missing and not any(class_weight[label] for label in known):
        raise ValueError("class_weight is 0 for every class: give some a weight above 0.")


def check_vocabulary(vocabulary: Any) -> list[str] | None:
    """Return the words to learn as a list, or raise an error."""
    if vocabulary is None:
        return None
    words = check_texts(vocabulary, "vocabulary")
    if not words:
        raise ValueError("vocabulary holds no words: give some, or None.")
    if len(set(words)) < len(words):
        twice = next(word for word, n in Counter(words).items() if n > 1)
        raise ValueError(f"vocabulary holds {twice!r} twice: give every word once.")
    return words


def check_masks(masks: Any, n_samples: int | None = None) -> np.ndarray:
    """Return masks as an array of shape (n_samples, n_words).

    Raises TypeError if they are not boolean, ValueError if they have another shape.
    """
    array = np.asarray(masks)
    if array.dtype != bool:
        raise TypeError(f"masks has dtype {array.dtype}: give booleans, masks > 0 for example.")
    if array.ndim != 2 or n_samples not in (None, len(array)):
        wanted = "n_samples" if n_samples is None else n_samples
        raise ValueError(
            f"masks has shape {array.shape}: give ({wanted}, n_words), a row for each document."
        )
    return array


def fit_masks(
    masks: np.ndarray, lengths: np.ndarray, max_length: int, first: int = 0
) -> np.ndarray:
    """Bring masks of documents with these `lengths` to the shape (n_samples, max_length).

    `first` is the row of the first document among all. Raises ValueError if rows are missing, or a
    mask selects words past the end of its document.
    """
    if len(masks) != len(lengths):
        raise ValueError(
            f"masks has no row for X[{first + len(masks)}]: give a row for each document."
        )
    full = np.zeros((len(masks), max(max_length, masks.shape[1])), dtype=bool)
    full[:, : masks.shape[1]] = masks
    beyond = (full & (np.arange(full.shape[1]) >= lengths[:, None])).any(axis=1)
    if beyond.any():
        row = int(beyond.argmax())
        raise ValueError(
            f"masks[{first + row}] selects words past the end of the document, which has "
            f"{lengths[row]}: give masks made for these documents by a model that splits them into "
            "the same words."
        )
    return full[:, :max_length]


def check_document_spans(name: str, spans: Iterable[Any]) -> list[tuple[int, int]]:
    """Return the spans of a document as pairs of int, or raise ValueError. `name` is its name."""
    pairs = []
    for span in spans:
        if not _is_span(span):
            raise ValueError(
                f"{name} has the span {span!r}: give (start, end) in words with 0 <= start < end, "
                "ends exclusive."
            )
        pairs.append((int(span[0]), int(span[1])))
    return pairs


def _is_span(span: Any) -> bool:
    integers = len(span) == 2 and all(
        isinstance(edge, Integral) and not isinstance(edge, bool) for edge in span
    )
    return integers and 0 <= span[0] < span[1]


def check_members(estimators: list[Any], reserved: Collection[str]) -> None:
    """Check that members of an ensemble are pairs (name, estimator) with usable names.

    `reserved` are the parameters of the ensemble, which are no usable names.
    """
    for member in estimators:
        if not isinstance(member, tuple) or len(member) != 2 or not isinstance(member[0], str):
            raise TypeError(
                f"estimators holds {member!r}: give pairs (name, estimator), the name a str."
            )
    if len(estimators) < 2:
        raise ValueError(f"estimators={estimators!r}: give at least two members.")
    names = [name for name, _ in estimators]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"estimators has {names.count(name)} members named {name!r}: give each a name of "
                "its own."
            )
        if not name or "__" in name or name in reserved:
            raise ValueError(
                f"estimators has a member named {name!r}: give a name that is not empty, holds no "
                f"'__', and is none of the parameters {', '.join(reserved)}."
            )
    columns = {name: f"member {name!r}" for name in names}
    for reader, owner in permutations(names, 2):
        column = f"{reader}_given_{owner}"
        found = f"{reader!r} given {owner!r}"
        if columns.setdefault(column, found) != found:
            raise ValueError(
                f"estimators: {columns[column]} and {found} would both have the column "
                f"'label_{column}': rename one of these members."
            )


def check_known_classes(
    known: dict[str, np.ndarray], y: np.ndarray | None, *, exactly: bool
) -> np.ndarray:
    """Return the labels that all members of an ensemble know, or raise ValueError.

    `known` are the labels of each fitted member by name; `y` is None if all are fitted. `exactly`
    tells whether other members will be fitted on `y`, so that it needs all labels.
    """
    if not known:
        return np.unique(np.asarray(y))
    (first, classes), *others = known.items()
    for name, its_classes in others:
        if not np.array_equal(classes, its_classes):
            raise ValueError(
                f"{first} knows the classes {classes.tolist()} and {name} {its_classes.tolist()}: "
                "fit all members on the same labels."
            )
    labels = set() if y is None else set(y.tolist())
    strange = labels - set(classes.tolist())
    if strange:
        raise ValueError(
            f"y has labels {sorted(map(str, strange))} that the fitted members do not know: give "
            f"some of {classes.tolist()}, or refit with prefit=False."
        )
    missing = set(classes.tolist()) - labels
    if exactly and missing:
        raise ValueError(
            f"y lacks the labels {sorted(map(str, missing))}, which the fitted {first} knows: give "
            "documents of all its classes to fit the others on, or refit with prefit=False."
        )
    return classes


def check_classes(classes: Any, labels: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """Return all labels of `partial_fit`, or raise ValueError.

    `classes` is its parameter, `labels` are those of this call, `known` those of earlier calls.
    """
    if classes is not None:
        given = np.unique(check_labels(classes, name="classes"))
        if known is not None and not np.array_equal(given, known):
            raise ValueError(
                f"classes={given.tolist()} at a later call of partial_fit, and the first had "
                f"{known.tolist()}: give these, or None."
            )
        known = given
    if known is None:
        raise ValueError(
            "classes=None at the first call of partial_fit: give all labels there will be."
        )
    if len(known) < 2:
        raise ValueError(f"classes={known.tolist()}: give at least two labels.")
    strange = set(labels.tolist()) - set(known.tolist())
    if strange:
        raise ValueError(
            f"y has labels {sorted(map(str, strange))} that are not among the classes "
            f"{known.tolist()}: give classes=, all labels there will be, at the first call."
        )
    return known


def check_validation_data(
    validation_data: Any, classes: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Return texts and class numbers of the validation documents, or raise an error."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
        raise ValueError(
            f"validation_data is a {type(validation_data).__name__}: give (texts, labels) or "
            "(texts, labels, rationales)."
        )
    texts = check_texts(validation_data[0], "validation_data[0]")
    labels = check_labels(validation_data[1], len(texts), "validation_data[1]")
    if not texts:
        raise ValueError("validation_data[0] holds no documents: give at least one, or None.")
    unknown = set(labels.tolist()) - set(classes.tolist())
    if unknown:
        raise ValueError(
            f"validation_data[1] has labels {sorted(map(str, unknown))} that y does not have: give "
            "documents of the classes to be learned."
        )
    return texts, np.searchsorted(classes, labels)


def hold_out(
    y: np.ndarray, fraction: float, random_state: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into those to train on and a held-out share of each class, at least one row.

    A class of few documents may have none held out, and one of a single document never has, so that
    every class can be learned. If all classes are of a single document, none is held out.
    """
    order = random_state.permutation(len(y))
    held_out = np.zeros(len(y), dtype=bool)
    counts = np.bincount(y)
    for number, count in enumerate(counts):
        rows = order[y[order] == number]
        held_out[rows[: min(round(fraction * count), count - 1)]] = True
    if not held_out.any() and counts.max() > 1:
        largest = order[y[order] == counts.argmax()]
        held_out[largest[0]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
