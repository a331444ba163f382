"""``sklearn-irx serve``: a page on which people try a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import CommandError, refusals
from sklearn_irx.cli.files import read_table, texts_of
from sklearn_irx.cli.models import EncodingOption, ModelArgument, SepOption, TextOption, load


def serve(
    model: ModelArgument,
    texts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A table of texts to choose from: .csv, .jsonl or .parquet."
        ),
    ] = None,
    text: TextOption = "text",
    sep: SepOption = None,
    encoding: EncodingOption = None,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen at. By default no other machine can reach it; 0.0.0.0 is every "
            "address of this machine."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            help="Secret part of the link. By default one is made if other machines can reach it.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Heading of the page.", show_default=False)
    ] = None,
) -> None:
    """Serve a page on which people try a model and join its exchange, until Ctrl-C.

    It shows the words of every member in a text, lets people change them, and take part with words
    and a class of their own. Nothing is stored. What goes over a network is not encrypted: for
    people elsewhere, let a proxy on this machine that speaks TLS pass requests on, with --token.

    If MODEL is a joblib file, loading it can run code hidden in it: open only those you trust.
    """
    some = None
    if texts is not None:
        some = texts_of(read_table(texts, Columns(text, (), sep, encoding)), text, texts)
    fitted = load(model)
    from sklearn_irx import serve as serve_model

    with refusals():
        try:
            serve_model(
                fitted, some, host=host, port=port, token=token, title=title, tell=typer.echo
            )
        except (ImportError, TypeError) as error:
            raise CommandError(str(error)) from error
