"""A grid of 12 fits on two processes: what is copied, read and made again, and what is shared.

    python benchmarks/grid.py
    python benchmarks/grid.py --large
    python benchmarks/grid.py --report

The same grid over lambda1, lambda2 and seeds, on IMDB and GloVe, in four ways: ``texts`` and the
path of the vectors, as one would begin; the same with ``memory``, a folder; ``shared``, tokenized
texts and vectors read beforehand, which joblib writes to a file that the processes map into their
memory; and ``mapped``, where the vectors are mapped from a file to begin with. Each way has a
process of its own, and its time is that of everything, reading and tokenizing too, but not of
writing that file. Memory is what all processes hold together (PSS), looked at twice a second. With
``--large``, the vectors are as many and as long as the largest of GloVe 6B, 400,000 of 300 numbers:
made up for the words of the file, and for words of no text. Results go to ``benchmarks/results/``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import (
    MAX_LENGTH,
    add_common_options,
    convolutional,
    fresh,
    load_vectors,
    processes_of,
    sample,
    shared_memory,
    show,
    vectors_path,
    write,
)

from sklearn_irx.text import WordVectors

WAYS = ("texts", "texts, memory", "shared", "mapped")
GRID = {"lambda1": [0.002, 0.01], "lambda2": [0.0, 0.005], "random_state": [0, 1, 2]}
CORPUS = "imdb"
LARGE = (400_000, 300)
"""Words, and numbers of each, of the largest vectors of GloVe 6B."""
TEST_SHARE = 5  # the last fifth is scored


class Memory(threading.Thread):
    """Looks at the memory of this process and those it starts.

    Attributes
    ----------
    workers, all : float
        MB of the processes started, and of all together, at the most.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.workers = self.all = 0.0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.5):
            own, *others = map(shared_memory, processes_of(os.getpid()))
            self.workers = max(self.workers, sum(others))
            self.all = max(self.all, own + sum(others))


def large_vectors(folder: Path) -> Path:
    """Make a file of as many vectors as the largest of GloVe 6B has, in the binary format."""
    path = folder / "large.bin"
    words = load_vectors().words[: LARGE[0]]
    words += [f"unheard-{i}" for i in range(LARGE[0] - len(words))]
    random = np.random.RandomState(0)
    with path.open("wb") as file:
        file.write(f"{LARGE[0]} {LARGE[1]}\n".encode())
        for word in words:
            vector = random.normal(0, 0.4, LARGE[1]).astype(np.float32)
            file.write(word.encode() + b" " + vector.tobytes() + b"\n")
    return path


def keep_mapped(vectors: Path, folder: Path) -> Path:
    """Write word vectors as an array that can be mapped, and their words beside it."""
    read = WordVectors.load(vectors)
    np.save(folder / "vectors.npy", read.vectors)
    (folder / "words.json").write_text(json.dumps(read.words))
    return folder / "vectors.npy"


def mapped(path: Path) -> WordVectors:
    """Give word vectors that are mapped from a file."""
    words = json.loads(path.with_name("words.json").read_text())
    return WordVectors(words, np.load(path, mmap_mode="r"))


def search(way: str, documents: int, jobs: int, folder: str, vectors: Path) -> dict[str, Any]:
    """Run the grid in one way; to be called in a process of its own."""
    from joblib.externals.loky import get_reusable_executor
    from sklearn.model_selection import GridSearchCV

    from sklearn_irx.components import Training
    from sklearn_irx.text import TokenizedTexts, WordTokenizer

    corpus = sample(CORPUS, "train", documents)
    order = np.random.RandomState(0).permutation(len(corpus.data))  # they are sorted by label
    n_train = len(order) - len(order) // TEST_SHARE
    split = [(order[:n_train], order[n_train:])]
    watch = Memory()
    watch.start()
    start = time.perf_counter()
    embeddings: Any = str(vectors)
    X: Any = corpus.data
    if way in ("shared", "mapped"):
        embeddings = WordVectors.load(embeddings) if way == "shared" else mapped(vectors)
        X = TokenizedTexts.from_texts(X, WordTokenizer(), MAX_LENGTH[CORPUS])
    clf = convolutional(
        embeddings=embeddings, max_length=MAX_LENGTH[CORPUS], n_threads=1, device="cpu",
        training=Training(max_epochs=1), memory=folder if way == "texts, memory" else None,
    )  # fmt: skip
    found = GridSearchCV(
        clf, GRID, cv=split, n_jobs=jobs, refit=False, scoring="neg_log_loss"
    ).fit(X, corpus.target)  # fmt: skip
    seconds = time.perf_counter() - start
    watch.stopped.set()
    watch.join()
    # A process that multiprocessing started waits for its own before these are told to end.
    get_reusable_executor().shutdown(wait=True)
    scores = found.cv_results_["mean_test_score"]
    return {
        "way": way, "fits": len(scores), "seconds": round(seconds, 1),
        "mb_workers": round(watch.workers), "mb_all": round(watch.all),
        "best_log_loss": round(float(-scores.max()), 6),
        "sum_of_log_losses": round(float(-scores.sum()), 6),
    }  # fmt: skip


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=5000, help="texts, a fifth to score")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--large", action="store_true", help="400,000 vectors of 300 numbers")
    parser.add_argument("--report", action="store_true", help="show what is there")
    add_common_options(parser)
    args = parser.parse_args()
    path = args.results / ("grid-large.csv" if args.large else "grid.csv")
    if not args.report:
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            vectors = fresh(large_vectors, Path(folder)) if args.large else vectors_path()
            for number, way in enumerate(args.ways):
                memory = f"{folder}/{number}"
                given = vectors
                if way == "mapped":
                    given = fresh(keep_mapped, vectors, Path(folder))
                rows.append(fresh(search, way, args.documents, args.jobs, memory, given))
                print(rows[-1], flush=True)
        write(
            path, rows, documents=args.documents, jobs=args.jobs, grid=GRID, corpus=CORPUS,
            onednn_primitive_cache_capacity=os.environ.get("ONEDNN_PRIMITIVE_CACHE_CAPACITY"),
        )  # fmt: skip
    with path.open(newline="") as file:
        show(list(csv.DictReader(file)))


if __name__ == "__main__":
    main()
