"""Rows of results made into Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.common import markdown, read_rows, spread
from benchmarks.paper.protocol import SETTINGS, Protocol, load_setting, read_toml

Row = dict[str, Any]
Column = tuple[str, str, str]
"""A heading, the name of a figure, and its format."""

DISPUTES = {
    "convinced_1": "1 is convinced", "convinced_2": "2 is convinced",
    "confidence_1": "1 is surer", "confidence_2": "2 is surer",
}  # fmt: skip
DIFFERENCES = (0.0, 0.01, 0.03, 0.1, 1.0)
"""Ends of the classes that pairs fall into by how far apart in accuracy the models are."""


@dataclass(frozen=True)
class Results:
    """The results with the same word vectors and the same share of the texts.

    Attributes
    ----------
    vectors : str
        Name of the file.
    dimensions : int
        Of the vectors.
    share_of_texts : float
        That were read.
    models, pairs : list of rows
        Those of ``models.csv`` and ``pairs.csv``. Pairs have more columns: ``state``, which is
        "collapsed" if a model of it has, "apart" if the validation accuracies are, or else "kept";
        ``gain`` and ``voting_gain`` of the interaction and of soft voting over the better model;
        ``difference`` in accuracy of the two.
    protocol : Protocol
        What tells collapsed models, and models apart.
    """

    vectors: str
    dimensions: int
    share_of_texts: float
    models: list[Row]
    pairs: list[Row]
    protocol: Protocol


def load_results(folder: Path) -> list[Results]:
    """Read all results of a folder."""
    protocol = Protocol.load()
    models, pairs = (read_rows(folder / f"{name}.csv") for name in ("models", "pairs"))
    results = []
    for circumstances in dict.fromkeys(_circumstances(row) for row in models):
        own_models, own_pairs = (
            [row for row in rows if _circumstances(row) == circumstances]
            for rows in (models, pairs)
        )
        collapsed = {_name(row) for row in own_models if protocol.collapsed(row)}
        own_pairs = [{**row, **_derived(row, collapsed, protocol)} for row in own_pairs]
        results.append(Results(*circumstances, own_models, own_pairs, protocol))
    return results


def _circumstances(row: Row) -> tuple[str, int, float]:
    return row["vectors"], row["dimensions"], row["share_of_texts"]


def _name(row: Row) -> tuple[Any, ...]:
    return row["setting"], row["recipe"], row["model"], row["seed"]


def _derived(pair: Row, collapsed: set[tuple[Any, ...]], protocol: Protocol) -> Row:
    members = {
        (pair["setting"], pair["recipe"], 1, pair["seed"]),
        (pair["other_setting"], pair["other_recipe"], 2, pair["seed"]),
    }
    between = abs(pair["valid_accuracy_1"] - pair["valid_accuracy_2"])
    state = "apart" if between > protocol.max_difference else "kept"
    better = max(pair["accuracy_1"], pair["accuracy_2"])
    return {
        "state": "collapsed" if members & collapsed else state,
        "gain": pair["accuracy"] - better,
        "voting_gain": pair["soft_voting"] - better,
        "difference": abs(pair["accuracy_1"] - pair["accuracy_2"]),
    }


def alike(pair: Row) -> bool:
    """Tell whether both models of a pair are of the same setting and recipe."""
    return (pair["setting"], pair["recipe"]) == (pair["other_setting"], pair["other_recipe"])


def models_table(results: Results) -> str:
    """Give the base models: how many collapsed, and what the others reached."""
    lines = []
    for setting, recipe, of in _by_setting(results.models):
        collapsed = [row for row in of if results.protocol.collapsed(row)]
        others = [row for row in of if not results.protocol.collapsed(row)]
        lines.append([
            setting, recipe, str(len(of)), str(len(collapsed)),
            *(spread(others, name, form) for _, name, form in _OF_MODELS),
        ])  # fmt: skip
    headings = ["setting", "recipe", "models", "collapsed", *(column[0] for column in _OF_MODELS)]
    return markdown(headings, lines) if lines else ""


_OF_MODELS: tuple[Column, ...] = (
    ("accuracy", "accuracy", ".3f"), ("words", "words", ".1f"), ("transitions", "borders", ".1f"),
    ("empty", "empty", ".1%"), ("best epoch", "best_epoch", ".0f"), ("s", "seconds", ".0f"),
)  # fmt: skip


def collapsed_table(results: Results) -> str:
    """Give every base model that collapsed."""
    lines = [
        [
            row["setting"], row["recipe"], str(row["model"]), str(row["seed"]),
            f"{row['valid_accuracy']:.3f}", f"{row['valid_empty']:.1%}", f"{row['accuracy']:.3f}",
            f"{row['words']:.1f}",
        ]
        for _, _, of in _by_setting(results.models)
        for row in of
        if results.protocol.collapsed(row)
    ]  # fmt: skip
    headings = [
        "setting", "recipe", "model", "seed", "validation accuracy", "validation empty", "accuracy",
        "words",
    ]  # fmt: skip
    return markdown(headings, lines) if lines else ""


def pairs_table(results: Results, columns: Sequence[Column], paper: bool = True) -> str:
    """Give figures of the pairs that are kept, each setting headed by what the paper has."""
    lines: list[list[str]] = []
    for setting, recipe, of in _by_setting(filter(alike, results.pairs)):
        if paper and (not lines or lines[-1][0] != setting):
            lines.append(_of_paper(setting, "pairs", *(name for _, name, _ in columns)))
        kept = [row for row in of if row["state"] == "kept"]
        cells = [spread(kept, name, form) for _, name, form in columns]
        lines.append([setting, recipe, _count(of), *cells])
    headings = ["setting", "recipe", "pairs", *(column[0] for column in columns)]
    return markdown(headings, lines) if lines else ""


def _of_paper(name: str, *figures: str) -> list[str]:
    """Give a line of the paper's figures, and of what follows from them."""
    setting = load_setting(name)
    better = max(setting.printed("accuracy_1"), setting.printed("accuracy_2"))
    longer = setting.printed("words_disputed_kept") - setting.printed("words_disputed_left")
    known = {
        **setting.paper,
        "gain": f"{setting.printed('accuracy') - better:+.2f}",
        "longer": f"{longer:+.2f}",
    }
    return [name, "paper", *(known.get(figure, "–") for figure in figures)]


