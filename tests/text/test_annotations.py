"""Words that people marked, as they are given to `fit`."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text.annotations import check_rationales

MASK = [True, False, True]


def marks_of(rationales, lengths, max_length=100):
    annotations = check_rationales(rationales, len(lengths))
    return None if annotations is None else annotations.marks(np.array(lengths), max_length)


@pytest.mark.parametrize(
    "rationale",
    [
        MASK, tuple(MASK), np.array(MASK), np.array(MASK, dtype=object),
        pd.array(MASK, dtype="boolean"), [*MASK, False, False],
        [(0, 1), (2, 3)], [[2, 3], [0, 1]], np.array([[0, 1], [2, 3]]), ((0, 1), np.array([2, 3])),
    ],
)  # fmt: skip
def test_masks_and_spans_say_the_same(rationale):
    assert marks_of([None, rationale], [2, 3]).tolist() == [-1, -1, 1, 0, 1]


@pytest.mark.parametrize("nothing", [[], (), np.array([]), [False] * 3, np.zeros((0, 2), int)])
def test_nothing_marked_is_not_the_same_as_not_known(nothing):
    assert marks_of([nothing, None], [3, 1]).tolist() == [0, 0, 0, -1]


@pytest.mark.parametrize("unknown", [None, [None, None], [float("nan"), pd.NA]])
def test_without_any_marks_there_are_none(unknown):
    assert check_rationales(unknown, 2) is None


@pytest.mark.parametrize("container", [np.array, pd.DataFrame, list, lambda a: pd.Series(list(a))])
def test_an_array_has_marks_for_all_documents(container):
    masks = np.array([[True, False, False], [False, True, False]])
    assert marks_of(container(masks), [2, 3]).tolist() == [1, 0, 0, 1, 0]


def test_documents_that_are_taken_keep_their_marks():
    annotations = check_rationales([[(0, 1)], None, [(1, 2)]], 3).take(np.array([2, 0]))
    assert annotations.marks(np.array([2, 2]), 9).tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match=r"rationales\[2\] marks words past the end .* has 1"):
        annotations.marks(np.array([1, 2]), 9)
    assert check_rationales([[(0, 1)], None], 2).take(np.array([1])).marks(np.array([4]), 9) is None


def test_words_past_the_longest_document_that_is_read_are_left_out():
    """A document of so many words may have had more."""
    assert marks_of([[False, True, True, True], [(1, 4)]], [2, 2], 2).tolist() == [0, 1, 0, 1]


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 3), st.integers(1, 15))
def test_spans_of_a_mask_are_the_mask(mask, padding, max_length):
    spans = [(i, i + 1) for i, marked in enumerate(mask) if marked]
    read = min(len(mask), max_length)
    expected = [int(marked) for marked in mask[:max_length]]
    for rationale in (spans, [*mask, *[False] * padding]):
        assert marks_of([rationale], [read], max_length).tolist() == expected


@pytest.mark.parametrize(
    ("rationales", "error", "message"),
    [
        ("(0, 1)", TypeError, "rationales is a str: give a sequence with a mask, a list of spans"),
        (5, TypeError, "rationales is a int"),
        ({0: [True]}, TypeError, "rationales is a dict"),
        ([None], ValueError, "rationales has 1 entries for 2 documents: give one for each, None"),
        (np.ones((3, 4), bool), ValueError, "rationales has 3 entries for 2 documents"),
        (np.ones((2, 4)), TypeError, r"shape \(2, 4\) and dtype float64: .* rationales > 0"),
        (np.ones((2, 2, 2), bool), TypeError, r"shape \(2, 2, 2\) and dtype bool"),
        ([None, [0, 1, 1]], TypeError, r"rationales\[1\] is \[0, 1, 1\]: give a boolean mask"),
        ([None, (0, 3)], TypeError, r"rationales\[1\] is \(0, 3\): give .* a list of spans"),
        ([None, "0 3"], TypeError, r"rationales\[1\] is '0 3': give a boolean mask"),
        ([None, 3], TypeError, r"rationales\[1\] is 3: give a boolean mask"),
        ([[(2, 2)], None], ValueError, r"rationales\[0\] has the span \(2, 2\): give \(start, end"),
        ([[(-1, 2)], None], ValueError, r"rationales\[0\] has the span \(-1, 2\)"),
        ([[(0, 1, 2)], None], ValueError, r"rationales\[0\] has the span \(0, 1, 2\)"),
        ([[(0.0, 1.0)], None], ValueError, r"rationales\[0\] has the span \(0\.0, 1\.0\)"),
        ([None, [True]], ValueError, r"rationales\[1\] is a mask of 1 words, .* document has 3"),
        ([None, [False] * 3 + [True]], ValueError, r"rationales\[1\] marks words past the end"),
        ([None, [(0, 10**30)]], ValueError, r"rationales\[1\] marks words past the end .* has 3"),
    ],
)
def test_what_is_neither_is_refused_by_its_document(rationales, error, message):
    with pytest.raises(error, match=message):
        marks_of(rationales, [2, 3])
