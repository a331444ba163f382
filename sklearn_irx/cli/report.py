"""``sklearn-irx report``: one page about a model and what it does with a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import WRONG_USE, CommandError, refusals
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

_N_AT_MOST = 20_000

_NAMED = re.compile(r"([\w .-]+)=(.+)", re.DOTALL)


def report(
    model: ModelArgument,
    file: TableArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="HTML", help="The page to write.")
    ],
    text: TextOption = "text",
    label: Annotated[
        str | None,
        typer.Option(
            help='Column that holds the true labels; "label" by default, if there is one. Without '
            "labels nothing is judged."
        ),
    ] = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    audit: Annotated[
        bool,
        typer.Option(
            "--audit",
            help="Also ask what the words are evidence of, as `audit` does; needs labels.",
        ),
    ] = False,
    suspect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]PATTERN",
            help="A word or regular expression that may be a shortcut: the page says how often it "
            "is shown, and what is predicted without it. Can be given many times.",
        ),
    ] = None,
    max_documents: Annotated[
        int,
        typer.Option(min=1, help="Texts on the page at most, evenly chosen; figures count all."),
    ] = _N_AT_MOST,
) -> None:
    """Write a page about a model: figures, plots, telling texts, and all texts to search.

    The page is one file that loads nothing. For true labels that mean something, FILE holds texts
    that the model was not trained on.

    If MODEL is a joblib file, loading it can run code hidden in it: open only those you trust.
    """
    from rich.console import Console

    from sklearn_irx.inspection import rationale_audit, rationale_report

    check_output(output)
    suspects = _named(suspect or [])
    if output.exists() and any(path.exists() and output.samefile(path) for path in (model, file)):
        raise CommandError(f"{output} is to be read; write to another file.", WRONG_USE)
    table = read_table(file, Columns(text, (label or "label",), sep, encoding))
    texts = texts_of(table, text, file)
    if label is None and "label" in table.columns and text != "label":
        label = "label"
    truths = None if label is None else labels_of(table, label, file)
    fitted = load(model)
    if truths is not None:
        truths = like(truths, fitted.classes_)
    elif audit:
        raise CommandError(f"--audit needs labels, and {file} has none; --label COLUMN.", WRONG_USE)
    with refusals():
        audited = rationale_audit(fitted, texts, truths, verbose=1) if audit else None
        page = rationale_report(
            fitted,
            texts,
            truths,
            title=f"Rationales for {file.name}" if title is None else title,
            subtitle=f"Model: {model.name} · {len(texts):,} texts",
            names=[f"row {row + 1}" for row in range(len(texts))],
            audit=audited,
            suspects=suspects or None,
            max_documents=max_documents,
        )
    with written_whole(output) as part:
        page.write_html(part)
    console = Console()
    console.print(page.tables[0].to_rich())
    for note in page.notes:
        console.print(f"Note: {note}.", highlight=False, markup=False, soft_wrap=True)
    console.print(f"{output} shows more.", highlight=False, markup=False, soft_wrap=True)


def _named(patterns: Sequence[str]) -> dict[str, str]:
    """Return regular expressions by name; one without a name is its own."""
    named: dict[str, str] = {}
    for given in patterns:
        found = _NAMED.fullmatch(given)
        name, pattern = found.groups() if found else (given, given)
        if name in named:
            raise CommandError(
                f"--suspect {given!r}: there are two of the name {name!r}; give each another.",
                WRONG_USE,
            )
        named[name] = pattern
    return named
