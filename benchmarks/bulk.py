"""A million documents: how fast, in how much memory, and what is left of it when it is killed.

    python benchmarks/bulk.py million FOLDER
    python benchmarks/bulk.py sizes FOLDER
    python benchmarks/bulk.py tables FOLDER
    python benchmarks/bulk.py --report

Documents are made up as in ``benchmarks/scaling.py`` and answered by ``sklearn-irx score`` in a
process of its own, whose memory, and that of the processes it starts, is looked at meanwhile.
``million`` answers them at once, and again, killed (SIGKILL) twice on the way; both must be the
same to the byte. ``sizes`` varies the number of documents, their words, and the words that the
model knows. ``tables`` has the answers ready, so that what is left is reading and writing: the work
of one process, whoever answers. FOLDER holds documents and models, which are made if they are not
there, and the answers, which are deleted. Results go to ``benchmarks/results/``.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    add_common_options,
    convolutional,
    fresh,
    processes_of,
    replacing,
    shared_memory,
    show,
    write,
)
from scaling import make_documents

from sklearn_irx import Rationale, bulk
from sklearn_irx.bulk._answers import answer
from sklearn_irx.bulk._input import CHUNK_ROWS

BLOCK = 10_000
"""Documents made together; each block has all distinct words, so that models know them."""
BASE = {"documents": 30_000, "words": 100, "vocabulary": 20_000}
SIZES: dict[str, list[int]] = {
    "documents": [10_000, 30_000, 100_000],
    "words": [25, 50, 100, 200, 400],
    "vocabulary": [20_000, 100_000, 500_000],
}
N_CLASSES = 5
TRAINING = 8000
VECTOR_SIZE = 100
_SCORE = "from sklearn_irx.cli import main; main()"


def documents_at(folder: Path, documents: int, words: int, vocabulary: int) -> Path:
    """Give a file of documents, JSON lines, which is made if it is not there."""
    path = folder / f"documents-{documents}-{words}-{vocabulary}.jsonl"
    if not path.exists():
        with replacing(path) as part, part.open("w") as file:
            for block, start in enumerate(range(0, documents, BLOCK)):
                n = min(BLOCK, documents - start)
                known = min(vocabulary, n * words // 2)
                texts, _ = make_documents(n, words, known, N_CLASSES, seed=block + 1)
                for number, text in enumerate(texts, start=start):
                    file.write(json.dumps({"id": number, "text": text}) + "\n")
    return path


def model_at(folder: Path, words: int, vocabulary: int) -> Path:
    """Give a saved model that knows so many words, which is trained if it is not there."""
    path = folder / f"model-{words}-{vocabulary}"
    if not path.exists():
        fresh(_train, path, words, vocabulary)
    return path


def _train(path: Path, words: int, vocabulary: int) -> None:
    from sklearn_irx import save
    from sklearn_irx.components import Training
    from sklearn_irx.text import WordVectors

    n = max(TRAINING, 2 * vocabulary // words)
    texts, y = make_documents(n, words, vocabulary, N_CLASSES)
    vectors = np.random.RandomState(0).normal(0, 0.4, (vocabulary, VECTOR_SIZE))
    names = [f"w{number}" for number in range(vocabulary)]
    clf = convolutional(
        embeddings=WordVectors(names, vectors), max_length=words, rationale_length=0.1,
        training=Training(max_epochs=2), device="cpu", random_state=0,
    )  # fmt: skip
    save(clf.fit(texts, y), path)


def score(
    model: Path, table: Path, out: Path, part_rows: int, jobs: int, kill_at: int | None = None
) -> dict[str, Any]:
    """Run the command; with `kill_at`, until so many parts are there.

    Returns
    -------
    found : dict
        Seconds, and of every second: seconds since the start, parts, and MB of all processes
        together, what they share counted once.
    """
    command = [
        sys.executable, "-c", _SCORE, "score", str(model), str(table), "-o", str(out), "--keep",
        "id", "--part-rows", str(part_rows), "--jobs", str(jobs),
    ]  # fmt: skip
    start = time.perf_counter()
    process = subprocess.Popen(command)
    samples, killed = [], False
    while process.poll() is None:
        n_parts = sum(1 for _ in out.glob("part-*")) if out.exists() else 0
        seconds = time.perf_counter() - start
        if not samples or seconds - samples[-1]["seconds"] >= 1:
            memory = sum(map(shared_memory, processes_of(process.pid)))
            samples.append({"seconds": round(seconds, 1), "parts": n_parts, "mb": round(memory)})
        if kill_at is not None and n_parts >= kill_at:
            os.kill(process.pid, signal.SIGKILL)
            killed = True
        time.sleep(0.05)
    if process.returncode and not killed:
        raise SystemExit(f"the command failed: {command}")
    return {"seconds": time.perf_counter() - start, "samples": samples, "killed": killed}


def digest(folder: Path) -> str:
    """Give a digest of all parts, one after the other."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("part-*")):
        with path.open("rb") as file:
            while block := file.read(2**20):
                found.update(block)
    return found.hexdigest()


