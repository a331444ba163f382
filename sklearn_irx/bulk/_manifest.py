"""What a folder of answers says of itself: whose they are, and how far they go."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sklearn_irx._files import replacing
from sklearn_irx.bulk._input import Position

MANIFEST = "_manifest.json"
_FORMAT = "sklearn_irx.answers"
_MOST_BYTES = 2**20
_WHAT = {"model": "by another model", "input": "to another input", "options": "with other options"}


@dataclass
class Manifest:
    """Whose the answers in a folder are, and how far they go.

    Attributes
    ----------
    model, input, options : dict
        What tells model, input and options from others.
    parts, rows, errors, bytes : int
        Parts that are whole, what they hold, and their size.
    position : Position
        The place in the input after them.
    complete : bool
        Whether nothing is left to do.
    """

    model: dict[str, Any]
    input: dict[str, Any]
    options: dict[str, Any]
    parts: int = 0
    rows: int = 0
    errors: int = 0
    bytes: int = 0
    position: Position = field(default_factory=Position)
    complete: bool = False

    def write(self, folder: Path) -> None:
        """Put it in place of what the folder says now."""
        found = {"format": _FORMAT, "format_version": 1, **asdict(self)}
        found["position"] = self.position._asdict()
        with replacing(folder / MANIFEST, lasting=True) as part:
            part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    def continued(self, folder: Path) -> Manifest:
        """Return the manifest of a folder, if its contents were begun by the same call.

        Raises
        ------
        FileExistsError
            If it was not, holds something else, or is not what it was.
        """
        path = folder / MANIFEST
        if not path.exists():
            names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
            if names:
                raise FileExistsError(
                    f"{folder} is not empty and holds no answers: give a folder that is new or "
                    "empty."
                )
            return self
        found = _read(path)
        for name, what in _WHAT.items():
            given, there = getattr(self, name), getattr(found, name)
            if given != there:
                differing = ", ".join(
                    f"{key}: {there.get(key)!r} then, {given.get(key)!r} now"
                    for key in sorted({*given, *there})
                    if given.get(key) != there.get(key)
                )
                raise FileExistsError(
                    f"{folder} holds answers {what} ({differing}): give another folder, or "
                    "delete it to begin anew."
                )
        suffix = self.options["format"]
        sizes = [
            path.stat().st_size if path.exists() else -1
            for path in (part_path(folder, number, suffix) for number in range(found.parts))
        ]
        if -1 in sizes or sum(sizes) != found.bytes:
            raise FileExistsError(
                f"{folder} has not the {found.parts} parts of {found.bytes:,} bytes that its "
                f"{MANIFEST} tells of: put back what was moved, or delete it to begin anew."
            )
        return found


def part_path(folder: Path, number: int, suffix: str) -> Path:
    """Return the path of a part."""
    return folder / f"part-{number:05d}{suffix}"


def _read(path: Path) -> Manifest:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.pop("format") != _FORMAT or found.pop("format_version") != 1:
            raise ValueError("it is of another kind, or of a later version")
        found["position"] = Position(**found["position"])
        manifest = Manifest(**found)
        counts = (manifest.parts, manifest.rows, manifest.errors, manifest.bytes)
        if not all(isinstance(n, int) and n >= 0 for n in (*counts, *manifest.position)):
            raise ValueError("its numbers are none")
        if not all(isinstance(getattr(manifest, name), dict) for name in _WHAT):
            raise ValueError("it does not say whose answers they are")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FileExistsError(
            f"{path} cannot be read ({type(error).__name__}: {error}): give another folder, or "
            "delete this one to begin anew."
        ) from error
    return manifest
