import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_irx.metrics import area_under_risk_coverage, risk_coverage_curve

answers = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        hnp.arrays(bool, n),
        hnp.arrays(float, n, elements=st.sampled_from([0, 0.1, 0.25, 0.5, 1])),
    )
)


@given(answers)
def test_curve_counts_errors_above_each_threshold(made):
    right, scores = made
    curve = risk_coverage_curve(right, scores)
    assert curve.thresholds.tolist() == sorted(set(scores.tolist()), reverse=True)
    for coverage, risk, threshold in zip(*curve, strict=True):
        answered = scores >= threshold
        assert coverage == pytest.approx(answered.mean())
        assert risk == pytest.approx((~right[answered]).mean())


@given(answers)
def test_area_is_the_mean_risk_at_the_score_of_each_document(made):
    right, scores = made
    wanted = np.mean([(~right[scores >= score]).mean() for score in scores])
    assert area_under_risk_coverage(right, scores) == pytest.approx(wanted)


@given(answers, st.randoms())
def test_area_knows_no_order_of_documents_and_no_scale(made, random):
    right, scores = made
    order = random.sample(range(len(right)), len(right))
    area = area_under_risk_coverage(right, scores)
    assert area_under_risk_coverage(right[order], scores[order]) == pytest.approx(area)
    assert area_under_risk_coverage(right, np.exp(3 * scores) - 7) == pytest.approx(area)


@given(hnp.arrays(bool, st.integers(1, 40)))
def test_no_scores_order_errors_better_than_knowing_them(right):
    known = 1.0 * right
    apart = np.arange(len(right)) / 100
    best = area_under_risk_coverage(right, known - apart)
    worst = area_under_risk_coverage(right, -known - apart)
    blind = area_under_risk_coverage(right, np.zeros(len(right)))
    assert blind == pytest.approx(1 - right.mean())
    assert best <= blind + 1e-12
    assert blind <= worst + 1e-12


@pytest.mark.parametrize(
    ("right", "scores", "message"),
    [
        ([], [], "one or more"),
        ([[True]], [0.5], r"right has shape \(1, 1\)"),
        (["a"], [0.5], "y_true == y_pred"),
        ([True, False], [0.5], r"scores has shape \(1,\): give one for each of 2"),
        ([True, False], [0.5, np.nan], r"scores\[1\] is nan"),
    ],
)
def test_bad_input_is_named(right, scores, message):
    for metric in (risk_coverage_curve, area_under_risk_coverage):
        with pytest.raises(ValueError, match=message):
            metric(right, scores)
