"""Logistic regression on terms scaled by log-count ratios, against Wang and Manning's formulas."""

import itertools

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from sklearn_irx.classifier.data import draw_folds
from sklearn_irx.components import LinearInit
from sklearn_irx.components.initializations import InitializationData, linear
from sklearn_irx.text import Documents, Vocabulary

SMOOTHING = 1.0


@pytest.fixture(autouse=True)
def one_smoothing(monkeypatch):
    monkeypatch.setattr(linear, "SMOOTHINGS", [SMOOTHING])


def opinions(n_classes):
    """Words and class numbers of 150 texts, in which pairs tell what words do not."""
    draw = np.random.RandomState(0)
    y = draw.randint(n_classes, size=150)
    words = []
    for number, label in enumerate(y):
        plain = [f"plain{i}" for i in draw.randint(20, size=8)]
        told = label if number % 10 else (label + 1) % n_classes
        said = [["great", "film"], ["awful", "film"], ["film", "great"]][told]
        and_of_others = [["awful", "book"], ["great", "book"], ["book", "awful"]][told]
        words.append(
            [
                *plain[:4],
                *said,
                *plain[4:],
                *and_of_others,
                f"mostly{label if draw.rand() < 0.7 else 0}",
            ]
        )
    return words, y


def fitted(words, y, **parameters):
    vocabulary = Vocabulary.from_documents(words)
    documents = Documents.from_words(words, vocabulary)
    folds = draw_folds(y, np.random.RandomState(0))
    data = InitializationData(
        documents, y, documents, y, folds, np.ones(len(y)),
        n_words=len(vocabulary), n_classes=y.max() + 1,
    )  # fmt: skip
    start = LinearInit("log_count_ratio", **parameters).fit_weights(data)
    return start, ["<padding>", "<unknown>", *vocabulary.words]


def terms_of(start, names):
    """Return the words and the pairs that have weights, in their order."""
    pairs = [] if start.bigrams is None else start.bigrams.bigrams
    return [(name,) for name in names], [
        (names[pair // len(names)], names[pair % len(names)]) for pair in pairs
    ]


def presence(words, terms):
    """Return which of the terms, of one word or two, each text has."""
    return np.array(
        [[term in {*zip(text), *itertools.pairwise(text)} for term in terms] for text in words],
        dtype=float,
    )


def tfidf(words, start, names, shares_norm):
    """Return words and pairs, one for each that is there times idf, divided by their norms."""
    of_words, of_pairs = (presence(words, terms) for terms in terms_of(start, names))
    of_words *= start.idf
    of_pairs *= start.bigrams.idf
    norms = [np.linalg.norm(block, axis=1, keepdims=True) for block in (of_words, of_pairs)]
    return np.hstack([of_words / norms[0], of_pairs / norms[0 if shares_norm else 1]])


def by_the_formulas(X, y):
    """Return the logits of each class against all others, before they are scaled."""
    logits = []
    for label in np.unique(y):
        p, q = (SMOOTHING + (X[rows] > 0).sum(axis=0) for rows in (y == label, y != label))
        ratio = np.log((p / p.sum()) / (q / q.sum()))
        model = LogisticRegression(C=10.0, tol=1e-8, max_iter=10_000).fit(X * ratio, y == label)
        logits.append((X * ratio) @ model.coef_[0])
    logits = np.transpose(logits)
    return logits - logits.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("bigrams", [True, "whole"])
def test_words_and_pairs_are_one_logistic_regression_on_scaled_terms(n_classes, bigrams):
    words, y = opinions(n_classes)
    start, names = fitted(words, y, bigrams=bigrams, class_focus=1.0)
    X = tfidf(words, start, names, shares_norm=bigrams is True)
    found = X @ np.vstack([start.weights[0], start.bigrams.weights[0]])
    expected = by_the_formulas(X, y)
    # The same up to one factor, the temperature of the softmax; the solver penalizes the intercept.
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.998
    assert start.bigrams.word_factor == 1.0


def test_its_scale_gives_the_best_probabilities_of_texts_that_it_has_not_seen():
    words, y = opinions(2)
    start, names = fitted(words, y)
    X = tfidf(words, start, names, shares_norm=True)
    weights = np.concatenate([start.weights, start.bigrams.weights], axis=1)[start.folds]
    logits = np.einsum("dt,dtc->dc", X, weights)
    margins = np.where(y == 1, 1, -1) * (logits[:, 1] - logits[:, 0])

    def log_loss(factor):
        return -np.log(expit(factor * margins)).mean()

    assert log_loss(1.0) <= min(log_loss(0.9), log_loss(1.1))


def test_the_smoother_the_less_is_a_pair_trusted_that_few_texts_have(monkeypatch):
    words, y = opinions(2)
    for number in np.flatnonzero(y == 1)[:2]:
        words[number] = [*words[number], "seldom", "seen"]
    shares = []
    for smoothing in (0.1, 3.0):
        monkeypatch.setattr(linear, "SMOOTHINGS", [smoothing])
        start, names = fitted(words, y)
        pairs = terms_of(start, names)[1]
        few, many = (pairs.index(pair) for pair in [("seldom", "seen"), ("awful", "film")])
        weights = start.bigrams.weights[0, :, 1]
        shares.append(weights[few] / weights[many])
    assert shares[0] > 2 * shares[1] > 0
