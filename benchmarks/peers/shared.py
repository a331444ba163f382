"""What both sides share: methods, jobs, prepared texts, a clock, outcomes.

Nothing to run here. The peer's Python imports this too, so it needs NumPy and nothing else.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

OURS, THEIRS = "sklearn_irx", "pyhighlights"
PARTS = ("train", "valid", "test")
UNITS = 100  # of the recurrent network, in both directions together
UNKNOWN_WORD = "<unknown>"
"""Stands for words that neither side knows; their id is 1, and 0 is padding."""


class Method(NamedTuple):
    """A method by its name here: `objective`, and there: a key of models, or None."""

    ours: str | None
    theirs: str | None


METHODS = {
    "plain": Method(None, "SPP"),  # no key of its own there: the base class of all others
    "fr": Method("fr", "GRU_FR"),
    "dr": Method("dr", "GRU_DR"),
    "mgr": Method("mgr", "GRU_MGR"),
    "mcd": Method("mcd", "GRU_MCD"),
    "mrd": Method("mrd", "GRU_MRD"),
    "dar": Method("dar", "GRU_DAR"),
    "grat": Method("grat", "GRU_GRAT"),
    "a2r": Method("a2r", None),
    "real_x": Method("real_x", None),
    "car": Method("car", None),
}


@dataclass(frozen=True)
class Job:
    """One model to be trained and to read the test texts.

    Attributes
    ----------
    corpus, method, library, seed
        What is trained on what.
    documents : int
        Texts to train on and to compare epochs with, together.
    asked : float
        Share of the words to be selected.
    epochs : int
        Passes through the training texts.
    penalties : str
        Coefficients of sparsity and contiguity, "11/12" for example, where the peer's own are not
        taken.
    batch_size, learning_rate, dropout
        Of training, on both sides.
    data, outcome : str
        Files to read and to write.
    """

    corpus: str
    method: str
    library: str
    seed: int
    documents: int
    asked: float
    epochs: int
    penalties: str
    batch_size: int
    learning_rate: float
    dropout: float
    data: str
    outcome: str

    @classmethod
    def load(cls, path: str | Path) -> Job:
        """Read a job from a file."""
        return cls(**json.loads(Path(path).read_text()))

    def save(self, path: Path) -> None:
        """Write the job to a file."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


KEY = (
    "corpus", "documents", "asked", "epochs", "batch_size", "learning_rate", "dropout", "method",
    "library", "penalties", "seed",
)  # fmt: skip
"""The attributes of a job that are columns of its row of results, and name it."""


class Part(NamedTuple):
    """Texts as ids of words.

    `ids` (n_words_in_all,) stand end to end, `lengths` (n_documents,) are numbers of words, `y`
    (n_documents,) of classes, and `known` (n_words_in_all,) says which words are of the known
    rationale; it is empty if nobody knows.
    """

    ids: np.ndarray
    lengths: np.ndarray
    y: np.ndarray
    known: np.ndarray

    def padded(self, values: np.ndarray) -> np.ndarray:
        """Give values of words as rows of documents, False past the end of each."""
        there = np.arange(self.lengths.max()) < self.lengths[:, None]
        rows = np.zeros(there.shape, dtype=bool)
        rows[there] = values
        return rows


