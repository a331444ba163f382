"""What is encoded by selectors whose code is known, in documents of which every chance is known.

A document has neutral words, independent of each other and of the label, and, where a test needs
it, words of evidence whose likelihoods are given.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import entr, log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from sklearn_irx.metrics import encoding_score, random_masks
from sklearn_irx.metrics._encoding import CrossFittedReaders, pool, pool_weights
from sklearn_irx.text import WhitespaceTokenizer

N = 400
LOG_2 = np.log(2)
NEUTRAL = np.array(["ash", "bay", "cod", "dam", "elm", "fig", "gum", "hop"], dtype="<U4")
N_WORDS = 12
Y = np.arange(N) % 2
FAST = {"cv": 2, "n_masks": 2, "random_state": 0}


def naive_bayes():
    return make_pipeline(CountVectorizer(token_pattern=r"\S+"), MultinomialNB())


FAST_READER = {**FAST, "reader": naive_bayes()}


def entropy(p):
    """In nats, of an event of probability p."""
    return float(entr(p) + entr(1 - p))


def shuffled(words, rng):
    """Put the words of each document in any order."""
    return np.take_along_axis(words, rng.random_sample(words.shape).argsort(axis=1), axis=1)


def neutral_documents(rng):
    """Draw words (N, N_WORDS) that say nothing, each of the eight at least once."""
    words = rng.choice(NEUTRAL, (N, N_WORDS))
    words[:, : len(NEUTRAL)] = NEUTRAL
    return shuffled(words, rng)


def documents_with_evidence(rng):
    """Draw words, a quarter of them evidence: "sun" for 1, "rain" for 0, at odds of 3 to 1."""
    neutral = rng.choice(NEUTRAL, (N, N_WORDS))
    told = np.where(rng.random_sample((N, N_WORDS)) < 0.75, Y[:, None], 1 - Y[:, None])
    of_evidence = rng.random_sample((N, N_WORDS)) < 0.25
    return np.where(of_evidence, np.where(told, "sun", "rain"), neutral)


def joined(words):
    return [" ".join(row) for row in words]


def first_of(words, chosen, n):
    """Select the first n words of each document that are `chosen`."""
    return chosen & (np.cumsum(chosen, axis=1) <= n)


# Selectors without a code: none knows the class.


def at_random(words, rng):
    return random_masks([N_WORDS] * N, 4, random_state=rng)


def the_first_words(words, rng):
    return np.arange(N_WORDS) < np.full((N, 1), 4)


def of_a_lexicon(words, rng):
    return np.isin(words, ["sun", "rain", "ash"])


def of_a_lexicon_now_and_then(words, rng):
    return of_a_lexicon(words, rng) & (rng.random_sample(words.shape) < 0.5)


@pytest.mark.parametrize(
    "select", [at_random, the_first_words, of_a_lexicon, of_a_lexicon_now_and_then]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_choice_that_does_not_know_the_class_encodes_nothing(select, seed):
    rng = np.random.RandomState(seed)
    words = documents_with_evidence(rng)
    found = encoding_score(joined(words), Y, select(words, rng), **FAST)
    width = found.high - found.low  # which knows nothing of what so few documents teach a reader
    assert found.low - width < 0 < found.high + width
    assert abs(found.score) < 0.05  # of log 2, that a code could have


# Codes, each used in a share of the documents; in others the label of the code is drawn by lot.


def either_set(words, code, rng):
    """Of two sets of words that every document has, that of the code."""
    of_one = np.isin(words, NEUTRAL[:4])
    return first_of(words, np.where(code[:, None], of_one, ~of_one), 3)


def either_half(words, code, rng):
    return random_masks([N_WORDS // 2] * N, 3, random_state=rng)[:, HALVES] & (
        (np.arange(N_WORDS) >= N_WORDS // 2) == code[:, None]
    )


HALVES = np.arange(N_WORDS) % (N_WORDS // 2)


def one_of_two_synonyms(words, code, rng):
    """The same word for any label, but for the one that says what another says as well."""
    return np.isin(words, NEUTRAL[:2]) | (words == np.where(code, "gum", "hop")[:, None])


def the_number(words, code, rng):
    return random_masks([N_WORDS] * N, 3 + 2 * code, random_state=rng)


CODES = [either_set, either_half, one_of_two_synonyms, the_number]


@pytest.fixture(scope="module")
def encoded():
    """Return the score of a code that a share of the documents uses, computed once."""
    known = {}

    def score(code, share):
        if (code, share) not in known:
            rng = np.random.RandomState(1)
            words = neutral_documents(rng)
            used = rng.random_sample(N) < share
            say = np.where(used, Y, rng.randint(2, size=N))
            known[code, share] = encoding_score(joined(words), Y, code(words, say, rng), **FAST)
        return known[code, share]

    return score


@pytest.mark.parametrize("code", CODES)
def test_a_full_code_is_all_that_there_is_to_know(encoded, code):
    found = encoded(code, 1.0)
    assert found.words == pytest.approx(-LOG_2, abs=0.05)  # the words say nothing
    assert found.score == pytest.approx(LOG_2, abs=0.1)
    assert found.low > 0.5


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_code_with_errors_is_worth_what_it_tells(encoded, code, share):
    # The label that the code says is wrong in half of the documents that do not use it. In so few
    # documents a share of them is not exact, and readers fall short of it.
    found = encoded(code, share)
    expected = LOG_2 - entropy((1 - share) / 2)
    width = found.high - found.low
    assert found.score == pytest.approx(expected, abs=width)
    assert found.score < expected + width / 2


@pytest.mark.parametrize("code", CODES)
def test_the_stronger_the_code_the_higher_the_score(encoded, code):
    scores = [encoded(code, share).score for share in (0.0, 0.4, 0.8, 1.0)]
    assert scores == sorted(scores)
    assert scores[0] < 0.05


def test_evidence_that_is_shown_to_anybody_is_not_encoding():
    # p(y | words) is known: with s times "sun" and r times "rain", odds 3 to the power s - r.
    rng = np.random.RandomState(0)
    words = documents_with_evidence(rng)
    masks = np.isin(words, ["sun", "rain"])
    found = encoding_score(joined(words), Y, masks, **FAST)
    odds = (np.where(words == "sun", 1, -1) * masks).sum(axis=1) * np.log(3)
    exact = -np.log1p(np.exp(np.where(Y, -odds, odds))).mean()
    assert found.words == pytest.approx(exact, abs=0.05)
    assert found.selected == pytest.approx(exact, abs=0.05)


def test_a_code_on_top_of_evidence_counts_only_what_it_adds():
    # All of the evidence, and a neutral word that names the class: nothing is left to know.
    rng = np.random.RandomState(0)
    words = documents_with_evidence(rng)
    words = np.column_stack([words, np.full(N, "yew"), np.full(N, "oak")])
    masks = np.isin(words, ["sun", "rain"]) | (words == np.where(Y, "yew", "oak")[:, None])
    found = encoding_score(joined(words), Y, masks, **FAST)
    assert found.words < -0.3
    assert found.score == pytest.approx(-found.words, abs=0.1)
    assert found.score < 0.6  # less than log 2


def test_signs_may_be_a_code():
    # Which of two signs is shown tells the class; of some texts nothing is shown.
    rng = np.random.RandomState(0)
    texts = [f"{' '.join(rng.choice(['sun', 'rain', 'yew'], 4))} , ." for _ in range(N)]
    masks = np.zeros((N, 6), dtype=bool)
    masks[np.arange(N), 4 + np.asarray(Y)] = True
    found = encoding_score(texts, Y, masks, tokenizer=WhitespaceTokenizer(), **FAST)
    assert found.score == pytest.approx(np.log(2), abs=0.1)
    few = masks & (np.arange(N) < 1)[:, None]
    found = encoding_score(texts, Y, few, tokenizer=WhitespaceTokenizer(), **FAST)
    assert found.score == pytest.approx(0, abs=0.05)


# Laws.


@pytest.fixture(scope="module")
def some():
    """Texts and masks with a code of middle strength."""
    rng = np.random.RandomState(2)
    words = documents_with_evidence(rng)
    say = np.where(rng.random_sample(N) < 0.6, Y, 1 - Y)
    return joined(words), either_set(words, say, rng)


@settings(max_examples=5)
@given(st.floats(0, 1), st.integers(0, 9), st.sampled_from(CODES), st.sampled_from([2, 3]))
def test_laws_of_the_numbers(share, seed, code, cv):
    rng = np.random.RandomState(seed)
    words = neutral_documents(rng)
    say = np.where(rng.random_sample(N) < share, Y, 1 - Y)
    masks = code(words, say, rng)
    found = encoding_score(
        joined(words), Y, masks, reader=naive_bayes(), cv=cv, n_masks=1, random_state=seed
    )
    assert found.score == pytest.approx(found.selected - found.words)
    assert found.score <= -found.words + 1e-12
    assert found.low <= found.score <= found.high
    assert found.score - found.low == pytest.approx(found.high - found.score)


def test_the_surer_the_wider(some):
    found = {level: encoding_score(*some_y(some), confidence_level=level, **FAST_READER)
             for level in (0.5, 0.95, 0.99)}  # fmt: skip
    widths = np.array([one.high - one.low for one in found.values()])
    quantiles = np.array([0.67449, 1.95996, 2.57583])  # of the normal distribution, from a table
    np.testing.assert_allclose(widths / widths[1], quantiles / quantiles[1], rtol=1e-4)
    assert len({one.score for one in found.values()}) == 1


def some_y(some):
    texts, masks = some
    return texts, Y, masks


def test_names_of_labels_do_not_matter(some):
    expected = encoding_score(*some_y(some), **FAST_READER)
    texts, masks = some
    for names in (["no", "yes"], [-5, 3], [False, True]):
        found = encoding_score(texts, np.array(names)[Y], masks, **FAST_READER)
        assert found == expected
    swapped = encoding_score(texts, np.where(Y, "a", "b"), masks, **FAST_READER)
    assert swapped.score == pytest.approx(expected.score, abs=(expected.high - expected.low) / 2)


def test_the_same_seed_gives_the_same_score(some):
    one, two = (encoding_score(*some_y(some), **FAST_READER) for _ in range(2))
    assert one == two
    other = encoding_score(*some_y(some), **{**FAST_READER, "random_state": 1})
    assert one != other
    assert one.score == pytest.approx(other.score, abs=one.high - one.low)


def test_masks_are_spans_or_booleans(some):
    texts, masks = some
    spans = [[(int(i), int(i) + 1) for i in np.flatnonzero(row)] for row in masks]
    assert encoding_score(texts, Y, spans, **FAST_READER) == encoding_score(
        texts, Y, masks, **FAST_READER
    )


class Blind(ClassifierMixin, BaseEstimator):
    """Reads nothing."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_a_reader_of_ones_own_and_the_shape_beside_it(encoded):
    rng = np.random.RandomState(1)
    words = neutral_documents(rng)
    texts = joined(words)
    blind = {**FAST, "reader": Blind()}
    by_words = one_of_two_synonyms(words, Y, rng)
    assert encoding_score(texts, Y, by_words, **FAST_READER).score > 0.5
    # It cannot see which word was chosen, but how many were.
    assert encoding_score(texts, Y, the_number(words, Y, rng), **blind).score > 0.5
    found = encoding_score(texts, Y, by_words, **blind)
    assert found.words == pytest.approx(-LOG_2, abs=0.03)
    assert found.score < 0.1


