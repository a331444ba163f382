"""How long a click on a word waits for the answer of all models: alone, in a browser, in a crowd.

    python benchmarks/workbench.py cnn
    python benchmarks/workbench.py minilm

A pair of models, with convolutions on GloVe vectors or a small transformer each, is served by the
command, in a process of its own. Every click changes one word of the rationale of one model, in a
text of some 300 words, so that each model reads words that it has not read before:

- ``http``: from the request to its answer, one after another;
- ``painted``: from the click in Chromium to the frame after the page shows the answer;
- ``people``: so many people, each with a text and a connection of their own, who look at what is
  answered for two seconds on average and click again;
- ``crowd``: as many who click at the same moment, again and again; time counts from that moment.

Results go to ``benchmarks/results/workbench-<models>.csv`` and into ``docs/workbench.md``.
``SKLEARN_IRX_DATA`` names the folder of the vectors; the browser is left out where there is no
Chromium with its driver.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from common import (
    RESULTS,
    fill_in,
    markdown,
    minilm_path,
    read_rows,
    show,
    vectors_path,
    write,
)

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier, save
from sklearn_irx.components import Training, Transformer
from sklearn_irx.datasets import make_rationale_classification

DOCUMENT = Path(__file__).parents[1] / "docs" / "workbench.md"
MODELS = ("cnn", "minilm")
N_WORDS = 300
N_WARM = 5
SECONDS_TO_LOOK = 2.0
SHARES = {"p50_ms": 50, "p95_ms": 95, "max_ms": 100}
SERVE = "from sklearn_irx.cli import main; main()"
CLICKS = """
const [numbers, done] = arguments;
const words = [...document.querySelectorAll("#cards article:first-child .word")];
const results = document.getElementById("results");
const answered = () => new Promise((resolve) => {
  const seen = new MutationObserver(() => {
    if (asking) return;
    seen.disconnect();
    resolve();
  });
  seen.observe(results, { attributes: true, attributeFilter: ["aria-busy"] });
});
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
(async () => {
  const times = [];
  for (const number of numbers) {
    const start = performance.now();
    const answer = answered();
    words[number].click();
    await answer;
    await painted();
    times.push((performance.now() - start) / 1000);
  }
  done(times);
})();
"""


def main() -> None:
    """Measure, write and show."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", choices=MODELS)
    parser.add_argument("--clicks", type=int, default=100, help="one after another")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=10, help="clicks of each of them")
    parser.add_argument("--documents", type=int, default=200, help="to train on")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    args = parser.parse_args()
    rows = measure(args)
    write(args.results / f"workbench-{args.models}.csv", rows, n_people=args.people)
    show(rows)
    if args.results == RESULTS:
        paths = [RESULTS / f"workbench-{models}.csv" for models in MODELS]
        measured = [row for path in paths if path.exists() for row in read_rows(path)]
        fill_in(DOCUMENT, [table(measured)])


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Give a Markdown table of milliseconds."""
    headings = ["models", "", "clicks", "median, ms", "95 %, ms", "longest, ms"]
    return markdown(
        headings,
        (
            [row["models"], row["way"], *(f"{row[name]:g}" for name in ("n", *SHARES))]
            for row in rows
        ),
    )


def measure(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Serve a pair of models, and time clicks in each way."""
    texts, y, _ = make_rationale_classification(
        args.documents + args.people + 1, n_words=N_WORDS, random_state=0
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        save(pair(args.models, texts[: args.documents], y[: args.documents]), Path(folder, "pair"))
        with served(Path(folder, "pair")) as port:
            *crowd, alone = texts[args.documents :]
            timed = {
                "http": asyncio.run(one_after_another(port, alone, args.clicks)),
                "painted": in_browser(port, alone, args.clicks),
                "people": asyncio.run(each_at_a_time(port, crowd, args.rounds)),
                "crowd": asyncio.run(all_at_once(port, crowd, args.rounds)),
            }
    return [
        {"models": args.models, "way": way, "n": len(seconds), **summary(seconds)}
        for way, seconds in timed.items()
        if seconds
    ]


def pair(models: str, texts: list[str], y: np.ndarray) -> InteractiveEnsemble:
    """Train two models a little: what they predict matters less than how long it takes."""
    parameters: dict[str, Any] = {"max_length": N_WORDS, "training": Training(max_epochs=1)}
    if models == "cnn":
        parameters |= {"encoder": "cnn", "embeddings": str(vectors_path())}
    else:
        parameters |= {"encoder": Transformer(minilm_path())}
    members = [
        SelectiveRationaleClassifier(**parameters, random_state=seed).fit(texts, y)
        for seed in range(2)
    ]
    return InteractiveEnsemble(*members).fit(texts[:10])


@contextmanager
def served(model: Path) -> Iterator[int]:
    """Serve a model in a process of its own; give its port."""
    command = [sys.executable, "-c", SERVE, "serve", str(model), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            lines = []
            while not lines or "Ctrl-C" not in lines[-1]:
                lines.append(server.stdout.readline())
                assert lines[-1], lines
            found = re.search(r"127\.0\.0\.1:(\d+)/", lines[0])
            assert found is not None
            yield int(found[1])
        finally:
            server.terminate()


class Person:
    """Somebody who clicks on words of a text, with a connection that stays open."""

    def __init__(self, port: int, text: str, seed: int) -> None:
        self._port = port
        self._text = text
        self._rng = np.random.RandomState(seed)

    async def arrive(self) -> None:
        """Open the text as it is."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        answer = await self._ask({"text": self._text})
        self._words = set(answer["participants"][0]["words"])
        self._n_words = len(answer["pieces"]) // 2

    async def click(self, since: float | None = None) -> float:
        """Change a word; give the seconds until the answer was there."""
        self._words ^= {int(self._rng.randint(self._n_words))}
        start = time.perf_counter() if since is None else since
        await self._ask({"text": self._text, "edits": {"0": sorted(self._words)}})
        return time.perf_counter() - start

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(question).encode()
        head = (
            f"POST /answer HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        received = await self._reader.readuntil(b"\r\n\r\n")
        assert received.startswith(b"HTTP/1.1 200 "), received
        length = re.search(rb"content-length: (\d+)", received)
        assert length is not None
        answer: dict[str, Any] = json.loads(await self._reader.readexactly(int(length[1])))
        return answer


async def one_after_another(port: int, text: str, n: int) -> list[float]:
    """Let one person click, and wait, and click."""
    person = Person(port, text, seed=0)
    await person.arrive()
    return [await person.click() for _ in range(N_WARM + n)][N_WARM:]


async def arrived(port: int, texts: Sequence[str], first_seed: int) -> list[Person]:
    """Let a person open each text; with other seeds they change other words."""
    people = [Person(port, text, seed) for seed, text in enumerate(texts, start=first_seed)]
    for person in people:
        await person.arrive()
    return people


async def each_at_a_time(port: int, texts: Sequence[str], n_clicks: int) -> list[float]:
    """Let everyone click, look at the answer, and click again."""

    async def clicks(person: Person, pauses: np.ndarray) -> list[float]:
        waited = []
        for seconds in pauses.tolist():
            await asyncio.sleep(seconds)
            waited.append(await person.click())
        return waited

    people = await arrived(port, texts, first_seed=0)
    pauses = np.random.RandomState(0).exponential(SECONDS_TO_LOOK, size=(len(people), n_clicks))
    waited = await asyncio.gather(*map(clicks, people, pauses))
    return [seconds for of_person in waited for seconds in of_person]


async def all_at_once(port: int, texts: Sequence[str], n_rounds: int) -> list[float]:
    """Let everyone click at the same moment, again and again."""
    people = await arrived(port, texts, first_seed=len(texts))
    waited: list[float] = []
    for _ in range(n_rounds):
        now = time.perf_counter()
        waited += await asyncio.gather(*(person.click(now) for person in people))
    return waited


def in_browser(port: int, text: str, n: int) -> list[float]:
    """Click in Chromium; give the seconds until the answer was painted."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        print("There is no Chromium with its driver: left out.", file=sys.stderr)
        return []
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as started:
        started.set_script_timeout(600)
        started.get(f"http://127.0.0.1:{port}/#text={quote(text)}")
        ready = "return !asking && !document.querySelector('#results').hidden"
        while not started.execute_script(ready):
            time.sleep(0.1)
        # Each word once, so that no rationale was read before.
        n_words = started.execute_script("return (pieces.length - 1) / 2")
        numbers = np.random.RandomState(0).permutation(n_words)[: N_WARM + n].tolist()
        times: list[float] = started.execute_async_script(CLICKS, numbers)
        return times[N_WARM:]


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Give the median, what one click in twenty exceeds, and the longest, in milliseconds."""
    return {
        name: round(1000 * float(np.percentile(seconds, share)), 1)
        for name, share in SHARES.items()
    }


if __name__ == "__main__":
    main()
