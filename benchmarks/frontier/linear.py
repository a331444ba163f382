"""Linear models that read a document whole, or its heaviest words only."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from benchmarks.book import Kind
from benchmarks.frontier.plan import LinearJob, Plan
from benchmarks.frontier.workshop import Workshop, load_split
from sklearn_irx.text import AlphanumericTokenizer

WHOLE = ""
"""Stands in a row in place of the words asked for: the model reads all."""
READERS = ("naive_bayes", "logistic")
"""The models that read so many words, too: their weights are of single words."""
MODELS = (*READERS, "svm_bigrams")
RIVALS = {f"{name}_for_class": name for name in READERS}
"""Readers of the words that are heaviest for the class that they predict from all words."""


def linear_jobs(plan: Plan, corpus: str, lengths: Sequence[float]) -> list[LinearJob]:
    """Give the linear models of a corpus, reading whole texts and so many words."""
    read = {name: [WHOLE] for name in MODELS} | {name: [] for name in RIVALS}
    return [
        LinearJob(corpus, asked, name, fitted_on)
        for name, fitted_on in product(read, plan.fitted_on(corpus))
        for asked in [*read[name], *(lengths if name in (*READERS, *RIVALS) else [])]
    ]


def measure_linear(job: LinearJob, shop: Workshop) -> dict[str, Any]:
    """Let a linear model read the test texts."""
    start = time.perf_counter()
    corpus, share = shop.plan.corpora[job.corpus], shop.plan.share_of_texts
    name = RIVALS.get(job.name, job.name)
    model = fit_linear(name, job.corpus, share, job.fitted_on, corpus.logistic_c)
    test = load_split(job.corpus, share)[1]
    documents = _words(test.texts, corpus.words_read)
    if job.name in RIVALS:
        documents = keep_heaviest_for_class(documents, model, round(job.asked))
    elif job.asked != WHOLE:
        documents = keep_heaviest(documents, heaviness(model), round(job.asked))
    return {
        **dict(zip(LINEAR.key, shop.plan.linear_key(job), strict=True)), **shop.circumstances,
        "accuracy": round(float(model.score(documents, test.labels)), 5),
        "words": round(float(np.mean([len(words) for words in documents])), 3),
        "seconds": round(time.perf_counter() - start, 1),
    }  # fmt: skip


@lru_cache(maxsize=1)
def fit_linear(name: str, corpus: str, share: float, limit: int, c: float) -> Pipeline:
    """Fit a linear model on the first words of all training texts; `c` is for logistic regression.

    It has TF-IDF of words or, if it is "svm_bigrams", of words and bigrams.
    """
    train = load_split(corpus, share)[0]
    tfidf, linear = {
        "naive_bayes": (TfidfVectorizer(analyzer=list, sublinear_tf=True), ComplementNB()),
        "logistic": (
            TfidfVectorizer(analyzer=list, sublinear_tf=True),
            LogisticRegression(C=c, max_iter=1000),
        ),
        "svm_bigrams": (
            TfidfVectorizer(analyzer=words_and_bigrams, sublinear_tf=True, min_df=2),
            LinearSVC(random_state=0),
        ),
    }[name]
    return make_pipeline(tfidf, linear).fit(_words(train.texts, limit), train.labels)


def words_and_bigrams(words: Sequence[str]) -> list[str]:
    """Give words, and each two that follow one another."""
    return [*words, *map(" ".join, pairwise(words))]


def heaviness(model: Pipeline) -> dict[str, float]:
    """Give what each word says for the class it says most for: weight above the mean, times idf."""
    return _by_word(model, _weights(model).max(axis=0))


def _weights(model: Pipeline) -> np.ndarray:
    """Give the weights of words for classes above their mean, times idf: (n_classes, n_words)."""
    tfidf, linear = model[0], model[-1]
    weights = linear.coef_ if hasattr(linear, "coef_") else linear.feature_log_prob_
    if len(weights) == 1:  # of the second of two classes
        weights = np.vstack([-weights, weights])
    return (weights - weights.mean(axis=0)) * tfidf.idf_


def _by_word(model: Pipeline, values: np.ndarray) -> dict[str, float]:
    return dict(zip(model[0].get_feature_names_out(), values.tolist(), strict=True))


def keep_heaviest(
    documents: Sequence[Sequence[str]], weights: Mapping[str, float], k: int
) -> list[list[str]]:
    """Give the k heaviest words of each document, in their order. Unknown ones are never kept."""
    kept = []
    for words in documents:
        known = [place for place, word in enumerate(words) if word in weights]
        heaviest = sorted(known, key=lambda place: -weights[words[place]])[:k]
        kept.append([words[place] for place in sorted(heaviest)])
    return kept


def keep_heaviest_for_class(
    documents: Sequence[Sequence[str]], model: Pipeline, k: int
) -> list[list[str]]:
    """Give the k words of each document that say most for the class a model predicts from all."""
    predicted = model.predict(documents)
    kept: list[list[str]] = [[] for _ in documents]
    for label, weights in zip(model.classes_, _weights(model), strict=True):
        rows = np.flatnonzero(predicted == label)
        of_label = keep_heaviest([documents[row] for row in rows], _by_word(model, weights), k)
        for row, words in zip(rows, of_label, strict=True):
            kept[row] = words
    return kept


def _words(texts: Sequence[str], limit: int) -> list[list[str]]:
    tokenizer = AlphanumericTokenizer()
    return [tokenizer.words(text, limit) for text in texts]


LINEAR = Kind(
    "frontier-linear", ("corpus", "asked", "model", "fitted_on", "settings"), measure_linear
)
