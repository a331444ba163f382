"""Stages of long work, each shown as a progress bar with the time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tqdm.auto import tqdm

_BAR: ContextVar[Any] = ContextVar("bar", default=None)
_NAME_ALONE = "{desc} [{elapsed}]"


@contextmanager
def stage(name: str, *, shown: Any, total: int | None = None, unit: str = "step") -> Iterator[None]:
    """Show a progress bar while the block runs, if `shown`.

    What runs in the block, however deep, counts its steps by :func:`step`, and if there is no
    `total`, says by :func:`expect` how many there will be.
    """
    bar = None
    if shown:
        own: dict[str, Any] = {} if total else {"bar_format": _NAME_ALONE}
        bar = tqdm(desc=name, total=total, unit=unit, mininterval=0.2, leave=False, **own)
    token = _BAR.set(bar)
    try:
        yield
        if bar is not None and bar.total:
            bar.total = bar.n  # what was taken from a cache has no steps
    finally:
        _BAR.reset(token)
        if bar is not None:
            bar.close()


def expect(n: int) -> None:
    """Say that the stage that runs, if one is shown, has `n` more steps."""
    bar = _BAR.get()
    if bar is not None:
        done, bar.bar_format = bar.n, None
        bar.reset(total=(bar.total or 0) + n)  # in notebooks it alone sets the width
        bar.update(done)


@contextmanager
def uncounted() -> Iterator[None]:
    """Let what runs in the block count no steps of the stage that runs."""
    token = _BAR.set(None)
    try:
        yield
    finally:
        _BAR.reset(token)


def step() -> None:
    """Count a step of the stage that runs, if one is shown."""
    bar = _BAR.get()
    if bar is not None:
        bar.update()
