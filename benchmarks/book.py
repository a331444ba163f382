"""What long experiments share: jobs whose results are kept, and not done again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import joblib

from benchmarks.common import append_row, command, read_rows, write_circumstances
from benchmarks.progress import Progress


class Shop(Protocol):
    """Where jobs are done: it goes to every process, and knows what all of them need."""

    @property
    def circumstances(self) -> Mapping[str, Any]:
        """What a row of results says of them."""

    @property
    def told(self) -> Mapping[str, Any]:
        """What is written down beside the rows."""


class Kind(NamedTuple):
    """A kind of jobs: the stem of its results file, the columns that name a job, what does it.

    A row of results has the columns ``corpus`` and ``seconds``, and a job the attribute ``corpus``.
    """

    name: str
    key: tuple[str, ...]
    do: Callable[[Any, Any], dict[str, Any]]


Stage = tuple[Kind, Sequence[Any]]
"""Jobs that may be done in any order, or at the same time."""


class Book:
    """The results files of a folder: what is done, and what is to be added.

    Parameters
    ----------
    folder : Path
        Where they are.
    shop : Shop
        Rows of other circumstances do not count.
    """

    def __init__(self, folder: Path, shop: Shop) -> None:
        self.folder = folder
        self.shop = shop

    def rows(self, kind: Kind) -> list[dict[str, Any]]:
        """Give what is done."""
        ours = self.shop.circumstances.items()
        rows = read_rows(self.path(kind))
        return [row for row in rows if all(row[name] == value for name, value in ours)]

    def keys(self, kind: Kind) -> set[tuple[Any, ...]]:
        """Give the keys of what is done."""
        return {tuple(row[name] for name in kind.key) for row in self.rows(kind)}

    def add(self, kind: Kind, row: dict[str, Any]) -> None:
        """Write a row, unless it is there: a lost model may have been made once more."""
        if tuple(row[name] for name in kind.key) not in self.keys(kind):
            append_row(self.path(kind), row)

    def note(self, kind: Kind, jobs: int) -> None:
        """Write down how rows come to be that are about to be added."""
        path = self.path(kind).with_suffix(".json")
        earlier = json.loads(path.read_text())["commands"] if path.exists() else []
        commands = list(dict.fromkeys([*earlier, command()]))
        write_circumstances(path, commands=commands, jobs=jobs, **self.shop.told)

    def path(self, kind: Kind) -> Path:
        """Give the file."""
        return self.folder / f"{kind.name}.csv"


def do(stages: Sequence[Stage], book: Book, jobs: int) -> None:
    """Do what is to be done, and write each result down at once."""
    stages = [(kind, todo) for kind, todo in stages if todo]
    kinds = list(dict.fromkeys(kind for kind, _ in stages))
    took = defaultdict(list)
    for kind in kinds:
        book.note(kind, jobs)
        for row in book.rows(kind):
            if not isnan(row["seconds"]):  # of a job that was refused
                took[kind.name, row["corpus"]].append(row["seconds"])
    waiting = [(kind.name, job.corpus) for kind, todo in stages for job in todo]
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    with Progress(waiting, took, jobs) as progress:
        for kind, todo in stages:
            for row in parallel(joblib.delayed(kind.do)(job, book.shop) for job in todo):
                book.add(kind, row)
                progress.add((kind.name, row["corpus"]), row["seconds"])
