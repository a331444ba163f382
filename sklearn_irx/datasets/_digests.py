"""Whether a file is the one that was published: its SHA-256, compared before it is read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from io import BufferedReader
from typing import Any

Digest = str | Mapping[str, str] | None
"""SHA-256 in hexadecimal: of one file, or of several by their names."""

_SHA256 = re.compile("[0-9a-fA-F]{64}")


def check_digests(digest: Any, main: str, names: Collection[str]) -> dict[str, str]:
    """Return the SHA-256 that each file must have, in lower case.

    Parameters
    ----------
    digest : str, mapping from str to str, or None
        As given by the user. One alone is that of the file `main`.
    main : str
    names : collection of str
        The files for which a mapping may have one.

    Raises
    ------
    TypeError
        If it is neither text nor a mapping.
    ValueError
        If one is no SHA-256, or of a file that is not among `names`.
    """
    if digest is None:
        return {}
    if not isinstance(digest, str | Mapping):
        raise TypeError(
            f"digest is a {type(digest).__name__}: give the SHA-256 of a file as text, a mapping "
            "from names of files to theirs, or None."
        )
    given = {main: digest} if isinstance(digest, str) else dict(digest)
    for name, value in given.items():
        if name != main and name not in names:
            raise ValueError(
                f"digest has one for {name!r}, which is not read: give one for any of "
                f"{sorted(names)}."
            )
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise ValueError(
                f"digest has {value!r} for {name!r}: give its SHA-256, 64 hexadecimal digits, as "
                "sha256sum prints it."
            )
    return {name: value.lower() for name, value in given.items()}


def check_content(path: str, expected: str | None, content: bytes | BufferedReader) -> None:
    """Raise ValueError unless a file has the expected SHA-256; None expects nothing.

    An open file is read to its end.
    """
    if expected is None:
        return
    if isinstance(content, bytes):
        found = hashlib.sha256(content).hexdigest()
    else:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != expected:
        raise ValueError(
            f"path={path!r} has the SHA-256 {found}, and digest is {expected}: it is not the file "
            "that you expect, so nothing of it was read. Download it again, or give digest=None."
        )