def claims_table(results: Results) -> str:
    """Answer the paper's claims: better than its better model, with less spread, not by length."""
    lines = []
    for setting, recipe, of in _by_setting(filter(alike, results.pairs)):
        kept = [row for row in of if row["state"] == "kept"]
        if not kept:
            continue
        if not lines or lines[-1][0] != setting:
            lines.append(_of_paper(setting, "ahead", "gain", *["deviation"] * 3, "longer"))
        ahead = sum(row["gain"] > 0 for row in kept)
        deviations = [
            f"{stdev(row[name] for row in kept):.4f}" if len(kept) > 1 else "–"
            for name in ("accuracy_1", "accuracy_2", "accuracy")
        ]
        longer = [row["words_disputed_kept"] - row["words_disputed_left"] for row in kept]
        lines.append([
            setting, recipe, f"{ahead} of {len(kept)}", spread(kept, "gain", "+.4f"), *deviations,
            f"{mean(longer):+.2f}",
        ])  # fmt: skip
    headings = [
        "setting", "recipe", "pairs in which it is ahead", "gain over the better",
        "deviation, model 1", "deviation, model 2", "deviation, interaction",
        "words, selected less not selected",
    ]  # fmt: skip
    return markdown(headings, lines) if lines else ""


def _count(pairs: list[Row]) -> str:
    """Say how many pairs are kept, and why others are not."""
    states = [row["state"] for row in pairs]
    removed = [f"{states.count(why)} {why}" for why in ("collapsed", "apart") if why in states]
    text = f"{states.count('kept')} of {len(pairs)}"
    return f"{text} ({', '.join(removed)})" if removed else text


