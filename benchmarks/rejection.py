"""When not to act on a model: accuracy with a fifth unanswered, and whether a risk is kept.

Run ``python -m benchmarks.rejection``. Two models of default parameters but for the initialization
learn from 5,000 training texts of a corpus, and make an ensemble. All figures are of other training
texts: in each of many random splits, some calibrate and the rest evaluate. Test texts are not read.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from benchmarks import common
from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.datasets import load_corpus
from sklearn_irx.ensemble.signals import signals_in
from sklearn_irx.ensemble.thresholds import calibrate
from sklearn_irx.metrics import area_under_risk_coverage

COVERAGE = 0.8
RISKS = {"20newsgroups": (0.05, 0.1, 0.15, 0.2), "imdb": (0.02, 0.04, 0.06, 0.1)}
DOCUMENT = Path(__file__).parents[1] / "docs" / "rejection.md"
N_TRAINING, N_CALIBRATING, MOST_TEXTS = 5000, 2000, 12000


def answers(corpus: str, seed: int, threads: int) -> tuple[dict[str, Any], np.ndarray]:
    """Train a pair; give what it, its members and their mean say of other texts, and the labels.

    By the name of the model, its class numbers and its signals.
    """
    loaded = load_corpus(corpus)
    texts, others, y, y_others = train_test_split(
        loaded.data, loaded.target, train_size=N_TRAINING, stratify=loaded.target,
        random_state=seed,
    )  # fmt: skip
    pair = InteractiveEnsemble(
        *(
            SelectiveRationaleClassifier(
                initialization=initialization, n_threads=threads, random_state=seed
            )
            for initialization in ("average", "logistic")
        )
    ).fit(texts, y)
    others, y_others = others[:MOST_TEXTS], y_others[:MOST_TEXTS]
    exchange = pair.exchange(others, spans=False)
    first, second = exchange.own_probabilities
    found = {"pair": (exchange.probabilities.argmax(axis=1), signals_in(exchange))}
    members = {"member 1": first, "member 2": second, "soft voting": (first + second) / 2}
    for name, probabilities in members.items():
        of_member = {"confidence": probabilities.max(axis=1)}
        found[name] = probabilities.argmax(axis=1), of_member
    return found, np.searchsorted(pair.classes_, y_others)


def compare_signals(
    found: dict[str, Any], y: np.ndarray, splits: list[tuple[np.ndarray, np.ndarray]]
) -> list[dict[str, Any]]:
    """Set a threshold for 80 % on calibration texts, by each signal, and look at the others."""
    rows = []
    random = np.random.RandomState(0)
    for model, (labels, signals) in found.items():
        right = labels == y
        for signal in [*signals, "auto"] if len(signals) > 1 else signals:
            figures = []
            for calibrating, evaluating in splits:
                chosen = calibrate(
                    {name: one[calibrating] for name, one in signals.items()},
                    right[calibrating], y[calibrating], signal=signal, coverage=COVERAGE,
                    risk=None, confidence_level=0.95, random_state=random,
                )  # fmt: skip
                scores = signals[chosen.signal][evaluating]
                answered = scores >= chosen.threshold
                area = area_under_risk_coverage(right[evaluating], scores)
                figures.append((right[evaluating][answered].mean(), answered.mean(), area))
            accuracy, coverage, area = np.mean(figures, axis=0).tolist()
            rows.append(
                {
                    "model": model, "signal": signal, "accuracy_of_all": right.mean(),
                    "accuracy_answered": accuracy, "coverage": coverage, "aurc": area,
                }
            )  # fmt: skip
    return rows


def keep_risks(
    found: dict[str, Any],
    y: np.ndarray,
    splits: list[tuple[np.ndarray, np.ndarray]],
    risks: tuple[float, ...],
) -> list[dict[str, Any]]:
    """Ask for risks, and count how often they are kept.

    On evaluation texts a risk that is kept may look broken by chance. So calibration texts are also
    drawn with replacement from all: the risk on all is then that of the population.
    """
    labels, signals = found["pair"]
    right = labels == y
    random = np.random.RandomState(0)

    def answered_at(risk: float, calibrating: np.ndarray) -> np.ndarray:
        chosen = calibrate(
            {name: one[calibrating] for name, one in signals.items()},
            right[calibrating], y[calibrating], signal="auto", coverage=None, risk=risk,
            confidence_level=0.95, random_state=random,
        )  # fmt: skip
        return signals[chosen.signal] >= chosen.threshold

    def is_kept(risk: float, answered: np.ndarray, rows: np.ndarray | slice) -> bool:
        errors = ~right[rows][answered[rows]]
        return not len(errors) or errors.mean() <= risk

    rows = []
    for risk in risks:
        kept, kept_in_population, coverages = [], [], []
        for calibrating, evaluating in splits:
            answered = answered_at(risk, calibrating)
            kept.append(is_kept(risk, answered, evaluating))
            coverages.append(answered[evaluating].mean())
            drawn = random.randint(len(y), size=N_CALIBRATING)
            kept_in_population.append(is_kept(risk, answered_at(risk, drawn), slice(None)))
        rows.append(
            {
                "risk": risk, "kept": np.mean(kept),
                "kept_in_population": np.mean(kept_in_population),
                "coverage": np.mean(coverages),
                "nothing_answered": np.mean(np.array(coverages) == 0),
                "best_coverage": max(best_coverage(s, right, risk) for s in signals.values()),
            }
        )  # fmt: skip
    return rows


def best_coverage(scores: np.ndarray, right: np.ndarray, risk: float) -> float:
    """Give the most that one who knows all labels can answer at a risk."""
    n_errors = np.cumsum(~right[np.argsort(-scores, kind="stable")])
    kept = np.flatnonzero(n_errors / np.arange(1, len(right) + 1) <= risk)
    return (kept[-1] + 1) / len(right) if len(kept) else 0.0


def report(folder: Path) -> None:
    """Write the tables of the documentation from the files of results."""
    paragraphs = []
    names = {"20newsgroups": "20 Newsgroups", "imdb": "IMDB"}
    by_signal = common.read_rows(folder / "rejection-signals.csv")
    answering = dict.fromkeys((row["model"], row["signal"]) for row in by_signal)
    lines = []
    for model, signal in answering:
        line = [model, signal]
        for corpus in names:
            rows = [
                row
                for row in by_signal
                if (row["corpus"], row["model"], row["signal"]) == (corpus, model, signal)
            ]
            accuracy = [{"of": 100 * row["accuracy_answered"]} for row in rows]
            line += [common.spread(accuracy, "of", ".1f"), common.spread(rows, "aurc", ".3f")]
        lines.append(line)
    columns = [f"{name}, {what}" for name in names.values() for what in ("accuracy, %", "AURC")]
    paragraphs.append(common.markdown(["model", "signal", *columns], lines))
    by_risk = common.read_rows(folder / "rejection-risks.csv")
    figures = ("kept", "kept_in_population", "coverage", "best_coverage", "nothing_answered")
    lines = []
    for corpus, risk in dict.fromkeys((row["corpus"], row["risk"]) for row in by_risk):
        rows = [row for row in by_risk if (row["corpus"], row["risk"]) == (corpus, risk)]
        means = [100 * float(np.mean([row[figure] for row in rows])) for figure in figures]
        lines.append([names[corpus], f"{100 * risk:g}", *(f"{mean:.1f}" for mean in means)])
    headings = [
        "corpus", "risk asked, %", "kept on other texts, % of splits",
        "kept in the population, % of draws", "answered, %", "could be answered, %",
        "nothing answered, % of splits",
    ]  # fmt: skip
    paragraphs.append(common.markdown(headings, lines))
    common.fill_in(DOCUMENT, paragraphs)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    common.add_common_options(parser)
    parser.add_argument("--corpora", nargs="+", default=list(RISKS), choices=list(RISKS))
    parser.add_argument("--seeds", type=int, default=3, help="pairs that are trained")
    parser.add_argument("--splits", type=int, default=200, help="random splits of each pair")
    options = parser.parse_args()
    by_signal: list[dict[str, Any]] = []
    by_risk: list[dict[str, Any]] = []
    for corpus in options.corpora:
        for seed in range(options.seeds):
            found, y = answers(corpus, seed, options.threads)
            random = np.random.RandomState(seed)
            orders = [random.permutation(len(y)) for _ in range(options.splits)]
            splits = [(order[:N_CALIBRATING], order[N_CALIBRATING:]) for order in orders]
            asked = {"corpus": corpus, "seed": seed}
            by_signal += [asked | row for row in compare_signals(found, y, splits)]
            by_risk += [asked | row for row in keep_risks(found, y, splits, RISKS[corpus])]
            common.show([row for row in by_signal if row["seed"] == seed])
            common.show([row for row in by_risk if row["seed"] == seed])
    common.write(options.results / "rejection-signals.csv", by_signal)
    common.write(options.results / "rejection-risks.csv", by_risk, mapie=version("mapie"))
    report(options.results)


if __name__ == "__main__":
    main()
