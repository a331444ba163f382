"""How many jobs are done, and when all will be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Self

from tqdm import tqdm


class Progress:
    """A bar that counts jobs of several kinds, and tells the time left from what each kind takes.

    Parameters
    ----------
    waiting : iterable
        The kind of each job to be done.
    took : mapping of kinds to lists of float
        Seconds of jobs done before.
    jobs : int
        That are done at the same time.
    """

    def __init__(
        self, waiting: Iterable[Hashable], took: Mapping[Any, list[float]], jobs: int
    ) -> None:
        self.waiting = Counter(waiting)
        self.took = defaultdict(list, {kind: list(seconds) for kind, seconds in took.items()})
        self.jobs = jobs
        self.bar = tqdm(
            total=self.waiting.total(),
            bar_format="{n_fmt}/{total_fmt} |{bar}| {elapsed} gone{postfix}",
        )
        self._show_time_left()

    def add(self, kind: Hashable, seconds: float) -> None:
        """Count a job that is done."""
        self.waiting[kind] -= 1
        self.took[kind].append(seconds)
        self.bar.update()
        self._show_time_left()

    def seconds_left(self) -> float | None:
        """Give the time left, or None if nothing is known yet.

        A kind of which no job is done yet is taken to be like the others.
        """
        known = {kind: sum(took) / len(took) for kind, took in self.took.items() if took}
        if not known:
            return None
        like_others = sum(known.values()) / len(known)
        left = sum(n * known.get(kind, like_others) for kind, n in self.waiting.items())
        return left / self.jobs

    def _show_time_left(self) -> None:
        seconds = self.seconds_left()
        if seconds is not None:
            self.bar.set_postfix_str(f"about {tqdm.format_interval(round(seconds))} left")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.bar.close()