def _by_setting(rows: Iterable[Row]) -> list[tuple[str, str, list[Row]]]:
    """Group the rows of the settings, not those of the sweep, by setting and recipe."""
    rows = list(rows)
    groups = []
    for setting in SETTINGS:
        for recipe in Protocol.load().recipes:
            of = [row for row in rows if (row["setting"], row["recipe"]) == (setting, recipe)]
            if of:
                groups.append((setting, recipe, of))
    return groups


def sweep_table(results: Results) -> str:
    """Give what comes of other sparsity penalties. No pair is removed, however bad or unlike."""
    sweep = read_toml("sweep.toml")
    lines = []
    for base, penalties in sweep["lambda1"].items():
        names = {base, *(f"{base}, {lambda1:g}" for lambda1 in penalties)}
        pairs = [
            row
            for row in results.pairs
            if row["setting"] in names and row["recipe"] == sweep["recipe"] and alike(row)
        ]
        if {row["setting"] for row in pairs} <= {base}:
            continue
        for lambda1, of in sorted(_grouped(pairs, "lambda1")):
            cells = [spread(of, name, form) for _, name, form in _OF_SWEEP]
            lines.append([of[0]["corpus"], f"{lambda1:g}", str(len(of)), *cells])
    headings = ["corpus", "λ1", "pairs", *(column[0] for column in _OF_SWEEP)]
    return markdown(headings, lines) if lines else ""


_OF_SWEEP: tuple[Column, ...] = (
    ("words", "words_kept", ".1f"), ("share of the text", "share", ".1%"),
    ("model 1", "accuracy_1", ".3f"), ("model 2", "accuracy_2", ".3f"),
    ("interaction", "accuracy", ".3f"), ("gain over the better", "gain", "+.4f"),
    ("soft voting's gain", "voting_gain", "+.4f"), ("agreement", "agreement", ".3f"),
)  # fmt: skip


def differences_table(results: Results) -> str:
    """Give the gain by how different in accuracy the two models are, of all pairs there are."""
    lines = []
    for low, high in pairwise(DIFFERENCES):
        pairs = [row for row in results.pairs if low <= row["difference"] < high]
        for corpus, of in _grouped(pairs, "corpus"):
            cells = [spread(of, name, form) for _, name, form in _OF_DIFFERENCES]
            lines.append([f"{100 * low:g} to {100 * high:g}", corpus, str(len(of)), *cells])
    headings = ["points apart", "corpus", "pairs", *(column[0] for column in _OF_DIFFERENCES)]
    return markdown(headings, lines) if lines else ""


_OF_DIFFERENCES: tuple[Column, ...] = (
    ("gain over the better", "gain", "+.4f"), ("soft voting's gain", "voting_gain", "+.4f"),
    ("agreement", "agreement", ".3f"),
)  # fmt: skip


def trials_table(rows: Sequence[Row]) -> str:
    """Give what the collapse of the published recipe depends on, for the same word vectors."""
    protocol = Protocol.load()
    lines = []
    for (factor, value), of in _grouped(rows, "factor", "value"):
        collapsed = sum(protocol.collapsed(row) for row in of)
        cells = [spread(of, name, form) for _, name, form in _OF_TRIALS]
        lines.append([factor, str(value) or "–", f"{collapsed} of {len(of)}", *cells])
    headings = ["factor", "value", "collapsed", *(column[0] for column in _OF_TRIALS)]
    return markdown(headings, lines) if lines else ""


_OF_TRIALS: tuple[Column, ...] = (
    ("epochs mostly empty", "empty_epochs", ".1f"),
    ("validation accuracy", "valid_accuracy", ".3f"), ("words", "valid_words", ".1f"),
)  # fmt: skip


def _grouped(rows: Iterable[Row], *names: str) -> list[tuple[Any, list[Row]]]:
    """Group rows that have the same in one column, or in several, in order of appearance."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        groups.setdefault(key[0] if len(key) == 1 else key, []).append(row)
    return list(groups.items())
