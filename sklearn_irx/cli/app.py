"""The commands, put together. What they import beyond typer and rich, they import when called."""

from __future__ import annotations

from typing import Annotated

import typer

from sklearn_irx.cli.audit import audit
from sklearn_irx.cli.compare import compare
from sklearn_irx.cli.demo import demo
from sklearn_irx.cli.errors import in_one_sentence
from sklearn_irx.cli.fit import FitCommand, fit
from sklearn_irx.cli.models import explain, predict
from sklearn_irx.cli.report import report
from sklearn_irx.cli.score import score
from sklearn_irx.cli.serve import serve
from sklearn_irx.cli.study import study_app

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        from sklearn_irx._version import __version__

        typer.echo(f"sklearn-irx {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Text classifiers that show the words they used, and can show no others.

    Start with: sklearn-irx demo
    """


for _command in (demo, fit, predict, explain, report, compare, audit, score, serve):
    _cls = FitCommand if _command is fit else None
    app.command(cls=_cls)(in_one_sentence(_command))
app.add_typer(study_app, name="study")
