"""Agreement span by span, against scores from sets of positions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.metrics import (
    iou_f1_score,
    span_f1_score,
    span_precision_score,
    span_recall_score,
)


def by_definition(truths, predictions, threshold):
    """The macro F1 of partial matches, as DeYoung et al. and their program define it."""
    precisions, recalls = [], []
    for truth, predicted in zip(truths, predictions, strict=True):
        found = 0
        for start, end in predicted:
            words = set(range(start, end))
            found += any(
                len(words & set(range(*true))) / len(words | set(range(*true))) >= threshold
                for true in truth
            )
        if predicted:
            precisions.append(found / len(predicted))
        if truth:
            recalls.append(found / len(truth))
    precision = sum(precisions) / len(precisions) if precisions else 0
    recall = sum(recalls) / len(recalls) if recalls else 0
    return 2 * precision * recall / (precision + recall) if precision and recall else 0


spans = st.tuples(st.integers(0, 6), st.integers(1, 4)).map(lambda pair: (pair[0], sum(pair)))
documents = st.lists(st.tuples(*[st.sets(spans, max_size=3)] * 2), min_size=1, max_size=4)


@given(documents, st.sampled_from([0.1, 1 / 3, 0.5, 0.75, 1]))
def test_iou_f1_is_that_of_the_definition(pairs, threshold):
    truths, predictions = ([list(row) for row in column] for column in zip(*pairs, strict=True))
    expected = by_definition(truths, predictions, threshold)
    assert iou_f1_score(truths, predictions, threshold=threshold) == pytest.approx(expected)


@given(documents)
def test_exact_spans_are_counted_as_sets(pairs):
    for truth, predicted in pairs:
        both = len(truth & predicted)
        precision = both / len(predicted) if predicted else 0
        recall = both / len(truth) if truth else 0
        f1 = 2 * precision * recall / (precision + recall) if both else 0
        one, two = [list(truth)], [list(predicted)]
        assert span_precision_score(one, two) == pytest.approx(precision)
        assert span_recall_score(one, two) == pytest.approx(recall)
        assert span_f1_score(one, two) == pytest.approx(f1)


def masks_of(*rows):
    return np.array([[mark == "#" for mark in row] for row in rows])


def test_iou_f1_by_hand():
    truth = masks_of("####..##.", "...###...", ".........")
    predicted = masks_of(".###.#...", ".........", "#........")
    # 3/4 found, "#" at the border of the second span not: P = mean(1/2, 0/1), R = mean(1/2, 0/1).
    assert iou_f1_score(truth, predicted) == pytest.approx(0.25)
    assert iou_f1_score(truth, predicted, threshold=0.8) == 0
    assert iou_f1_score(truth, truth) == 1


def test_iou_f1_is_not_the_mean_of_f1():
    truth, predicted = masks_of("##..", "#.#."), masks_of("#.#.", "#...")
    precision, recall = (1 / 2 + 1) / 2, (1 + 1 / 2) / 2
    assert iou_f1_score(truth, predicted) == pytest.approx(
        2 * precision * recall / (precision + recall)
    )


def test_a_true_span_found_twice_counts_twice_as_in_the_released_program():
    # The two halves have an IOU of one half each.
    assert iou_f1_score([[(0, 4)]], [[(0, 2), (2, 4)]]) == pytest.approx(2 * 1 * 2 / 3)
    assert iou_f1_score([[(0, 4)]], [[(0, 2), (2, 4)]], threshold=0.51) == 0


def test_spans_that_touch_stay_apart_if_they_were_given():
    assert span_f1_score([[(0, 2), (2, 4)]], [[(0, 2), (2, 4)]]) == 1
    assert span_f1_score([[(0, 2), (2, 4)]], masks_of("####")) == 0


@pytest.mark.parametrize("score", [span_precision_score, span_recall_score, span_f1_score])
def test_the_mean_is_over_documents(score):
    truth, predicted = masks_of("##..", "#.#.", "...."), masks_of("##.#", "#..#", "....")
    each = score(truth, predicted, average=None)
    np.testing.assert_allclose(each[2], 0)
    assert score(truth, predicted) == pytest.approx(each.mean())


@pytest.mark.parametrize(
    ("threshold", "error"), [(0, ValueError), (1.1, ValueError), ("half", TypeError)]
)
def test_a_threshold_is_a_share(threshold, error):
    with pytest.raises(error, match=r"threshold=.*: give a number above 0 and at most 1"):
        iou_f1_score([[(0, 1)]], [[(0, 1)]], threshold=threshold)
