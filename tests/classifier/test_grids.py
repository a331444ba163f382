"""Grids over tokenized texts: the same scores, and memory that processes share."""

import os
import re
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.text import TokenizedTexts, WordVectors


@pytest.fixture(scope="module")
def tokenized(fitted, reviews):
    """The first reviews, split as the small classifiers do."""
    return fitted.tokenize(reviews[0][:120])


def test_a_grid_over_tokenized_texts_scores_as_over_texts(small, reviews, tokenized):
    texts, y, _ = reviews
    grid = {"lambda1": [0.0, 1.0], "random_state": [0, 1]}
    search = GridSearchCV(small(training__batch_size=16), grid, cv=2, scoring="neg_log_loss")
    expected = clone(search).fit(texts[:120], y[:120])
    found = clone(search).fit(tokenized, y[:120])
    assert np.array_equal(
        found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )
    assert found.best_params_ == expected.best_params_
    assert np.array_equal(found.predict(tokenized), expected.predict(texts[:120]))


def test_cross_validation_takes_tokenized_texts(small, reviews, tokenized):
    texts, y, _ = reviews
    clf = small(training__max_epochs=1)
    assert np.array_equal(
        cross_val_score(clf, tokenized, y[:120], cv=2),
        cross_val_score(clf, texts[:120], y[:120], cv=2),
    )
    assert len(cross_val_predict(clf, tokenized, y[:120], cv=2)) == 120


def _mapped(estimator, X):
    """Say which of what a process was given is mapped into its memory, and whether it is new."""
    given = (estimator.embeddings.vectors, X.numbers, X.texts.data)
    return os.getpid(), id(estimator.embeddings.words), [_is_mapped(array) for array in given]


def _is_mapped(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


def test_processes_map_texts_and_vectors_and_make_out_the_words_once(reviews):
    texts = reviews[0] * 25
    vectors = WordVectors([f"w{i}" for i in range(4000)], np.ones((4000, 100)))
    clf = SelectiveRationaleClassifier(embeddings=vectors)
    X = TokenizedTexts.from_texts(texts, _split, 300)
    jobs = [joblib.delayed(_mapped)(clone(clf), X) for _ in range(6)]
    with joblib.Parallel(n_jobs=2) as parallel:
        found = parallel(jobs)
    assert {tuple(mapped) for _, _, mapped in found} == {(True, True, True)}
    words = {}
    for pid, address, _ in found:
        words.setdefault(pid, set()).add(address)
    assert all(len(addresses) == 1 for addresses in words.values())


def _split(text):
    return [(match[0], *match.span()) for match in re.finditer(r"\w+", text)]


def test_what_a_folder_keeps_is_mapped(small, reviews, tmp_path, monkeypatch):
    from sklearn_irx.classifier import fitting

    texts, y, _ = reviews
    kept = []
    tokenize = fitting.tokenize
    monkeypatch.setattr(
        fitting,
        "tokenize",
        lambda *given, **more: kept.append(tokenize(*given, **more)) or kept[-1],
    )
    for memory in (str(tmp_path), Path(tmp_path)):
        small(memory=memory, training__max_epochs=1).fit(texts[:60], y[:60])
    assert all(_is_mapped(one.numbers) for one in kept)
