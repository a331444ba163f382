"""Documents as numbers, and batches of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text import (
    Documents,
    Vocabulary,
    WordTokenizer,
    inference_batches,
    training_batches,
)

LISTS = st.lists(st.lists(st.integers(1, 9), max_size=5), max_size=8)
LENGTHS = st.lists(st.integers(0, 30), max_size=60).map(np.array)


def documents_of(lists):
    ids = np.array([number for ids in lists for number in ids], dtype=np.int32)
    return Documents(ids, np.array([len(ids) for ids in lists], dtype=np.int64))


def some_rows(data, lists):
    return data.draw(
        st.lists(st.integers(0, len(lists) - 1), max_size=10) if lists else st.just([])
    )


@given(LISTS, st.data())
def test_padded(lists, data):
    rows = some_rows(data, lists)
    width = max([1, *(len(lists[row]) for row in rows)])
    rectangle = documents_of(lists).padded(rows)
    assert rectangle.shape == (len(rows), width)
    assert rectangle.tolist() == [lists[r] + [0] * (width - len(lists[r])) for r in rows]


@given(LISTS, st.data())
def test_take(lists, data):
    rows = np.array(some_rows(data, lists), dtype=np.int64)
    taken = documents_of(lists).take(rows)
    assert len(taken) == len(rows)
    expected = documents_of([lists[row] for row in rows])
    assert taken.ids.tolist() == expected.ids.tolist()
    assert taken.lengths.tolist() == expected.lengths.tolist()
    everything = np.arange(len(rows))
    np.testing.assert_array_equal(taken.padded(everything), expected.padded(everything))


@given(LISTS, st.integers(2, 12))
def test_neighbours_are_two_known_words_of_one_document(lists, n_words):
    pairs, lengths = documents_of(lists).neighbours(n_words)
    expected = [
        [(a, b) for a, b in itertools.pairwise(ids) if all(1 < one < n_words for one in (a, b))]
        for ids in lists
    ]
    assert lengths.tolist() == [len(of_document) for of_document in expected]
    assert [divmod(pair, n_words) for pair in pairs.tolist()] == list(itertools.chain(*expected))


def test_from_texts_cuts_at_the_limit():
    vocabulary = Vocabulary(["ants", "bed"])
    documents = Documents.from_texts(
        ["Ants, ants in bed", "", "bed"], WordTokenizer(), vocabulary, max_length=3
    )
    assert documents.padded([0, 1, 2]).tolist() == [[2, 2, 1], [0, 0, 0], [3, 0, 0]]
    assert documents.lengths.tolist() == [3, 0, 1]


def test_no_documents():
    documents = Documents.from_words([], Vocabulary(["ants"]))
    assert len(documents) == 0
    assert documents.padded([]).shape == (0, 1)
    assert list(inference_batches(documents.lengths, 4)) == []
    assert list(training_batches(documents.lengths, 4, np.random.RandomState(0))) == []


@pytest.mark.parametrize("kind", ["training", "inference"])
@given(lengths=LENGTHS, batch_size=st.integers(1, 20), seed=st.integers(0, 99))
def test_batches_hold_every_document_once(kind, lengths, batch_size, seed):
    def batches():
        if kind == "inference":
            return [rows.tolist() for rows in inference_batches(lengths, batch_size)]
        random_state = np.random.RandomState(seed)
        return [rows.tolist() for rows in training_batches(lengths, batch_size, random_state)]

    once = batches()
    assert sorted(row for rows in once for row in rows) == list(range(len(lengths)))
    assert all(1 <= len(rows) <= batch_size for rows in once)
    assert len(once) == -(-len(lengths) // batch_size)
    assert once == batches()
    # Like lengths: in order of length, one batch ends where the next begins.
    ranges = sorted((min(lengths[rows]), max(lengths[rows])) for rows in once)
    for (_, longest), (shortest, _) in itertools.pairwise(ranges):
        assert longest <= shortest


def test_training_batches_are_shuffled_anew_and_waste_little():
    lengths = np.random.RandomState(0).randint(0, 300, size=5000)
    random_state = np.random.RandomState(1)
    first, second = (
        [rows.tolist() for rows in training_batches(lengths, 20, random_state)] for _ in range(2)
    )
    assert first != second
    assert sorted(map(tuple, first)) != sorted(map(tuple, second))  # other company, too
    longest = [max(lengths[rows]) for rows in first]
    assert longest != sorted(longest)
    padding = sum(len(rows) * max(lengths[rows]) - sum(lengths[rows]) for rows in first)
    assert padding < 0.05 * lengths.sum()


@given(texts=st.lists(st.text("ab ", max_size=12), max_size=5), n=st.integers(0, 6))
def test_cut_documents_are_those_of_texts_split_to_that_length(texts, n):
    vocabulary = Vocabulary(["a", "bb"])
    cut = Documents.from_texts(texts, WordTokenizer(), vocabulary, 5).cut(n)
    alone = Documents.from_texts(texts, WordTokenizer(), vocabulary, min(n, 5))
    np.testing.assert_array_equal(cut.ids, alone.ids)
    np.testing.assert_array_equal(cut.lengths, alone.lengths)
