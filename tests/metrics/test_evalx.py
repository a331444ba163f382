"""EVAL-X: a reader that learns from words drawn at random, and what it is asked."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from sklearn_irx.metrics import RandomMaskReader, evalx_score, second_reader_accuracy
from sklearn_irx.text import WhitespaceTokenizer, WordTokenizer
from tests.metrics.readers import Counting, Masked

X = ["one two, three four", "five", "six seven eight", ""]
Y = np.array(["b", "a", "b", "a"])


class Remembering(ClassifierMixin, BaseEstimator):
    """Keeps what it learns from, and has no opinion."""

    def __init__(self, opinion=0.5):
        self.opinion = opinion

    def fit(self, X, y):
        self.texts_, self.y_, self.classes_ = list(X), y, np.unique(y)
        return self

    def predict_proba(self, X):
        return np.tile([self.opinion, 1 - self.opinion], (len(X), 1))


def naive_bayes():
    return make_pipeline(CountVectorizer(token_pattern=r"\S+"), MultinomialNB())


@pytest.mark.parametrize("n_masks", [1, 7])
def test_each_text_is_learned_so_many_times_by_some_of_its_words(n_masks):
    reader = RandomMaskReader(Remembering(), n_masks=n_masks, random_state=0).fit(X, Y)
    learned = reader.estimator_
    assert len(learned.texts_) == n_masks * len(X)
    np.testing.assert_array_equal(learned.y_, np.tile(Y, n_masks))
    for text, kept in zip(X * n_masks, learned.texts_, strict=True):
        words = WordTokenizer().words(kept)
        assert words == [word for word in WordTokenizer().words(text) if word in words]
        assert bool(words) == bool(text)  # one word at least, where there is one


def test_masks_of_a_text_are_drawn_anew_each_time():
    reader = RandomMaskReader(Remembering(), n_masks=20, random_state=0).fit(X, Y)
    assert len(set(reader.estimator_.texts_[:: len(X)])) > 5


def test_what_a_word_is_can_be_told():
    reader = RandomMaskReader(
        Remembering(), n_masks=20, tokenizer=WhitespaceTokenizer(), random_state=0
    ).fit(["a-b c-d"] * 2, Y[:2])
    assert set(reader.estimator_.texts_) == {"a-b", "c-d", "a-b c-d"}
    reader = reader.set_params(estimator=naive_bayes()).fit(["a-b c-d"] * 4, [0, 1] * 2)
    assert evalx_score(reader, ["a-b c-d"], [0], [[(0, 1)]])  # in the reader's own words
    with pytest.raises(ValueError, match="past the end"):
        evalx_score(reader, ["a-b c-d"], [0], [[(0, 3)]])
    with pytest.raises(TypeError, match="give the tokenizer of this model"):
        RandomMaskReader(tokenizer=Masked()).fit(["a-b c-d"] * 2, Y[:2])


def test_naive_bayes_of_words_at_random_by_hand():
    # Each text is one word, so any mask keeps all of it, and n_masks copies are counted.
    reader = RandomMaskReader(naive_bayes(), n_masks=3, random_state=0)
    reader.fit(["sun", "sun", "rain", "rain"], [0, 0, 0, 1])
    # p(0) = 3/4; p(sun | 0) = (6 + 1) / (9 + 2), p(sun | 1) = 1 / (3 + 2)
    sun = np.array([3 / 4 * 7 / 11, 1 / 4 * 1 / 5])
    np.testing.assert_allclose(reader.predict_proba(["sun"])[0], sun / sun.sum())
    rain = np.array([3 / 4 * 4 / 11, 1 / 4 * 4 / 5])
    np.testing.assert_allclose(reader.predict_proba(["rain"])[0], rain / rain.sum())
    assert reader.predict(["sun", "rain"]).tolist() == [0, 0]
    assert reader.classes_.tolist() == [0, 1]


def test_it_is_an_estimator():
    reader = RandomMaskReader(Remembering(0.3), n_masks=2, random_state=1)
    copy = clone(reader).set_params(estimator__opinion=0.9, n_masks=5)
    assert (copy.estimator.opinion, copy.n_masks, copy.random_state) == (0.9, 5, 1)
    assert reader.get_params()["estimator__opinion"] == 0.3
    fitted = reader.fit(X, Y)
    assert fitted is reader
    assert not hasattr(reader.estimator, "texts_")  # its copy has learned
    np.testing.assert_allclose(fitted.predict_proba(["any"]), [[0.3, 0.7]])
    with pytest.raises(NotFittedError):
        copy.predict(X)


def test_the_same_seed_learns_the_same_and_another_seed_does_not():
    learned = [
        RandomMaskReader(Remembering(), random_state=seed).fit(X, Y).estimator_.texts_
        for seed in (3, 3, 4)
    ]
    assert learned[0] == learned[1] != learned[2]


def test_it_knows_single_words_better_than_a_reader_of_whole_texts():
    # Words that tell come in tens. From whole texts each need not tell much; one alone is unsure.
    rng = np.random.RandomState(0)
    y = np.arange(400) % 2
    texts = [" ".join(rng.choice(["good", "bad"], 11, p=[p, 1 - p])) for p in 0.3 + 0.4 * y]
    reader = RandomMaskReader(naive_bayes(), random_state=0).fit(texts, y)
    assert reader.predict_proba(["good"])[0, 1] == pytest.approx(0.7, abs=0.03)  # Bayes


@pytest.mark.parametrize(
    ("parameters", "arguments", "error", "said"),
    [
        ({"n_masks": 0}, (X, Y), ValueError, "n_masks=0: give an integer of at least 1"),
        ({"n_masks": True}, (X, Y), ValueError, "n_masks=True"),
        ({"n_masks": 2.0}, (X, Y), ValueError, r"n_masks=2\.0"),
        ({"tokenizer": "words"}, (X, Y), TypeError, "tokenizer='words': give a function"),
        ({}, (X, Y[:3]), ValueError, "X has 4 documents and y 3 labels"),
        ({}, ("one text", Y), TypeError, "X"),
        ({}, ([], []), ValueError, "X contains no documents"),
    ],
)
def test_what_cannot_be_learned_from(parameters, arguments, error, said):
    with pytest.raises(error, match=said):
        RandomMaskReader(Remembering(), **parameters).fit(*arguments)


TEXTS = ["Good, great -- or bad?", "A bore. Bad and bland, but good!", "So so."]
MASKS = [[(0, 2)], [(1, 3), (5, 7)], []]
# "Good", "great"; "bore", "Bad", "but", "good"; nothing.
GOOD = np.array([3 / 4, 1 - 4 / 6, 1 / 2])
WHOLE = np.array([3 / 5, 1 - 5 / 7, 1 / 2])


def test_the_score_by_hand():
    y = ["good", "good", "bad"]
    found = evalx_score(Counting(), TEXTS, y, MASKS)
    assert found.accuracy == pytest.approx(2 / 3)  # of an even chance the first class
    expected = np.log([GOOD[0], GOOD[1], 1 - GOOD[2]]).mean()
    assert found.log_likelihood == pytest.approx(expected)


def test_a_model_reads_words_in_their_places():
    masks = [[(0, 2)], [(1, 3), (5, 6)], []]  # of the second "bore", "Bad" and "but"
    found = evalx_score(Masked(), TEXTS, ["good", "good", "bad"], masks)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.log_likelihood == pytest.approx(np.log([3 / 4, 1 - 4 / 5, 1 / 2]).mean())


def test_no_masks_are_all_words():
    y = ["good", "bad", "bad"]
    expected = np.log([WHOLE[0], 1 - WHOLE[1], 1 / 2]).mean()
    assert evalx_score(Counting(), TEXTS, y) == pytest.approx((1, expected))
    lengths = [len(WordTokenizer().words(text)) for text in TEXTS]
    all_words = [[(0, n)] for n in lengths]
    assert evalx_score(Counting(), TEXTS, y, all_words) == evalx_score(Counting(), TEXTS, y)


def test_labels_have_the_columns_that_the_reader_gives_them():
    class Reversed(Counting):
        classes_ = np.array(["good", "bad"])

        def predict_proba(self, X):
            return super().predict_proba(X)[:, ::-1]

    y = ["good", "bad", "good"]
    one, other = (evalx_score(reader, TEXTS, y, MASKS) for reader in (Counting(), Reversed()))
    assert one.log_likelihood == pytest.approx(other.log_likelihood)
    assert other.accuracy - one.accuracy == pytest.approx(1 / 3)  # the tie in the last
    order = [2, 0, 1]
    shuffled = evalx_score(
        Counting(), [TEXTS[i] for i in order], [y[i] for i in order], [MASKS[i] for i in order]
    )
    assert shuffled == pytest.approx(one)


def test_accuracy_is_that_of_a_second_reader_and_masks_may_be_boolean():
    y = ["bad", "bad", "bad"]
    masks = np.zeros((3, 7), dtype=bool)
    for row, spans in zip(masks, MASKS, strict=True):
        for start, end in spans:
            row[start:end] = True
    found = evalx_score(Counting(), TEXTS, y, masks)
    assert found == evalx_score(Counting(), TEXTS, y, MASKS)
    assert found.accuracy == pytest.approx(second_reader_accuracy(Counting(), TEXTS, y, MASKS))


def test_certain_and_wrong_is_bad_and_not_infinite():
    reader = Remembering(1.0).fit(X, Y)
    assert -50 < evalx_score(reader, X[:1], ["b"]).log_likelihood < -10


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"y": ["good", "fair", "poor"]}, ValueError, r"labels \['fair', 'poor'\] that the reader"),
        ({"y": ["good", "bad"]}, ValueError, "X has 3 documents and y 2 labels"),
        ({"masks": MASKS[:2]}, ValueError, "masks"),
        ({"masks": [[(0, 2)], [(6, 8)], []]}, ValueError, r"past the end of X\[1\]"),
        ({"masks": np.zeros((3, 2))}, TypeError, "masks"),
        ({"X": "one text"}, TypeError, "X"),
        ({"tokenizer": 3}, TypeError, "tokenizer=3"),
    ],
)
def test_what_cannot_be_scored(changed, error, said):
    reader = Counting()
    given = {"X": TEXTS, "y": ["good", "good", "bad"], "masks": MASKS, **changed}
    with pytest.raises(error, match=said):
        evalx_score(reader, **given)
    assert not reader.seen
