"""Length and borders, counted by hand."""

import numpy as np
import pytest

from sklearn_irx.metrics import n_transitions, rationale_length


def masks_of(*rows):
    return np.array([[mark == "#" for mark in row] for row in rows])


def test_rationale_length_is_the_number_of_selected_words():
    masks = masks_of("##..", "...#", "....")
    assert rationale_length(masks) == 1.0
    np.testing.assert_array_equal(rationale_length(masks, average=None), [2, 1, 0])


@pytest.mark.parametrize(
    ("row", "length", "expected"),
    [
        ("....", 4, 0),
        ("####", 4, 0),  # neither the beginning nor the end of a document is a border
        ("##..", 4, 1),
        (".##.", 4, 2),
        ("#.#.", 4, 3),
        ("##..", 2, 0),  # the document ends where its rationale ends
        ("#.#.", 3, 2),
        ("#...", 1, 0),
        ("....", 0, 0),
    ],
)
def test_borders_are_counted_inside_the_document(row, length, expected):
    assert n_transitions(masks_of(row), [length]) == expected


def test_without_lengths_every_column_is_a_word():
    masks = masks_of("##..", ".#.#")
    np.testing.assert_array_equal(n_transitions(masks, average=None), [1, 3])
    np.testing.assert_array_equal(n_transitions(masks, [2, 4], average=None), [0, 3])
    assert n_transitions(masks) == 2.0


def test_documents_without_words_have_no_borders():
    masks = np.zeros((2, 0), dtype=bool)
    assert n_transitions(masks) == n_transitions(masks, [0, 0]) == rationale_length(masks) == 0


@pytest.mark.parametrize("metric", [rationale_length, n_transitions])
@pytest.mark.parametrize(
    ("masks", "error", "message"),
    [
        (np.array([[0, 1]]), TypeError, "masks has dtype int64: .*masks > 0"),
        (np.array([True]), ValueError, r"masks has shape \(1,\): give \(n_samples, n_words\)"),
        (np.zeros((0, 3), dtype=bool), ValueError, "at least one document"),
    ],
)
def test_masks_are_checked(metric, masks, error, message):
    with pytest.raises(error, match=message):
        metric(masks)


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        ([2.0, 2.0], TypeError, "lengths has dtype float64"),
        ([2], ValueError, r"lengths has shape \(1,\): .* 2 rows"),
        ([2, 5], ValueError, "from 2 to 5: .* from 0 to 4"),
        ([-1, 4], ValueError, "from -1 to 4"),
        ([4, 1], ValueError, r"lengths\[1\]=1, but masks\[1\] selects a word past it"),
    ],
)
def test_lengths_are_checked(lengths, error, message):
    with pytest.raises(error, match=message):
        n_transitions(masks_of("##..", ".#.."), lengths)


@pytest.mark.parametrize("metric", [rationale_length, n_transitions])
def test_an_unknown_average_is_named(metric):
    with pytest.raises(ValueError, match="average='macro' is unknown"):
        metric(masks_of("#."), average="macro")
