"""Second readers, and words at random."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from sklearn_irx.metrics import random_masks, second_reader_accuracy
from tests.metrics.readers import Counting, Masked

X = ["Good, great -- or bad?", "A bore. Bad and bland, but good!", "So so."]
MASKS = [[(2, 4)], [(6, 7)], []]
Y = ["bad", "bad", "bad"]


@pytest.mark.parametrize("reader", [Counting(), Masked()])
def test_a_second_reader_sees_the_selected_words_only(reader):
    masks = [[(3, 4)], [(4, 5)], []]
    assert second_reader_accuracy(reader, X, Y, masks) == 1  # of no words it says "bad"
    assert second_reader_accuracy(reader, X, ["bad", "good", "bad"], masks) == pytest.approx(2 / 3)
    assert second_reader_accuracy(reader, X, np.array(Y), [[(0, 2)], [(1, 2)], []]) == (
        pytest.approx(2 / 3)
    )


def test_a_reader_of_texts_is_told_what_words_are():
    assert second_reader_accuracy(Counting(), X, ["bad", "good", "bad"], MASKS) == 1
    with pytest.raises(ValueError, match=r"masks\[1\] selects words past the end of X\[1\]"):
        second_reader_accuracy(Counting(), X, Y, MASKS, tokenizer=Masked())
    with pytest.raises(ValueError, match="X has 3 documents and y 2 labels"):
        second_reader_accuracy(Counting(), X, Y[:2], MASKS)


def test_a_model_reads_the_rationales_of_another(fitted, other, reviews):
    some, y = reviews[0][300:], reviews[1][300:]
    masks = fitted.transform(some)
    expected = (other.classes_[other.predict_proba(some, masks=masks).argmax(axis=1)] == y).mean()
    assert second_reader_accuracy(other, some, y, masks) == pytest.approx(expected)
    lengths = [len(spans) for spans in fitted.word_spans(some)]
    at_random = random_masks(lengths, masks.sum(axis=1), random_state=0)
    assert second_reader_accuracy(fitted, some, y, at_random) < (fitted.predict(some) == y).mean()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), max_size=5), st.integers(0, 99))
def test_as_many_words_are_drawn_as_were_asked_for(pairs, seed):
    lengths, numbers = (np.array([pair[i] for pair in pairs], dtype=int) for i in (0, 1))
    masks = random_masks(lengths, numbers, random_state=seed)
    assert masks.shape == (len(pairs), lengths.max(initial=0))
    np.testing.assert_array_equal(masks.sum(axis=1), np.minimum(lengths, numbers))
    assert not (masks & (np.arange(masks.shape[1]) >= lengths[:, None])).any()
    np.testing.assert_array_equal(masks, random_masks(lengths, numbers, random_state=seed))


def test_every_word_is_as_likely_as_the_others():
    masks = random_masks([5] * 4000, 2, random_state=0)
    np.testing.assert_allclose(masks.mean(axis=0), 0.4, atol=0.03)
    together = (masks[:, 0] & masks[:, 1]).mean()
    assert together == pytest.approx(0.1, abs=0.02)  # 2/5 times 1/4


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (([2.0], 1), TypeError, "lengths has dtype float64"),
        (([2], 1.5), TypeError, "n_words has dtype float64"),
        (([2, 2], [1]), ValueError, r"n_words has shape \(1,\): .* 2 documents"),
        (([2, -1], 1), ValueError, "lengths has values from -1 to 2: give numbers of at least 0"),
        (([2, 1], -1), ValueError, "n_words has values from -1"),
    ],
)
def test_what_cannot_be_drawn(arguments, error, said):
    with pytest.raises(error, match=said):
        random_masks(*arguments)


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(0, 99))
def test_words_at_a_random_rate_are_at_least_one_and_none_past_the_end(lengths, seed):
    lengths = np.array(lengths, dtype=int)
    masks = random_masks(lengths, random_state=seed)
    assert masks.shape == (len(lengths), lengths.max(initial=0))
    np.testing.assert_array_equal(masks.any(axis=1), lengths > 0)
    assert not (masks & (np.arange(masks.shape[1]) >= lengths[:, None])).any()
    np.testing.assert_array_equal(masks, random_masks(lengths, None, random_state=seed))


def test_rates_are_uniform():
    # Of 2,000 words, the share that is kept differs from the rate by 0.01.
    shares = random_masks([2000] * 400, random_state=0).mean(axis=1)
    assert kstest(shares, "uniform").pvalue > 0.01


def test_words_are_independent_given_the_rate():
    # With a uniform rate, m of n words are kept with probability 1 / (n + 1) for any m, and all
    # sets of m words are as likely. No word becomes one word, whichever.
    masks = random_masks([3] * 40_000, random_state=0)
    numbers = np.bincount(masks.sum(axis=1), minlength=4) / len(masks)
    np.testing.assert_allclose(numbers, [0, 1 / 2, 1 / 4, 1 / 4], atol=0.01)
    sets = np.bincount(masks @ [1, 2, 4], minlength=8) / len(masks)
    np.testing.assert_allclose(sets[[1, 2, 4]], 1 / 6, atol=0.01)
    np.testing.assert_allclose(sets[[3, 5, 6]], 1 / 12, atol=0.01)
