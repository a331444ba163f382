"""``sklearn-irx study``: people who tell the class from a rationale alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import WRONG_USE, CommandError, in_one_sentence, refusals
from sklearn_irx.cli.files import check_output, check_parent, read_labelled
from sklearn_irx.cli.models import (
    EncodingOption,
    ModelArgument,
    SepOption,
    TableArgument,
    TextOption,
    like,
    load,
)

if TYPE_CHECKING:
    from sklearn_irx.study import Study

study_app = typer.Typer(
    no_args_is_help=True,
    help="Ask people: can they tell the class from a rationale alone?",
)

StudyArgument = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The file of a study.", show_default=False)
]


def create(
    model: ModelArgument,
    file: TableArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="STUDY", help="The file to make.")
    ],
    text: TextOption = "text",
    label: Annotated[str, typer.Option(help="Column that holds the true labels.")] = "label",
    sep: SepOption = None,
    encoding: EncodingOption = None,
    per_case: Annotated[int, typer.Option(min=1, help="Documents of each case.")] = 10,
    seed: Annotated[int, typer.Option(help="The same number draws the same study.")] = 0,
    control: Annotated[
        list[str] | None,
        typer.Option(
            metavar="random|full_text|none",
            help="What else to ask of each document; may be given more than once. By default, as "
            "many random words as the rationale has.",
        ),
    ] = None,
    attention_checks: Annotated[
        int, typer.Option(min=0, help="Pages that say which answer to give.")
    ] = 0,
    practice: Annotated[int, typer.Option(min=0, help="Documents to practise on.")] = 4,
    annotators: Annotated[int, typer.Option(min=0, help="How many people to ask.")] = 3,
    annotator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Whom to ask, instead of a number; may be given more than once."
        ),
    ] = None,
    show: Annotated[
        str,
        typer.Option(
            metavar="in_place|words",
            help="Words in their places, each gap as one mark; or words without their places.",
        ),
    ] = "in_place",
    title: Annotated[
        str | None, typer.Option(help="Heading of the pages.", show_default=False)
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="What to ask of the words.", show_default=False)
    ] = None,
    describe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS=MEANING",
            help="What to tell annotators of a class; may be given more than once.",
        ),
    ] = None,
) -> None:
    """Make a study of a model: what people can tell from rationales alone.

    FILE holds labelled texts that the model was not trained on. Of each way in which an ensemble
    settles a disagreement, documents are drawn, with the rationale that was kept and one that was
    not.
    """
    import warnings

    check_output(output)
    if output.exists():
        raise CommandError(f"{output} exists; a study is never written over.", WRONG_USE)
    descriptions = dict(_described(said) for said in describe or [])
    texts, truths = read_labelled(file, Columns(text, (label,), sep, encoding))
    fitted = load(model)
    known = {str(name): name for name in fitted.classes_.tolist()}
    words = {"title": title, "question": question}
    with refusals(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        from sklearn_irx.study import create_study

        study = create_study(
            output,
            fitted,
            texts,
            like(truths, fitted.classes_),
            per_case=per_case,
            controls=["random"] if control is None else [c for c in control if c != "none"],
            n_attention_checks=attention_checks,
            n_practice=practice,
            annotators=annotator or annotators,
            show=show,  # type: ignore[arg-type]
            class_descriptions={known.get(name, name): said for name, said in descriptions.items()},
            random_state=seed,
            **{name: value for name, value in words.items() if value is not None},
        )
    for warning in said:
        typer.echo(f"Note: {warning.message}", err=True)
    with closing(study):
        cases = ", ".join(f"{number} {case}" for case, number in study.settings["cases"].items())
        n_pages = len(study.pages(1)) if study.annotators else 0
        typer.echo(
            f"{output}: documents by case: {cases}. {len(study.annotators)} annotators, "
            f"{n_pages} pages each. Next: sklearn-irx study serve {output}"
        )


def analyse(
    study: StudyArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Also write tables as CSV, and a page."
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Draws of the bootstrap.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same number gives the same intervals.")] = 0,
) -> None:
    """Show what the answers of a study say, also while it is going on."""
    from rich.console import Console

    if output is not None:
        check_parent(output)
    with closing(_open(study)) as opened, refusals():
        from sklearn_irx.study import analyse_study
        from sklearn_irx.study._report import analysis_tables

        try:
            found = analyse_study(opened, n_resamples=resamples, random_state=seed)
        except ImportError as error:
            raise CommandError(str(error)) from error
        paths = [] if output is None else found.write(output)
        console = Console()
        for table in analysis_tables(found):
            console.print(table.to_rich())
        n_answers = int(found.annotators["n_answered"].sum())
        console.print(f"{n_answers:,} answers, {found.n_missing:,} missing.", highlight=False)
        if output is not None:
            console.print(
                f"{output} holds {len(paths)} files; analysis.html shows all.",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )


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

    try:
        return Study(path)
    except (OSError, ValueError) as error:
        said = str(error).replace("create_study makes", "`sklearn-irx study create` makes")
        raise CommandError(said) from error


def _described(said: str) -> tuple[str, str]:
    name, mark, meaning = said.partition("=")
    if not mark:
        raise CommandError(f"--describe {said!r} is not of the form CLASS=MEANING.", WRONG_USE)
    return name.strip(), meaning.strip()


for _command in (create, serve, links, analyse):
    study_app.command()(in_one_sentence(_command))
