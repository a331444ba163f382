"""Random numbers and threads of one computation, independent of the rest of the process.

torch has one random generator for all threads of a process. Here, weights and noise are drawn from
a generator that belongs to the training alone: see :func:`generator_for`.

The number of threads that torch computes with belongs to the thread that set it. But torch also
keeps the number that was set last, and a thread that computes for the first time begins with that
one. So the number for new threads is restored at once: see :func:`threads`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_generators: ContextVar[dict[str, torch.Generator] | None] = ContextVar("generators", default=None)
"""By type of device. Each thread has a value of its own."""

_limit: ContextVar[int | None] = ContextVar("limit", default=None)
"""Limit of torch's threads for this thread, or None."""

_DRAWS_WEIGHTS = frozenset(
    {
        "kaiming_normal_", "kaiming_uniform_", "normal_", "trunc_normal_", "uniform_",
        "xavier_normal_", "xavier_uniform_",
    }
)  # fmt: skip


@contextmanager
def isolated(seed: int, n_threads: int | None, device: str) -> Iterator[None]:
    """Draw from generators seeded with `seed`, and compute with `n_threads` threads.

    Both hold for this thread only, and torch's own generators are left alone.
    """
    with own_numbers(seed, device), threads(n_threads):
        yield


@contextmanager
def own_numbers(seed: int, device: str = "cpu") -> Iterator[None]:
    """Draw from generators of this thread's own, seeded with `seed`."""
    types = {"cpu", torch.device(device).type}
    token = _generators.set({type_: torch.Generator(type_).manual_seed(seed) for type_ in types})
    try:
        yield
    finally:
        _generators.reset(token)


def generator_for(device: torch.device) -> torch.Generator | None:
    """Return the generator that everything drawn on a device in training has to come from.

    None stands for torch's own generator, outside of :func:`isolated`.
    """
    generators = _generators.get()
    return None if generators is None else generators.get(device.type)


def numbers_state() -> dict[str, torch.Tensor]:
    """Return the states of this thread's own generators, by type of device."""
    return {type_: own.get_state() for type_, own in (_generators.get() or {}).items()}


def set_numbers_state(states: dict[str, torch.Tensor]) -> None:
    """Restore the states of this thread's own generators that :func:`numbers_state` returned."""
    for type_, own in (_generators.get() or {}).items():
        own.set_state(states[type_])


class _WeightsFrom(TorchFunctionMode):
    """Passes a generator to functions that draw weights: layers have no parameter for one."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.generator = generator

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func.__name__ in _DRAWS_WEIGHTS and kwargs.get("generator") is None:
            kwargs["generator"] = self.generator
        return func(*args, **kwargs)


@contextmanager
def weights_drawn() -> Iterator[None]:
    """Draw the weights of layers that are built from :func:`generator_for` the CPU."""
    generator = generator_for(torch.device("cpu"))
    if generator is None:
        yield
        return
    with _WeightsFrom(generator):
        yield


@contextmanager
def at_most(n_threads: int | None) -> Iterator[None]:
    """Limit the threads that torch computes with to `n_threads`, whatever a model asks for.

    So several workers that share the cores do not compete for them. None is no limit.
    """
    token = _limit.set(n_threads)
    try:
        yield
    finally:
        _limit.reset(token)


@contextmanager
def threads(n_threads: int | None) -> Iterator[None]:
    """Run torch with `n_threads` threads in this context; None changes nothing.

    This package uses torch in this context only. In a forked process it is always one thread: the
    other threads of OpenMP's pool do not exist there, and torch would wait for them forever.
    """
    limit = _limit.get()
    if limit is not None:
        n_threads = min(limit, n_threads or limit)
    if _forked.is_set():
        n_threads = 1
    with _changing:
        before = torch.get_num_threads()  # in a thread new to torch, the number for new threads
        number_for_new = None
        if n_threads is not None and n_threads != before:
            number_for_new = _set_here(n_threads)
    try:
        yield
    finally:
        if number_for_new is not None:
            with _changing:
                _set_threads(before, number_for_new)


def _set_here(n_threads: int) -> int:
    """Set the number of threads of this thread alone, and return the number for new threads."""
    found: list[int] = []
    asked, is_set = threading.Event(), threading.Event()

    def stand_for_new_threads() -> None:
        found.append(torch.get_num_threads())
        asked.set()
        is_set.wait()
        torch.set_num_threads(found[0])

    thread = threading.Thread(target=stand_for_new_threads, daemon=True)
    thread.start()
    asked.wait()
    torch.set_num_threads(n_threads)
    is_set.set()
    thread.join()
    return found[0]


def _set_threads(n_threads: int, number_for_new: int) -> None:
    torch.set_num_threads(n_threads)
    if n_threads != number_for_new:
        _in_a_new_thread(lambda: torch.set_num_threads(number_for_new))


def _in_a_new_thread(function: Callable[[], Any]) -> None:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    thread.join()


_changing = threading.Lock()
_forked = threading.Event()


def _after_fork() -> None:
    """Replace the lock, which another thread may have held, and remember the fork."""
    global _changing
    _changing = threading.Lock()
    _forked.set()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
