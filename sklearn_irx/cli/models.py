"""``sklearn-irx predict`` and ``explain``: a model in a file, and tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import WRONG_USE, CommandError, refusals
from sklearn_irx.cli.files import (
    check_format,
    check_input,
    check_output,
    check_parent,
    labels_of,
    read_table,
    texts_of,
    to_csv,
    write_table,
    written_whole,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_MODEL_HELP = (
    "A model that `fit` saved: a folder, or a joblib file. Loading a joblib file can run code "
    "hidden in it: open only those you trust. Loading a folder runs nothing in it."
)
_TABLE_HELP = "A table: .csv, .jsonl or .parquet."

ModelArgument = Annotated[Path, typer.Argument(help=_MODEL_HELP, metavar="MODEL")]
TableArgument = Annotated[Path, typer.Argument(help=_TABLE_HELP, metavar="FILE")]
TextOption = Annotated[str, typer.Option(help="Column that holds the texts.")]
SepOption = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER",
        help="What stands between the cells of CSV. By default comma, semicolon, tab or bar: what "
        "brings the columns asked for into the header.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoding of CSV and JSON lines, cp1252 for example. By default what a byte order "
        "mark tells, or UTF-8.",
    ),
]


def predict(
    model: ModelArgument,
    file: TableArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="The table to write, in the format of its extension. By default CSV is printed.",
        ),
    ] = None,
    text: TextOption = "text",
    prefix: Annotated[str, typer.Option(help="Put before the names of the new columns.")] = "",
    sep: SepOption = None,
    encoding: EncodingOption = None,
) -> None:
    """Predict the labels of the texts of a table, with the words they come from.

    The table keeps its columns and gets label_pred, confidence (between 0 and 1), rationale (the
    selected words, with … for what is between), for an ensemble case (how the label was settled)
    and case_text (the same as a sentence) and, for a model that may abstain, abstained: whether it
    does, and label_pred is only what it would have said.

    If MODEL is a joblib file, loading it can run code hidden in it: open only those you trust.
    """
    if output is not None:
        check_format(output)
        check_output(output)
        if output.exists() and file.exists() and output.samefile(file):
            raise CommandError(f"{output} is the table to read; write to another.", WRONG_USE)
    table = read_table(file, Columns(text, (), sep, encoding))
    texts = texts_of(table, text, file)
    answers = _answers(load(model), texts, prefix)
    there = set(map(str, table.columns))
    taken = [name for name in answers.columns if name in there]
    if taken:
        raise CommandError(
            f"{file} has a column {taken[0]!r} already; --prefix PREFIX gives the new columns "
            "other names.",
            WRONG_USE,
        )
    answers.index = table.index
    result = table.join(answers)
    if output is None:
        typer.get_binary_stream("stdout").write(to_csv(result))
    else:
        write_table(result, output)


def explain(
    model: ModelArgument,
    file: TableArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="HTML", help="Also write a page.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Texts to show, from the first.")] = 20,
    text: TextOption = "text",
    label: Annotated[
        str | None, typer.Option(help="Column that holds the true labels, to compare with.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Also show, below the model's own rationale, as many words chosen to support a "
            'class: "predicted", "runner_up" (the next by probability), "all" (the four most '
            "probable), or a label. They may be words that the model itself did not use.",
        ),
    ] = None,
    against: Annotated[
        bool,
        typer.Option(
            "--against",
            help="Also show the words for the predicted class and those against it, for the next "
            "by probability or for the class of --target, in one picture.",
        ),
    ] = False,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help="Show long texts whole, and not only the sentences around highlighted words.",
        ),
    ] = False,
    sep: SepOption = None,
    encoding: EncodingOption = None,
) -> None:
    """Show the texts of a table with the words highlighted that their labels come from.

    If MODEL is a joblib file, loading it can run code hidden in it: open only those you trust.
    """
    from rich.console import Console

    from sklearn_irx.cli.results import result_tables, show_document, show_rationale
    from sklearn_irx.ensemble.result import classwise_of, exchange_of, sides_of
    from sklearn_irx.inspection import write_html
    from sklearn_irx.inspection._documents import documents_of
    from sklearn_irx.inspection._pieces import MISSING

    if output is not None:
        check_output(output)
    table = read_table(file, Columns(text, () if label is None else (label,), sep, encoding)).head(
        n
    )
    texts = texts_of(table, text, file)
    truths = None if label is None else labels_of(table, label, file)
    fitted = load(model)
    if truths is not None:
        truths = like(truths, fitted.classes_)
    if against and target is None:
        target = "runner_up"
    wanted = None if target is None else _target(fitted, target)
    console = Console()
    with refusals():
        exchange = exchange_of(fitted, texts, scores=True)
        of_classes = sides_of if against else classwise_of
        found = exchange if wanted is None else of_classes(fitted, texts, wanted)
    documents = documents_of(
        found, y_true=truths, names=[f"row {n + 1}" for n in range(len(texts))]
    )
    if output is not None:
        with written_whole(output) as part:
            write_html(
                part,
                documents,
                title=f"Rationales for {file.name}",
                subtitle=f"Model: {model.name}",
                tables=result_tables(exchange, truths),
                whole=whole,
            )
    if wanted is None:
        for number, rationale in enumerate(exchange.rationales):
            truth = MISSING if truths is None else truths[number]
            show_rationale(console, rationale, truth, whole=whole)
    else:
        for document in documents:
            show_document(console, document, whole=whole)
        console.print(documents.summary(), highlight=False, markup=False, soft_wrap=True)
    if output is not None:
        console.print(f"{output} shows the same.", highlight=False, markup=False, soft_wrap=True)


def save(
    model: Any, path: Path, *, overwrite: bool = False, metrics: dict[str, float] | None = None
) -> None:
    """Write a fitted model, whole or not at all: a folder, or a joblib file if `path` says so.

    Raises
    ------
    CommandError
        If it cannot be written.
    """
    if is_joblib(path):
        import joblib

        with written_whole(path) as part:
            joblib.dump(model, part, compress=3)
        return
    from sklearn_irx import io

    with refusals():
        io.save(model, path, overwrite=overwrite, metrics=metrics)


def load(path: Path) -> Any:
    """Read a model that :func:`save` wrote.

    Raises
    ------
    CommandError
        If `path` is missing, is no model, or holds something else.
    """
    if path.is_dir():
        from sklearn_irx import io

        with refusals():
            return io.load(path)
    check_input(path)
    import joblib

    from sklearn_irx._pipelines import final_estimator

    try:
        model = joblib.load(path)
    except Exception as error:  # a broken pickle can raise anything
        raise CommandError(
            f"{path} is not a model that can be loaded ({type(error).__name__}: {error})."
        ) from error
    shows = hasattr(final_estimator(model), "explain")
    if not (shows and hasattr(model, "predict") and hasattr(model, "classes_")):
        raise CommandError(
            f"{path} holds a {type(model).__name__}, not a classifier with rationales; "
            "`sklearn-irx fit` saves one."
        )
    return model


def is_joblib(path: Path) -> bool:
    """Return whether the path of a model is that of a joblib file."""
    return path.suffix.lower() == ".joblib"


def check_model_output(path: Path, force: bool) -> None:
    """Refuse, before anything is computed, a path that no model can be written to."""
    if is_joblib(path):
        check_output(path)
        if path.exists() and not force:
            raise CommandError(f"{path} exists; --force replaces it.", WRONG_USE)
        return
    check_parent(path)
    from sklearn_irx.io._files import check_target

    try:
        check_target(path, overwrite=force)
    except OSError as error:
        said = str(error).replace("overwrite=True", "--force")
        raise CommandError(said, WRONG_USE) from error


def _answers(model: Any, texts: list[str], prefix: str) -> pd.DataFrame:
    import pandas as pd

    from sklearn_irx.ensemble.answers import answer_columns

    with refusals():
        columns = answer_columns(model, texts)
    columns["confidence"] = [round(confidence, 6) for confidence in columns["confidence"]]
    del columns["spans"]
    return pd.DataFrame({prefix + name: values for name, values in columns.items()})


def _target(model: Any, target: str) -> Any:
    """Return the class that words are to support as the model knows it, or a name as it is."""
    import numpy as np

    from sklearn_irx._pipelines import final_estimator
    from sklearn_irx.ensemble.result import check_target_of

    (known,) = like(np.array([target]), model.classes_).tolist()
    try:
        check_target_of(final_estimator(model), known)
    except ValueError as error:
        raise CommandError(str(error), WRONG_USE) from error
    return known


def like(labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return `labels` as the model knows them: 3 for the "3" of a CSV file."""
    import numpy as np

    by_name = {str(value): value for value in np.asarray(known).tolist()}
    found = [by_name.get(str(value), value) for value in labels.tolist()]
    same = np.array(found, dtype=object)
    return same if len({type(value) for value in found}) > 1 else np.array(found)
