"""``sklearn-irx study``: people who tell the class from a rationale alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sklearn_irx.cli.errors import CommandError, in_one_sentence, refusals

if TYPE_CHECKING:
    from sklearn_irx.study import Study

study_app = typer.Typer(
    no_args_is_help=True,
    help="Ask people: can they tell the class from a rationale alone?",
)

StudyArgument = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The file of a study.", show_default=False)
]


def serve(
    study: StudyArgument,
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
    url: Annotated[
        str | None,
        typer.Option(help="How annotators reach it, as in https://study.example.org."),
    ] = None,
) -> None:
    """Serve a study: show the personal links, and store what annotators answer, until Ctrl-C.

    What goes over a network is not encrypted. For annotators elsewhere, let a proxy on this
    machine that speaks TLS pass requests on, and give its address as --url.
    """
    from sklearn_irx.study import serve as serve_study

    with closing(_open(study)) as opened, refusals():
        try:
            serve_study(opened, host, port, url, tell=typer.echo)
        except ImportError as error:
            raise CommandError(str(error)) from error


def links(
    study: StudyArgument,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Ask one more person; may be given more than once."),
    ] = None,
    url: Annotated[
        str, typer.Option(help="How annotators reach it, as in https://study.example.org.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """Show the personal links of a study, and add annotators."""
    from sklearn_irx.study import links_of

    with closing(_open(study)) as opened, refusals():
        links_of(opened, url)  # so that a wrong one is refused before anybody is added
        for name in add or []:
            opened.add_annotator(name)
        found = links_of(opened, url)
    width = max(map(len, found))
    for name, link in found.items():
        typer.echo(f"{name or 'Organiser':{max(width, 9)}}  {link}")


def _open(path: Path) -> Study:
    from sklearn_irx.study import Study

    with refusals():
        return Study(path)


for _command in (serve, links):
    study_app.command()(in_one_sentence(_command))
