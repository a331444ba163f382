"""Masks and spans: two ways to say the same, checked in one place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import metrics
from sklearn_irx.metrics._input import check_masks, check_spans

OF_ONE = [metrics.rationale_length, metrics.n_transitions]
OF_TWO = [
    metrics.token_precision_score,
    metrics.token_recall_score,
    metrics.token_f1_score,
    metrics.span_precision_score,
    metrics.span_recall_score,
    metrics.span_f1_score,
    metrics.iou_f1_score,
    metrics.rationale_iou_score,
]


@st.composite
def masks_of_documents(draw):
    n, width = draw(st.integers(1, 4)), draw(st.integers(1, 7))
    cells = st.lists(st.booleans(), min_size=width, max_size=width)
    return np.array(draw(st.lists(cells, min_size=n, max_size=n)))


def spans_of(masks):
    """Runs of selected words, word by word."""
    documents = []
    for mask in masks.tolist():
        spans = []
        for place, selected in enumerate(mask):
            if selected and spans and spans[-1][1] == place:
                spans[-1] = (spans[-1][0], place + 1)
            elif selected:
                spans.append((place, place + 1))
        documents.append(spans)
    return documents


@given(masks_of_documents())
def test_runs_become_spans_and_spans_masks(masks):
    spans = spans_of(masks)
    assert check_spans("masks", masks) == [set(row) for row in spans]
    again = check_masks("masks", spans)
    assert not masks[:, again.shape[1] :].any()
    np.testing.assert_array_equal(again, masks[:, : again.shape[1]])


@given(masks_of_documents(), st.integers(0, 1000))
def test_metrics_say_the_same_of_masks_and_of_their_spans(masks, seed):
    other = np.random.RandomState(seed).random_sample(masks.shape) < 0.5
    lengths = [masks.shape[1]] * len(masks)
    assert metrics.rationale_length(masks) == metrics.rationale_length(spans_of(masks))
    assert metrics.n_transitions(masks) == metrics.n_transitions(spans_of(masks), lengths)
    for score in OF_TWO:
        assert score(masks, other) == score(spans_of(masks), spans_of(other))
    kappa = metrics.rationale_kappa_score(masks, other, lengths)
    again = metrics.rationale_kappa_score(spans_of(masks), spans_of(other), lengths)
    np.testing.assert_array_equal(kappa, again)


def test_arrays_and_lists_of_pairs_are_spans():
    one = [np.array([[0, 2], [4, 5]]), np.zeros((0, 2), dtype=int)]
    two = [[[0, 2], [4, 5]], []]
    three = ([(np.int64(0), np.int64(2)), (4, 5)], ())
    for spans in (one, two, three):
        assert check_masks("masks", spans).tolist() == [[1, 1, 0, 0, 1], [0, 0, 0, 0, 0]]
    assert check_masks("masks", [[True, False], [False, False]]).tolist() == [[1, 0], [0, 0]]


def test_spans_that_overlap_are_one_in_a_mask():
    assert metrics.rationale_length([[(0, 3), (2, 5)]]) == 5


@pytest.mark.parametrize("metric", OF_ONE)
@pytest.mark.parametrize("span", [(2, 2), (3, 1), (-1, 2), (0, 1.5), (0, 1, 2), (False, True)])
def test_what_is_no_span_is_named(metric, span):
    with pytest.raises(ValueError, match=r"masks\[1\] has the span .*: give \(start, end\)"):
        metric([[(0, 1)], [span]])


@pytest.mark.parametrize("score", OF_TWO)
@pytest.mark.parametrize(
    ("one", "two", "error", "message"),
    [
        (np.array([[1, 0]]), np.array([[True, False]]), TypeError, "has dtype int64: give a bool"),
        (np.array([True]), [[(0, 1)]], ValueError, r"has shape \(1,\)"),
        ([[(0, 1)]], [[(0, 1)], []], ValueError, "has 1 rows and masks_.* 2"),
    ],
)
def test_errors_name_the_argument(score, one, two, error, message):
    with pytest.raises(error, match=f"masks_(true|1) {message}"):
        score(one, two)


@pytest.mark.parametrize("score", [*OF_TWO[:6], metrics.rationale_iou_score])
def test_an_unknown_average_is_named(score):
    with pytest.raises(ValueError, match="average='micro' is unknown"):
        score([[(0, 1)]], [[(0, 1)]], average="micro")
