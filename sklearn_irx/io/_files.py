"""The files of a saved model: read with suspicion, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn_irx._files import locked, replacing, sync_folder

FORMAT = "sklearn_irx.model"
FORMAT_VERSION = 7
MODEL, CARD = "model.json", "README.md"
MOST_JSON = 16 * 2**20  # bytes: parsed, they take some twenty times as much memory
MOST_WORDS = 128 * 2**20
MOST_WEIGHTS = 4 * 2**30

_DATA = re.compile(r"(weights-[0-9a-f]{16}\.safetensors|vocabulary-[0-9a-f]{16}\.txt)")
_PART = re.compile(rf"\.({_DATA.pattern}|README\.md|model\.json)\.[0-9a-f]{{8}}\.part")


class ModelFileError(ValueError):
    """A folder cannot be loaded as a model: missing, damaged, foreign, or made by a newer version.

    The message names the file, what is wrong with it, and what to do.
    """


def data_name(kind: str, data: bytes) -> str:
    """Return the name of a data file: with its digest, files of two models never collide."""
    ending = {"weights": "safetensors", "vocabulary": "txt"}[kind]
    return f"{kind}-{digest(data)[:16]}.{ending}"


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read_file(path: Path, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes.

    A missing file raises FileNotFoundError; a link, another kind of file or a larger one,
    ModelFileError.
    """
    # Without waiting: opened otherwise, a pipe would wait for somebody to write into it.
    flags = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
    mode = os.O_RDONLY
    for flag in flags:
        mode |= getattr(os, flag, 0)
    if path.is_symlink():
        raise ModelFileError(f"{path} is a symbolic link: put the file itself in its place.")
    try:
        descriptor = os.open(path, mode)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ModelFileError(f"{path} is no regular file: save the model anew.")
        if status.st_size > limit:
            raise ModelFileError(
                f"{path} has {status.st_size:,} bytes, and at most {limit:,} are read: it is "
                "no file of a model, or damaged."
            )
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(status.st_size + 1)  # not the limit, for which memory would be taken
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    finally:
        os.close(descriptor)
    if len(data) > status.st_size:
        raise ModelFileError(f"{path} grew while it was read: load it again.")
    return data


def read_data(folder: Path, kind: str, entry: Mapping[str, Any], limit: int) -> bytes:
    """Read a data file, and check it against its `entry`: name, number of bytes and SHA-256."""
    name, n_bytes, sha256 = entry["name"], entry["bytes"], entry["sha256"]
    if not _DATA.fullmatch(name) or not name.startswith(f"{kind}-"):
        raise ModelFileError(
            f"{folder / MODEL} names {name!r} as its {kind} file, which no model does: it is "
            "damaged, or not to be trusted."
        )
    path = folder / name
    data = read_file(path, limit)
    if len(data) != n_bytes:
        raise ModelFileError(
            f"{path} has {len(data):,} bytes, and {MODEL} says {n_bytes:,}: it is truncated or "
            "damaged; copy or download it again."
        )
    if digest(data) != sha256:
        raise ModelFileError(
            f"{path} is not the file that {MODEL} describes (its SHA-256 differs): it is "
            "damaged; copy or download it again."
        )
    return data


def parse(data: bytes, path: Path) -> dict[str, Any]:
    """Parse the JSON of a model, and check that it is one and of a known version."""
    try:
        found = json.loads(
            data.decode("utf-8", "surrogatepass"), parse_constant=_refuse, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise ModelFileError(
            f"{path} is not readable JSON ({error}): it is damaged; copy or download it again."
        ) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ModelFileError(
            f"{path} does not describe a model of sklearn_irx: give the folder that "
            "sklearn_irx.save wrote."
        )
    version = found.get("format_version")
    if type(version) is not int or version < 1:
        raise ModelFileError(f"{path} has format_version={version!r}: it is damaged.")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has format {version}, and this version of sklearn_irx reads formats up to "
            f"{FORMAT_VERSION}: upgrade sklearn_irx."
        )
    return found


def to_bytes(model: dict[str, Any]) -> bytes:
    """Encode the JSON of a model."""
    text = json.dumps(model, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    return text.encode("utf-8", "surrogatepass")


def check_target(folder: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Return the absolute path of the folder to write a model in, or raise why none can be.

    Hidden files, those of a version control say, and what an interrupted save left do not count.
    """
    path = Path(os.path.abspath(folder))
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} in.")
    if not os.path.lexists(path):
        return path
    if not path.is_dir():
        raise FileExistsError(
            f"{path} is a file, and a model is a folder: give another name, or remove it."
        )
    if _holds_model(path):
        if not overwrite:
            raise FileExistsError(f"{path} holds a model: overwrite=True replaces it.")
        return path
    names = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
    left_behind = any(map(_DATA.fullmatch, names)) and all(
        name == CARD or _DATA.fullmatch(name) for name in names
    )
    if names and not left_behind:
        raise FileExistsError(
            f"{path} is not empty and holds no model: give a folder that is new or empty."
        )
    return path


def _holds_model(folder: Path) -> bool:
    try:
        found = json.loads(read_file(folder / MODEL, MOST_JSON))
    except (FileNotFoundError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def write_model(
    folder: str | os.PathLike[str], files: Mapping[str, bytes], *, overwrite: bool
) -> None:
    """Write the files of a model so that the folder holds one whole model or none at any time.

    A new folder is filled under another name. In an existing folder, data files are added first,
    under names that no other data have, and then ``model.json``, which names them, is replaced in
    one step.
    """
    path = check_target(folder, overwrite=overwrite)
    if not path.is_dir():
        _write_new(path, files)
        return
    with locked(path):  # each save removes the data that its own model does not name
        # The card before the model: it may be that of the next model for a moment.
        for name in sorted(files, key=lambda name: (name == MODEL, name == CARD)):
            if name == MODEL:
                sync_folder(path)  # what it names is on the disk before it is
            with replacing(path / name) as part:
                _write(part, files[name])
        sync_folder(path)
        for entry in path.iterdir():
            stale = _DATA.fullmatch(entry.name) and entry.name not in files
            if stale or _PART.fullmatch(entry.name):
                entry.unlink(missing_ok=True)


def _write_new(folder: Path, files: Mapping[str, bytes]) -> None:
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    part.mkdir()
    try:
        for name, data in files.items():
            _write(part / name, data)
        sync_folder(part)
        os.rename(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _refuse(constant: str) -> Any:
    raise ValueError(f"it holds {constant}")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"it holds the number {number[:20]}")
    return value