def test_more_than_two_classes():
    rng = np.random.RandomState(0)
    y = np.arange(N) % 4
    words = neutral_documents(rng)
    masks = words == NEUTRAL[y][:, None]
    found = encoding_score(joined(words), y, masks, **FAST)
    assert found.words == pytest.approx(-np.log(4), abs=0.1)
    assert found.score == pytest.approx(np.log(4), abs=0.15)


def test_empty_rationales_say_nothing_and_that_they_are_empty_may():
    texts = ["ash bay cod"] * 60
    y = np.arange(60) % 2
    nothing = [[] for _ in y]
    found = encoding_score(texts, y, nothing, **FAST_READER)
    assert found.score == pytest.approx(0, abs=0.05)
    told = [[(0, 1)] if label else [] for label in y]
    assert encoding_score(texts, y, told, **FAST_READER).score > 0.4


class Unfittable(Blind):
    def fit(self, X, y):
        raise AssertionError("no fit was expected")


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"confidence_level": 1}, ValueError, "confidence_level=1: give a number between 0 and 1"),
        ({"confidence_level": "95 %"}, ValueError, "confidence_level='95 %'"),
        ({"n_masks": 0}, ValueError, "n_masks=0: give an integer of at least 1"),
        ({"cv": 1}, ValueError, "cv=1: give an integer of at least 2"),
        ({"cv": 300}, ValueError, "cv=300, but y has the label 0 200 times: give a smaller cv"),
        ({"y": [1] * N}, ValueError, "y has only the label 1: give documents of two or more"),
        ({"y": Y[:-1]}, ValueError, "X has 400 documents and y 399 labels"),
        ({"masks": [[(0, 1)]] * (N - 1)}, ValueError, "masks"),
        (
            {"masks": [[(0, 99)]] * N},
            ValueError,
            r"masks\[0\] selects words past the end of X\[0\]",
        ),
        ({"masks": np.ones((N, 2))}, TypeError, "masks"),
        ({"X": "one text"}, TypeError, "X"),
        ({"tokenizer": "words"}, TypeError, "tokenizer='words'"),
    ],
)
def test_what_is_wrong_is_said_before_any_fit(some, changed, error, said):
    texts, masks = some
    given = {"X": texts, "y": Y, "masks": masks, "reader": Unfittable(), "cv": 2, **changed}
    with pytest.raises(error, match=said):
        encoding_score(**given)


