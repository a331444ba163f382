"""Objectives of this package beside those of pyhighlights: accuracy, agreement, speed, memory.

    python -m benchmarks.peers.run --setup
    python -m benchmarks.peers.run --corpora generated movies --seeds 3
    python -m benchmarks.peers.run --corpora 20newsgroups --methods plain fr --epochs 1
    python -m benchmarks.peers.run --report

``--setup`` makes an environment for pyhighlights, which is not among the dependencies of this
package. Each model is trained in a process of its own, on one thread; the two packages take turns,
so that what else the machine does meets both alike. A finished model is a line of
``peers.csv`` at once, and a run that was stopped goes on where it was. ``docs/peers.md`` says what
is equal on both sides and what is not. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, append_row, read_rows, show, write_circumstances
from benchmarks.peers.prepare import SETTINGS, prepared_once
from benchmarks.peers.report import write_report
from benchmarks.peers.shared import (
    KEY,
    METHODS,
    OURS,
    THEIRS,
    Job,
    Prepared,
    read_outcome,
)
from sklearn_irx.components import OBJECTIVES
from sklearn_irx.metrics import n_transitions, rationale_length, token_f1_score

ROOT = Path(__file__).resolve().parents[2]
WORK = Path("build") / "peers"
PEER = "pyhighlights==0.14.0"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR")}


def set_up(work: Path) -> None:
    """Make an environment with pyhighlights, and the torch that this package runs on."""
    folder = work / "env"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    torch = f"torch=={version('torch').partition('+')[0]}"
    for requirement in (torch, PEER):
        subprocess.run([python_of(work), "-m", "pip", "install", requirement], check=True)


def python_of(work: Path) -> Path:
    """Give the Python of the peer's environment."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return work.joinpath("env", *inside)


def plan(args: argparse.Namespace) -> Iterator[Job]:
    """Yield the models to be trained, in turn one of ours and one of theirs."""
    for corpus in args.corpora:
        setting = SETTINGS[corpus]
        documents = args.documents or setting.documents
        data = prepared_once(args.work, corpus, documents, setting.max_words)
        parts = Prepared.load(data).parts
        for seed, method, library in product(range(args.seeds), args.methods, args.libraries):
            if library not in libraries_of(method):
                continue
            penalties = "" if library == OURS else args.penalties
            name = "-".join([corpus, method, library, str(seed)])
            yield Job(
                corpus=corpus, method=method, library=library, seed=seed, data=str(data),
                documents=len(parts["train"].y) + len(parts["valid"].y),
                asked=args.asked or setting.asked, epochs=args.epochs or setting.epochs,
                batch_size=args.batch_size or setting.batch_size, penalties=penalties,
                learning_rate=args.learning_rate, dropout=args.dropout,
                outcome=str(args.work / "runs" / f"{name}.npz"),
            )  # fmt: skip


def libraries_of(method: str) -> list[str]:
    """Give the packages that have a method."""
    ours, theirs = METHODS[method]
    return [OURS] * (ours in OBJECTIVES.named) + [THEIRS] * (theirs is not None)


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """Give what names a job or a row of results."""
    return tuple(row[name] for name in KEY)


def carry_out(job: Job, work: Path) -> subprocess.CompletedProcess[str]:
    """Train a model in a process of its own."""
    path = Path(job.outcome).with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    job.save(path)
    side, python = ("ours", sys.executable) if job.library == OURS else ("peer", python_of(work))
    return subprocess.run(
        [python, "-m", f"benchmarks.peers.{side}", path],
        cwd=ROOT, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def measure(job: Job) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the figures of a job that was carried out, and the versions of packages."""
    masks, predicted, told = read_outcome(job.outcome)
    parts, figures = Prepared.load(job.data).parts, told["figures"]
    n_training = len(parts["train"].y)
    test = parts["test"]
    f1 = float("nan")
    if len(test.known):
        f1 = token_f1_score(test.padded(test.known), masks)
    found = {
        "accuracy": np.mean(predicted == test.y),
        "token_f1": f1,
        "words": rationale_length(masks),
        "share": np.mean(masks.sum(axis=1) / np.maximum(test.lengths, 1)),
        "transitions": n_transitions(masks, test.lengths),
        "empty": np.mean(~masks.any(axis=1)),
        "documents_per_second": n_training / figures["epoch_seconds"],
        "documents_per_processor_second": n_training / figures["processor_seconds"],
        **figures,
    }
    rounded = {name: float(f"{value:.5g}") for name, value in found.items()}
    return rounded, told["versions"]


def run(args: argparse.Namespace) -> int:
    """Train and measure what is missing; give the number of models that could not be trained."""
    path, failed = args.results / "peers.csv", 0
    done = {key_of(row) for row in read_rows(path)}
    versions = versions_beside(path)
    if missing := [m for m in args.methods if METHODS[m].ours not in OBJECTIVES.named]:
        print(f"{OURS} has no objective for {', '.join(missing)}.")
    for job in plan(args):
        key = {name: asdict(job)[name] for name in KEY}
        if key_of(key) in done:
            continue
        finished = carry_out(job, args.work)
        if finished.returncode:
            failed += 1
            print(f"{Path(job.outcome).stem} failed:\n{finished.stderr[-3000:]}", flush=True)
            continue
        figures, versions[job.library] = measure(job)
        append_row(path, key | figures)
        settings = {name: setting._asdict() for name, setting in SETTINGS.items()}
        write_circumstances(path, packages=versions, threads=1, settings=settings)
        show([{name: (key | figures)[name] for name in SHOWN}])
    return failed


def versions_beside(path: Path) -> dict[str, dict[str, str]]:
    """Give the versions of packages, by library, that earlier rows of a file were made with."""
    beside = path.with_suffix(".json")
    return json.loads(beside.read_text())["packages"] if beside.exists() else {}


SHOWN = (
    "corpus", "method", "library", "seed", "accuracy", "token_f1", "share",
    "documents_per_processor_second", "memory",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--setup", action="store_true", help="make the peer's environment")
    parser.add_argument("--report", action="store_true", help="fill in docs/peers.md")
    parser.add_argument("--corpora", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--libraries", nargs="+", choices=(OURS, THEIRS), default=[OURS, THEIRS])
    parser.add_argument("--seeds", type=int, default=3, help="models of each kind")
    parser.add_argument("--documents", type=int, help="training texts, in place of the setting's")
    parser.add_argument("--asked", type=float, help="share of words, in place of the setting's")
    parser.add_argument("--epochs", type=int, help="in place of the setting's")
    parser.add_argument("--batch-size", type=int, help="in place of the setting's")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument(
        "--penalties", default="", metavar="SPARSITY/CONTIGUITY",
        help="coefficients of the peer's two penalties, in place of its own: 11/12",
    )  # fmt: skip
    parser.add_argument("--work", type=Path, default=WORK, help="folder of data and environment")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    args = parser.parse_args(argv)
    args.work = args.work.resolve()
    if args.setup:
        set_up(args.work)
    elif args.report:
        write_report(read_rows(args.results / "peers.csv"))
    else:
        if THEIRS in args.libraries and not python_of(args.work).exists():
            raise SystemExit("pyhighlights has no environment: run this with --setup first.")
        if failed := run(args):
            raise SystemExit(f"{failed} models could not be trained.")


if __name__ == "__main__":
    main()
