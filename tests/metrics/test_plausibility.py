"""Agreement with human rationales, against the same scores from sets of positions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from sklearn_irx.metrics import token_f1_score, token_precision_score, token_recall_score

SCORES = [token_precision_score, token_recall_score, token_f1_score]


def by_sets(truth, predicted):
    """Precision, recall and F1 of one document, as the program released with ERASER has them."""
    both = len(truth & predicted)
    precision = both / len(predicted) if predicted else 0
    recall = both / len(truth) if truth else 0
    f1 = 0 if precision == 0 or recall == 0 else 2 * precision * recall / (precision + recall)
    return precision, recall, f1


def masks_of(documents, width):
    masks = np.zeros((len(documents), width), dtype=bool)
    for mask, positions in zip(masks, documents, strict=True):
        mask[list(positions)] = True
    return masks


positions = st.sets(st.integers(0, 5))


@given(
    st.lists(st.tuples(positions, positions), min_size=1, max_size=6),
    st.integers(6, 8),
    st.integers(6, 8),
)
def test_scores_equal_those_of_sets_of_positions(documents, width_true, width_pred):
    truths, predictions = zip(*documents, strict=True)
    masks_true, masks_pred = masks_of(truths, width_true), masks_of(predictions, width_pred)
    expected = np.array([by_sets(*document) for document in documents])
    for score, column in zip(SCORES, expected.T, strict=True):
        np.testing.assert_allclose(score(masks_true, masks_pred, average=None), column)
        assert score(masks_true, masks_pred) == pytest.approx(column.mean())


@given(st.integers(0, 1000))
def test_of_one_document_the_scores_are_those_of_scikit_learn(seed):
    masks_true, masks_pred = np.random.RandomState(seed).random_sample((2, 3, 5)) < 0.4
    for score, own in zip(SCORES, (precision_score, recall_score, f1_score), strict=True):
        expected = [own(*row, zero_division=0) for row in zip(masks_true, masks_pred, strict=True)]
        np.testing.assert_allclose(score(masks_true, masks_pred, average=None), expected)


def test_scores_by_hand():
    masks_true = np.array([[True, True, True, False], [False, True, False, False]])
    masks_pred = np.array([[True, False, False, True], [False, True, False, False]])
    assert token_precision_score(masks_true, masks_pred) == (1 / 2 + 1) / 2
    assert token_recall_score(masks_true, masks_pred) == pytest.approx((1 / 3 + 1) / 2)
    assert token_f1_score(masks_true, masks_pred) == pytest.approx((2 / 5 + 1) / 2)


@pytest.mark.parametrize("score", SCORES)
def test_columns_that_one_mask_lacks_are_false(score):
    narrow, wide = np.array([[True, False]]), np.array([[True, False, True, True]])
    padded = np.array([[True, False, False, False]])
    assert score(narrow, wide) == score(padded, wide)
    assert score(wide, narrow) == score(wide, padded)


@pytest.mark.parametrize("score", SCORES)
def test_what_is_undefined_is_zero(score):
    nothing, something = np.array([[False, False]]), np.array([[True, False]])
    assert score(nothing, nothing) == score(nothing, something) == score(something, nothing) == 0


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("masks_true", "masks_pred", "error", "message"),
    [
        ([[1, 0]], [[True, False]], TypeError, "masks_true has dtype int64"),
        ([[True, False]], [[0.2, 0.9]], TypeError, "masks_pred has dtype float64"),
        ([True], [[True]], ValueError, r"masks_true has shape \(1,\)"),
        ([[True]], [[True], [False]], ValueError, "masks_true has 1 rows and masks_pred 2"),
    ],
)
def test_errors_name_the_argument(score, masks_true, masks_pred, error, message):
    with pytest.raises(error, match=message):
        score(np.array(masks_true), np.array(masks_pred))


@pytest.mark.parametrize("score", SCORES)
def test_an_unknown_average_is_named(score):
    masks = np.array([[True, False]])
    with pytest.raises(ValueError, match="average='micro' is unknown"):
        score(masks, masks, average="micro")
