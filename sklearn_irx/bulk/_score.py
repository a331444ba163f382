"""Scoring tables of any size, so that nothing is lost when it is cut off."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from sklearn_irx._files import locked, replacing
from sklearn_irx._pipelines import final_estimator
from sklearn_irx._tables import Columns as InputColumns
from sklearn_irx._tables import check_dialect
from sklearn_irx.bulk._answers import TABLES, Answer, Columns, no_answer, schema_of
from sklearn_irx.bulk._input import Chunk, Input
from sklearn_irx.bulk._manifest import Manifest, part_path
from sklearn_irx.bulk._progress import Progress
from sklearn_irx.bulk._workers import Submit, answered, here, on_cluster, on_processes
from sklearn_irx.ensemble.answers import columns_of
from sklearn_irx.ensemble.result import explain

PART_ROWS = 50_000


def score(
    model: Any,
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    text: str = "text",
    keep: Sequence[str] = (),
    sep: str | None = None,
    encoding: str | None = None,
    format: str | None = None,  # noqa: A002
    prefix: str = "",
    part_rows: int = PART_ROWS,
    n_jobs: int | None = None,
    scheduler: Any = None,
    on_progress: Callable[[Progress], Any] | None = None,
) -> Progress:
    r"""Predict labels for tables of any size, with the words they come from.

    Rows are read one by one and answers are written in parts, so memory does not grow with the
    tables. If it is cut off, even by a failure of power, the same call goes on after the last part
    that is whole: no row is lost, and none is answered twice.

    A row that cannot be read gets a row of its own, whose column ``error`` says why.

    Parameters
    ----------
    model : fitted classifier or ensemble, str or path-like
        The model, or the folder that it is saved in. Or a pipeline that ends in one: ``spans`` are
        then those of the cleaned documents.
    source : str, path-like, or a sequence of these
        Tables (``.csv``, ``.jsonl``, ``.parquet``), or folders of tables of one of these formats,
        however deep. What folders ``column=value`` say is a column of the rows in them.
    folder : str or path-like
        What to write to: ``part-00000.csv`` and so on, and ``_manifest.json``, which tells how far
        they go. It is made, if need be.
    text : str, default="text"
        Column that holds the documents.
    keep : sequence of str, default=()
        Columns to keep.
    sep : str or None, default=None
        What separates the cells of CSV. None finds it in the header of each file: what brings
        `text` and `keep` into it, of comma, semicolon, tab and vertical bar. A file of one column
        has no separator: commas in its texts are text.
    encoding : str or None, default=None
        Of CSV and JSON lines, as Python calls it. None is UTF-8. A byte order mark comes first.
    format : {"csv", "jsonl", "parquet"} or None, default=None
        Of the parts; None is that of the tables.
    prefix : str, default=""
        Put before the names of the columns that are not kept ones.
    part_rows : int, default=50,000
        Rows of a part: what is done again, at most, after being cut off.
    n_jobs : int or None, default=None
        Processes that answer, and share the cores; -1 is one for each core, None is this process.
    scheduler : str, distributed.Client or None, default=None
        Answer on the workers of this Dask cluster: the address of its scheduler, or a client.
        Tables are read and parts are written here.
    on_progress : callable or None, default=None
        Called with a :class:`Progress` now and then.

    Returns
    -------
    progress : Progress
        At the end.

    Raises
    ------
    FileExistsError
        If `folder` holds something else, or answers by another model, to another input, or with
        other options (`n_jobs` and `scheduler` may be others), or another process writes there.
    FileNotFoundError
        If there is nothing to read.
    ValueError
        If a parameter is out of range, or the tables have no such columns, two of one name, or
        another encoding.
    RuntimeError
        If a process that answers dies.

    Notes
    -----
    Columns: ``file`` and ``row`` (its number there, from 1; missing, if a row stands for the rest
    of a file that is broken), the columns kept, ``label_pred``, ``confidence``, ``rationale`` (the
    selected words as the text has them, … for what is between), ``spans`` (start and end in
    characters of each run of them; JSON in CSV), for an ensemble ``case`` and ``case_text`` (the
    same as a sentence), with a :class:`~sklearn_irx.RejectOption` ``abstained``, and ``error``.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from sklearn_irx import SelectiveRationaleClassifier, bulk
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=2), random_state=0)
    >>> _ = clf.fit(texts, y)
    >>> lines = [json.dumps({"text": one}) for one in texts] + ['{"text": null}']
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table, answers = Path(folder, "new.jsonl"), Path(folder, "answers")
    ...     _ = table.write_text("\n".join(lines))
    ...     done = bulk.score(clf, table, answers)
    ...     rows = (answers / "part-00000.jsonl").read_text().splitlines()
    >>> done.rows, done.errors
    (301, 1)
    >>> json.loads(rows[-1])["error"]
    "there is no text in column 'text'"
    """
    paths = [source] if isinstance(source, str | os.PathLike) else list(source)
    tables = Input([Path(path) for path in paths])
    out = Path(folder)
    suffix = _check_format(format, tables.suffix)
    keep = _check_keep(keep)
    if not isinstance(part_rows, int) or part_rows < 1:
        raise ValueError(f"part_rows={part_rows!r}: give an integer of at least 1.")
    n_processes = _check_jobs(n_jobs, scheduler)
    _check_apart(out, paths)
    read = InputColumns(text, keep, *check_dialect(tables.suffix, sep, encoding))
    tables.check_columns(read)
    model = _loaded(model)
    columns = Columns(keep, prefix, columns_of(model))
    begun = Manifest(
        {"class": type(model).__name__, "digest": _digest(model)},
        tables.fingerprint(),
        {
            **read._asdict(), "format": suffix, "prefix": prefix,
            "part_rows": part_rows, "columns": columns.names,
        },
    )  # fmt: skip
    schema = None
    if suffix == ".parquet":
        kept_types = [tables.type_of(name) for name in keep]
        schema = schema_of(columns, kept_types, np.asarray(model.classes_).tolist())
    _make(out)
    try:
        with locked(out, wait=False):
            manifest = begun.continued(out)
            _remove_unfinished(out)
            run = _Run(out, tables, read, manifest, columns, schema, on_progress)
            if not manifest.complete:
                manifest.write(out)
                run.all_parts(_who_answers(model, n_processes, scheduler))
            return run.tell()
    except BlockingIOError as error:
        raise FileExistsError(
            f"another process writes to {out}: wait for it, or give another folder."
        ) from error


class _Run:
    """One run, from the end of an earlier one to the end of the input."""

    def __init__(
        self,
        folder: Path,
        tables: Input,
        read: InputColumns,
        manifest: Manifest,
        columns: Columns,
        schema: Any,
        on_progress: Callable[[Progress], Any] | None,
    ) -> None:
        self.folder = folder
        self.tables = tables
        self.read = read
        self.manifest = manifest
        self.columns = columns
        self.schema = schema
        self.on_progress = on_progress
        self.start = time.perf_counter()
        self.rows_before = self.rows = manifest.rows
        self.errors = manifest.errors
        self.n_bytes_before = self.n_bytes = tables.done(manifest.position)

    def all_parts(
        self,
        who: AbstractContextManager[tuple[Submit, Callable[[], int]]],
    ) -> None:
        """Write all parts that are missing."""
        chunks = self.tables.chunks(
            self.manifest.position, self.read, self.manifest.options["part_rows"]
        )
        with who as (submit, most_waiting):
            pairs = answered(chunks, submit, most_waiting)
            for first in pairs:
                self._part(first, pairs)
        self.manifest.complete = True
        self.manifest.write(self.folder)

    def _part(
        self,
        first: tuple[Chunk, list[Answer]],
        others: Iterable[tuple[Chunk, list[Answer]]],
    ) -> None:
        """Write one part, and then record it in the manifest."""
        manifest, suffix = self.manifest, self.manifest.options["format"]
        path = part_path(self.folder, manifest.parts, suffix)
        with replacing(path, lasting=True) as unfinished:
            with TABLES[suffix](unfinished, self.columns, self.schema) as add:
                chunk = self._add(*first, add)
                while not chunk.ends_part:
                    chunk = self._add(*next(iter(others)), add)
            size = unfinished.stat().st_size
        manifest.parts += 1
        manifest.rows, manifest.errors = self.rows, self.errors
        manifest.bytes += size
        manifest.position = chunk.after
        manifest.write(self.folder)

    def _add(self, chunk: Chunk, answers: list[Answer], add: Any) -> Chunk:
        said = iter(answers)
        rows = [
            self.columns.row(row, next(said) if row.error is None else no_answer(row.error))
            for row in chunk.rows
        ]
        if rows:
            self.errors += add(rows)
        self.rows += len(rows)
        self.n_bytes = self.tables.done(chunk.after)
        if self.on_progress is not None:
            self.on_progress(self.tell())
        return chunk

    def tell(self) -> Progress:
        """Return the progress so far."""
        return Progress(
            self.rows, self.errors, self.rows_before, self.n_bytes, self.n_bytes_before,
            self.tables.n_bytes, time.perf_counter() - self.start, self.manifest.complete,
        )  # fmt: skip


def _who_answers(
    model: Any, n_processes: int, scheduler: Any
) -> AbstractContextManager[tuple[Submit, Callable[[], int]]]:
    if scheduler is not None:
        return on_cluster(model, scheduler)
    return here(model) if n_processes == 1 else on_processes(model, n_processes)


def _loaded(model: Any) -> Any:
    """Return a model that can answer, or raise an error."""
    if isinstance(model, str | os.PathLike):
        from sklearn_irx.io import load

        model = load(model)
    if not hasattr(final_estimator(model), "explain"):
        raise ValueError(
            f"model={model!r} gives no rationales: give a fitted classifier or ensemble of this "
            "package, or the folder that one is saved in."
        )
    explain(model, [""])  # what would fail with any text fails now
    return model


def _digest(model: Any) -> str:
    try:
        found: str = joblib.hash(model)
    except Exception as error:  # pickling somebody's tokenizer may raise anything
        raise ValueError(
            f"model={model!r} cannot be told from others, nor sent to processes, as it cannot be "
            f"pickled ({error}): give it a tokenizer that is defined in a module."
        ) from error
    return found


def _check_format(name: str | None, of_input: str) -> str:
    if name is None:
        return of_input
    if f".{name}" not in TABLES:
        known = ", ".join(suffix[1:] for suffix in TABLES)
        raise ValueError(f"format={name!r}: give one of {known}, or None.")
    return f".{name}"


def _check_keep(keep: Any) -> list[str]:
    if isinstance(keep, str):
        raise ValueError(f"keep={keep!r} is one name: give a sequence of them, [{keep!r}] say.")
    names = list(keep)
    if len(set(names)) < len(names):
        raise ValueError(f"keep={names!r} names a column twice: give each once.")
    return names


def _check_jobs(n_jobs: Any, scheduler: Any) -> int:
    if n_jobs is None:
        return 1
    if not isinstance(n_jobs, int) or n_jobs == 0:
        raise ValueError(
            f"n_jobs={n_jobs!r}: give a number of processes, -1 for all cores, or None."
        )
    if scheduler is not None:
        raise ValueError(
            f"n_jobs={n_jobs} and scheduler={scheduler!r}: give one of them; on a cluster, it is "
            "the number of its workers."
        )
    return n_jobs if n_jobs > 0 else max(1, joblib.cpu_count() + 1 + n_jobs)


def _check_apart(out: Path, paths: Sequence[Any]) -> None:
    """Refuse to write into the input, or the next run would read its own answers."""
    there = out.resolve()
    for path in paths:
        read = Path(path).resolve()
        if there == read or read in there.parents or there in read.parents:
            raise ValueError(
                f"folder={str(out)!r} and source={str(path)!r} lie in each other: write to a "
                "folder elsewhere."
            )


def _make(out: Path) -> None:
    """Make the folder, whose parent must be there."""
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file, and a folder is to be written: give another name.")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {out.parent} to make {out.name} in.")
    out.mkdir(exist_ok=True)


def _remove_unfinished(out: Path) -> None:
    """Remove unfinished files of a run that was killed."""
    for pattern in (".part-*.part", "._manifest.json.*.part"):
        for path in out.glob(pattern):
            path.unlink()
