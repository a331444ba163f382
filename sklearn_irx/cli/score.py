"""``sklearn-irx score``: tables of any size, answered in parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sklearn_irx.cli.errors import CommandError, refusals
from sklearn_irx.cli.models import EncodingOption, ModelArgument, SepOption, TextOption, load

if TYPE_CHECKING:
    from rich.console import Console

    from sklearn_irx.bulk import Progress

_SECONDS_BETWEEN_LINES = 10.0


def score(
    model: ModelArgument,
    tables: Annotated[
        list[Path],
        typer.Argument(
            metavar="IN...",
            help="Tables (.csv, .jsonl, .parquet), or folders of tables of one of these formats.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="The folder to write.")
    ],
    text: TextOption = "text",
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column to keep, an id say. May be given repeatedly."),
    ] = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
    format: Annotated[  # noqa: A002
        str | None,
        typer.Option(help="Of what is written: csv, jsonl or parquet. By default that of IN."),
    ] = None,
    prefix: Annotated[str, typer.Option(help="Put before the names of the new columns.")] = "",
    part_rows: Annotated[
        int, typer.Option(min=1, help="Rows of a part: what is done again after being cut off.")
    ] = 50_000,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that share the cores. By default one for each core."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Answer on a cluster of Dask: the address of its scheduler. Its workers must be "
            "trusted, and trust you.",
        ),
    ] = None,
) -> None:
    """Label tables of any size in parts, and go on where it was cut off.

    OUT becomes a folder of parts in order, and _manifest.json, which tells how far they go. If the
    command is stopped or killed, the same command goes on: no row is lost, none is answered twice.
    A row that cannot be read gets a row whose column error says why.

    Columns: file and row, those kept, label_pred, confidence, rationale (the selected words), spans
    (where they stand, in characters), for an ensemble case and case_text (how the label was
    settled), for a model that may abstain abstained (the label is then what it would have said),
    and error.

    If MODEL is a joblib file, loading it can run code hidden in it: open only those you trust.
    """
    from rich.console import Console

    from sklearn_irx import bulk

    fitted = load(model)
    n_jobs = jobs if jobs is not None or scheduler is not None else -1
    console = Console()
    try:
        with refusals(), _shown(Console(stderr=True)) as tell:
            done = bulk.score(
                fitted,
                tables,
                output,
                text=text,
                keep=keep or [],
                sep=sep,
                encoding=encoding,
                format=format,
                prefix=prefix,
                part_rows=part_rows,
                n_jobs=n_jobs,
                scheduler=scheduler,
                on_progress=tell,
            )
    except (ImportError, RuntimeError) as error:
        raise CommandError(" ".join(str(error).split())) from error
    wrong = f", {done.errors:,} of them with an error" if done.errors else ""
    nothing_new = done.rows == done.rows_before
    said = (
        f"{output} was complete already"
        if nothing_new and done.rows
        else f"{output} is complete, at {done.rows_per_second:,.0f} rows/s"
    )
    console.print(
        f"{said}: {done.rows:,} rows{wrong}.", highlight=False, markup=False, soft_wrap=True
    )


@contextmanager
def _shown(console: Console) -> Iterator[Callable[[Progress], Any]]:
    """Yield a function that shows progress: in one changing line, or in a new line at times."""
    if console.is_terminal:
        drawn = console.encoding.startswith("utf")  # as other encodings lack most spinners
        with console.status("Reading the model", spinner="dots" if drawn else "line") as status:
            yield lambda progress: status.update(_sentence(progress))
        return
    last = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            console.print(_sentence(progress), highlight=False, soft_wrap=True)

    yield tell


def _sentence(progress: Progress) -> str:
    share = progress.n_bytes / progress.n_bytes_total if progress.n_bytes_total else 1.0
    said = f"{progress.rows:,} rows, {100 * share:.1f} %, {progress.rows_per_second:,.0f} rows/s"
    if progress.errors:
        said += f", {progress.errors:,} errors"
    if progress.seconds_left is None:
        return said
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{said}, {hours}:{minutes:02d}:{seconds:02d} left"