def ids_in(folder: Path) -> Iterator[int]:
    """Give the numbers of the documents in the parts, in their order."""
    for path in sorted(folder.glob("part-*")):
        with path.open() as lines:
            yield from (json.loads(line)["id"] for line in lines)


def run_million(args: argparse.Namespace) -> None:
    """Answer a million documents at once, and again with two kills."""
    n, part_rows = args.documents, args.documents // 20
    table = documents_at(args.folder, n, BASE["words"], BASE["vocabulary"])
    model = model_at(args.folder, BASE["words"], BASE["vocabulary"])
    rows: list[dict[str, Any]] = []
    outs = {"at once": args.folder / "whole", "killed twice": args.folder / "cut"}
    for name, kills in (("at once", [None]), ("killed twice", [7, 14, None])):
        shutil.rmtree(outs[name], ignore_errors=True)
        for number, kill_at in enumerate(kills, start=1):
            found = score(model, table, outs[name], part_rows, args.jobs, kill_at)
            told = json.loads((outs[name] / "_manifest.json").read_text())
            half = len(found["samples"]) // 2
            early, late = (
                [sample["mb"] for sample in part if sample["parts"]] or [0]
                for part in (found["samples"][:half], found["samples"][half:])
            )
            rows.append({
                "run": name, "command": number, "killed": found["killed"],
                "rows_told": told["rows"], "complete": told["complete"],
                "seconds": round(found["seconds"], 1),
                "rows_per_second": round(n / found["seconds"]) if len(kills) == 1 else "",
                "mb_first_half": max(early), "mb_second_half": max(late),
            })  # fmt: skip
            print(rows[-1], flush=True)
    checks = {
        "rows": sum(1 for _ in ids_in(outs["killed twice"])),
        "every_document_once_and_in_order": all(
            i == number for i, number in enumerate(ids_in(outs["killed twice"]))
        ),
        "same_bytes_as_at_once": digest(outs["at once"]) == digest(outs["killed twice"]),
        "input_bytes": table.stat().st_size,
        "output_bytes": sum(path.stat().st_size for path in outs["at once"].glob("part-*")),
    }
    print(checks, flush=True)
    write(
        args.results / "bulk-million.csv", rows, documents=n, words=BASE["words"],
        part_rows=part_rows, jobs=args.jobs, checks=checks,
    )  # fmt: skip
    for out in outs.values():
        shutil.rmtree(out)


