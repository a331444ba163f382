"""Checks of the files of annotation tools, entry by entry."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SPAN_LABEL = "rationale"
"""The label of all spans that are written."""

_KINDS = {dict: "an object", int: "a whole number", list: "a list", str: "text"}


class WrongEntryError(ValueError):
    """What is wrong with an entry of a file."""


def check_file(path: Path, most: int) -> None:
    """Refuse a path that is no regular file of at most so many bytes."""
    if not path.is_file():
        raise FileNotFoundError(f"path={str(path)!r} is not a file: give the exported one.")
    if path.stat().st_size > most:
        raise ValueError(
            f"path={str(path)!r} has {path.stat().st_size:,} bytes, and at most {most:,} are read: "
            "export it in parts."
        )


def check_span_labels(span_labels: Any) -> frozenset[str] | None:
    """Return the labels of the spans that count; None for all."""
    if span_labels is None:
        return None
    if isinstance(span_labels, str) or not isinstance(span_labels, Collection):
        raise TypeError(f"span_labels={span_labels!r}: give a list of labels, or None for all.")
    return frozenset(span_labels)


@contextmanager
def reading(path: Path, entry: str) -> Iterator[None]:
    """Name the file and the entry in what is said of a wrong one."""
    try:
        yield
    except WrongEntryError as error:
        raise ValueError(f"path={str(path)!r}, {entry}: {error}.") from None


def value_of(
    fields: Mapping[str, Any], key: str, kind: type[T], remedy: str, default: T | None = None
) -> T:
    """Return the value of a key, or `default` where it is missing or null.

    Raises
    ------
    WrongEntryError
        If it is of another kind, or missing without a default.
    """
    value = fields.get(key)
    if value is None and default is not None:
        return default
    if key not in fields:
        there = ", ".join(map(reprlib.repr, list(fields)[:10]))
        raise WrongEntryError(f"it has no {key!r} among its keys ({there}): {remedy}")
    return checked(value, key, kind, remedy)


def checked(value: Any, name: str, kind: type[T], remedy: str) -> T:
    """Return a value of the given kind, or raise WrongEntryError."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise WrongEntryError(
            f"{name!r} is {reprlib.repr(value)}, and not {_KINDS[kind]}: {remedy}"
        )
    return value


def id_in(fields: Mapping[str, Any], remedy: str) -> str | int | None:
    """Return the id of an entry, or None."""
    value = fields.get("id")
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise WrongEntryError(
            f"'id' is {reprlib.repr(value)}, and neither text nor a whole number: {remedy}"
        )
    return value


def one_class(classes: list[Any], remedy: str) -> str | None:
    """Return the one class of a document, None if there is none."""
    names = dict.fromkeys(checked(name, "class", str, remedy) for name in classes)
    if (unseen := next((name for name in names if not name.strip()), None)) is not None:
        raise WrongEntryError(f"'class' is {unseen!r}, which nobody can see: {remedy}")
    if len(names) > 1:
        raise WrongEntryError(f"it has several classes, {reprlib.repr(list(names))}: {remedy}")
    return next(iter(names), None)


def check_bounds(start: int, end: int, n: int, remedy: str, units: str = "characters") -> None:
    """Raise WrongEntryError for a span that is not within a text of `n` units."""
    if not 0 <= start < end <= n:
        raise WrongEntryError(
            f"a span goes from {start} to {end} in a text of {n:,} {units}: {remedy}"
        )
