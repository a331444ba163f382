"""``sklearn-irx fit``: a model from a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import WRONG_USE, CommandError, sentences
from sklearn_irx.cli.files import check_format, check_input, read_labelled
from sklearn_irx.cli.models import (
    EncodingOption,
    SepOption,
    TableArgument,
    TextOption,
    check_model_output,
    is_joblib,
    like,
    save,
)
from sklearn_irx.cli.parameters import (
    MEMBERS,
    OF_COMMAND,
    OPTIONS,
    as_toml,
    check_parameters,
    check_transformer,
    default_values,
    given_parameters,
    members_of,
    read_config,
    values_of,
)

_MEANINGS = {
    ("rationale_length", None): "a sixth of each text, at least 8 words and at most 30",
    ("lambda1", None): "none, as a length is asked for",
    ("encoder", None): "nothing does",
    ("vectors", None): "an encoder, if there is one, has vectors learned from the texts",
    ("max_epochs", "auto"): "as many as suit the initialization",
    ("seed", None): "0",
    ("threads", None): "as many as torch takes",
    ("checkpoints", None): "none is kept",
}
"""What defaults mean that do not speak for themselves."""
_NOT_IN_FILE = ("config", "assign", "show_params", "help")


class FitCommand(TyperCommand):
    """The command, whose help says what holds by default, and which shows it without a table."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with the defaults of the classifier."""
        defaults = default_values()
        for option in self.params:
            if option.name in defaults:
                value = defaults[option.name]
                said = _MEANINGS.get((option.name, value), value)
                option.help = f"{option.help} By default {said}."  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line; parameters can be shown without a table and a place to write."""
        if "--show-params" in args:
            for option in self.params:
                option.required = False
        return super().parse_args(ctx, args)


def _options_of_file(ctx: typer.Context, value: Path | None) -> Path | None:
    """Let the table ``[fit]`` of a file stand for options that are not given."""
    if value is None:
        return None
    names = {str(option.name) for option in ctx.command.params} - set(_NOT_IN_FILE)
    with sentences():
        found, _ = read_config(value)
        options = {name.replace("-", "_"): given for name, given in found.items()}
        for name in options:
            if name in OPTIONS:
                *table, parameter = OPTIONS[name].split("__")
                where = f"in the table [{table[0]}]" if table else "above all tables"
                raise CommandError(
                    f"{value} has {name} in [{OF_COMMAND}]: it is the parameter {parameter}, give "
                    f"that {where}.",
                    WRONG_USE,
                )
            if name not in names:
                there = ", ".join(sorted(names - OPTIONS.keys()))
                raise CommandError(
                    f"{value} has {name} in [{OF_COMMAND}], which is no option: there are {there}.",
                    WRONG_USE,
                )
    ctx.default_map = options
    return value


def fit(
    file: TableArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="MODEL",
            help="The folder to write, which is loaded without running anything in it; a joblib "
            "file, if it ends in .joblib.",
        ),
    ],
    text: TextOption = "text",
    label: Annotated[str, typer.Option(help="Column that holds the labels.")] = "label",
    sep: SepOption = None,
    encoding: EncodingOption = None,
    pair: Annotated[
        bool,
        typer.Option(
            "--pair", help="Train two models that exchange their rationales, instead of one."
        ),
    ] = False,
    assign: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A parameter of the classifier or of its parts, as in encoder=cnn or "
            "encoder__n_filters=50; with --pair, est1__NAME and est2__NAME are those of one model. "
            "May be given repeatedly.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="TOML",
            callback=_options_of_file,
            is_eager=True,
            help="A file of parameters, with a table for each part, encoder say, and a table fit "
            "of options of this command. What is given here goes before.",
        ),
    ] = None,
    show_params: Annotated[
        bool,
        typer.Option(
            "--show-params",
            help="Print all parameters, as a file for --config, and train nothing; needs no FILE.",
        ),
    ] = False,
    style: Annotated[
        str | None,
        typer.Option(help="What a rationale looks like: words, phrases, passage or sentences."),
    ] = None,
    rationale_length: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Words to select, as a mean over the texts; below 1, the share of each text. "
            "The penalty of a word is then found in training.",
        ),
    ] = None,
    lambda1: Annotated[
        float | None, typer.Option(min=0, help="Penalty of a selected word.")
    ] = None,
    lambda2: Annotated[
        float | None,
        typer.Option(min=0, help="Penalty of a transition between selected and unselected words."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="What reads words in context: cnn, rnn, or a pretrained transformer, by its "
            "folder or its name in the Hugging Face hub, with a /."
        ),
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(
            help="Word vectors for an encoder: a file, or a name that gensim can download."
        ),
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(min=1, help="Words of a text that are read.")
    ] = None,
    max_epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the texts, at most.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same model.")
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Table to test on, instead of a part of FILE."),
    ] = None,
    test_size: Annotated[
        float,
        typer.Option(
            min=0, max=0.9, help="Share of FILE to test on; the model is not trained on it."
        ),
    ] = 0.2,
    coverage: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=1,
            help="Let the model abstain where it is least sure, and answer this share of texts. A "
            "quarter of the texts is not trained on, but sets the threshold.",
        ),
    ] = None,
    risk: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.999,
            help="Let the model abstain, so that at most this share of its answers is wrong, at a "
            'confidence of 95 %; needs pip install "sklearn-irx[reject]".',
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor cores to use.")] = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep the state of training here after each pass. The same command goes on there "
            "if it was cut off. Delete the folder when the model is saved.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace MODEL if it exists.")] = False,
) -> None:
    """Train on a table, report how accurate the model is, and save it with a model card.

    It is SelectiveRationaleClassifier as in Python: every parameter has the same name and default.
    """
    from rich.console import Console

    from sklearn_irx.cli.results import accuracies, result_tables
    from sklearn_irx.cli.training import split, train, train_to_abstain
    from sklearn_irx.ensemble.rejection import RejectOption
    from sklearn_irx.ensemble.result import exchange_of

    if coverage is not None and risk is not None:
        raise CommandError(
            f"--coverage {coverage:g} and --risk {risk:g}: give one of them.", WRONG_USE
        )
    if not show_params:
        check_model_output(output, force)
        for path in (file,) if test is None else (file, test):  # before torch is imported
            check_format(path)
            check_input(path)
    options = {
        "style": style,
        "rationale_length": rationale_length,
        "lambda1": lambda1,
        "lambda2": lambda2,
        "encoder": encoder,
        "vectors": vectors,
        "max_length": max_length,
        "max_epochs": max_epochs,
        "seed": seed,
        "threads": threads,
        "checkpoints": None if checkpoints is None else str(checkpoints),
    }
    members = members_of(given_parameters(options, assign or [], config), pair=pair)
    checked = [check_parameters(given) for given in members]
    if show_params:
        typer.echo('# Parameters, for --config. "None" stands for None of Python.\n')
        names = MEMBERS if pair else ("",)
        shown = map(as_toml, checked, members, names)
        typer.echo("\n\n".join(shown))
        return
    for clf in checked:
        check_transformer(clf.encoder)
    columns = Columns(text, [label], sep, encoding)
    texts, y = read_labelled(file, columns)
    test_texts: list[str] = []
    if test is not None:
        test_texts, y_test = read_labelled(test, columns)
        y_test = like(y_test, y)
    elif test_size > 0:
        texts, test_texts, y, y_test = split(texts, y, test_size, seed=0)
    console = Console()
    values = [values_of(given) for given in members]
    if coverage is None and risk is None:
        model = train(texts, y, values, console)
    else:
        model = train_to_abstain(texts, y, values, console, coverage=coverage, risk=risk)
    save(model, output, overwrite=force)
    if test_texts:
        console.print(f"On {len(test_texts):,} documents held out:", highlight=False)
        exchange = exchange_of(model, test_texts, spans=False)
        for table in result_tables(exchange, y_test):
            console.print(table.to_rich())
        found = accuracies(exchange, y_test)
        if isinstance(model, RejectOption):
            accepted = model.accepts_exchanged(exchange)
            console.print(
                f"{accepted.sum():,} are answered ({accepted.mean():.1%}), and "
                f"{(exchange.labels == y_test)[accepted].sum():,} of these are right.",
                highlight=False,
            )
        if pair:
            _compare(found, len(test_texts), console)
        if not is_joblib(output):  # again, with the accuracies for its card
            save(model, output, overwrite=True, metrics=found)
    console.print(f"Saved {output}", highlight=False, markup=False, soft_wrap=True)


def _compare(accuracies: Mapping[str, float], n_texts: int, console: Any) -> None:
    """Say so if a model of a pair is more accurate alone."""
    *alone, together = accuracies.values()
    best = max(alone)
    if together < best:
        console.print(
            f"Note: of {n_texts:,} documents held out, the pair is right in "
            f"{round(n_texts * together):,} ({together:.1%}), and model {alone.index(best) + 1} "
            f"alone in {round(n_texts * best):,} ({best:.1%}). Without --pair, one model is "
            "trained.",
            highlight=False,
            soft_wrap=True,
        )
