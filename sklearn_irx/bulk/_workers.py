"""Workers that answer: this process, several processes, or a cluster of Dask."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import joblib

from sklearn_irx.bulk._answers import Answer, answer
from sklearn_irx.bulk._input import Chunk


class Pending(Protocol):
    """Answers that may not be there yet."""

    def result(self) -> list[Answer]:
        """Wait for them."""


class _Done:
    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers

    def result(self) -> list[Answer]:
        return self._answers


Submit = Callable[[list[str]], Pending]
"""Asks for the answers to some texts."""


def answered(
    chunks: Iterable[Chunk], submit: Submit, most_waiting: Callable[[], int]
) -> Iterator[tuple[Chunk, list[Answer]]]:
    """Yield chunks with the answers to their texts, in order, with a few pending at a time."""
    waiting: deque[tuple[Chunk, Pending]] = deque()
    for chunk in chunks:
        waiting.append((chunk, submit([row.text for row in chunk.rows if row.text is not None])))
        while len(waiting) >= most_waiting():
            first, pending = waiting.popleft()
            yield first, pending.result()
    for first, pending in waiting:
        yield first, pending.result()


@contextmanager
def here(model: Any) -> Iterator[tuple[Submit, Callable[[], int]]]:
    """Answer in this process."""
    yield (lambda texts: _Done(answer(model, texts))), (lambda: 1)


@contextmanager
def on_processes(model: Any, n_jobs: int) -> Iterator[tuple[Submit, Callable[[], int]]]:
    """Answer in processes that share the cores, each of which gets the model once.

    Raises
    ------
    RuntimeError
        If one of them dies.
    """
    from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor

    share = max(1, joblib.cpu_count() // n_jobs)
    environment = {
        "OMP_NUM_THREADS": str(share),
        "MKL_NUM_THREADS": str(share),
        # oneDNN keeps a program for each of the last 1024 shapes it multiplied, half a gigabyte of
        # them, and a batch hardly ever has the shape of another.
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "16",
    }
    pool = ProcessPoolExecutor(
        n_jobs, initializer=_hold, initargs=(model, share, os.getpid()), env=environment
    )
    try:
        yield (lambda texts: pool.submit(_answer_here, texts)), (lambda: n_jobs + 2)
    except BrokenProcessPool as error:
        raise RuntimeError(
            f"one of the {n_jobs} processes died, for want of memory perhaps: what is written "
            "stays, and the same call goes on from there, with a smaller n_jobs if need be."
        ) from error
    finally:
        pool.shutdown(wait=True, kill_workers=True)


@contextmanager
def on_cluster(model: Any, scheduler: Any) -> Iterator[tuple[Submit, Callable[[], int]]]:
    """Answer on the workers of Dask, each of which gets the model once.

    Parameters
    ----------
    model : fitted classifier or ensemble
        The model.
    scheduler : str or distributed.Client
        The address of a scheduler, or a client of one.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If no scheduler answers at the address.
    """
    from sklearn_irx.dask import connected, sent

    with connected(scheduler) as client:
        held = sent(client, model)

        def submit(texts: list[str]) -> Pending:
            # pure: equal texts of two chunks need not be looked for.
            pending: Pending = client.submit(answer, held, texts, 1, pure=False)
            return pending

        yield submit, (lambda: 2 * sum(client.nthreads().values()) + 2)


_held: list[Any] = []
"""In a process of a pool: the model, and the threads it may use."""


def _hold(model: Any, n_threads: int, parent: int) -> None:
    _held[:] = [model, n_threads]
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when the one that started it was killed."""
    while os.getppid() == parent:  # Windows never tells
        time.sleep(1)
    os._exit(1)


def _answer_here(texts: list[str]) -> list[Answer]:
    model, n_threads = _held
    return answer(model, texts, n_threads)
