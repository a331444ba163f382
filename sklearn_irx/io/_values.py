"""Parameters and labels as JSON, and back: plain values, and nothing that could run."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_irx._compat import validate_parameter_constraints
from sklearn_irx.classifier.trained import NotKnown
from sklearn_irx.components import REGISTRIES, Component
from sklearn_irx.io._files import ModelFileError
from sklearn_irx.text import HTMLTokenizer, SentenceSplitter, WordVectors
from sklearn_irx.text.tokenizer import TOKENIZERS

NOT_KEPT = ("memory",)
"""Parameters that name a place on the machine that trained, which another must not open."""

MOST_COUNTED = 2**53
"""The largest number of anything that is counted."""

_TOKENIZERS = {kind.__name__: kind for kind in (*TOKENIZERS, HTMLTokenizer, SentenceSplitter)}
_MOST_SAID = 200  # characters of a description
_MOST_CHARACTERS = 2**24  # of all labels together, each as long as the longest may be
_PLAIN = (bool, int, float, str)
_DTYPE = re.compile(r"([biufU])(\d{1,8})")


class NotSaved(NotKnown):
    """Stands in a loaded estimator for a parameter that cannot be written as plain values.

    The estimator predicts as before. Fitting it says which parameter is missing.

    Parameters
    ----------
    name : str
        The parameter.
    description : str
        What it was.

    Examples
    --------
    >>> from sklearn_irx.io import NotSaved
    >>> NotSaved("random_state", "numpy.random.RandomState")
    <random_state was not saved with the model: numpy.random.RandomState; give it with
     set_params(random_state=...) before fitting>
    """

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description

    def __repr__(self) -> str:
        return (
            f"<{self.name} was not saved with the model: {self.description}; give it with "
            f"set_params({self.name}=...) before fitting>"
        )


class _NotPlainError(Exception):
    """A value is none that JSON could hold."""


def write_value(value: Any, number_of: Callable[[Any], int]) -> Any:
    """Return a parameter as JSON; describe what JSON cannot hold.

    `number_of` returns the number under which an estimator is written.
    """
    try:
        return _write(value, number_of)
    except _NotPlainError:
        return {"type": "not saved", "description": describe(value)}


def is_plain(value: Any) -> bool:
    """Return whether a parameter is written as it is, and not described."""
    try:
        _write(value, id)
    except _NotPlainError:
        return False
    return True


def read_value(value: Any, name: str, estimator_of: Callable[[int], Any]) -> Any:
    """Return the parameter that :func:`write_value` wrote, or raise ModelFileError."""
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, list):
        return [read_value(item, name, estimator_of) for item in value]
    if isinstance(value, dict):
        kind = value.get("type")
        content = {key: item for key, item in value.items() if key != "type"}
        match kind, content:
            case "tuple", {"items": list(items)}:
                return tuple(read_value(item, name, estimator_of) for item in items)
            case "dict", {"items": list(items)}:
                pairs = [read_value(item, name, estimator_of) for item in items]
                if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs) and all(
                    isinstance(key, _PLAIN) for key, _ in pairs
                ):
                    return dict(pairs)
            case "float", {"value": "inf" | "-inf" | "nan" as number}:
                return float(number)
            case "path", {"value": str(path)}:
                return Path(path)
            case "tokenizer", {"name": str(kind), "parameters": dict(own)} if kind in _TOKENIZERS:
                return _TOKENIZERS[kind](
                    **{key: read_value(value, key, estimator_of) for key, value in own.items()}
                )
            case "not saved", {"description": str(description)}:
                return NotSaved(name, description[:_MOST_SAID])
            case "estimator", {"number": int(number)}:
                return estimator_of(number)
            case "component", {"name": str(kind), "parameters": dict(own)} if kind in components():
                return _component(kind, own, name, estimator_of)
            case "component", {"name": str(kind)}:
                raise ModelFileError(
                    f"{name} is a {kind[:80]!r}, which is not registered in "
                    "sklearn_irx.components: import the package that registers it first"
                )
    raise ModelFileError(f"{name} is written as {str(value)[:80]!r}, which stands for nothing")


def components() -> dict[str, type[Component]]:
    """Return the classes of components that can be saved, by name: those that are registered.

    Of two classes of one name it is the first, so none takes the place of one of this package.
    """
    found: dict[str, type[Component]] = {}
    for registry in REGISTRIES.values():
        for part in registry.named.values():
            found.setdefault(type(part).__name__, type(part))
    return found


def check_parameters(cls: type, parameters: Mapping[str, Any]) -> None:
    """Check each saved parameter of an estimator; out of range raises ValueError."""
    constraints = getattr(cls, "_parameter_constraints", {})
    there = {name: value for name, value in parameters.items() if not isinstance(value, NotSaved)}
    validate_parameter_constraints(constraints, there, cls.__name__)


def _component(
    kind: str, own: dict[str, Any], name: str, estimator_of: Callable[[int], Any]
) -> Component:
    cls = components()[kind]
    parameters = {
        key: read_value(value, f"{name}__{key}", estimator_of) for key, value in own.items()
    }
    check_parameters(cls, parameters)
    component = cls(**parameters)
    if not any(isinstance(value, NotSaved) for value in parameters.values()):
        component.check()
    return component


def _write(value: Any, number_of: Callable[[Any], int]) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"type": "float", "value": str(value)}
    if type(value) is list:
        return [_write(item, number_of) for item in value]
    if type(value) is tuple:
        return {"type": "tuple", "items": [_write(item, number_of) for item in value]}
    if type(value) is dict:
        items = [[_write(key, number_of), _write(item, number_of)] for key, item in value.items()]
        return {"type": "dict", "items": items}
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biufU":
        return _write(value.tolist(), number_of)
    if isinstance(value, os.PathLike):
        return {"type": "path", "value": os.fsdecode(os.fspath(value))}
    if type(value) in _TOKENIZERS.values():
        own = {key: _write(one, number_of) for key, one in vars(value).items()}
        return {"type": "tokenizer", "name": type(value).__name__, "parameters": own}
    if type(value) in components().values():
        own = value.get_params(deep=False)
        return {
            "type": "component",
            "name": type(value).__name__,
            "parameters": {key: write_value(one, number_of) for key, one in own.items()},
        }
    if isinstance(value, BaseEstimator) and hasattr(value, "predict"):
        return {"type": "estimator", "number": number_of(value)}
    raise _NotPlainError


def describe(value: Any) -> str:
    """Describe a value, without addresses or contents of its own."""
    if isinstance(value, NotSaved):
        return value.description
    if isinstance(value, (list, tuple)):
        said = f"[{', '.join(describe(item) for item in value)}]"
    elif value is None or isinstance(value, _PLAIN):
        said = repr(value)
    elif isinstance(value, os.PathLike):
        said = repr(os.fspath(value))
    elif isinstance(value, WordVectors):
        said = f"WordVectors of {len(value.words)} words in {value.size} dimensions"
    else:
        kind = value if hasattr(value, "__qualname__") else type(value)
        said = f"{getattr(kind, '__module__', None)}.{kind.__qualname__}"
    return said if len(said) <= _MOST_SAID else f"{said[: _MOST_SAID - 1]}…"


def write_classes(classes: np.ndarray) -> dict[str, Any]:
    """Return labels as JSON, with their type; TypeError if JSON cannot hold them."""
    values = classes.tolist()
    kind = classes.dtype.kind
    short = kind != "U" or classes.size * classes.itemsize // 4 <= _MOST_CHARACTERS
    fits = (kind in "biufU" and short) or (
        kind == "O" and any(all(type(v) is plain for v in values) for plain in (bool, int, str))
    )
    if not fits:
        raise TypeError(
            f"classes_ has dtype {classes.dtype}, and labels are written as strings, numbers or "
            "booleans: fit with such labels, or save with joblib."
        )
    return {
        "dtype": "object" if kind == "O" else classes.dtype.str.lstrip("<>=|"),
        "values": values,
    }


def typed(record: Any, key: str, kind: type) -> Any:
    """Return a value of a type from a JSON object, or raise ValueError."""
    value = record[key]
    if not isinstance(value, kind):
        raise ValueError(f"{key} is written as {str(value)[:80]!r}")
    return value


def count(record: Any, key: str, least: int = 0, most: int = MOST_COUNTED) -> int:
    """Return an integer in a range from a JSON object, or raise ValueError."""
    value = record[key] if isinstance(record, dict) else None
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{key} is {str(value)[:80]!r}")
    return value


def read_classes(written: Any) -> np.ndarray:
    """Return the labels that :func:`write_classes` wrote, or raise ModelFileError."""
    match written:
        case {"dtype": str(name), "values": [first, _, *_] as values, **others} if not others:
            alike = type(first) in _PLAIN and {type(value) for value in values} == {type(first)}
            if alike and len(set(values)) == len(values):
                array = _array_of(name, type(first), values)
                if array is not None and array.tolist() == values:
                    return array
    raise ModelFileError(f"the classes are written as {str(written)[:80]!r}")


def _array_of(name: str, kind: type, values: list[Any]) -> np.ndarray | None:
    """Return values of one kind as an array of a type that fits them, else None."""
    if name == "object" and kind is not float:
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array
    found = _DTYPE.fullmatch(name)
    if not found or found[1] not in {bool: "b", int: "iu", float: "f", str: "U"}[kind]:
        return None
    # A length of strings that is only said could take any memory.
    if kind is str and len(values) * int(found[2]) > _MOST_CHARACTERS:
        return None
    try:
        return np.array(values, dtype=name)
    except (ValueError, OverflowError, TypeError):
        return None
