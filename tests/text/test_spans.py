"""Masks of words, spans of characters, and places in other units."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text.spans import covered_words, merged, n_covering, utf16_places
from tests.datasets.annotation_files import texts, utf16

pairs = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).map(tuple)


@given(
    st.lists(st.integers(0, 30), max_size=12).map(sorted),
    st.lists(pairs, max_size=5),
)
def test_words_are_covered_as_counted_one_by_one(edges, spans):
    words = list(pairwise(edges))[::2]
    inside = {place for start, end in spans for place in range(start, end)}
    expected = [
        start in inside
        if start == end
        else sum(place in inside for place in range(start, end)) >= (end - start) / 2
        for start, end in words
    ]
    assert covered_words(words, spans, 30).tolist() == expected


@given(texts)
def test_places_are_counted_as_javascript_does(text):
    expected = [utf16(text, place) for place in range(len(text) + 1)]
    assert utf16_places(text).tolist() == expected


@given(st.lists(pairs, max_size=8))
def test_characters_are_counted_one_by_one(spans):
    expected = [sum(start <= place < end for start, end in spans) for place in range(30)]
    assert n_covering(spans, 30).tolist() == expected


@given(st.lists(pairs.filter(lambda pair: pair[0] < pair[1]), max_size=8))
def test_merged_spans_hold_the_same_characters_and_do_not_touch(spans):
    found = merged(spans)
    assert {place for start, end in found for place in range(start, end)} == {
        place for start, end in spans for place in range(start, end)
    }
    assert all(end < start for (_, end), (start, _) in pairwise(found))
