"""Comprehensiveness and sufficiency of classifiers that can be computed by hand."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.metrics import comprehensiveness_score, sufficiency_score
from sklearn_irx.metrics._masked_prediction import kept_text
from sklearn_irx.text import WhitespaceTokenizer, WordTokenizer
from tests.metrics.readers import Counting, Masked

X = ["Good, great -- or bad?", "A bore. Bad and bland, but good!"]
MASKS = np.array([[True, True, False, False], [False, True, False, False]])
# "Good" and "great" of three words that count, then none of one; "good" of five, then of four.
FULL = np.array([3 / 5, 1 - 2 / 7])
WITHOUT = np.array([1 / 3, 1 - 2 / 6])
ALONE = np.array([3 / 4, 1 - 1 / 3])


def test_by_hand_on_raw_text():
    reader = Counting()
    found = comprehensiveness_score(reader, X, MASKS, average=None)
    np.testing.assert_allclose(found, FULL - WITHOUT)
    assert reader.seen == [X, ["or bad?", "A Bad and bland, but good!"]]
    assert comprehensiveness_score(reader, X, MASKS) == pytest.approx(np.mean(FULL - WITHOUT))
    found = sufficiency_score(reader, X, MASKS, average=None)
    np.testing.assert_allclose(found, FULL - ALONE)
    assert reader.seen[-1] == ["Good, great", "bore"]


def test_a_reader_of_masks_reads_no_word_past_its_length():
    reader = Masked()
    reads = np.array([FULL[0], 1 - 1 / 6])  # without "good" at the end
    without, alone = np.array([WITHOUT[0], 1 - 1 / 5]), np.array([ALONE[0], 1 - 1 / 3])
    found = comprehensiveness_score(reader, X, MASKS, average=None)
    np.testing.assert_allclose(found, reads - without)
    np.testing.assert_allclose(sufficiency_score(reader, X, MASKS, average=None), reads - alone)


def test_a_pipeline_can_be_asked_about_the_words_of_a_model():
    # The same numbers: "all words" are those that the masks can count.
    for score in (comprehensiveness_score, sufficiency_score):
        expected = score(Masked(), X, MASKS, average=None)
        found = score(Counting(), X, MASKS, tokenizer=Masked(), average=None)
        np.testing.assert_allclose(found, expected)


def test_a_tokenizer_says_what_words_are():
    reader = Counting()
    comprehensiveness_score(reader, X[:1], [[(2, 3)]], tokenizer=WhitespaceTokenizer())
    assert reader.seen[-1] == ["Good, great or bad?"]


def by_scores(score, n_words, share, total):
    """Mark the best-scored words of one document, the slow way."""
    n = next(n for n in range(1, total + 1) if n >= round(share * total, 10))
    order = sorted(range(n_words), key=lambda i: (-score[i], i))
    return [i in order[:n] for i in range(total)]


@given(
    st.lists(st.sampled_from(["good", "bad", "so"]), min_size=1, max_size=30),
    st.integers(0, 99),
    st.lists(st.sampled_from([0.01, 0.1, 0.2, 0.3, 0.5, 1]), min_size=1, max_size=3),
)
def test_aopc_is_the_mean_over_bins_of_the_best_words(words, seed, bins):
    text, total = " ".join(words), len(words)
    scores = np.random.RandomState(seed).randint(4, size=total) / 4
    masks = [by_scores(scores, total, share, total) for share in bins]
    said = np.append(scores, [np.nan])[None]
    for score in (comprehensiveness_score, sufficiency_score):
        each = [score(Counting(), [text], np.array([mask])) for mask in masks]
        found = score(Counting(), [text], scores=said, bins=bins)
        assert found == pytest.approx(np.mean(each))


def test_words_without_a_score_come_last():
    text = "good bad good bad"
    found = sufficiency_score(Counting(), [text], scores=[[0.1, 0.2]], bins=[0.75])
    assert found == pytest.approx(sufficiency_score(Counting(), [text], [[(0, 3)]]))


texts = st.text(alphabet="ab .,\n-é", max_size=25)


@given(texts, st.integers(0, 1000))
def test_a_text_keeps_the_words_that_are_marked_and_no_other(text, seed):
    spans = WordTokenizer().spans(text)
    words = WordTokenizer().words(text)
    mask = np.random.RandomState(seed).random_sample(len(words)) < 0.5
    kept = kept_text(text, spans, mask)
    assert WordTokenizer().words(kept) == [w for w, m in zip(words, mask, strict=True) if m]
    assert kept_text(text, spans, np.ones(len(words), dtype=bool)) == (text if words else "")
    assert len(kept) <= len(text)


def test_no_words_and_empty_masks_are_legal():
    reader = Counting()
    empty = np.zeros((2, 0), dtype=bool)
    assert comprehensiveness_score(reader, X, empty) == 0
    assert comprehensiveness_score(reader, ["", "--"], empty) == 0
    assert sufficiency_score(reader, X, empty, average=None) == pytest.approx(FULL - 0.5)


def test_of_our_classifier_the_predictor_is_asked(fitted, reviews):
    some = reviews[0][300:340]
    masks = fitted.transform(some)
    lengths = np.array([len(spans) for spans in fitted.word_spans(some)])
    every_word = np.arange(60) < lengths[:, None]
    full = fitted.predict_proba(some, masks=every_word)
    rows, best = np.arange(40), full.argmax(axis=1)
    alone = full[rows, best] - fitted.predict_proba(some)[rows, best]
    rest = fitted.predict_proba(some, masks=every_word & ~masks)
    for clf in (fitted, FrozenEstimator(fitted)):
        found = sufficiency_score(clf, some, masks, average=None)
        np.testing.assert_allclose(found, alone, atol=1e-6)
        found = comprehensiveness_score(clf, some, masks, average=None)
        np.testing.assert_allclose(found, full[rows, best] - rest[rows, best], atol=1e-6)


def test_words_that_tell_are_more_comprehensive_than_others(fitted, reviews):
    some, truth = reviews[0][300:340], reviews[2][300:340]
    telling = comprehensiveness_score(fitted, some, truth)
    by_score = comprehensiveness_score(fitted, some, scores=fitted.selection_scores(some))
    worst = comprehensiveness_score(fitted, some, scores=-fitted.selection_scores(some))
    assert telling > 0.1
    assert by_score > 0.05 > worst


def test_ensembles_and_pipelines_get_texts(fitted, other, reviews):
    some, masks = reviews[0][300:310], fitted.transform(reviews[0][300:310])
    both = InteractiveEnsemble(fitted, other).fit(some)
    clf = make_pipeline(CountVectorizer(), LogisticRegression()).fit(reviews[0], reviews[1])
    for estimator, more in ((both, {}), (clf, {"tokenizer": fitted})):
        assert -1 <= comprehensiveness_score(estimator, some, masks, **more) <= 1
        everything = [[(0, len(spans))] for spans in fitted.word_spans(some)]
        assert sufficiency_score(estimator, some, everything, **more) == 0


@pytest.mark.parametrize("score", [comprehensiveness_score, sufficiency_score])
@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"masks": None}, ValueError, "masks and scores are both None: give one"),
        ({"scores": [[1.0], [1.0]]}, ValueError, "masks and scores are both given"),
        ({"masks": MASKS[:1]}, ValueError, "X has 2 rows and masks 1"),
        ({"masks": MASKS > 2.5, "X": X[0]}, TypeError, "X is one str"),
        ({"masks": [[(0, 5)], []]}, ValueError, r"masks\[0\] selects .* X\[0\], which has 4"),
        ({"masks": MASKS.astype(int)}, TypeError, "masks has dtype int64"),
        ({"tokenizer": "words"}, TypeError, "tokenizer='words': give a function that returns"),
        ({"tokenizer": 5}, TypeError, "tokenizer=5: give a function"),
        ({"X": [], "masks": MASKS}, ValueError, "X contains no documents"),
        ({"masks": None, "scores": [[1.0]]}, ValueError, r"scores has shape \(1, 1\)"),
        ({"masks": None, "scores": np.ones((2, 5))}, ValueError, r"selects words past .* has 4"),
        (
            {"masks": None, "scores": np.ones((2, 4)), "bins": [5]},
            ValueError,
            r"bins=\[5\]: give one or more shares",
        ),
        (
            {"masks": None, "scores": np.ones((2, 4)), "bins": []},
            ValueError,
            r"bins=\[\]: give one or more shares",
        ),
    ],
)
def test_what_does_not_fit_says_so(score, changed, error, said):
    with pytest.raises(error, match=said):
        score(Counting(), **{"X": X, "masks": MASKS, **changed})


def test_metrics_do_without_torch(subprocess_environment):
    import subprocess

    code = "import sys, sklearn_irx.metrics; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env=subprocess_environment, check=True)
