"""Trains the models of the paper, and lets them exchange their rationales.

    python -m benchmarks.paper.run --jobs 2
    python -m benchmarks.paper.run --settings 20newsgroups-short --recipes stable --seeds 2022
    python -m benchmarks.paper.run --sweep --jobs 2
    python -m benchmarks.paper.run --collapse --jobs 2
    python -m benchmarks.paper.run --quick

Each finished model or pair is a line of a CSV file at once, and the models themselves are kept in a
folder: a run that was stopped goes on where it was. ``SKLEARN_IRX_DATA`` names the folder of the
corpora. ``python -m benchmarks.paper.report`` makes tables of the results.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.book import Book, Kind, Stage, do
from benchmarks.common import RESULTS, vectors_path
from benchmarks.paper.collapse import make_trials, try_out
from benchmarks.paper.models import Workshop, evaluate_pair, make_model
from benchmarks.paper.protocol import (
    SETTINGS,
    Pair,
    Protocol,
    load_setting,
    pairs_of,
    read_toml,
    sweep_pairs,
    sweep_settings,
)

WORK = Path("build") / "paper"

MODELS = Kind("models", ("setting", "recipe", "model", "seed"), make_model)
PAIRS = Kind(
    "pairs", ("setting", "recipe", "other_setting", "other_recipe", "seed"), evaluate_pair
)  # fmt: skip
TRIALS = Kind("collapse", ("factor", "value", "seed"), try_out)


def stages_of(pairs: Sequence[Pair], book: Book) -> list[Stage]:
    """Give what is to be done for pairs, seed by seed: models are trained, and then exchange."""
    made, evaluated = book.keys(MODELS), book.keys(PAIRS)
    missing = [pair for pair in pairs if pair.key not in evaluated]
    lost = {
        member
        for pair in missing
        for member in (pair.one, pair.two)
        if not book.shop.path(member).exists()
    }
    members = dict.fromkeys(member for pair in pairs for member in (pair.one, pair.two))
    to_make = [member for member in members if member.key not in made or member in lost]
    stages: list[Stage] = []
    for seed in dict.fromkeys(pair.one.seed for pair in pairs):
        stages.append((MODELS, [member for member in to_make if member.seed == seed]))
        stages.append((PAIRS, [pair for pair in missing if pair.one.seed == seed]))
    return stages


def settings_stages(args: argparse.Namespace, book: Book) -> list[Stage]:
    """Give what is to be done for the settings of the paper."""
    settings = [load_setting(name) for name in args.settings]
    seeds = args.seeds or book.shop.protocol.seeds
    pairs = [pair for seed in seeds for pair in pairs_of(settings, args.recipes, seed)]
    return stages_of(pairs, book)


def sweep_stages(args: argparse.Namespace, book: Book) -> list[Stage]:
    """Give what is to be done for other sparsity penalties."""
    sweep = read_toml("sweep.toml")
    seeds = args.seeds or (book.shop.protocol.seeds if args.quick else sweep["seeds"])
    pairs = [
        pair
        for seed in seeds
        for name in sweep["lambda1"]
        if name in args.settings
        for pair in sweep_pairs(sweep_settings(name), sweep["recipe"], seed)
    ]
    return stages_of(pairs, book)


def trial_stages(args: argparse.Namespace, book: Book) -> list[Stage]:
    """Give what is to be done to see what collapse depends on."""
    seeds = book.shop.protocol.seeds if args.quick else read_toml("collapse.toml")["seeds"]
    done = book.keys(TRIALS)
    return [(TRIALS, [trial for trial in make_trials(args.seeds or seeds) if trial not in done])]


def main(argv: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--sweep", action="store_true", help="other sparsity penalties")
    what.add_argument("--collapse", action="store_true", help="what collapse depends on")
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=SETTINGS)
    recipes = list(Protocol.load().recipes)
    parser.add_argument("--recipes", nargs="+", choices=recipes, default=recipes)
    parser.add_argument("--seeds", nargs="+", type=int, help="in place of those of the files")
    parser.add_argument("--quick", action="store_true", help="one seed, a tenth of the texts")
    parser.add_argument("--vectors", type=Path, help="word vectors, the paper's glove.6B.300d.txt")
    parser.add_argument("--work", type=Path, default=WORK, help="folder that keeps the models")
    parser.add_argument("--results", type=Path, help="folder to write to")
    parser.add_argument("--jobs", type=int, default=1, help="models at the same time")
    parser.add_argument("--threads", type=int, default=1, help="of torch, if there is one job")
    args = parser.parse_args(argv)
    protocol = Protocol.load(args.quick)
    if args.collapse:
        share = min(protocol.share_of_texts, read_toml("collapse.toml")["share_of_texts"])
        protocol = replace(protocol, share_of_texts=share)
    vectors = args.vectors or vectors_path()
    if not vectors.is_file():
        parser.error(f"{vectors} is not there: give --vectors, a file of word vectors.")
    shop = Workshop(protocol, vectors, args.work, 1 if args.jobs > 1 else args.threads)
    quick_results = args.work / "quick" if args.quick else RESULTS / "paper"
    book = Book(args.results or quick_results, shop)
    stages = sweep_stages if args.sweep else trial_stages if args.collapse else settings_stages
    do(stages(args, book), book, args.jobs)


if __name__ == "__main__":
    main()
