"""Whether as many words of a text argue for another class: by all sets of words, one by one."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx.metrics import _arguability as arguability
from sklearn_irx.metrics import arguability_score
from sklearn_irx.text import WhitespaceTokenizer
from tests.metrics.readers import Counting, Masked

VOCABULARY = ["ash", "bay", "cod", "dam", "elm", "fig", "unknown"]
CLASSES = {2: ["no", "yes"], 4: ["east", "north", "south", "west"]}
DOCUMENTS = st.lists(st.sampled_from(VOCABULARY), max_size=7)


def trained(classifier, n_classes, vectorizer=CountVectorizer):
    """Fit a reader to texts at random, so that words weigh this and that."""
    rng = np.random.RandomState(n_classes)
    y = np.arange(40) % n_classes
    likely = rng.dirichlet(np.ones(6), n_classes)
    texts = [" ".join(rng.choice(VOCABULARY[:6], 8, p=likely[label])) for label in y]
    reader = make_pipeline(vectorizer(), classifier)
    return reader.fit(texts, np.array(CLASSES[n_classes])[y])


ADDITIVE = [
    trained(classifier, n_classes)
    for classifier in (MultinomialNB(), LogisticRegression(C=3))
    for n_classes in CLASSES
]
OTHERS = [trained(LogisticRegression(C=30), n_classes, TfidfVectorizer) for n_classes in CLASSES]


def argued(reader, words, chosen, n_words):
    """Check all sets of `n_words` of the words against the class of those `chosen`."""
    base = reader.predict_proba([" ".join(chosen)])[0].argmax()
    sets = [" ".join(some) for some in combinations(words, min(n_words, len(words)))]
    found = reader.predict_proba(sets)
    other = np.delete(found, base, axis=1).max(axis=1)
    return bool((other > found[:, base] * (1 + 1e-9)).any())


@settings(max_examples=25)
@given(st.lists(DOCUMENTS, min_size=1, max_size=4), st.integers(0, 8), st.sampled_from(ADDITIVE))
def test_of_sums_over_words_the_score_is_exact(documents, n_words, reader):
    expected = [argued(reader, words, words, n_words) for words in documents]
    texts = [" ".join(words) for words in documents]
    found = arguability_score(reader, texts, n_words=n_words, average=None)
    assert found.tolist() == expected
    assert arguability_score(reader, texts, n_words=n_words) == pytest.approx(np.mean(expected))


@settings(max_examples=25)
@given(DOCUMENTS, st.sets(st.integers(0, 6)), st.sampled_from(ADDITIVE))
def test_against_the_class_of_a_rationale_with_as_many_words(words, places, reader):
    mask = np.array([[i in places for i in range(len(words))]], dtype=bool)
    chosen = [word for i, word in enumerate(words) if i in places]
    expected = argued(reader, words, chosen, len(chosen))
    assert arguability_score(reader, [" ".join(words)], mask) == expected


@settings(max_examples=25)
@given(st.lists(DOCUMENTS, min_size=1, max_size=4), st.integers(1, 4), st.sampled_from(OTHERS))
def test_of_any_other_reader_what_is_found_exists(documents, n_words, reader):
    texts = [" ".join(words) for words in documents]
    found = arguability_score(reader, texts, n_words=n_words, average=None)
    for words, one in zip(documents, found, strict=True):
        assert not one or argued(reader, words, words, n_words)


def test_of_any_other_reader_most_is_found():
    rng = np.random.RandomState(0)
    documents = [rng.choice(VOCABULARY, 7).tolist() for _ in range(60)]
    for reader in OTHERS:
        expected = np.array([argued(reader, words, words, 2) for words in documents])
        texts = [" ".join(words) for words in documents]
        found = arguability_score(reader, texts, n_words=2, average=None)
        assert expected.sum() > 0
        assert found.sum() >= 0.9 * expected.sum()


def test_words_that_argue_together_only_are_added_one_by_one():
    of_good = {"x": 0.4, "y": 0.35, "a": 0.3, "a x": 0.9}

    class OfPairs(Counting):
        def of_words(self, words):
            p = of_good.get(" ".join(sorted(words)), 0.2)
            return [1 - p, p]

    # The best two alone, "x" and "y", do not argue for "good", and "x" and "a" do.
    assert arguability_score(OfPairs(), ["a b x y"], n_words=2) == 1
    assert arguability_score(OfPairs(), ["a b x y"], n_words=1) == 0
    assert arguability_score(OfPairs(), ["b x y"], n_words=2) == 0


def test_a_tie_is_no_argument():
    even = ["good bad", "so so"]  # of "good" and "bad" as likely, the first class counts, "bad"
    assert arguability_score(Counting(), even, n_words=2, average=None).tolist() == [False, False]
    assert arguability_score(Counting(), even, n_words=1, average=None).tolist() == [True, False]
    assert arguability_score(Counting(), ["good good bad bad"], n_words=2) == 1


def test_masks_and_numbers_of_words():
    texts = ["good good bad bad bad", "bad bad good", "good bad"]
    # "good good" against "bad bad"; "good", for which "bad" speaks; nothing against nothing.
    masks = [[(0, 2)], [(2, 3)], []]
    found = arguability_score(Counting(), texts, masks, average=None)
    assert found.tolist() == [True, True, False]
    # By numbers of words, against the whole texts: "bad", "bad", and a tie, which is "bad".
    found = arguability_score(Counting(), texts, n_words=[2, 2, 1], average=None)
    assert found.tolist() == [True, False, True]
    # All words of a text that has fewer.
    assert arguability_score(Counting(), texts, n_words=9) == 0
    as_boolean = np.zeros((3, 5), dtype=bool)
    as_boolean[0, :2] = as_boolean[1, 2] = True
    assert arguability_score(Counting(), texts, as_boolean) == pytest.approx(2 / 3)


def test_documents_without_words():
    found = arguability_score(Counting(), ["", "good bad", "..."], n_words=1, average=None)
    assert found.tolist() == [False, True, False]
    assert arguability_score(Counting(), ["", ""], [[], []]) == 0


def test_a_tokenizer_says_what_words_are():
    text = ["bad,bad,bad good"]  # two words by spaces
    assert arguability_score(Counting(), text, n_words=1, tokenizer=WhitespaceTokenizer()) == 1
    text = ["bad bad bad bad so so good"]  # of which the model reads six words
    assert arguability_score(Counting(), text, n_words=1, tokenizer=Masked()) == 0
    assert arguability_score(Counting(), text, n_words=1) == 1


def test_a_reader_of_one_class_cannot_be_argued_into_another():
    class Sure(Counting):
        classes_ = np.array(["good"])

        def predict_proba(self, X):
            return np.ones((len(X), 1))

    found = arguability_score(Sure(), ["good bad", ""], n_words=1, average=None)
    assert found.tolist() == [False, False]


@pytest.fixture
def searches(monkeypatch):
    """Return the sets of words that convinced, as they are found: (rows, masks)."""
    found = []
    judge = arguability._Search._convinced

    def convinced(self, rows, masks):
        said = judge(self, rows, masks)
        found.append((rows[said], masks[said], self))
        return said

    monkeypatch.setattr(arguability._Search, "_convinced", convinced)
    return found


def test_what_a_model_of_masks_is_said_to_be_argued_into_is_so(fitted, reviews, searches):
    some = reviews[0][300:340]
    masks = fitted.transform(some)
    score = arguability_score(fitted, some, masks, average=None)
    base = fitted.predict_proba(some, masks=masks).argmax(axis=1)
    claimed = set()
    for rows, sets, _ in searches:
        for row, words in zip(rows, sets, strict=True):
            claimed.add(int(row))
            assert words.sum() == masks[row].sum()
            one = fitted.predict_proba([some[row]], masks=words[None])[0]
            assert one.argmax() != base[row]
    assert claimed == set(np.flatnonzero(score).tolist())
    assert len(claimed) > 0


def test_a_pipeline_is_asked_about_the_texts_that_its_end_sees(fitted, reviews):
    some = reviews[0][300:310]
    behind = make_pipeline(FunctionTransformer(lambda texts: [t.strip("#") for t in texts]), fitted)
    marked = [f"##{text}##" for text in some]
    expected = arguability_score(fitted, some, n_words=3, average=None)
    found = arguability_score(behind, marked, n_words=3, average=None)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({}, ValueError, "masks and n_words are both None: give one"),
        ({"masks": [[(0, 1)]], "n_words": 1}, ValueError, "masks and n_words are both given"),
        ({"n_words": 1.5}, TypeError, "n_words has dtype float64: give integers"),
        ({"n_words": -1}, ValueError, "n_words has values from -1"),
        ({"n_words": [1, 2]}, ValueError, r"n_words has shape \(2,\): .* 1 documents"),
        ({"masks": [[(0, 3)]]}, ValueError, r"masks\[0\] selects words past the end of X\[0\]"),
        ({"masks": [[(0, 1)]] * 2}, ValueError, "masks"),
        ({"X": "good", "n_words": 1}, TypeError, "X"),
        ({"X": [], "n_words": 1}, ValueError, "X contains no documents"),
        ({"n_words": 1, "average": "macro"}, ValueError, "average"),
        ({"n_words": 1, "tokenizer": "words"}, TypeError, "tokenizer='words'"),
    ],
)
def test_what_cannot_be_asked(changed, error, said):
    with pytest.raises(error, match=said):
        arguability_score(**{"reader": Counting(), "X": ["good bad"], **changed})
