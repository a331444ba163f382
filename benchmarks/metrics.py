"""Every metric on film reviews in which people marked the words that tell, and on newsgroups.

    python benchmarks/metrics.py --jobs 2
    python benchmarks/metrics.py --data 20newsgroups --jobs 2
    python benchmarks/metrics.py --report

Settings of our model, each trained with two seeds, the heaviest words of a linear model, words at
random and the words that people marked, on the validation reviews of ERASER; the same, but for
people, on a fifth of the training posts of 20 Newsgroups, held out. ``SKLEARN_IRX_DATA`` names the
folder of the corpora.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from common import (
    RESULTS,
    class_weights,
    convolutional,
    fill_in,
    heaviest,
    load_parts,
    markdown,
    read_rows,
    show,
    write,
    written,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_irx.datasets import load_rationale_corpus
from sklearn_irx.metrics import (
    RandomMaskReader,
    arguability_score,
    auprc_score,
    comprehensiveness_score,
    encoding_score,
    evalx_score,
    expected_calibration_error,
    iou_f1_score,
    mask_leakage_score,
    n_transitions,
    random_masks,
    rationale_iou_score,
    rationale_kappa_score,
    rationale_length,
    second_reader_accuracy,
    span_f1_score,
    sufficiency_score,
    token_f1_score,
    token_precision_score,
    token_recall_score,
)
from sklearn_irx.text import AlphanumericTokenizer, WhitespaceTokenizer, WordVectors

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
COMMON = {
    "encoder__n_filters": 50, "predictor__hidden_size": 50, "training__max_epochs": 4,
    "training__learning_rate": 3e-3, "n_threads": 1,
}  # fmt: skip
"""As in ``samplers.py``."""
TOKENIZERS = {"movies": WhitespaceTokenizer(), "20newsgroups": AlphanumericTokenizer()}
SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "movies": {
        "11 words": {"rationale_length": 11},
        "a twentieth, 4 pieces": {"rationale_length": 0.05, "max_transitions": 8},
    },
    "20newsgroups": {"11 words": {"rationale_length": 11}},
}
WORDS_READ = {"movies": 800, "20newsgroups": 80}
BATCH_SIZES = {"movies": 16, "20newsgroups": 128}
TITLES = {"movies": "Rationales by every metric", "20newsgroups": "The same on 20 Newsgroups"}
SEEDS = (0, 1)
READER = ("11 words", 1)
"""The second reader: a training that no row shows."""
C = 10.0  # of the logistic regression
PERMUTATIONS = 5  # of the labels
ROWS = (
    ("accuracy", "accuracy", ".3f"), ("second_reader", "second reader", ".3f"),
    ("linear_reader", "linear reader", ".3f"), ("words", "words", ".1f"),
    ("transitions", "borders", ".1f"), ("token_precision", "token precision", ".3f"),
    ("token_recall", "token recall", ".3f"), ("token_f1", "token F1", ".3f"),
    ("iou_f1", "IOU F1", ".3f"), ("span_f1", "exact span F1", ".3f"), ("auprc", "AUPRC", ".3f"),
    ("average_precision", "average precision", ".3f"),
    ("comprehensiveness", "comprehensiveness", ".3f"), ("sufficiency", "sufficiency", ".3f"),
    ("comprehensiveness_aopc", "comprehensiveness, AOPC", ".3f"),
    ("sufficiency_aopc", "sufficiency, AOPC", ".3f"),
    ("evalx_accuracy", "EVAL-X accuracy", ".3f"),
    ("evalx_log_likelihood", "EVAL-X log-likelihood", ".2f"),
    ("encoding", "encoding in nats", ".3f"), ("arguability", "arguability", ".3f"),
    ("arguability_evalx", "arguability, reader of EVAL-X", ".3f"),
    ("leakage", "decision told by the shape", ".3f"),
    ("leakage_baseline", "largest class of decisions", ".3f"),
    ("label_leakage", "label told by the shape", ".3f"),
    ("label_leakage_permuted", "the same, labels permuted", ".3f"),
    ("ece", "calibration error", ".3f"), ("brier", "Brier score", ".3f"),
)  # fmt: skip


class Source(NamedTuple):
    """Rationales, who reads them as their owner, and how much each word belongs to them."""

    name: str
    owner: Any
    masks: np.ndarray
    scores: np.ndarray | None


class Readers(NamedTuple):
    """Who reads the rationales of others."""

    second: Any
    linear: Pipeline
    evalx: RandomMaskReader


class Texts(NamedTuple):
    """Documents, their labels, and the words that people marked, if they did."""

    texts: list[str]
    y: np.ndarray
    truth: np.ndarray | None


def load(corpus: str) -> tuple[Texts, Texts]:
    """Give the texts to train on and those to measure with."""
    if corpus == "movies":
        (texts, y, _), test = (
            load_rationale_corpus("movies", part, max_words=WORDS_READ[corpus])
            for part in ("train", "val")
        )
        return Texts(texts, y, None), Texts(*test)
    given, test = load_parts(corpus)
    return Texts(*given, None), Texts(*test, None)


def train(corpus: str, name: str, seed: int, given: Texts, vectors: Any) -> Any:
    """Train one of our models."""
    clf = convolutional(embeddings=vectors, random_state=seed, **SETTINGS[corpus][name])
    return clf.set_params(**COMMON, **settings(corpus)).fit(given.texts, given.y)


def settings(corpus: str) -> dict[str, Any]:
    """Give what all models of a corpus have in common."""
    return {
        "training__batch_size": BATCH_SIZES[corpus], "tokenizer": TOKENIZERS[corpus],
        "max_length": WORDS_READ[corpus],
    }  # fmt: skip


def fit_linear(given: Texts, tokenizer: Any) -> Pipeline:
    """Fit logistic regression on TF-IDF of single words."""
    tfidf = TfidfVectorizer(tokenizer=tokenizer.words, token_pattern=None, sublinear_tf=True)
    model = make_pipeline(tfidf, LogisticRegression(C=C, max_iter=1000))
    return model.fit(given.texts, given.y)


def weigh(model: Pipeline, words: list[list[str]], width: int) -> np.ndarray:
    """Give how much each word says for the class it says most for, nan past the end."""
    weights = {word: float(of.max()) for word, of in class_weights(model).items()}
    scores = np.full((len(words), width), np.nan)
    for row, of_text in zip(scores, words, strict=True):
        row[: len(of_text)] = [weights.get(word, 0.0) for word in of_text]
    return scores


def agree(truth: np.ndarray, source: Source) -> dict[str, float]:
    """Compare one source of rationales with the words that people marked."""
    masks, scores = source.masks, source.scores
    found = {
        "token_precision": token_precision_score(truth, masks),
        "token_recall": token_recall_score(truth, masks),
        "token_f1": token_f1_score(truth, masks),
        "iou_f1": iou_f1_score(truth, masks),
        "span_f1": span_f1_score(truth, masks),
    }
    if scores is not None:
        found["auprc"] = auprc_score(truth, scores)
        found["average_precision"] = auprc_score(truth, scores, area="step")
    return found


def tell(
    source: Source, test: Texts, lengths: np.ndarray, labels: np.ndarray, readers: Readers, of: Any
) -> dict[str, float]:
    """Say what the words and their choice tell; `labels` are those of the owner."""
    texts, y, _ = test
    _, owner, masks, _ = source
    encoding = encoding_score(texts, y, masks, tokenizer=of, random_state=0)
    evalx = evalx_score(readers.evalx, texts, y, masks, tokenizer=of)
    decision = mask_leakage_score(masks, labels, lengths, random_state=0)
    label = mask_leakage_score(masks, y, lengths, n_permutations=PERMUTATIONS, random_state=0)
    return {
        "evalx_accuracy": evalx.accuracy, "evalx_log_likelihood": evalx.log_likelihood,
        "encoding": encoding.score, "encoding_low": encoding.low, "encoding_high": encoding.high,
        "arguability": arguability_score(owner, texts, masks, tokenizer=of),
        "arguability_evalx": arguability_score(readers.evalx, texts, masks, tokenizer=of),
        "leakage": decision.accuracy, "leakage_baseline": decision.baseline,
        "label_leakage": label.accuracy, "label_leakage_permuted": label.permuted or 0.0,
    }  # fmt: skip


def measure(
    source: Source, test: Texts, words: list[list[str]], readers: Readers, tokenizer: Any
) -> dict[str, Any]:
    """Take one source of rationales by every metric."""
    texts, y, truth = test
    _, owner, masks, scores = source
    lengths = np.array([len(of_text) for of_text in words])
    kept = [
        " ".join(word for word, chosen in zip(of_text, mask, strict=False) if chosen)
        for of_text, mask in zip(words, masks, strict=True)
    ]
    said = (
        owner.predict_proba(kept)
        if owner is readers.linear
        else owner.predict_proba(texts, masks=masks)
    )
    labels = owner.classes_[said.argmax(axis=1)]
    faithful = {"tokenizer": tokenizer}
    found = {
        "accuracy": (labels == y).mean(),
        "second_reader": second_reader_accuracy(readers.second, texts, y, masks),
        "linear_reader": second_reader_accuracy(readers.linear, texts, y, masks, **faithful),
        "words": rationale_length(masks),
        "borders": n_transitions(masks, lengths),
        "comprehensiveness": comprehensiveness_score(owner, texts, masks, **faithful),
        "sufficiency": sufficiency_score(owner, texts, masks, **faithful),
        "ece": expected_calibration_error(y, said, labels=owner.classes_, n_bins=10),
        "brier": brier_score_loss(y, said, labels=owner.classes_),
        **tell(source, test, lengths, labels, readers, tokenizer),
        **({} if truth is None else agree(truth, source)),
    }
    if scores is not None:
        for score in (comprehensiveness_score, sufficiency_score):
            name = score.__name__.replace("score", "aopc")
            found[name] = score(owner, texts, scores=scores, **faithful)
    intervals = ("encoding_low", "encoding_high")
    names = [name for name, *_ in ROWS] + list(intervals)
    return {"source": source.name} | {
        name: round(float(found[name]), 4) if name in found else "" for name in names
    }


def run(args: argparse.Namespace) -> None:
    """Train, measure, and write it down."""
    corpus, tokenizer = args.data, TOKENIZERS[args.data]
    given, test = load(corpus)
    vectors = WordVectors.train([tokenizer.words(text) for text in given.texts], seed=0)
    jobs = list(product(SETTINGS[corpus], SEEDS))
    trained = joblib.Parallel(n_jobs=args.jobs)(
        joblib.delayed(train)(corpus, name, seed, given, vectors) for name, seed in jobs
    )
    models = dict(zip(jobs, trained, strict=True))
    linear = fit_linear(given, tokenizer)
    evalx = RandomMaskReader(tokenizer=tokenizer, random_state=0).fit(given.texts, given.y)
    readers = Readers(models[READER], linear, evalx)

    texts = test.texts
    words = [tokenizer.words(text, WORDS_READ[corpus]) for text in texts]
    lengths = np.array([len(of_text) for of_text in words])
    # The masks are as wide as the longest document, so that no transition at an end is missed.
    width = lengths.max() if test.truth is None else test.truth.shape[1]
    ours = {name: models[name, SEEDS[0]] for name in SETTINGS[corpus]}
    model = next(iter(ours.values()))
    numbers = model.transform(texts).sum(axis=1)
    weights = weigh(linear, words, width)
    at_random = np.where(
        np.isnan(weights), np.nan, np.random.RandomState(0).random_sample(weights.shape)
    )
    sources = [
        *(
            Source(name, clf, clf.transform(texts)[:, :width], clf.selection_scores(texts))
            for name, clf in ours.items()
        ),
        Source("linear model's heaviest", linear, heaviest(weights, numbers), weights),
        Source("at random", model, random_masks(lengths, numbers, random_state=0), at_random),
    ]
    if test.truth is not None:
        sources.append(Source("marked by people", model, test.truth, None))
    rows = []
    for source in sources:
        rows.append(measure(source, test, words, readers, tokenizer))
        show([{name: rows[-1][name] for name in ("source", "accuracy", "encoding", "arguability")}])
    masks = {source.name: source.masks for source in sources}
    first = next(iter(masks))
    pairs = [
        *((f"{name}: two seeds", masks[name], models[name, 1].transform(texts)) for name in ours),
        *((f"{first} and {other}", masks[first], masks[other]) for other in list(masks)[1:]),
    ]
    agreement = [
        {
            "pair": name,
            "iou": round(rationale_iou_score(one, two), 4),
            "kappa": round(rationale_kappa_score(one, two, lengths), 4),
        }
        for name, one, two in pairs
    ]
    told = {
        "documents": [len(given.texts), len(texts)], "words_read": WORDS_READ[corpus],
        "jobs": args.jobs, "models": SETTINGS[corpus], "C": C, "permutations": PERMUTATIONS,
        "settings": {**COMMON, **settings(corpus), "tokenizer": repr(tokenizer)},
    }  # fmt: skip
    write(args.results / f"metrics_{corpus}.csv", rows, **told)
    write(args.results / f"metrics_{corpus}_agreement.csv", agreement, **told)


def cell(row: dict[str, Any], name: str, form: str) -> str:
    """Write a figure, with its interval if it has one."""
    if row[name] == "":
        return "–"
    low, high = (row.get(f"{name}_{end}", "") for end in ("low", "high"))
    return format(row[name], form) + ("" if low == "" else f" [{low:{form}}, {high:{form}}]")


def report(folder: Path) -> None:
    """Write the tables into the documentation."""
    sections = []
    for corpus, title in TITLES.items():
        rows = read_rows(folder / f"metrics_{corpus}.csv")
        lines = [
            [heading, *(cell(row, name, form) for row in rows)]
            for name, heading, form in ROWS
            if any(row[name] != "" for row in rows)
        ]
        table = markdown(["", *(row["source"] for row in rows)], lines) if rows else ""
        sections.append((title, "", table))
    pairs = read_rows(folder / "metrics_movies_agreement.csv")
    agreement = markdown(
        ["", "IOU", "κ"],
        [[pair["pair"], f"{pair['iou']:.3f}", f"{pair['kappa']:.3f}"] for pair in pairs],
    )
    sections.append(("Who selects the same words", "", agreement))
    fill_in(DOCUMENT, written(sections))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=list(TITLES), default="movies")
    parser.add_argument("--jobs", type=int, default=1, help="models trained at the same time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    parser.add_argument("--report", action="store_true", help="fill in docs/metrics.md")
    args = parser.parse_args()
    return report(args.results) if args.report else run(args)


if __name__ == "__main__":
    main()
