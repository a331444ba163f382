"""Random numbers and threads of one computation's own, whatever else the process computes.

torch has one random generator for all threads of a process. So weights and noise are drawn from a
generator of the training's own, which nothing else in the process sees or disturbs: see
:func:`generator_for`.

The number of threads that torch computes with belongs to the thread that asked for it. But torch
also keeps the number asked for last, and a thread that computes for the first time begins with
that one. So the number for new threads is put back at once: see :func:`threads`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import torch
from torch.overrides import TorchFunctionMode

T = TypeVar("T")

_generators: ContextVar[dict[str, torch.Generator] | None] = ContextVar("generators", default=None)
"""By type of device. Each thread has a value of its own."""

_most: ContextVar[int | None] = ContextVar("most", default=None)
"""Threads at most that this thread may have torch compute with; None is no limit."""

_DRAWS_WEIGHTS = frozenset(
    {
        "kaiming_normal_", "kaiming_uniform_", "normal_", "trunc_normal_", "uniform_",
        "xavier_normal_", "xavier_uniform_",
    }
)  # fmt: skip


@contextmanager
def isolated(seed: int, n_threads: int | None, device: str) -> Iterator[None]:
    """Draw from generators seeded with `seed`, and compute with `n_threads` threads, for a while.

    Both hold for this thread only, and the generators of torch itself are left alone.
    """
    with own_numbers(seed, device), threads(n_threads):
        yield


@contextmanager
def own_numbers(seed: int, device: str = "cpu") -> Iterator[None]:
    """Let this thread draw from generators of its own for a while."""
    types = {"cpu", torch.device(device).type}
    token = _generators.set({type_: torch.Generator(type_).manual_seed(seed) for type_ in types})
    try:
        yield
    finally:
        _generators.reset(token)


def generator_for(device: torch.device) -> torch.Generator | None:
    """Give what random numbers on a device are to be drawn from.

    Whatever draws while a network is trained has to ask for it. None stands for torch's own
    generator, outside of :func:`isolated`.
    """
    generators = _generators.get()
    return None if generators is None else generators.get(device.type)


def numbers_state() -> dict[str, torch.Tensor]:
    """Give the states of this thread's own generators, by type of device."""
    return {type_: own.get_state() for type_, own in (_generators.get() or {}).items()}


def set_numbers_state(states: dict[str, torch.Tensor]) -> None:
    """Let this thread's own generators go on from what :func:`numbers_state` gave."""
    for type_, own in (_generators.get() or {}).items():
        own.set_state(states[type_])


class _WeightsFrom(TorchFunctionMode):
    """Hands a generator to whatever draws weights, as torch's layers have no parameter for one."""

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
    """Let layers that are made meanwhile draw their weights from :func:`generator_for` the CPU."""
    generator = generator_for(torch.device("cpu"))
    if generator is None:
        yield
        return
    with _WeightsFrom(generator):
        yield


@contextmanager
def at_most(n_threads: int | None) -> Iterator[None]:
    """Let torch compute with `n_threads` threads at most for a while, whatever a model asks for.

    So several that share the cores do not fight over them. None is no limit.
    """
    token = _most.set(n_threads)
    try:
        yield
    finally:
        _most.reset(token)


@contextmanager
def threads(n_threads: int | None) -> Iterator[None]:
    """Let torch compute with `n_threads` threads for a while; None changes nothing.

    Everything this package computes with torch is computed within. In a process that came about by
    a fork, it is one thread always: the others of the pool of OpenMP are not there any more, and
    computing would wait for them forever.
    """
    most = _most.get()
    if most is not None:
        n_threads = min(most, n_threads or most)
    if _forked.is_set():
        n_threads = 1
    with _changing:
        before = torch.get_num_threads()  # a thread new to torch begins with the number for these
        if n_threads is None or n_threads == before:
            number_for_new = None
        else:
            number_for_new = _in_a_new_thread(torch.get_num_threads)
            _set_threads(n_threads, number_for_new)
    try:
        yield
    finally:
        if number_for_new is not None:
            with _changing:
                _set_threads(before, number_for_new)


def _set_threads(n_threads: int, number_for_new: int) -> None:
    torch.set_num_threads(n_threads)
    if n_threads != number_for_new:
        _in_a_new_thread(lambda: torch.set_num_threads(number_for_new))


def _in_a_new_thread(function: Callable[[], T]) -> T:
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join()
    return results[0]


_changing = threading.Lock()
_forked = threading.Event()


def _after_fork() -> None:
    """Make the lock anew, which another thread may have held, and remember the fork."""
    global _changing
    _changing = threading.Lock()
    _forked.set()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
