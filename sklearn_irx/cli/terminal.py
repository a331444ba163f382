"""Standard streams that show what they can, and that nobody need read to the end."""

from __future__ import annotations

import io
import sys
from typing import Any


class _Unread(io.FileIO):
    """A pipe into which writing succeeds after its reader has gone."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(data)


def adapt_streams() -> None:
    """Make the standard streams of this process take any text, and outlive their readers.

    What the encoding of a stream lacks becomes a question mark. A reader that ends early, ``head``
    for example, ends neither the training of a model nor the writing of a file.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):  # None without a console, or somebody's own
            continue
        stream.reconfigure(errors="replace")
        if not stream.isatty():
            stream.flush()
            raw = _Unread(stream.fileno(), "w", closefd=False)
            patient = io.TextIOWrapper(
                io.BufferedWriter(raw),
                stream.encoding,
                errors="replace",
                line_buffering=stream.line_buffering,
                write_through=stream.write_through,
            )
            setattr(sys, name, patient)