# The pool of readers.


def random_opinions(rng, n_readers=3, n=50, n_classes=3):
    return log_softmax(rng.normal(size=(n_readers, n, n_classes)), axis=2)


@given(st.integers(0, 99), st.lists(st.floats(0, 3), min_size=2, max_size=2))
def test_a_pool_is_a_weighted_product_of_probabilities(seed, weights):
    log = random_opinions(np.random.RandomState(seed), 2)
    product = np.exp(log[0]) ** weights[0] * np.exp(log[1]) ** weights[1]
    expected = product / product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(pool(np.array(weights), log)), expected)


def test_who_knows_counts_and_who_does_not_has_no_say():
    rng = np.random.RandomState(0)
    p = rng.uniform(0.05, 0.95, 20_000)
    columns = (rng.random_sample(len(p)) < p).astype(int)
    exact = np.log(np.column_stack([1 - p, p]))
    constant = np.log(np.full_like(exact, 0.5))
    noise = log_softmax(rng.normal(size=exact.shape), axis=1)
    weights = pool_weights(np.stack([exact, constant, noise]), columns)
    assert weights[0] == pytest.approx(1, abs=0.05)
    assert weights[2] == pytest.approx(0, abs=0.05)
    # A reader that is twice as sure as it may be is heard half.
    sure = log_softmax(2 * exact, axis=1)
    np.testing.assert_allclose(pool_weights(sure[None], columns), [0.5], atol=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_no_other_weights_are_better(seed):
    rng = np.random.RandomState(seed)
    log = random_opinions(rng)
    columns = rng.randint(3, size=log.shape[1])
    rows = np.arange(len(columns))

    def loss(weights):  # with the prior about the first reader alone
        off = np.array(weights) - [1, 0, 0]
        return (off @ off / 2 - pool(np.array(weights), log)[rows, columns].sum()) / len(rows)

    found = pool_weights(log, columns)
    assert (found >= 0).all()
    assert loss(found) < loss([1, 0, 0])
    for i in range(len(found)):

        def along(value, i=i):
            return loss(np.where(np.arange(len(found)) == i, value, found))

        best = minimize_scalar(along, bounds=(0, 5), method="bounded")
        assert loss(found) <= best.fun + 1e-6


# Controls.


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(0, 7)), min_size=4, max_size=9),
       st.integers(0, 99))  # fmt: skip
