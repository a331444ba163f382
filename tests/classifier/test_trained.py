"""Parameters that are set after training: who is told, and what stays as it was."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

import sklearn_irx
from sklearn_irx import (
    InteractiveCommittee,
    InteractiveEnsemble,
    RationaleExtractor,
    SelectiveRationaleClassifier,
)
from sklearn_irx.components import CNN, RNN, Training
from sklearn_irx.io import SKOPS_TYPES, model_card
from sklearn_irx.text import WhitespaceTokenizer, WordTokenizer, WordVectors


@pytest.fixture
def one(fitted):
    """A fitted classifier that a test may change."""
    return copy.deepcopy(fitted)


CHANGES = {
    "lambda1": (5, "lambda1=5"),
    "max_length": (3, "max_length=3"),
    "encoder": (RNN(cell="lstm"), "encoder=RNN"),
    "encoder__n_filters": (9, "encoder__n_filters=9"),
    "training__max_epochs": (7, "training__max_epochs=7"),
    "sampler": ("gumbel", "sampler=Gumbel"),
    "tokenizer": (WhitespaceTokenizer(), r"tokenizer=WhitespaceTokenizer\(\)"),
    "embeddings": ("vectors.txt", "embeddings='vectors.txt'"),
    "random_state": (1, "random_state=1"),
    "vocabulary": (np.array(["room", "ants"]), "vocabulary=array"),
    "class_weight": ({"food": 2.0, "noise": 1, "dirt": 1}, "class_weight={'food': 2.0"),
    "calibration": ("temperature", "calibration='temperature'"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_set_after_training_is_named_where_a_fitted_model_is_used(
    name, one, other, reviews
):
    texts, y, _ = reviews
    before = one.predict_proba(texts[:20])
    value, said = CHANGES[name]
    both = InteractiveEnsemble(one, other).set_params(**{f"est1__{name}": value})
    with pytest.warns(UserWarning, match=rf"^est1__{said}.* was set after training.*prefit=False"):
        both.fit(texts[:20], y[:20])
    np.testing.assert_array_equal(both.estimators_[0].predict_proba(texts[:20]), before)
    committee = InteractiveCommittee([("a", other), ("b", one)], prefit=True)
    with pytest.warns(UserWarning, match=rf"b__{said}.*prefit=True"):
        committee.fit(texts[:20])
    with pytest.warns(UserWarning, match=rf"classifier__{said}"):
        RationaleExtractor(one).fit(texts[:20])
    with pytest.warns(UserWarning, match=rf"classifier__est1__{said}"):
        RationaleExtractor(both).fit(texts[:20])


SAME = {
    "as it was": {},
    "a new object of equal value": {"random_state": np.int64(0), "max_length": 60},
    "a part of equal parameters": {"sampler": sklearn_irx.components.StraightThrough()},
    "what predictions do not come from": {
        "n_threads": 2, "verbose": 1, "memory": "nowhere", "warm_start": True, "device": "cpu",
        "training__checkpoint_dir": "nowhere",
    },
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_what_changes_nothing_is_no_news(case, one, other, reviews):
    one.set_params(**SAME[case])
    InteractiveEnsemble(one, other).fit(reviews[0][:5])


def through_skops(model, _):
    return skops.io.loads(skops.io.dumps(model), trusted=list(SKOPS_TYPES))


def through_a_folder(model, folder):
    sklearn_irx.save(model, folder / "model", overwrite=True)
    return sklearn_irx.load(folder / "model")


WAYS = {
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),
    "copy": lambda model, _: copy.deepcopy(model),
    "skops": through_skops,
    "folder": through_a_folder,
}


@pytest.mark.parametrize("way", WAYS)
def test_saved_models_know_what_they_were_trained_with(way, small, other, reviews, tmp_path):
    texts, y, _ = reviews
    clf = small(
        random_state=np.random.RandomState(3), embeddings=[WordVectors(["room"], np.eye(1))],
        training=Training(max_epochs=1, callbacks=[]), tokenizer=WordTokenizer(), n_threads=1,
    ).fit(texts[:60], y[:60])  # fmt: skip
    again = WAYS[way](clf, tmp_path)
    InteractiveEnsemble(again, other).fit(texts[:5])  # no warning
    again.set_params(lambda1=0.5, encoder__n_filters=3)
    with pytest.warns(UserWarning, match=r"est1__encoder__n_filters=3, est1__lambda1=0.5 were"):
        InteractiveEnsemble(again, other).fit(texts[:5])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        once_more = WAYS[way](again, tmp_path)
    if way == "folder":  # which holds what was trained
        InteractiveEnsemble(once_more, other).fit(texts[:5])
        assert once_more.lambda1 == 0.01
        return
    with pytest.warns(UserWarning, match=r"est1__lambda1=0.5 were"):
        InteractiveEnsemble(once_more, other).fit(texts[:5])


def test_parameters_that_a_folder_lacks_may_be_given_without_a_warning(
    small, other, reviews, tmp_path
):
    texts, y, _ = reviews
    clf = small(random_state=np.random.RandomState(3)).fit(texts[:60], y[:60])
    again = through_a_folder(clf, tmp_path).set_params(random_state=0, embeddings=None)
    InteractiveEnsemble(again, other).fit(texts[:5])


def test_card_and_folder_tell_what_the_model_was_trained_with(one, fitted, reviews, tmp_path):
    texts = reviews[0]
    card = model_card(one)
    one.set_params(max_length=3, lambda1=5, encoder__n_filters=99, sampler="gumbel", n_threads=2)
    changed = model_card(one)
    assert "| `max_length` | 60 |" in changed
    assert changed == card.replace("| `n_threads` | 1 |", "| `n_threads` | 2 |")
    with pytest.warns(UserWarning, match=r"max_length=3.* were set after training.*is saved"):
        sklearn_irx.save(one, tmp_path / "model")
    again = sklearn_irx.load(tmp_path / "model")
    wanted = {**fitted.get_params(), "n_threads": 2}
    vectors = [name for name in wanted if name == "embeddings"]
    found = again.get_params()
    for name in wanted.keys() - {*vectors, "encoder", "training", "predictor", "sampler"}:
        assert found[name] == wanted[name], name
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
    assert one.max_length == 3  # what the user has set stays


def test_a_fitted_ensemble_keeps_what_it_was_fitted_with(one, other, small, reviews, tmp_path):
    texts, y, _ = reviews
    both = InteractiveEnsemble(one, small(training__max_epochs=1)).fit(texts[:60], y[:60])
    card = model_card(both)
    both.set_params(calibration="temperature", est1__lambda1=5, est2__lambda1=7)
    assert model_card(both) == card
    with pytest.warns(UserWarning, match="calibration.*est1__lambda1=5, est2__lambda1=7 were"):
        sklearn_irx.save(both, tmp_path / "model")
    again = sklearn_irx.load(tmp_path / "model")
    assert again.calibration is None
    assert again.est1.lambda1 == 0.01
    both.set_params(est1=RationaleExtractor(other), est2__lambda1=0.01, calibration=None)
    with pytest.warns(UserWarning, match="^classifier__est1=RationaleExtractor.* was set"):
        RationaleExtractor(both).fit([])


def test_a_frozen_member_is_not_expected_to_be_trained_again(one, other, reviews):
    InteractiveEnsemble(FrozenEstimator(one.set_params(lambda1=5)), other).fit(reviews[0][:5])


def test_training_anew_takes_what_was_set(one, other, reviews):
    texts, y, _ = reviews
    one.set_params(lambda1=0.5, max_length=20, training__max_epochs=1)
    for way in (one, clone(one)):
        InteractiveEnsemble(way.fit(texts[:60], y[:60]), other, prefit=False)
        assert way.transform(texts[:5]).shape == (5, 20)
        assert r"| `lambda1` | 0\.5 |" in model_card(way)
        RationaleExtractor(way).fit(texts[:5])  # no warning


def test_pieces_are_learned_with_the_parameters_of_their_call(small, reviews):
    texts, y, _ = reviews
    steady, changing = (
        small().partial_fit(texts[:100], y[:100], classes=np.unique(y)) for _ in range(2)
    )
    for clf in (steady, changing):
        clf.partial_fit(texts[100:200], y[100:200])
    changing.set_params(lambda1=3.0, training__learning_rate=0.05)
    for clf in (steady, changing):
        clf.partial_fit(texts[:200], y[:200]).partial_fit(texts[:200], y[:200])
    assert changing.transform(texts).sum() < 0.5 * steady.transform(texts).sum()
    assert r"| `lambda1` | 3\.0 |" in model_card(changing)


@pytest.mark.parametrize(
    "name", ["max_length", "tokenizer", "encoder", "encoder__n_filters", "vocabulary"]
)
def test_pieces_keep_their_network_and_words(name, one, reviews):
    texts, y, _ = reviews
    value, said = CHANGES[name]
    before = one.predict_proba(texts[:20])
    one.set_params(**{name: value})
    with pytest.raises(ValueError, match=rf"{said}.*trained|{said}.*partial_fit goes on with"):
        one.partial_fit(texts[:20], y[:20])
    np.testing.assert_array_equal(one.predict_proba(texts[:20]), before)


def test_a_warm_start_says_that_it_keeps_words_and_vectors(small, reviews):
    texts, y, _ = reviews
    clf = small(warm_start=True, training__max_epochs=1).fit(texts[:60], y[:60])
    words = clf.vocabulary_.words
    clf.set_params(min_df=5, lambda1=0.5, training=Training(max_epochs=1))
    with pytest.warns(UserWarning, match=r"^min_df=5 was set.*min_df=1.*warm_start=False"):
        clf.fit(texts[:60], y[:60])
    assert clf.vocabulary_.words == words
    card = model_card(clf)
    assert "lambda1" in card
    assert "min_df" not in card


def test_names_of_parts_are_the_parts_they_stand_for(reviews, small_vectors):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(
        training=Training(max_epochs=1), embeddings=small_vectors, max_length=60, encoder=CNN()
    ).fit(texts[:60], y[:60])
    RationaleExtractor(clf.set_params(encoder="cnn", initialization="average")).fit(texts[:3])
    with pytest.warns(UserWarning, match="classifier__initialization__model='logistic'"):
        RationaleExtractor(clf.set_params(initialization="logistic")).fit(texts[:3])


def test_vectors_may_be_dropped_from_a_model_that_has_what_it_needs_of_them(small, reviews):
    texts, y, _ = reviews
    vectors = WordVectors(["room", *(f"w{i}" for i in range(9000))], np.ones((9001, 50)))
    clf = small(embeddings=[vectors, None], max_unseen_words=0, training__max_epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # hardly any word has a vector
        clf.fit(texts[:60], y[:60])
    whole, expected = len(pickle.dumps(clf)), clf.predict_proba(texts)
    clf.set_params(embeddings=None)
    assert len(pickle.dumps(clf)) < whole - vectors.vectors.nbytes
    again = pickle.loads(pickle.dumps(clf))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        InteractiveEnsemble(clf, again, prefit=True).fit(texts[:10])
    np.testing.assert_array_equal(again.predict_proba(texts), expected)
