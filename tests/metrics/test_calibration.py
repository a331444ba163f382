"""The calibration error, on probabilities written down by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.metrics import expected_calibration_error

PROBABILITIES = [[0.75, 0.25], [0.2, 0.8], [0.75, 0.25], [0.55, 0.45], [0.0, 1.0]]
Y = ["no", "yes", "yes", "no", "yes"]


def test_error_computed_by_hand():
    # Of four bins, the third holds 0.75, 0.75 and 0.55: right, wrong, right; the last 0.8 and 1.0.
    third, last = abs(2 / 3 - 2.05 / 3), abs(1 - 0.9)
    expected = 3 / 5 * third + 2 / 5 * last
    assert expected_calibration_error(Y, PROBABILITIES, n_bins=4) == pytest.approx(expected)
    # One bin: four of five are right, with a mean confidence of 0.77.
    assert expected_calibration_error(Y, PROBABILITIES, n_bins=1) == pytest.approx(0.03)


def test_labels_say_which_column_is_which():
    turned = np.array(PROBABILITIES)[:, ::-1]
    error = expected_calibration_error(Y, turned, labels=["yes", "no"], n_bins=4)
    assert error == pytest.approx(expected_calibration_error(Y, PROBABILITIES, n_bins=4))


def test_the_upper_end_of_a_bin_belongs_to_it():
    # 0.6 is the end of the ninth of fifteen bins, and 0.61 in the tenth.
    error = expected_calibration_error([0, 1, 0], [[0.6, 0.4], [0.59, 0.41], [0.61, 0.39]])
    assert error == pytest.approx((abs(1 - 1.19) + abs(1 - 0.61)) / 3)


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 40))
def test_error_against_a_loop_over_bins(seed, n_bins, n):
    random = np.random.RandomState(seed)
    probabilities = random.dirichlet(np.ones(4), size=n)
    y = random.randint(4, size=n)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    expected = 0.0
    for m in range(1, n_bins + 1):
        here = (confidence > (m - 1) / n_bins) & (confidence <= m / n_bins)
        if here.any():
            expected += here.mean() * abs(right[here].mean() - confidence[here].mean())
    error = expected_calibration_error(y, probabilities, labels=range(4), n_bins=n_bins)
    assert error == pytest.approx(expected)
    assert 0 <= error <= 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_bins": 0}, "n_bins=0: give an integer of at least 1"),
        ({"n_bins": 1.5}, r"n_bins=1\.5: give an integer"),
        ({"y_true": []}, r"y_true has shape \(0,\)"),
        ({"y_true": ["no"] * 5}, r"probabilities has shape \(5, 2\): .* each of the 1 classes"),
        ({"y_true": Y[:3]}, r"probabilities has shape \(5, 2\): give a row for each of the 3"),
        ({"labels": ["no", "maybe"]}, r"y_true has \['yes'\], which labels lacks"),
        ({"probabilities": np.array(PROBABILITIES) * 3}, r"has values from 0\.0 to 3\.0"),
        ({"probabilities": np.full((5, 2), np.nan)}, "probabilities has values from nan to nan"),
    ],
)
def test_what_cannot_be_judged(changed, said):
    with pytest.raises(ValueError, match=said):
        expected_calibration_error(**{"y_true": Y, "probabilities": PROBABILITIES, **changed})
