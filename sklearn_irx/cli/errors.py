"""What goes wrong on the command line, said in one sentence and an exit code."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import typer

P = ParamSpec("P")

WRONG_USE, WRONG_DATA, INTERRUPTED = 2, 1, 130


class CommandError(Exception):
    """A command cannot go on, for a reason its user can mend.

    Attributes
    ----------
    code : int
        Exit code: 2 if the command was called wrongly, 1 if what it read is wrong.
    """

    def __init__(self, sentence: str, code: int = WRONG_DATA) -> None:
        super().__init__(sentence)
        self.code = code


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what an estimator says about wrong parameters or data into a :class:`CommandError`."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise CommandError(" ".join(str(error).split())) from error


def in_one_sentence(command: Callable[P, None]) -> Callable[P, None]:
    """Make a command end with a sentence on stderr and an exit code, never a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with sentences(), warnings.catch_warnings():
            warnings.showwarning = _note
            command(*args, **kwargs)

    return run


@contextmanager
def sentences() -> Iterator[None]:
    """End with a sentence on stderr and an exit code where a command cannot go on."""
    try:
        yield
    except CommandError as failure:
        _complain(str(failure))
        raise typer.Exit(failure.code) from failure
    except KeyboardInterrupt as interrupt:
        _complain("interrupted.")
        raise typer.Exit(INTERRUPTED) from interrupt


def _note(message: Warning | str, *place: Any, **file: Any) -> None:  # noqa: ARG001
    """Show a warning as a sentence, without the place in the code that it comes from."""
    typer.echo(f"Note: {' '.join(str(message).split())}", err=True)


def _complain(sentence: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from sklearn_irx.text.harmless import one_line

    message = Text.assemble(("Error: ", "bold red"), one_line(sentence))
    Console(stderr=True).print(message, soft_wrap=True)
