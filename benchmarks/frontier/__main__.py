"""Accuracy against the length of the rationales: our models, linear ones, and the paper's.

    python -m benchmarks.frontier --jobs 2
    python -m benchmarks.frontier --selections class_blind --corpora imdb --lengths 5
    python -m benchmarks.frontier --quick
    python -m benchmarks.frontier --report

Each finished model or ensemble is a line of a CSV file at once, and the models themselves are kept
in a folder: a run that was stopped goes on where it was. An ensemble is evaluated when all of its
members are there. ``SKLEARN_IRX_DATA`` names the folder of the corpora.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import joblib

from benchmarks.book import Book, Stage, do
from benchmarks.common import RESULTS, VECTORS, vectors_path
from benchmarks.frontier.linear import LINEAR, linear_jobs
from benchmarks.frontier.models import ENSEMBLES, MEMBERS
from benchmarks.frontier.plan import CONFIGURATION, SELECTIONS, Plan
from benchmarks.frontier.report import DOCUMENT, write_report
from benchmarks.frontier.workshop import Workshop

WORK = Path("build") / "frontier"


def stages_of(args: argparse.Namespace, book: Book) -> list[Stage]:
    """Give what is to be done, length by length: members are trained, and then exchange."""
    plan = book.shop.plan
    stages: list[Stage] = []
    for corpus in args.corpora or plan.corpora:
        lengths = [
            asked
            for asked in plan.corpora[corpus].lengths
            if args.lengths is None or asked in args.lengths
        ]
        linear = [
            job
            for job in linear_jobs(plan, corpus, lengths)
            if plan.linear_key(job) not in book.keys(LINEAR)
        ]
        stages.append((LINEAR, linear))
        for asked in lengths:
            stages += neural_stages(corpus, asked, args.members or plan.member_names, book)
    return stages


def neural_stages(corpus: str, asked: float, names: Sequence[str], book: Book) -> list[Stage]:
    """Give the members of one length to be trained, and the ensembles to be evaluated."""
    shop, plan = book.shop, book.shop.plan
    made, evaluated = book.keys(MEMBERS), book.keys(ENSEMBLES)
    wanted = plan.jobs(corpus, [asked], names)
    ensembles = [
        job
        for job in plan.jobs(corpus, [asked], plan.ensemble_names)
        if plan.ensemble_key(job) not in evaluated
        and all(one in wanted or shop.path(one).exists() for one in plan.members_of(job))
    ]
    needed = {
        member
        for job in ensembles
        for member in plan.members_of(job)
        if not shop.path(member).exists()
    }
    members = [job for job in wanted if job in needed or plan.member_key(job) not in made]
    return [(MEMBERS, members), (ENSEMBLES, ensembles)]


def parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[Plan]]:
    """Read the command line, and the plans of the configuration file that it names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=CONFIGURATION, help="what is trained")
    parser.add_argument("--selections", nargs="+", default=list(SELECTIONS), choices=SELECTIONS)
    parser.add_argument("--corpora", nargs="+", help="some of them only")
    parser.add_argument("--lengths", nargs="+", type=float, help="some of them only")
    parser.add_argument("--members", nargs="+", help="some of them only")
    parser.add_argument("--quick", action="store_true", help="a tenth of the texts, small models")
    parser.add_argument("--vectors", type=Path, help="word vectors in place of the GloVe file")
    parser.add_argument("--work", type=Path, default=WORK, help="folder that keeps the models")
    parser.add_argument("--results", type=Path, help="folder to write to")
    parser.add_argument("--jobs", type=int, default=1, help="models at the same time")
    parser.add_argument("--threads", type=int, default=1, help="of torch, if there is one job")
    parser.add_argument("--report", action="store_true", help="write tables, train nothing")
    parser.add_argument("--document", type=Path, help="for the tables, with the two marks")
    args = parser.parse_args(argv)
    plans = [Plan.load(args.config, selection, args.quick) for selection in args.selections]
    plan = plans[0]
    known = {
        "corpora": list(plan.corpora), "members": plan.member_names,
        "lengths": sorted({asked for corpus in plan.corpora.values() for asked in corpus.lengths}),
    }  # fmt: skip
    for name, values in known.items():
        if not set(getattr(args, name) or ()) <= set(values):
            parser.error(f"--{name} may be {', '.join(map(str, values))}.")
    return args, plans


def main(argv: Sequence[str] | None = None) -> None:
    """Train and measure what is missing, or report what is there."""
    args, plans = parse(argv)
    results = args.results or (args.work / "quick" if args.quick else RESULTS)
    threads = 1 if args.jobs > 1 else args.threads
    vectors = args.vectors or (Path(VECTORS) if args.report else vectors_path())
    books = [Book(results, Workshop(plan, vectors, args.work, threads)) for plan in plans]
    if args.report:
        write_report(books, args.document or (None if args.quick else DOCUMENT))
        return
    for book in books:
        shop, stages = book.shop, stages_of(args, book)
        members = [member for kind, todo in stages if kind == MEMBERS for member in todo]
        joblib.Parallel(n_jobs=args.jobs)(
            joblib.delayed(shop.prepare)(member) for member in shop.unprepared(members)
        )
        do(stages, book, args.jobs)


if __name__ == "__main__":
    main()
