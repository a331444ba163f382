"""Weights that a folder does not hold: those of the pretrained transformer it started from.

A model saved without them has for each the shape and the digest.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_irx.io._files import MOST_WEIGHTS, digest
from sklearn_irx.nn.config import CONFIGURATION, NetworkConfig, NetworkShape
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.pretrained import NAMED, arrays_of

MOST_SHARING = 16
"""How many networks may name the same array: a small file must not unfold into a large memory."""

_TYPE = np.dtype(np.float32)  # in which they are read
_SEPARATORS = re.compile(r"[\\/]+")


class BaseError(ValueError):
    """The pretrained transformer of a model is not here, or is another."""


class LeftOut:
    """Say which arrays of models need not be written, as those of the pretrained one are equal."""

    def __init__(self) -> None:
        self._uses: Counter[str] = Counter()
        self.has_transformer = False

    def of(self, config: NetworkConfig, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
        """Return shape and digest of the arrays of a network to be left out, by name."""
        if not config.encoder.reads_pieces:
            return {}
        self.has_transformer = True
        found: dict[str, Any] = {}
        try:
            theirs = arrays_of(os.fspath(config.encoder.model), arrays[CONFIGURATION].tobytes())
        except ValueError as error:
            raise ValueError(f"without_base=True, and {error} Save with its weights.") from error
        for name, array in theirs.items():
            own = arrays.get(name)
            if own is None or own.dtype != _TYPE or own.shape != array.shape:
                continue
            sha256 = digest(own.tobytes())
            if sha256 == digest(array.tobytes()) and self._uses[sha256] < MOST_SHARING:
                self._uses[sha256] += 1
                found[name] = {"shape": list(own.shape), "sha256": sha256}
        return found


class Bases:
    """Find the arrays that were left out of a folder, in the pretrained transformer.

    `given` is where to look instead of where the model says. `was_needed` tells whether any array
    was left out.
    """

    def __init__(self, folder: Path, given: str | os.PathLike[str] | None) -> None:
        self._folder = folder
        self._given = given
        self._uses: Counter[str] = Counter()
        self._found: dict[tuple[str, bool, bytes], dict[str, np.ndarray]] = {}
        self.was_needed = False

    def arrays(
        self, config: NetworkConfig, kept: dict[str, np.ndarray], written: dict[str, Any]
    ) -> dict[str, np.ndarray]:
        """Return the arrays of a network that were left out, by name.

        Raises
        ------
        BaseError
            If the pretrained transformer is not here, or is another.
        ValueError
            If they belong to no network of this configuration.
        """
        shapes = {name: self._described(name, entry) for name, entry in written.items()}
        # Sizes are known to be right before memory is taken for them.
        every = {**shapes, **kept}
        if len(every) < len(shapes) + len(kept):
            raise ValueError("an array is kept, and left out")
        if sum(array.size for array in shapes.values()) * _TYPE.itemsize > MOST_WEIGHTS:
            raise ValueError("more was left out than is read")
        Rationalizer.check_arrays(config, NetworkShape.of(every), every)
        self.was_needed = True
        reasons = []
        for model, local in self._places(os.fspath(config.encoder.model)):
            try:
                theirs = self._read(model, local, kept[CONFIGURATION].tobytes())
            except ValueError as error:
                reasons.append(str(error).rstrip("."))
                continue
            other = [name for name in written if not _is_that(theirs.get(name), written[name])]
            if not other:
                return {name: theirs[name] for name in written}
            reasons.append(f"model={model!r} has other weights {other[0]}")
        said = f"base={os.fspath(self._given)!r}" if self._given is not None else "base=None"
        raise BaseError(
            f"{said}: {self._folder} was saved without the weights that are equal to those of "
            f"{os.fspath(config.encoder.model)!r}, and they are not to be had: "
            f"{'; '.join(reasons)}. Give that pretrained model, "
            "load(folder, base=its folder or its name in the Hugging Face hub)."
        )

    def _places(self, named: str) -> list[tuple[str, bool]]:
        """Return where to look, and whether on this machine alone: a folder fetches nothing."""
        places = [] if self._given is None else [(os.fspath(self._given), False)]
        return [*places, (named, True)]

    def _described(self, name: str, entry: Any) -> np.ndarray:
        """Return an array of the shape of one that was left out, which takes no memory."""
        match entry:
            case {"shape": list(shape), "sha256": str(sha256)} if name.startswith(NAMED):
                self._uses[sha256] += 1
                if self._uses[sha256] > MOST_SHARING:
                    raise ValueError(f"{name!r} is used more often than {MOST_SHARING} times")
                if all(type(n) is int and n >= 0 for n in shape) and math.prod(shape) < 2**40:
                    return np.broadcast_to(_TYPE.type(0), shape)
        raise ValueError(f"the array {name[:80]!r} that was left out is written in another way")

    def _read(self, model: str, local: bool, configuration: bytes) -> dict[str, np.ndarray]:
        key = model, local, configuration
        if key not in self._found:
            self._found[key] = arrays_of(model, configuration, local=local)
        return self._found[key]


def base_name(model: str | os.PathLike[str]) -> str:
    """Return the last part of the path or name of a pretrained model."""
    return _SEPARATORS.split(os.fspath(model).rstrip("\\/"))[-1]


def _is_that(array: np.ndarray | None, entry: dict[str, Any]) -> bool:
    return (
        array is not None
        and list(array.shape) == entry["shape"]
        and array.dtype == _TYPE
        and digest(array.tobytes()) == entry["sha256"]
    )
