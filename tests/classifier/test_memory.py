"""The parameter `memory`: what depends on the texts alone is not done a second time."""

import importlib
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.components.initializations import N_FOLDS, linear
from sklearn_irx.components.initializations.linear import SMOOTHINGS
from sklearn_irx.text import WordTokenizer, WordVectors

tokenized_texts = []


def counting(text):
    """Split like the default, and note the text."""
    tokenized_texts.append(text)
    return WordTokenizer()(text)


class CountingObject:
    """The same as an object."""

    def __call__(self, text):
        return counting(text)


@pytest.fixture
def work(monkeypatch):
    """What is done: texts tokenized, word vectors trained, linear classifiers fitted."""
    tokenized_texts.clear()
    done = {"texts": tokenized_texts, "vectors": [], "linear": []}
    train, weights = WordVectors.train, linear._weights

    def counted_train(documents, seed):
        done["vectors"].append(seed)
        return train(documents, seed)

    def counted_weights(model, *arguments, **more):
        done["linear"].append(model)
        return weights(model, *arguments, **more)

    monkeypatch.setattr(WordVectors, "train", counted_train)
    monkeypatch.setattr(linear, "_weights", counted_weights)
    return done


def amounts(work):
    return {name: len(done) for name, done in work.items()}


NOTHING = {"texts": 0, "vectors": 0, "linear": 0}
# Naive Bayes: training texts with each smoothing; with the best, without each fold, and all texts.
# Pairs of words with each smoothing, too: they tell nothing more of these texts.
N_FITS = len(SMOOTHINGS) + N_FOLDS + 1 + len(SMOOTHINGS)
ONCE = {"texts": 60, "vectors": 1, "linear": N_FITS}


@pytest.mark.parametrize(
    "kind",
    [
        str,
        Path,
        lambda folder: joblib.Memory(folder, verbose=0),
        lambda folder: joblib.Memory(folder, verbose=0, mmap_mode="r"),
    ],
    ids=["str", "path", "memory", "mapped memory"],
)
def test_a_second_fit_does_not_do_the_work_again(kind, small, reviews, tmp_path, work):
    texts, y, _ = reviews
    memory = kind(tmp_path)
    clf = small(memory=memory, tokenizer=counting, embeddings=None)
    without = clone(clf).set_params(memory=None).fit(texts[:60], y[:60])
    assert amounts(work) == ONCE
    for expected in (ONCE, NOTHING, NOTHING):
        for done in work.values():
            done.clear()
        again = clone(clf).fit(texts[:60], y[:60])
        assert amounts(work) == expected
        assert again.vocabulary_.words == without.vocabulary_.words
        np.testing.assert_array_equal(again.predict_proba(texts), without.predict_proba(texts))


def test_pairs_of_words_are_kept_too(small, reviews, tmp_path, work):
    texts, y, _ = reviews
    clf = small(
        memory=tmp_path,
        tokenizer=counting,
        initialization__class_focus=1.0,
        initialization__bigrams=True,
    )
    first = clone(clf).fit(texts[:60], y[:60])
    assert amounts(work)["linear"] > N_FITS - len(SMOOTHINGS)
    work["linear"].clear()
    again = clone(clf).fit(texts[:60], y[:60])
    assert not work["linear"]
    np.testing.assert_array_equal(again.transform(texts), first.transform(texts))
    np.testing.assert_array_equal(again.predict_proba(texts), first.predict_proba(texts))


def test_prices_share_the_work_and_texts_do_not(small, reviews, tmp_path, work):
    texts, y, _ = reviews
    grid = GridSearchCV(
        small(memory=tmp_path, tokenizer=CountingObject(), embeddings=None, training__max_epochs=1),
        {"lambda1": [0.001, 0.1], "lambda2": [0.0, 0.01]},
        cv=2,
        scoring=lambda clf, X, y: 0.0,  # reads nothing, and so tokenizes nothing
    ).fit(texts[:60], y[:60])
    # Two folds, and all texts for the refit.
    assert amounts(work) == {"texts": 30 + 30 + 60, "vectors": 3, "linear": 3 * N_FITS}
    assert grid.best_estimator_.predict(texts[:3]).shape == (3,)


