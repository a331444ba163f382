"""Two hundred annotators at once: how long they wait for their answer to be stored.

    python benchmarks/study_load.py

The server is the command's own, in a process of its own. The annotators are in this process, each
with a connection that stays open, as a browser has. Two regimes: ``burst``, in which all press at
the same moment, again and again, and time counts from that moment; and ``thinking``, in which each
reads for a while first. An answer is a POST, which returns when it is on the disk, and a GET of the
page that comes next. At the end, every answer that was acknowledged is looked for in the file.
Results go to ``benchmarks/results/study_load.csv``.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from common import RESULTS, show, write

from sklearn_irx.study import Item, Study

CLASSES = ["noise", "hygiene", "food", "staff", "price", "beds"]
WORDS = ["sirens", "drills", "ants", "porridge", "waiters", "fees", "pillows", "breakfast"]
SERVE = "from sklearn_irx.cli import main; main()"
REQUESTS = ("answer stored", "next page", "both")


def main() -> None:
    """Measure, write and show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotators", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=40, help="times that all press at once")
    parser.add_argument("--thinking", type=float, default=5.0, help="mean seconds, of a round")
    parser.add_argument("--thinking-rounds", type=int, default=8)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    options = parser.parse_args()
    rows = measure(options.annotators, options.rounds, options.thinking, options.thinking_rounds)
    write(options.results / "study_load.csv", rows, n_annotators=options.annotators)
    show(rows)


def measure(
    n_annotators: int, n_rounds: int, thinking: float, n_thinking: int
) -> list[dict[str, Any]]:
    """Serve a study to annotators in both regimes; give the times that they waited.

    Raises
    ------
    AssertionError
        If an answer that was acknowledged is not stored, or another is.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        make_study(
            Path(folder) / "study.db",
            n_annotators,
            n_documents=(n_rounds + n_thinking + 2) // 3 + 1,
        ) as study,
    ):
        with served(study.path) as port:
            people = [Person(port, one.token, one.id) for one in study.annotators]
            timed = asyncio.run(run(people, n_rounds, thinking, n_thinking))
        stored = {
            (person.number, page.position): (page.label, page.confidence)
            for person in people
            for page in study.pages(person.number)
            if page.answered
        }
    acknowledged = {
        (person.number, position): answer
        for person in people
        for position, answer in person.acknowledged.items()
    }
    assert stored == acknowledged
    return [
        {"regime": regime, "request": request, "n": len(times), **summary(times)}
        for regime, waited in timed.items()
        for request, times in zip(REQUESTS, [*waited.T, waited.sum(axis=1)], strict=True)
    ]


def summary(seconds: np.ndarray) -> dict[str, float]:
    """Give percentiles, and the longest, in milliseconds."""
    shares = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99, "max_ms": 100}
    return {
        name: round(1000 * float(np.percentile(seconds, share)), 1)
        for name, share in shares.items()
    }


def make_study(path: Path, n_annotators: int, n_documents: int) -> Study:
    """Invent a study: of each document three items."""
    rng = np.random.RandomState(0)
    items = [
        Item("main", kind, [None, " ".join(rng.choice(WORDS, 4)), None] * 3, 12, 0, document=row)
        for row in range(n_documents)
        for kind in ("selected", "not_selected", "random")
    ]
    settings = {
        "title": "Load", "question": "What is it about?", "classes": CLASSES,
        "class_descriptions": {}, "show": "in_place", "controls": ["random"], "cases": {},
        "shortfalls": {}, "per_case": n_documents, "seed": 0,
    }  # fmt: skip
    study = Study.write(path, settings, items)
    for _ in range(n_annotators):
        study.add_annotator()
    return study


@contextmanager
def served(path: Path) -> Iterator[int]:
    """Serve a study in a process of its own; give its port."""
    command = [sys.executable, "-c", SERVE, "study", "serve", str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = next(
                int(found[1])
                for line in server.stdout
                if (found := re.search(r"127\.0\.0\.1:(\d+)/o/", line))
            )
            # The rest is read, so that the server never waits for it to be.
            while "Ctrl-C" not in server.stdout.readline():
                pass
            wait_for(port)
            yield port
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    """Return when something listens."""
    import socket

    with socket.create_connection(("127.0.0.1", port), timeout=30):
        pass


class Person:
    """An annotator with a browser.

    Parameters
    ----------
    port : int
        Of the server, on this machine.
    token : str
        In their link.
    number : int
        Of the annotator.
    """

    def __init__(self, port: int, token: str, number: int) -> None:
        self._port = port
        self._rng = np.random.RandomState(number)
        self.number = number
        self.address = f"/a/{token}/1"
        self.acknowledged: dict[int, tuple[int, int]] = {}

    async def arrive(self) -> None:
        """Open the first page."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        status, _, self._page = await self._ask("GET", self.address)
        assert status == 200, status

    async def think(self, mean: float) -> None:
        """Read for a while."""
        await asyncio.sleep(self._rng.exponential(mean))

    async def answer(self, since: float | None = None) -> tuple[float, float]:
        """Answer the page; give the seconds until it was stored, and until the next page came."""
        form = re.search(rb'name="form" value="([^"]+)"', self._page)
        assert form is not None
        label, confidence = int(self._rng.randint(len(CLASSES))), int(self._rng.randint(4))
        body = b"form=%s&label=%d&confidence=%d" % (form[1], label, confidence)
        start = time.perf_counter() if since is None else since
        status, location, _ = await self._ask("POST", self.address, body)
        stored = time.perf_counter()
        assert status == 303, status
        position = int(self.address.rpartition("/")[2])
        self.acknowledged[position] = (label, confidence)
        self.address = location.partition("?")[0]
        status, _, self._page = await self._ask("GET", location)
        assert status == 200, status
        return stored - start, time.perf_counter() - stored

    async def _ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, str, bytes]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nAccept: text/html\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        head_read = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head_read)
        location = re.search(rb"location: (\S+)", head_read)
        content = await self._reader.readexactly(int(length[1]) if length else 0)
        return int(head_read[9:12]), location[1].decode() if location else "", content


async def run(
    people: list[Person], n_rounds: int, thinking: float, n_thinking: int
) -> dict[str, np.ndarray]:
    """Let people answer, all at once and then each in their time; give seconds, a row an answer."""
    await asyncio.gather(*(person.arrive() for person in people))
    burst = []
    for _ in range(n_rounds):
        await asyncio.sleep(0.3)
        now = time.perf_counter()
        burst += await asyncio.gather(*(person.answer(now) for person in people))

    async def at_leisure(person: Person) -> list[tuple[float, float]]:
        waited = []
        for _ in range(n_thinking):
            await person.think(thinking)
            waited.append(await person.answer())
        return waited

    each = await asyncio.gather(*(at_leisure(person) for person in people))
    return {"burst": np.array(burst), "thinking": np.array([row for rows in each for row in rows])}


if __name__ == "__main__":
    main()