@dataclass
class Prepared:
    """A corpus as both sides read it.

    Attributes
    ----------
    words : list of str
        Those with an id; the first has the id 2.
    vectors : ndarray of shape (2 + len(words), n_dimensions), dtype float32
        A row for each id: zeros for padding, for unknown words, and where nothing is known.
    n_classes : int
        Number of classes.
    parts : dict of Part
        Texts to train on, to compare epochs with, and to test on.
    """

    words: list[str]
    vectors: np.ndarray
    n_classes: int
    parts: dict[str, Part]

    @property
    def max_words(self) -> int:
        """Words of the longest text."""
        return max(int(part.lengths.max()) for part in self.parts.values())

    def documents(self, name: str) -> list[list[str]]:
        """Give the words of each text of a part."""
        part, names = self.parts[name], ["", UNKNOWN_WORD, *self.words]
        in_order = map(names.__getitem__, part.ids.tolist())
        return [list(islice(in_order, length)) for length in part.lengths.tolist()]

    def save(self, path: Path) -> None:
        """Write everything to one file."""
        words = np.frombuffer(json.dumps(self.words).encode(), dtype=np.uint8)
        arrays = {
            f"{name}_{what}": values
            for name, part in self.parts.items()
            for what, values in part._asdict().items()
        }
        with path.open("wb") as file:
            np.savez(file, words=words, vectors=self.vectors, n_classes=self.n_classes, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Prepared:
        """Read a file."""
        with np.load(path) as file:
            parts = {
                name: Part(*(file[f"{name}_{what}"] for what in Part._fields)) for name in PARTS
            }
            words = json.loads(file["words"].tobytes())
            return cls(words, file["vectors"], int(file["n_classes"]), parts)


class Clock:
    """Times epochs and the steps in them; each side calls it from callbacks of its loop.

    Attributes
    ----------
    epochs : list of float
        Seconds from the beginning of an epoch to the last mark: batches and steps.
    processor : list of float
        The same in seconds of the processor, which other programs lengthen less.
    steps : list of float
        Seconds of the processor in the steps of an epoch, without putting batches together.
    """

    def __init__(self) -> None:
        self.epochs: list[float] = []
        self.processor: list[float] = []
        self.steps: list[float] = []

    def begin_epoch(self) -> None:
        """Begin to count."""
        self._within = 0.0
        self.mark()
        self._begin = self._end

    def begin_step(self) -> None:
        """Say that a batch is there."""
        self._step = time.process_time()

    def end_step(self) -> None:
        """Say that its step is taken."""
        self.mark()
        self._within += self._end[1] - self._step

    def mark(self) -> None:
        """Let the epoch last until now, at least."""
        self._end = time.perf_counter(), time.process_time()

    def end_epoch(self) -> None:
        """Add the epoch to the lists."""
        seconds, of_processor = (
            end - begin for end, begin in zip(self._end, self._begin, strict=True)
        )
        self.epochs.append(seconds)
        self.processor.append(of_processor)
        self.steps.append(self._within)


def memory() -> tuple[float, float]:
    """Give the memory that this process holds, and the most that it has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux lets ru_maxrss begin with the memory of the process before
        found = dict(re.findall(r"Vm(RSS|HWM):\s+(\d+) kB", status.read_text()))
        return int(found["RSS"]) / 2**10, int(found["HWM"]) / 2**10
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return peak, peak


def write_outcome(
    job: Job,
    masks: np.ndarray,
    predicted: np.ndarray,
    *,
    clock: Clock,
    first_epoch: int,
    seconds: float,
    memory_before: float,
    memory_trained: float,
    versions: dict[str, str],
) -> None:
    """Write what came of a job, with the most memory that the process has held until now.

    Parameters
    ----------
    job : Job
        Says where to.
    masks : ndarray of shape (n_documents, n_words), dtype bool
        Words of the test texts that were selected.
    predicted : ndarray of shape (n_documents,)
        Numbers of classes.
    clock : Clock
        The median over epochs from `first_epoch` on, counted from 0, is written: before these the
        selector did not learn.
    first_epoch : int
        See `clock`.
    seconds : float
        From words and vectors in memory to a trained model, validation and what is trained
        beforehand included.
    memory_before : float
        That the process held before, with all libraries and the texts loaded, in MB.
    memory_trained : float
        The most that it had held when the model was trained, in MB.
    versions : dict
        Of packages.
    """
    figures: dict[str, Any] = {
        "epoch_seconds": statistics.median(clock.epochs[first_epoch:]),
        "processor_seconds": statistics.median(clock.processor[first_epoch:]),
        "step_seconds": statistics.median(clock.steps[first_epoch:]),
        "fit_seconds": seconds,
        "memory_before": memory_before,
        "memory_trained": memory_trained,
        "memory": memory()[1],
    }
    told = json.dumps({"figures": figures, "versions": versions}).encode()
    with Path(job.outcome).open("wb") as file:
        np.savez_compressed(
            file, masks=masks, predicted=predicted, told=np.frombuffer(told, dtype=np.uint8)
        )


def read_outcome(path: str | Path) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Give masks, predictions, and figures with versions of an outcome."""
    with np.load(path) as file:
        return file["masks"], file["predicted"], json.loads(file["told"].tobytes())
