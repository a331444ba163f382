"""``sklearn-irx audit``: what the words that a model shows are evidence of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import INTERRUPTED, WRONG_USE, CommandError, refusals
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


def audit(
    model: ModelArgument,
    file: TableArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Also write a page (.html) or the figures (.json).",
        ),
    ] = None,
    text: TextOption = "text",
    label: Annotated[str, typer.Option(help="Column that holds the true labels.")] = "label",
    sep: SepOption = None,
    encoding: EncodingOption = None,
    other: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MODEL",
            help="The same model, trained with another seed: does it select the same words? May be "
            "given repeatedly.",
        ),
    ] = None,
    max_documents: Annotated[
        int, typer.Option(min=1, help="Texts to audit at most, drawn at random.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
) -> None:
    """Ask what a model's rationales are evidence of, as a reviewer would.

    Do they suffice for other readers, does their choice tell more than they do, could the opposite
    have been argued, how stable are they, what is left without them? Each question is answered in
    sentences and figures, beside random words, the words of a linear model, and all words.

    FILE holds texts that the model was not trained on, with their true labels; some hundred at
    least. Ctrl-C ends the audit, and what was found out until then is shown.

    If MODEL is a joblib file, loading it can run code hidden in it: open only those you trust.
    """
    from rich.console import Console

    from sklearn_irx.inspection import rationale_audit

    if output is not None:
        check_output(output)
        if output.suffix not in (".html", ".json"):
            raise CommandError(f"{output}: give a name that ends in .html or .json.", WRONG_USE)
    table = read_table(file, Columns(text, (label,), sep, encoding))
    texts = texts_of(table, text, file)
    fitted = load(model)
    truths = like(labels_of(table, label, file), fitted.classes_)
    with refusals():
        found = rationale_audit(
            fitted,
            texts,
            truths,
            others=[load(path) for path in other or []],
            max_documents=max_documents,
            title=f"Audit of {model.name} on {file.name}",
            random_state=seed,
            verbose=1,
        )
    if output is not None:
        with written_whole(output) as part:
            if output.suffix == ".html":
                found.write_html(part)
            else:
                part.write_text(json.dumps(found.to_dict(), indent=1), encoding="utf-8")
    console = Console()
    console.print(str(found), highlight=False, markup=False, soft_wrap=True)
    if found.answers:
        console.print(found.table.to_rich())
    if not found.complete:
        raise typer.Exit(INTERRUPTED)
