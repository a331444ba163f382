"""Runs: models trained and tested, or refused, and the manifest of each."""

from __future__ import annotations

import platform
import re
import subprocess
import time
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import sklearn_irx
from benchmarks.book import Book, Kind
from benchmarks.common import append_record, append_row, circumstances, read_records
from benchmarks.frontier.plan import digest
from benchmarks.paper.measures import DIGITS, Reading
from benchmarks.paper.models import history_of, largest_class
from benchmarks.remedies.measures import collapse_threshold, measure_run
from benchmarks.remedies.plan import Job
from benchmarks.remedies.workshop import Workshop
from sklearn_irx.exceptions import SelectionWarning

ROOT = Path(__file__).parents[2]
TRAINED, REFUSED, FAILED = "trained", "refused", "failed"
"""What came of a run: figures, a reason of the objective, or a loss that is not finite."""
COLUMNS = (
    *Job._fields, "id", "status", "reason", "chance", "full_text", "accuracy", "log_loss",
    "collapsed", "words", "share", "spans", "transitions", "empty", "token_f1", "epochs",
    "best_epoch", "valid_accuracy", "valid_words", "valid_empty", "seconds_an_epoch", "seconds",
)  # fmt: skip


def row_of(job: Job, shop: Workshop, status: str, **found: Any) -> dict[str, Any]:
    """Give a row of results; a figure that is not found is nan."""
    known = {**job._asdict(), "id": shop.identity(job), "status": status, "reason": "", **found}
    return {name: known.get(name, np.nan) for name in COLUMNS}


def run_job(job: Job, shop: Workshop) -> dict[str, Any]:
    """Train a model, let it read the test texts, and give its row of results."""
    texts, clf = shop.texts(job.corpus), shop.classifier(job)
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SelectionWarning)
            clf.fit(*texts.training)
    except ValueError as error:
        if not str(error).startswith("training failed"):
            raise
        seconds = round(time.perf_counter() - start, 1)
        return row_of(job, shop, FAILED, reason=str(error), seconds=seconds)
    seconds = time.perf_counter() - start
    documents = clf.tokenize(texts.test[0])
    reading = Reading(*clf.predict_with_masks(documents))
    y = np.searchsorted(clf.classes_, texts.test[1])
    found = measure_run(y, reading, documents.lengths, texts.marks)
    chance, full_text = largest_class(texts.test[1]), round(shop.full_text(job.corpus), DIGITS)
    return row_of(
        job, shop, TRAINED, **found, **history_of(clf), chance=chance, full_text=full_text,
        collapsed=int(found["accuracy"] < collapse_threshold(chance, full_text)),
        seconds_an_epoch=round(float(clf.history_["seconds"].mean()), 2),
        seconds=round(seconds, 1),
    )  # fmt: skip


RUNS = Kind("remedies", (*Job._fields, "id"), run_job)


class Ledger(Book):
    """The results and their manifests, each of which can be matched by the ``id`` of a row.

    A manifest is a line of JSON in ``remedies-manifests.jsonl``. A row whose manifest is not there,
    or whose manifest has another id than its parameters and data make, does not count.
    """

    shop: Workshop

    @property
    def path_of_manifests(self) -> Path:
        """The file of the manifests."""
        return self.folder / f"{RUNS.name}-manifests.jsonl"

    def manifests(self) -> dict[str, dict[str, Any]]:
        """Give the manifests by id; of several with the same id the last."""
        return {
            one["id"]: one
            for one in read_records(self.path_of_manifests)
            if one["id"] == digest([one["parameters"], one["data"]])
        }

    def rows(self, kind: Kind) -> list[dict[str, Any]]:
        """Give what is done and has a manifest; of several rows of a run the last."""
        known = self.manifests()
        rows = (row for row in super().rows(kind) if row["id"] in known)
        return list({tuple(row[name] for name in kind.key): row for row in rows}.values())

    def add(self, kind: Kind, row: dict[str, Any]) -> None:
        """Write a manifest, and then its row, unless they are there."""
        if tuple(row[name] for name in kind.key) in self.keys(kind):
            return
        job = Job(*(row[name] for name in Job._fields))
        manifest = {
            **{name: row[name] for name in ("id", *Job._fields, "status")},
            "seconds": None if np.isnan(row["seconds"]) else row["seconds"],
            "parameters": self.shop.configuration(job), "data": self.shop.data(job), **made_by(),
        }  # fmt: skip
        append_record(self.path_of_manifests, manifest)
        append_row(self.path(kind), row)

    def found(self, jobs: list[Job]) -> dict[Job, dict[str, Any]]:
        """Give the rows of runs whose manifests have the parameters that the plan has now.

        No corpus is read for it. Where some were made with other data, those are left out that have
        not the data of the last one with the same corpus and the same kind of word vectors.
        """
        manifests, wanted = self.manifests(), set(jobs)
        rows, data = {}, {}
        for row in self.rows(RUNS):
            job, manifest = Job(*(row[name] for name in Job._fields)), manifests[row["id"]]
            if job in wanted and manifest["parameters"] == self.shop.configuration(job):
                rows[job] = row
                data[_source(job, manifest)] = manifest["data"]
        return {
            job: rows[job]
            for job in jobs
            if job in rows
            for manifest in [manifests[rows[job]["id"]]]
            if manifest["data"] == data[_source(job, manifest)]
        }


def _source(job: Job, manifest: dict[str, Any]) -> tuple[str, Any]:
    return job.corpus, manifest["parameters"]["embeddings"]


@lru_cache(maxsize=1)
def made_by() -> dict[str, Any]:
    """Say what code on which machine makes the figures."""
    found = circumstances()
    versions = {**found["versions"], "sklearn-irx": sklearn_irx.__version__}
    return {**found, "versions": versions, "cpu": cpu_model(), "commit": commit()}


def cpu_model() -> str:
    """Give the name of the processor."""
    information = Path("/proc/cpuinfo")
    found = information.exists() and re.search(
        r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE
    )
    return found[1].strip() if found else platform.processor() or platform.machine()


def commit(root: Path = ROOT) -> str | None:
    """Give the commit of the code, with "+" if code was changed after it; None outside of git."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        code = ":(glob)**/*.py", ":(glob)**/*.toml"
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--", *code) else "")
    except (OSError, subprocess.CalledProcessError):
        return None