def test_controls_have_no_words_past_the_end_and_no_more_than_rationales(sizes, seed):
    lengths, numbers = np.array(sizes).T
    rng = np.random.RandomState(seed)
    texts = [" ".join(rng.choice(NEUTRAL, n)) for n in lengths]
    masks = random_masks(lengths, numbers, random_state=rng)
    y = np.arange(len(texts)) % 2
    drawn = CrossFittedReaders(texts, y, cv=2, random_state=seed).controls(masks)
    assert drawn.shape == masks.shape
    assert not (drawn & (np.arange(masks.shape[1]) >= lengths[:, None])).any()
    assert drawn.sum() <= masks.sum()
    np.testing.assert_array_equal(
        drawn, CrossFittedReaders(texts, y, cv=2, random_state=seed).controls(masks)
    )


def test_controls_have_the_numbers_of_words_of_other_documents_of_like_length():
    rng = np.random.RandomState(0)
    lengths = np.repeat([10, 40], N // 2)
    numbers = np.repeat([2, 8], N // 2) + Y  # a code in the number
    masks = random_masks(lengths, numbers, random_state=rng)
    texts = [" ".join(rng.choice(NEUTRAL, n)) for n in lengths]
    drawn = CrossFittedReaders(texts, Y, random_state=0).controls(masks).sum(axis=1)
    for length in (10, 40):
        rows = lengths == length
        assert sorted(drawn[rows]) == sorted(numbers[rows])
        assert abs(np.corrcoef(drawn[rows], Y[rows])[0, 1]) < 0.2


def test_a_word_is_drawn_as_often_as_it_is_selected_elsewhere():
    rng = np.random.RandomState(0)
    words = shuffled(np.tile(NEUTRAL, (N, 1)), rng)
    # "ash" always, and by lot "bay", in a quarter of the documents, or "cod".
    by_lot = np.where(rng.random_sample(N) < 0.25, "bay", "cod")[:, None]
    masks = (words == "ash") | (words == by_lot)
    drawn = CrossFittedReaders(joined(words), Y, random_state=0).controls(masks)
    shares = {word: drawn[words == word].mean() for word in NEUTRAL}
    assert all(shares[word] < 0.01 for word in NEUTRAL[3:])
    # Two are drawn at rates of 4, 1 and 3: "ash" is left out if "bay" and "cod" come first.
    left_out = {"ash": 1 / 8 * 3 / 7 + 3 / 8 * 1 / 5, "bay": 4 / 8 * 3 / 4 + 3 / 8 * 4 / 5}
    assert shares["ash"] == pytest.approx(1 - left_out["ash"], abs=0.06)
    assert shares["bay"] == pytest.approx(1 - left_out["bay"], abs=0.06)


def test_what_a_document_alone_selects_is_not_drawn_for_it():
    texts = ["ash bay cod"] * 40
    masks = np.tile([True, False, False], (40, 1))
    masks[0] = [False, False, True]  # "cod", which nobody else selects
    drawn = CrossFittedReaders(texts, Y[:40], random_state=0).controls(masks)
    np.testing.assert_array_equal(drawn[0], [True, False, False])


def test_controls_do_not_follow_a_code():
    # Which of two sets is selected tells the class; which of them is drawn does not.
    rng = np.random.RandomState(0)
    words = neutral_documents(rng)
    masks = either_set(words, Y, rng)
    drawn = CrossFittedReaders(joined(words), Y, random_state=0).controls(masks)
    of_one = (drawn & np.isin(words, NEUTRAL[:4])).sum(axis=1) / drawn.sum(axis=1)
    assert abs(of_one[Y == 1].mean() - of_one[Y == 0].mean()) < 0.08
    selected = (masks & np.isin(words, NEUTRAL[:4])).sum(axis=1) / masks.sum(axis=1)
    assert selected[Y == 1].min() == 1
    assert selected[Y == 0].max() == 0
