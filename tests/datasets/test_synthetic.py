"""What a user of the invented reviews relies on: the masks are right and the task can be solved."""

import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline

from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.datasets._phrases import CUES, MENTIONS, PLAIN, SLOTS, TROUBLES
from sklearn_irx.metrics import token_f1_score
from sklearn_irx.text import WordTokenizer

words_of = WordTokenizer().words


def words_by_trouble():
    return {
        name: [word for group in groups for part in group for word in part.split()]
        for name, groups in TROUBLES.items()
    }


def linear_accuracy(texts, y, n_train):
    model = make_pipeline(TfidfVectorizer(token_pattern=r"\w+"), ComplementNB())
    return model.fit(texts[:n_train], y[:n_train]).score(texts[n_train:], y[n_train:])


def masks_by_log_ratio(texts, y, n_train, width, threshold):
    """Mark words whose log-ratio between a class and the rest, on training texts, is high."""
    counter = CountVectorizer(token_pattern=r"\w+")
    counts = counter.fit_transform(texts[:n_train]).toarray()
    in_class = np.array([counts[y[:n_train] == name].sum(axis=0) for name in np.unique(y)]) + 0.5
    rest = in_class.sum(axis=0) - in_class
    ratio = np.log(in_class / in_class.sum(axis=1, keepdims=True))
    ratio -= np.log(rest / rest.sum(axis=1, keepdims=True))
    telling = set(counter.get_feature_names_out()[ratio.max(axis=0) > threshold])
    masks = np.zeros((len(texts), width), dtype=bool)
    for mask, text in zip(masks, texts, strict=True):
        words = words_of(text)
        mask[: len(words)] = [word in telling for word in words]
    return masks


def test_every_telling_word_belongs_to_one_trouble_and_to_no_other_sentence():
    telling = [word for words in words_by_trouble().values() for word in words]
    assert len(telling) == len(set(telling))
    assert all(re.fullmatch(r"[a-z]+", word) for word in telling)
    slots = [text for texts in SLOTS.values() for text in texts.split("|")]
    around = {word for text in [*CUES, *MENTIONS, *PLAIN, *slots] for word in words_of(text)}
    assert not around & set(telling)


@pytest.mark.parametrize("difficulty", [0.0, 0.3, 1.0])
def test_masks_mark_words_of_the_own_class_and_nothing_past_the_end(difficulty):
    texts, y, masks = make_rationale_classification(
        200, n_classes=8, difficulty=difficulty, random_state=0
    )
    own_words = words_by_trouble()
    documents = [words_of(text) for text in texts]
    assert masks.shape == (200, max(map(len, documents)))
    assert masks.any(axis=1).all()
    for words, label, mask in zip(documents, y, masks, strict=True):
        selected = [word for word, marked in zip(words, mask, strict=False) if marked]
        assert set(selected) <= set(own_words[label])
        assert not mask[len(words) :].any()


def test_without_distraction_the_masks_are_all_words_of_any_class():
    texts, _, masks = make_rationale_classification(
        100, n_classes=4, n_cues=2, difficulty=0, random_state=1
    )
    telling = {word for words in words_by_trouble().values() for word in words}
    for text, mask in zip(texts, masks, strict=True):
        words = words_of(text)
        assert [word in telling for word in words] == mask[: len(words)].tolist()
        assert 2 <= mask.sum() <= 8


def test_classes_are_balanced_and_length_is_as_asked():
    texts, y, _ = make_rationale_classification(1000, n_classes=3, n_words=60, random_state=0)
    names, counts = np.unique(y, return_counts=True)
    assert names.tolist() == ["food", "hygiene", "noise"]
    assert np.ptp(counts) <= 1
    lengths = np.array([len(words_of(text)) for text in texts])
    assert lengths.mean() == pytest.approx(60, rel=0.03)
    lengths_by_class = [lengths[y == name].mean() for name in names]
    assert np.ptp(lengths_by_class) < 4


def test_texts_read_as_sentences():
    texts, _, _ = make_rationale_classification(200, difficulty=1.0, random_state=0)
    for text in texts:
        assert text[0].isupper()
        assert text[-1] in ".?"
        assert not re.search(r"[{}]|\s\s|[.?] [a-z]", text)


def test_same_seed_same_reviews_and_the_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = make_rationale_classification(20, random_state=5)
    again = make_rationale_classification(20, random_state=5)
    other = make_rationale_classification(20, random_state=6)
    assert first[0] == again[0]
    np.testing.assert_array_equal(first[1], again[1])
    np.testing.assert_array_equal(first[2], again[2])
    assert first[0] != other[0]
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("n_classes", [2, 8])
def test_solvable_by_default_and_harder_when_asked(n_classes):
    def accuracy(**difficulty):
        texts, y, _ = make_rationale_classification(
            1400, n_classes=n_classes, random_state=0, **difficulty
        )
        return linear_accuracy(texts, y, 1000)

    default = accuracy()
    assert default >= 0.97
    assert accuracy(difficulty=1.0) < default - 0.1


@pytest.mark.parametrize(("difficulty", "least"), [(0.0, 0.99), (0.1, 0.97), (0.3, 0.92)])
def test_masks_can_be_recovered_from_the_words_alone(difficulty, least):
    texts, y, masks = make_rationale_classification(1300, difficulty=difficulty, random_state=0)
    found = masks_by_log_ratio(texts, y, 1000, masks.shape[1], threshold=1.5)
    assert token_f1_score(masks[1000:], found[1000:]) >= least


def test_at_default_difficulty_the_unmarked_words_do_not_tell_the_class():
    texts, y, _ = make_rationale_classification(1400, n_classes=4, random_state=0)
    telling = {word for words in words_by_trouble().values() for word in words}
    rest = [" ".join(word for word in words_of(text) if word not in telling) for text in texts]
    assert linear_accuracy(rest, y, 1000) == pytest.approx(0.25, abs=0.08)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples=0 .* at least 1"),
        ({"n_samples": 10.0}, TypeError, "n_samples=10.0 is a float"),
        ({"n_classes": 1}, ValueError, "n_classes=1 .* from 2 to 8"),
        ({"n_classes": 9}, ValueError, "n_classes=9 .* from 2 to 8"),
        ({"n_words": True}, TypeError, "n_words=True is a bool"),
        ({"n_words": 20}, ValueError, r"n_words=20 .* n_cues=3 .* at least n_words=\d+"),
        ({"n_cues": 0}, ValueError, "n_cues=0 .* at least 1"),
        ({"difficulty": 1.1}, ValueError, "difficulty=1.1 .* from 0 to 1"),
        ({"difficulty": float("nan")}, ValueError, "difficulty=nan"),
        ({"difficulty": "hard"}, TypeError, "difficulty='hard' is a str"),
    ],
)
def test_errors_name_parameter_value_and_remedy(parameters, error, message):
    with pytest.raises(error, match=message):
        make_rationale_classification(**parameters)


def test_the_length_an_error_asks_for_is_enough():
    with pytest.raises(ValueError, match="at least") as caught:
        make_rationale_classification(300, n_words=1, difficulty=0.8)
    n_words = int(re.search(r"n_words=(\d+), or", str(caught.value))[1])
    texts, _, _ = make_rationale_classification(
        300, n_words=n_words, difficulty=0.8, random_state=0
    )
    assert np.mean([len(words_of(text)) for text in texts]) == pytest.approx(n_words, rel=0.1)
