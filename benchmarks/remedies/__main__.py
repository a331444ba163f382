"""Remedies for a degenerate selection: methods, samplers and encoders, each with several seeds.

    python -m benchmarks.remedies --jobs 2
    python -m benchmarks.remedies --corpora movies --methods plain fr mgr --encoders cnn --seeds 0 1
    python -m benchmarks.remedies --quick
    python -m benchmarks.remedies --report

Each finished run is a line of a CSV file at once, and its manifest a line of a JSON file: what was
stopped goes on where it was. ``SKLEARN_IRX_DATA`` names the folder of the corpora, which generated
texts do not need.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from benchmarks.book import do
from benchmarks.common import RESULTS, VECTORS, vectors_path
from benchmarks.remedies.plan import AXES, CONFIGURATION, Job, Plan
from benchmarks.remedies.report import DOCUMENT, write_report
from benchmarks.remedies.runs import REFUSED, RUNS, Ledger, made_by, row_of
from benchmarks.remedies.workshop import Workshop, refusal

WORK = Path("build") / "remedies"


def refuse(jobs: Sequence[Job], book: Ledger) -> list[Job]:
    """Write down what objectives refuse, and give the other runs."""
    reasons = {job: refusal(book.shop.classifier(job)) for job in jobs}
    for job, reason in reasons.items():
        if reason is not None:
            book.add(RUNS, row_of(job, book.shop, REFUSED, reason=reason))
    return [job for job in jobs if reasons[job] is None]


def parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, Plan]:
    """Read the command line, and the plan of the configuration file that it names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=CONFIGURATION, help="what is trained")
    for axis in ("corpora", *AXES):
        kind = int if axis == "seeds" else str
        parser.add_argument(f"--{axis}", nargs="+", type=kind, help="some of them only")
    parser.add_argument("--quick", action="store_true", help="few texts, small models, two seeds")
    parser.add_argument("--vectors", type=Path, help="word vectors in place of the GloVe file")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for what runs share")
    parser.add_argument("--results", type=Path, help="folder to write to")
    parser.add_argument("--jobs", type=int, default=1, help="models at the same time")
    parser.add_argument("--report", action="store_true", help="write tables, train nothing")
    parser.add_argument("--document", type=Path, help="for the tables, with the two marks")
    args = parser.parse_args(argv)
    plan = Plan.load(args.config, args.quick)
    known = {"corpora": list(plan.corpora)} | {axis: plan.names(axis) for axis in AXES}
    for axis, names in known.items():
        if not set(getattr(args, axis) or ()) <= set(names):
            parser.error(f"--{axis} may be {', '.join(map(str, names))}.")
    return args, plan


def main(argv: Sequence[str] | None = None) -> None:
    """Train and measure what is missing, or report what is there."""
    args, plan = parse(argv)
    jobs = plan.jobs({axis: getattr(args, axis) for axis in ("corpora", *AXES)})
    pretrained = any(plan.parameters(job).get("embeddings") == "glove" for job in jobs)
    vectors = args.vectors or (vectors_path() if pretrained and not args.report else Path(VECTORS))
    results = args.results or (args.work / "quick" if args.quick else RESULTS)
    book = Ledger(results, Workshop(plan, vectors, args.work))
    if args.report:
        write_report(book, jobs, args.document or (None if args.quick else DOCUMENT))
        return
    made_by()  # before code can be changed while models are trained
    done = book.keys(RUNS)
    missing = [job for job in jobs if (*job, book.shop.identity(job)) not in done]
    missing = refuse(missing, book)
    corpora = dict.fromkeys(job.corpus for job in missing)
    for corpus in tqdm(corpora, desc="linear models that read all words", disable=not corpora):
        book.shop.full_text(corpus)
    do([(RUNS, missing)], book, args.jobs)


if __name__ == "__main__":
    main()
