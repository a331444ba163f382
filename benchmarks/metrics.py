"""Every metric on film reviews in which people marked the words that tell.

    python benchmarks/metrics.py --jobs 2
    python benchmarks/metrics.py --report

Two settings of our model, each trained with two seeds, the heaviest words of a linear model, words
at random, and the words that people marked, on the validation reviews of ERASER.
``SKLEARN_IRX_DATA`` names the folder of the corpora.
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
    convolutional,
    fill_in,
    heaviest,
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
    auprc_score,
    comprehensiveness_score,
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
from sklearn_irx.text import WhitespaceTokenizer, WordVectors

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
TOKENIZER = WhitespaceTokenizer()
WORDS_READ = 800
COMMON = {
    "encoder__n_filters": 50, "predictor__hidden_size": 50, "training__max_epochs": 4,
    "training__learning_rate": 3e-3, "training__batch_size": 16, "n_threads": 1,
    "tokenizer": TOKENIZER, "max_length": WORDS_READ,
}  # fmt: skip
"""As in ``samplers.py``, but for the words that are read."""
SETTINGS: dict[str, dict[str, Any]] = {
    "11 words": {"rationale_length": 11},
    "a twentieth, 4 pieces": {"rationale_length": 0.05, "max_transitions": 8},
}
SEEDS = (0, 1)
READER = ("11 words", 1)
"""The second reader: a training that no row shows."""
C = 10.0  # of the logistic regression
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
    ("leakage", "label told by the shape", ".3f"),
    ("leakage_baseline", "largest class", ".3f"), ("ece", "calibration error", ".3f"),
    ("brier", "Brier score", ".3f"),
)  # fmt: skip


class Source(NamedTuple):
    """Rationales, who reads them as their owner, and how much each word belongs to them."""

    name: str
    owner: Any
    masks: np.ndarray
    scores: np.ndarray | None


def train(name: str, seed: int, corpus: tuple[list[str], np.ndarray], vectors: Any) -> Any:
    """Train one of our models."""
    clf = convolutional(embeddings=vectors, random_state=seed)
    return clf.set_params(**COMMON, **SETTINGS[name]).fit(*corpus)


def fit_linear(corpus: tuple[list[str], np.ndarray]) -> Pipeline:
    """Fit logistic regression on TF-IDF of single words."""
    tfidf = TfidfVectorizer(tokenizer=str.split, token_pattern=None, sublinear_tf=True)
    return make_pipeline(tfidf, LogisticRegression(C=C, max_iter=1000)).fit(*corpus)


def weigh(model: Pipeline, texts: list[str], width: int) -> np.ndarray:
    """Give how much each word says for either class, nan past the end."""
    heaviness = np.abs(model[-1].coef_[0]) * model[0].idf_
    weights = dict(zip(model[0].get_feature_names_out(), heaviness.tolist(), strict=True))
    scores = np.full((len(texts), width), np.nan)
    for row, text in zip(scores, texts, strict=True):
        words = TOKENIZER.words(text, width)
        row[: len(words)] = [weights.get(word, 0.0) for word in words]
    return scores


def measure(
    source: Source, test: Any, lengths: np.ndarray, reader: Any, linear: Pipeline
) -> dict[str, Any]:
    """Take one source of rationales by every metric."""
    texts, y, truth = test
    _, owner, masks, scores = source
    kept = [
        " ".join(word for word, chosen in zip(text.split(), mask, strict=False) if chosen)
        for text, mask in zip(texts, masks, strict=True)
    ]
    said = owner.predict_proba(kept) if owner is linear else owner.predict_proba(texts, masks=masks)
    labels = owner.classes_[said.argmax(axis=1)]
    leakage = mask_leakage_score(masks, labels, lengths, random_state=0)
    faithful = {"tokenizer": TOKENIZER}
    found = {
        "source": source.name,
        "accuracy": (labels == y).mean(),
        "second_reader": second_reader_accuracy(reader, texts, y, masks),
        "linear_reader": second_reader_accuracy(linear, texts, y, masks, tokenizer=TOKENIZER),
        "words": rationale_length(masks),
        "borders": n_transitions(masks, lengths),
        "token_precision": token_precision_score(truth, masks),
        "token_recall": token_recall_score(truth, masks),
        "token_f1": token_f1_score(truth, masks),
        "iou_f1": iou_f1_score(truth, masks),
        "span_f1": span_f1_score(truth, masks),
        "auprc": "", "average_precision": "",
        "comprehensiveness": comprehensiveness_score(owner, texts, masks, **faithful),
        "sufficiency": sufficiency_score(owner, texts, masks, **faithful),
        "comprehensiveness_aopc": "", "sufficiency_aopc": "",
        "leakage": leakage.accuracy, "leakage_baseline": leakage.baseline,
        "ece": expected_calibration_error(y, said, labels=owner.classes_, n_bins=10),
        "brier": brier_score_loss(y, said[:, 1], pos_label=owner.classes_[1]),
    }  # fmt: skip
    if scores is not None:
        found["auprc"] = auprc_score(truth, scores)
        found["average_precision"] = auprc_score(truth, scores, area="step")
        for score in (comprehensiveness_score, sufficiency_score):
            name = score.__name__.replace("score", "aopc")
            found[name] = score(owner, texts, scores=scores, **faithful)
    return {k: v if isinstance(v, str) else round(float(v), 4) for k, v in found.items()}


def run(args: argparse.Namespace) -> None:
    """Train, measure, and write it down."""
    train_texts, y, _ = load_rationale_corpus("movies", "train", max_words=WORDS_READ)
    test = load_rationale_corpus("movies", "val", max_words=WORDS_READ)
    vectors = WordVectors.train([TOKENIZER.words(text) for text in train_texts], seed=0)
    jobs = list(product(SETTINGS, SEEDS))
    trained = joblib.Parallel(n_jobs=args.jobs)(
        joblib.delayed(train)(name, seed, (train_texts, y), vectors) for name, seed in jobs
    )
    models = dict(zip(jobs, trained, strict=True))
    linear = fit_linear((train_texts, y))

    texts = test.texts
    lengths = np.array([len(text.split()) for text in texts])
    ours = {name: models[name, SEEDS[0]] for name in SETTINGS}
    first, model = next(iter(ours.items()))
    numbers = model.transform(texts).sum(axis=1)
    weights = weigh(linear, texts, test.masks.shape[1])
    at_random = np.where(
        np.isnan(weights), np.nan, np.random.RandomState(0).random_sample(weights.shape)
    )
    # The masks are as wide as the longest document, so that no transition at an end is missed.
    width = test.masks.shape[1]
    sources = [
        *(
            Source(name, clf, clf.transform(texts)[:, :width], clf.selection_scores(texts))
            for name, clf in ours.items()
        ),
        Source("linear model's heaviest", linear, heaviest(weights, numbers), weights),
        Source("at random", model, random_masks(lengths, numbers, random_state=0), at_random),
        Source("marked by people", model, test.masks, None),
    ]
    rows = []
    for source in sources:
        rows.append(measure(source, test, lengths, models[READER], linear))
        show([{name: rows[-1][name] for name in list(rows[-1])[:9]}])
    masks = {source.name: source.masks for source in sources}
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
        "documents": [len(train_texts), len(texts)], "words_read": WORDS_READ, "jobs": args.jobs,
        "settings": {**COMMON, "tokenizer": repr(TOKENIZER)}, "models": SETTINGS, "C": C,
    }  # fmt: skip
    write(args.results / "metrics_movies.csv", rows, **told)
    write(args.results / "metrics_movies_agreement.csv", agreement, **told)


def report(folder: Path) -> None:
    """Write the tables into the documentation."""
    rows = read_rows(folder / "metrics_movies.csv")
    pairs = read_rows(folder / "metrics_movies_agreement.csv")
    table = markdown(
        ["", *(row["source"] for row in rows)],
        [
            [heading, *("–" if row[name] == "" else format(row[name], form) for row in rows)]
            for name, heading, form in ROWS
        ],
    )
    agreement = markdown(
        ["", "IOU", "κ"],
        [[pair["pair"], f"{pair['iou']:.3f}", f"{pair['kappa']:.3f}"] for pair in pairs],
    )
    sections = [
        ("Rationales by every metric", "", table),
        ("Who selects the same words", "", agreement),
    ]
    fill_in(DOCUMENT, written(sections))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1, help="models trained at the same time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    parser.add_argument("--report", action="store_true", help="fill in docs/metrics.md")
    args = parser.parse_args()
    return report(args.results) if args.report else run(args)


if __name__ == "__main__":
    main()
