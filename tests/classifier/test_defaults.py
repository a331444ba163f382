"""What a classifier does when nobody tells it how."""

import numpy as np
import pytest
from sklearn.base import clone

import sklearn_irx
from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import LinearInit, StraightThrough, TopK, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.exceptions import SelectionWarning

STYLES = ["words", "phrases", "passage"]


def pieces(mask):
    return int((np.diff(np.r_[0, np.asarray(mask, dtype=int)]) == 1).sum())


@pytest.fixture(scope="module")
def data():
    texts, y, _ = make_rationale_classification(500, n_words=60, random_state=0)
    return texts[:300], y[:300], texts[300:], y[300:]


@pytest.fixture(scope="module")
def by_style(data):
    texts, y, *_ = data
    return {
        style: SelectiveRationaleClassifier(style=style, random_state=0, n_threads=1).fit(texts, y)
        for style in STYLES
    }


def asked_length(n_words):
    """A sixth, at least 8 or a third, at most 30: written down once more."""
    if n_words < 24:
        return max(1, round(n_words / 3))
    return round(max(8, min(30, n_words / 6)))


@pytest.mark.parametrize("n_words", [1, 2, 3, 5, 9, 14, 15, 29, 31, 59, 100, 179, 190, 400])
def test_each_text_shows_the_length_that_the_docstring_promises(by_style, n_words):
    words = by_style["words"].vocabulary_.words
    text = " ".join(words[i % 4] for i in range(n_words))
    for style in ("words", "passage"):
        assert by_style[style].explain([text])[0].mask.sum() == asked_length(n_words)


@pytest.mark.parametrize("style", STYLES)
def test_it_is_right_and_no_rationale_is_empty_where_a_word_is_known(by_style, data, style):
    *_, texts, y = data
    clf = by_style[style]
    assert clf.score(texts, y) > 0.85
    for rationale in clf.explain([*texts, "room", "unheard of, but for the room", "room " * 400]):
        assert rationale.mask.any()


def test_styles_differ_in_pieces(by_style, data):
    *_, texts, _ = data
    mean = {
        style: np.mean([pieces(r.mask) for r in clf.explain(texts)])
        for style, clf in by_style.items()
    }
    assert mean["passage"] == 1
    assert 1 < mean["phrases"] < 0.75 * mean["words"]


def test_explicit_parameters_win_over_the_style(data):
    texts, y, *_ = data
    common = {"random_state": 0, "n_threads": 1}
    clf = SelectiveRationaleClassifier(style="passage", rationale_length=3, **common)
    masks = clf.fit(texts, y).transform(texts)
    assert set(masks.sum(axis=1)) == {3}
    clf = SelectiveRationaleClassifier(style="phrases", max_transitions=2, **common).fit(texts, y)
    assert np.mean([pieces(rationale.mask) for rationale in clf.explain(texts)]) < 1.5


def test_a_penalty_replaces_the_length(data):
    texts, y, *_ = data
    clf = SelectiveRationaleClassifier(lambda1=0.3, random_state=0, n_threads=1).fit(texts, y)
    assert isinstance(clf._module.sampler, StraightThrough.module)
    lengths = clf.transform(texts).sum(axis=1)
    assert len(set(lengths)) > 2


def test_a_penalty_for_a_passage_is_refused_before_training(data):
    texts, y, *_ = data
    with pytest.raises(ValueError, match="lambda1 is a penalty"):
        SelectiveRationaleClassifier(style="passage", lambda1=0.1).fit(texts, y)


def test_a_sampler_without_budget_takes_the_mean_of_the_automatic_lengths(data):
    texts, y, *_ = data
    clf = SelectiveRationaleClassifier(sampler="straight_through", random_state=0, n_threads=1)
    lengths = clf.fit(texts, y).transform(texts).sum(axis=1)
    assert len(set(lengths)) > 2
    assert 8 < lengths.mean() < 12  # of 60 words


def test_without_encoder_no_vectors_are_trained_and_the_order_of_words_tells_nothing(by_style):
    clf = by_style["words"]
    one = "grimy tiles and scuttling cockroaches beside the lovely view of a lake and a garden"
    two = " ".join(reversed(one.split()))
    np.testing.assert_allclose(*clf.predict_proba([one, two]), atol=1e-6)
    assert clf._module.vectors[0].shape[1] == 0


def test_parameters_that_a_linear_path_has_no_use_for_are_named(data, small_vectors):
    texts, y, *_ = data
    clf = SelectiveRationaleClassifier(embeddings=small_vectors, random_state=0, n_threads=1)
    with pytest.warns(SelectionWarning, match="embeddings has no effect with encoder=None"):
        clf.fit(texts, y)


def test_no_encoder_needs_a_linear_initialization(data):
    texts, y, *_ = data
    with pytest.raises(ValueError, match="initialization=RandomInit"):
        SelectiveRationaleClassifier(initialization=None).fit(texts, y)


@pytest.mark.parametrize("style", STYLES)
def test_saved_and_loaded_it_predicts_the_same(by_style, data, style, tmp_path):
    *_, texts, _ = data
    sklearn_irx.save(by_style[style], tmp_path / "model")
    loaded = sklearn_irx.load(tmp_path / "model")
    assert loaded.style == style
    np.testing.assert_array_equal(loaded.predict_proba(texts), by_style[style].predict_proba(texts))
    np.testing.assert_array_equal(loaded.transform(texts), by_style[style].transform(texts))


def test_partial_fit_and_warm_start_go_on(by_style, data):
    texts, y, others, y_others = data
    clf = SelectiveRationaleClassifier(random_state=0, n_threads=1)
    for _ in range(2):
        clf.partial_fit(texts, y, classes=np.unique(y))
    assert clf.score(others, y_others) > 0.85
    warm = clone(by_style["words"]).set_params(warm_start=True).fit(texts, y)
    assert warm.fit(texts, y).score(others, y_others) > 0.85
    shorter = warm.set_params(rationale_length=4).fit(texts, y)
    assert shorter.transform(others).sum(axis=1).mean() < 6


def test_a_pair_of_styles_exchanges_its_rationales(by_style, data):
    texts, y, others, y_others = data
    pair = InteractiveEnsemble(by_style["words"], by_style["passage"], prefit=True).fit(texts, y)
    assert pair.score(others, y_others) > 0.85


def test_few_texts_of_unequal_classes_are_enough():
    texts, y, _ = make_rationale_classification(460, n_words=40, random_state=1)
    rows = [row for row in range(60) if y[row] == y[0] or row % 3 == 0]
    clf = SelectiveRationaleClassifier(random_state=0, n_threads=1)
    clf.fit([texts[row] for row in rows], y[rows])
    assert clf.score(texts[60:], y[60:]) > 0.8


def test_the_average_is_calibrated_out_of_fold(data):
    texts, y, others, y_others = data
    clf = SelectiveRationaleClassifier(
        initialization=LinearInit("average"), sampler=TopK(), random_state=0, n_threads=1,
        training=Training(learning_rate=1e-9, max_epochs=1),
    ).fit(texts, y)  # fmt: skip
    confidence = clf.predict_proba(others).max(axis=1)
    assert abs(confidence.mean() - clf.score(others, y_others)) < 0.1
