"""Intervals, the swap test and the mixed model, against oracles of their own."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from sklearn_irx.study._statistics import bootstrap_mean, mixed_effect, sign_flip_test

answers = arrays(float, (3, 7), elements=st.sampled_from([0.0, 1.0, np.nan]))


def draws(seed=0):
    return np.random.RandomState(seed)


@given(answers)
def test_the_interval_holds_the_mean_of_what_was_answered(values):
    found = bootstrap_mean(values, n_resamples=300, level=0.99, rng=draws())
    if np.isnan(values).all():
        assert np.isnan(found).all()
    else:
        assert found.mean == np.nanmean(values)
        assert 0 <= found.low <= found.mean + 1e-12
        assert found.mean - 1e-12 <= found.high <= 1


def test_with_one_annotator_the_interval_is_that_of_documents():
    values = draws().normal(size=(1, 200))
    found = bootstrap_mean(values, n_resamples=4_000, level=0.95, rng=draws())
    error = values.std() / np.sqrt(200)
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.2 * error)


def test_annotators_that_differ_widen_the_interval():
    rng = draws()
    alike = rng.normal(size=(4, 50))
    apart = alike + np.array([[-2.0], [-1.0], [1.0], [2.0]])
    narrow, wide = (
        bootstrap_mean(values, n_resamples=1_000, level=0.95, rng=draws())
        for values in (alike, apart)
    )
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_who_answered_nothing_changes_nothing():
    values = draws().normal(size=(3, 20))
    more = np.full((5, 22), np.nan)
    more[:3, :20] = values
    same = [
        bootstrap_mean(given, n_resamples=200, level=0.9, rng=draws()) for given in (values, more)
    ]
    assert same[0] == same[1]


def _all_swaps(differences):
    """The p-value by trying every swap, written out."""
    means = [np.nanmean(column) for column in differences.T if not np.isnan(column).all()]
    sums = [
        abs(sum(sign * mean for sign, mean in zip(signs, means, strict=True)))
        for signs in product((1, -1), repeat=len(means))
    ]
    return np.mean([value >= abs(sum(means)) - 1e-9 for value in sums])


@given(arrays(float, (2, 6), elements=st.sampled_from([-1.0, 0.0, 1.0, np.nan])))
def test_the_swap_test_is_exact_for_few_documents(differences):
    found = sign_flip_test(differences, n_resamples=1_000, rng=draws())
    if (~np.isnan(differences)).any(axis=0).sum() < 2:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(_all_swaps(differences))


def test_the_swap_test_finds_nothing_too_often():
    rng = draws()
    found = [
        sign_flip_test(
            rng.normal(size=30) + 0.1 * rng.normal(size=(3, 30)), n_resamples=199, rng=rng
        )
        for _ in range(200)
    ]
    assert np.mean(np.array(found) <= 0.05) < 0.1


def _reml(differences):
    """Mean and standard error of the crossed mixed model, by its likelihood written out."""
    people, documents = np.nonzero(~np.isnan(differences))
    values = differences[people, documents]
    n = len(values)
    shared = [np.equal.outer(part, part).astype(float) for part in (people, documents)]

    def fit(shares):
        covariance = np.eye(n) + shares[0] * shared[0] + shares[1] * shared[1]
        inverse = np.linalg.inv(covariance)
        precision = inverse.sum()
        mean = inverse.sum(axis=0) @ values / precision
        rest = values - mean
        variance = rest @ inverse @ rest / (n - 1)
        unlikely = (n - 1) * np.log(variance) + np.linalg.slogdet(covariance)[1]
        return unlikely + np.log(precision), mean, np.sqrt(variance / precision)

    best = minimize(lambda x: fit(x)[0], [0.3, 0.3], bounds=[(0, None)] * 2, method="L-BFGS-B")
    return fit(best.x)[1:]


@pytest.mark.parametrize("seed", range(4))
def test_the_mixed_model_is_that_of_restricted_likelihood(seed):
    rng = draws(seed)
    differences = 0.3 * rng.normal(size=12) + 0.2 * rng.normal(size=(4, 1))
    differences = differences + rng.normal(size=(4, 12))
    differences[rng.uniform(size=differences.shape) < 0.15] = np.nan
    found = mixed_effect(differences)
    mean, error = _reml(differences)
    assert found.difference == pytest.approx(mean, abs=1e-3)
    assert found.standard_error == pytest.approx(error, rel=1e-3)


def test_the_mixed_model_finds_the_mean_of_statsmodels():
    import pandas as pd
    import statsmodels.formula.api as smf

    rng = draws(9)  # both annotators and documents differ
    differences = 0.6 * rng.normal(size=12) + 0.6 * rng.normal(size=(4, 1))
    differences = differences + rng.normal(size=(4, 12))
    differences[0, :4] = np.nan
    people, documents = np.nonzero(~np.isnan(differences))
    data = pd.DataFrame({"y": differences[people, documents], "a": people, "d": documents})
    theirs = smf.mixedlm(
        "y ~ 1", data.assign(all=1), groups="all", re_formula="0",
        vc_formula={"a": "0 + C(a)", "d": "0 + C(d)"},
    ).fit(method="nm")  # fmt: skip
    assert mixed_effect(differences).difference == pytest.approx(
        theirs.params["Intercept"], abs=1e-3
    )


def test_annotators_who_differ_wholly_leave_the_mean_open():
    found = mixed_effect(np.array([[1.0] * 12, [0.0] * 12]))
    assert found.difference == pytest.approx(0.5, abs=0.01)
    assert np.isnan([found.standard_error, found.p_value]).all()


def test_the_mixed_model_of_one_annotator_is_a_mean():
    differences = draws().normal(size=(1, 25))
    found = mixed_effect(differences)
    assert found.difference == pytest.approx(differences.mean())
    assert found.standard_error == pytest.approx(differences.std(ddof=1) / 5)


@pytest.mark.parametrize(
    "differences", [np.zeros((3, 8)), np.full((2, 5), np.nan), np.array([[1.0, np.nan]])]
)
def test_where_there_is_nothing_to_fit_there_is_no_p_value(differences):
    assert np.isnan(mixed_effect(differences).p_value)
