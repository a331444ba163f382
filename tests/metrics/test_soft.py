"""The area under the precision-recall curve of words, against curves drawn point by point."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from sklearn_irx.metrics import auprc_score


def curve(true, scores):
    """Precision and recall of the words above each threshold, from no word to all."""
    points = [(1.0, 0.0)]
    for threshold in sorted(set(scores), reverse=True):
        above = [t for t, score in zip(true, scores, strict=True) if score >= threshold]
        points.append((sum(above) / len(above), sum(above) / sum(true)))
    return points


def area(true, scores, kind):
    total = 0.0
    points = curve(true, scores)
    for (before, left), (after, right) in pairwise(points):
        height = (before + after) / 2 if kind == "trapezoid" else after
        total += (right - left) * height
    return total


words = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=8)


@given(words.filter(lambda row: any(true for true, _ in row)), st.integers(0, 3))
def test_the_area_is_that_of_the_curve(row, n_missing):
    true, scores = zip(*row, strict=True)
    truth = np.array([true])
    said = np.array([[score / 5 for score in scores] + [np.nan] * n_missing])
    for kind in ("trapezoid", "step"):
        expected = area(true, scores, kind)
        assert auprc_score(truth, said, area=kind) == pytest.approx(expected)
    assert auprc_score(truth, said, area="step") == pytest.approx(
        average_precision_score(true, scores)
    )


def test_documents_without_a_true_word_are_left_out():
    truth = np.array([[True, False, False], [False, False, False], [False, True, False]])
    scores = np.array([[0.9, 0.1, 0.1], [0.9, 0.1, 0.1], [0.9, 0.5, np.nan]])
    each = auprc_score(truth, scores, average=None)
    np.testing.assert_allclose(each, [1, np.nan, 0.25])
    assert auprc_score(truth, scores) == pytest.approx((1 + 0.25) / 2)
    assert np.isnan(auprc_score(truth[1:2], scores[1:2]))


def test_words_without_a_score_come_last_if_lengths_say_that_they_are_there():
    truth = [[(0, 1), (3, 4)]]
    scores = [[0.2, 0.7]]
    expected = auprc_score(truth, [[0.2, 0.7, 0.0, 0.0]])
    assert auprc_score(truth, scores, [4]) == pytest.approx(expected)
    assert auprc_score(truth, scores, [4]) > auprc_score(truth, scores, [9])
    with pytest.raises(ValueError, match=r"masks_true\[0\] has a true word past the 2 words"):
        auprc_score(truth, scores)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[(0, 1)]], [0.5]), ValueError, r"scores has shape \(1,\)"),
        (([[(0, 1)]], [[0.5], [0.5]]), ValueError, "masks_true has 1 rows and scores 2"),
        (([[(0, 1)]], [[np.nan, 0.5]]), ValueError, r"scores\[0\] has a word without a finite"),
        (([[(0, 1)]], [[np.inf, 0.5]]), ValueError, r"scores\[0\] has a word without a finite"),
        (([[(0, 1)]], [[0.5, 0.5]], [1]), ValueError, r"lengths\[0\]=1, but scores\[0\] has 2"),
        (([[(0, 1)]], [[0.5]], [0.5]), TypeError, "lengths has dtype float64"),
        (([[(0, 2)]], [[0.5]], [1]), ValueError, r"lengths\[0\]=1, but masks_true\[0\] selects"),
    ],
)
def test_errors_name_the_argument(arguments, error, message):
    with pytest.raises(error, match=message):
        auprc_score(*arguments)


def test_an_unknown_area_is_named():
    with pytest.raises(ValueError, match="area='linear' is unknown"):
        auprc_score([[(0, 1)]], [[0.5]], area="linear")