def test_what_the_work_depends_on_is_told_apart(small, reviews, tmp_path, work):
    texts, y, _ = reviews
    clf = small(memory=tmp_path, tokenizer=counting, embeddings=None, training__max_epochs=1)
    clf.fit(texts[:60], y[:60])
    for parameters, expected in (
        ({"lambda1": 0.5, "predictor__hidden_size": 4}, NOTHING),
        ({"initialization": "logistic"}, {**NOTHING, "linear": 2 + N_FOLDS + 1}),
        (
            {"initialization": "logistic", "class_weight": "balanced"},
            {**NOTHING, "linear": 2 + N_FOLDS + 1},
        ),
        ({"min_df": 2}, {**NOTHING, "linear": N_FITS}),
        ({"random_state": 1}, {**NOTHING, "vectors": 1, "linear": N_FITS}),
        ({"max_length": 20}, ONCE),
        ({"tokenizer": CountingObject()}, {**NOTHING, "texts": 60}),
    ):
        for done in work.values():
            done.clear()
        clone(clf).set_params(**parameters).fit(texts[:60], y[:60])
        assert amounts(work) == expected, parameters
    for done in work.values():
        done.clear()
    clone(clf).fit([*texts[:59], "Another text."], y[:60])
    assert amounts(work) == ONCE


def test_a_tokenizer_that_cannot_be_pickled_works_without(small, reviews, tmp_path, work):
    texts, y, _ = reviews
    clf = small(memory=tmp_path, embeddings=None, training__max_epochs=1)
    clf.set_params(tokenizer=lambda text: counting(text))
    for expected in (ONCE, {**NOTHING, "texts": 60}):
        for done in work.values():
            done.clear()
        clf.fit(texts[:60], y[:60])
        assert amounts(work) == expected


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_a_tokenizer_that_was_rewritten_is_another(small, tmp_path, monkeypatch):
    module = tmp_path / "rewritten_tokenizer.py"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    vocabularies = []
    for word in ("text", "text.upper()", "text"):
        module.write_text(f"def whole(text):\n    return [({word}, 0, len(text))]\n")
        importlib.invalidate_caches()
        tokenizer = importlib.reload(importlib.import_module("rewritten_tokenizer")).whole
        clf = small(memory=tmp_path / "memory", tokenizer=tokenizer, training__max_epochs=1)
        clf.fit(["ants", "bed"] * 5, [0, 1] * 5)
        vocabularies.append(sorted(clf.vocabulary_.words))
    assert vocabularies == [["ants", "bed"], ["ANTS", "BED"], ["ants", "bed"]]


def test_what_is_drawn_anew_each_time_is_not_kept(small, reviews, tmp_path):
    texts, y, _ = reviews
    clf = small(memory=tmp_path, embeddings=None, training__max_epochs=1, random_state=None)
    for _ in range(2):
        clf.fit(texts[:60], y[:60])
        kept = [path.parents[1].name for path in tmp_path.rglob("output.pkl")]
        assert kept == ["_number_words"]


def test_texts_are_not_written_into_the_folder(small, tmp_path):
    secret = [f"secret{row} ants in the bed" for row in range(2000)]
    clf = small(memory=tmp_path, training__max_epochs=1, encoder__n_filters=2)
    clf.fit(secret, [0, 1] * 1000)
    notes = "".join(path.read_text() for path in tmp_path.rglob("metadata.json"))
    assert 0 < notes.count("secret") < 20


def test_members_of_an_ensemble_share_it(small, reviews, tmp_path, work):
    texts, y, _ = reviews
    members = [
        small(memory=tmp_path, tokenizer=counting, training__max_epochs=1, random_state=seed)
        for seed in (0, 1)
    ]
    InteractiveEnsemble(*members).fit(texts[:60], y[:60])
    InteractiveEnsemble(*members).fit(texts[:60], y[:60])
    assert amounts(work) == {"texts": 60, "vectors": 0, "linear": 2 * N_FITS}


class Kept:
    """The interface of joblib.Memory, and no more."""

    def __init__(self):
        self.functions = []

    def cache(self, function):
        self.functions.append(function.__name__)
        return function


def test_an_object_with_the_interface_will_do(small, reviews):
    memory = Kept()
    small(memory=memory, embeddings=None, training__max_epochs=1).fit(
        reviews[0][:60], reviews[1][:60]
    )
    assert sorted(memory.functions) == ["_fit_weights", "_number_words", "_train_vectors"]


@pytest.mark.parametrize(
    "memory", [3, object(), ["folder"]], ids=lambda memory: type(memory).__name__
)
def test_what_is_no_memory_is_named(memory, small):
    with pytest.raises(ValueError, match="'memory'"):
        small(memory=memory).fit(["ants", "bed"], [0, 1])