def run_sizes(args: argparse.Namespace) -> None:
    """Answer with one size varied at a time."""
    rows = []
    for factor in args.factors:
        for value in SIZES[factor]:
            point = {**BASE, factor: value}
            point["documents"] = max(10, point["documents"] // args.smaller)
            table = documents_at(args.folder, **point)
            model = model_at(args.folder, point["words"], point["vocabulary"])
            out = args.folder / "sizes"
            shutil.rmtree(out, ignore_errors=True)
            found = score(model, table, out, 50_000, args.jobs)
            begun = [s["seconds"] for s in found["samples"] if s["parts"]] or [found["seconds"]]
            rows.append({
                "factor": factor, **point, "seconds": round(found["seconds"], 2),
                "seconds_to_first_part": begun[0],
                "mb": max(sample["mb"] for sample in found["samples"]),
                "mb_of_model": round(
                    sum(path.stat().st_size for path in model.iterdir()) / 2**20, 1
                ),
                "mb_input": round(table.stat().st_size / 2**20, 1),
                "mb_output": round(
                    sum(path.stat().st_size for path in out.glob("part-*")) / 2**20, 1
                ),
            })  # fmt: skip
            print(rows[-1], flush=True)
            shutil.rmtree(out)
    write(args.results / "bulk-sizes.csv", rows, jobs=args.jobs)


class Ready:
    """A model that has its answers ready."""

    classes_ = np.array([0, 1])

    def __init__(self) -> None:
        starts = range(0, 600, 30)
        self.answer = Rationale(
            text="".join(f"w{start:03d}".ljust(30) for start in starts),
            tokens=[f"w{start:03d}" for start in starts],
            spans=[(start, start + 4) for start in starts],
            mask=np.arange(len(starts)) % 2 == 0,
            label=1,
            confidence=0.9,
        )

    def explain(self, texts: list[str]) -> list[Any]:
        """Give them, whatever the texts."""
        return [self.answer] * len(texts)


def run_tables(args: argparse.Namespace) -> None:
    """Read and write, with answers that are there already."""
    rows = []
    for documents in (BASE["documents"], 10 * BASE["documents"]):
        point = {**BASE, "documents": documents}
        table = documents_at(args.folder, **point)
        start = time.process_time()
        for _ in range(0, documents, CHUNK_ROWS):
            answer(Ready(), [""] * CHUNK_ROWS)  # which those who answer do
        answers = time.process_time() - start
        for suffix in ("jsonl", "csv", "parquet"):
            out = args.folder / "tables"
            shutil.rmtree(out, ignore_errors=True)
            start = time.process_time()
            bulk.score(Ready(), table, out, keep=["id"], format=suffix)
            seconds = time.process_time() - start - answers
            rows.append({
                **point, "written": suffix, "processor_seconds": round(seconds, 2),
                "rows_per_second": round(documents / seconds),
            })  # fmt: skip
            print(rows[-1], flush=True)
            shutil.rmtree(out)
    write(args.results / "bulk-tables.csv", rows)


def line_through(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Give the intercept and the slope of the line with the least squares of relative errors."""
    weights = 1 / y
    design = np.stack([np.ones_like(x), x], axis=1) * weights[:, None]
    intercept, slope = np.linalg.lstsq(design, y * weights, rcond=None)[0]
    return float(intercept), float(slope)


def report(folder: Path) -> None:
    """Print what is there, and the line through the numbers of documents, and of words."""
    for name in ("bulk-million", "bulk-sizes", "bulk-tables"):
        path = folder / f"{name}.csv"
        if path.exists():
            with path.open(newline="") as file:
                show(list(csv.DictReader(file)))
    for factor in ("documents", "words", "vocabulary"):
        path = folder / "bulk-sizes.csv"
        if not path.exists():
            continue
        with path.open(newline="") as file:
            of = [row for row in csv.DictReader(file) if row["factor"] == factor]
        if len(of) < 2:
            continue
        x = np.array([float(row[factor]) for row in of])
        for what in ("seconds", "mb"):
            start, slope = line_through(x, np.array([float(row[what]) for row in of]))
            print(f"{what} = {start:.4g} + {slope:.4g} * {factor}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["million", "sizes", "tables"])
    parser.add_argument("folder", nargs="?", type=Path, help="for documents, models and answers")
    parser.add_argument("--documents", type=int, default=1_000_000, help="of million")
    parser.add_argument("--factors", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--smaller", type=int, default=1, help="divides the documents of sizes")
    parser.add_argument("--jobs", type=int, default=2, help="processes that answer")
    parser.add_argument("--make", action="store_true", help="make documents and models, no more")
    parser.add_argument("--report", action="store_true", help="show what is there")
    add_common_options(parser)
    args = parser.parse_args()
    if not args.report and (args.what is None or args.folder is None):
        parser.error("give what to measure, and a folder")
    if args.make:
        make(args)
        return
    if not args.report:
        args.folder.mkdir(parents=True, exist_ok=True)
        runs: dict[str, Callable[[argparse.Namespace], None]] = {
            "million": run_million, "sizes": run_sizes, "tables": run_tables,
        }  # fmt: skip
        runs[args.what](args)
    report(args.results)


def make(args: argparse.Namespace) -> None:
    """Make what the measurements need, which takes a while and need not be measured."""
    args.folder.mkdir(parents=True, exist_ok=True)
    points = [
        {**BASE, factor: value} for factor in args.factors for value in SIZES[factor]
    ] if args.what == "sizes" else [{**BASE, "documents": args.documents}]  # fmt: skip
    for point in points:
        if args.what == "sizes":
            point["documents"] = max(10, point["documents"] // args.smaller)
        print(documents_at(args.folder, **point), flush=True)
        print(model_at(args.folder, point["words"], point["vocabulary"]), flush=True)


if __name__ == "__main__":
    main()
