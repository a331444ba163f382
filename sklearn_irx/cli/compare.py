"""``sklearn-irx compare``: what two models predict of a table, and by which words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import refusals
from sklearn_irx.cli.files import check_output, labels_of, read_table, texts_of, written_whole
from sklearn_irx.cli.models import (
    EncodingOption,
    ModelArgument,
    SepOption,
    TableArgument,
    TextOption,
    like,
    load,
)


def compare(
    model: ModelArgument,
    other: ModelArgument,
    file: TableArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="HTML", help="Also write a page.")
    ] = None,
    text: TextOption = "text",
    label: Annotated[
        str | None, typer.Option(help="Column that holds the true labels, to compare with.")
    ] = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
) -> None:
    """Compare two models: where they disagree, and where they agree for other reasons.

    Of each, the words are named that it shows and the other never does. Both models must split
    texts into the same words.

    If a model is a joblib file, loading it can run code hidden in it: open only those you trust.
    """
    from rich.console import Console

    from sklearn_irx.inspection import compare_models

    if output is not None:
        check_output(output)
    table = read_table(file, Columns(text, () if label is None else (label,), sep, encoding))
    texts = texts_of(table, text, file)
    first, second = load(model), load(other)
    truths = None if label is None else like(labels_of(table, label, file), first.classes_)
    names = (model.name, other.name)
    if names[0] == names[1]:
        names = (str(model), str(other))
    with refusals():
        found = compare_models(
            first,
            second,
            texts,
            truths,
            model_names=names,
            names=[f"row {row + 1}" for row in range(len(texts))],
            title=f"Two models on {file.name}",
        )
    if output is not None:
        with written_whole(output) as part:
            found.write_html(part)
    console = Console()
    for one in found.tables:
        console.print(one.to_rich())
    if output is not None:
        console.print(f"{output} shows more.", highlight=False, markup=False, soft_wrap=True)
