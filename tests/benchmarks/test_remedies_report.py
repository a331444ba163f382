"""Remedies for a degenerate selection: what is measured, the paired test, and the tables."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from benchmarks.paper.measures import Reading
from benchmarks.remedies.measures import (
    collapse_threshold,
    compare,
    least_p_value,
    measure_run,
    sign_flip_p_value,
    spans_of,
)
from benchmarks.remedies.plan import Job
from benchmarks.remedies.runs import COLUMNS
from benchmarks.remedies.tables import Results, made_by_table


def test_measures_of_three_documents():
    probabilities = np.array([[0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    masks = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [0, 1, 1, 0]]) == 1
    marks = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]]) == 1  # narrower than the masks
    found = measure_run(
        np.array([0, 0, 1]), Reading(probabilities, masks), np.array([4, 2, 4]), marks
    )
    assert found["accuracy"] == pytest.approx(2 / 3, abs=1e-5)
    losses = -np.log([0.8, 0.4, 0.7])
    assert found["log_loss"] == pytest.approx(losses.mean(), abs=1e-5)
    assert found["words"] == pytest.approx(5 / 3, abs=1e-5)
    assert found["share"] == 0.5
    assert (found["spans"], found["empty"]) == (1, pytest.approx(1 / 3, abs=1e-5))
    assert found["transitions"] == pytest.approx(4 / 3, abs=1e-5)
    # Of three selected words one is marked; none; both of two.
    assert found["token_f1"] == pytest.approx((0.5 + 0 + 1) / 3, abs=1e-5)
    none = measure_run(np.array([0, 0, 1]), Reading(probabilities, masks), np.full(3, 4), None)
    assert math.isnan(none["token_f1"])


def test_spans_are_runs_of_selected_words():
    masks = np.array([[1, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]]) == 1
    assert spans_of(masks).tolist() == [2, 1, 0, 1]


def test_a_run_has_collapsed_below_half_way():
    assert collapse_threshold(0.05, 0.75) == pytest.approx(0.4)


def by_counting(differences):
    """The exact two-sided test, by going through all signs: differences are whole numbers."""
    observed = abs(sum(differences))
    flips = list(product([-1, 1], repeat=len(differences)))
    sums = (sum(sign * d for sign, d in zip(signs, differences, strict=True)) for signs in flips)
    return Fraction(sum(abs(one) >= observed for one in sums), len(flips))


@pytest.mark.parametrize("n", range(2, 9))
def test_the_paired_test_counts_flipped_signs(n):
    rng = np.random.RandomState(n)
    for shift in (0, 3, 20):
        differences = (rng.randint(-9, 10, size=n) + shift).tolist()
        found = sign_flip_p_value(np.array(differences) / 1000)
        assert found == pytest.approx(float(by_counting(differences)), abs=1e-12)
        assert found == sign_flip_p_value(-np.array(differences) / 1000)


def test_few_seeds_show_little():
    for n in range(1, 8):
        assert sign_flip_p_value([0.3] * n) == least_p_value(n) == min(1, 2 / 2**n)
    assert least_p_value(5) > 0.05 > least_p_value(6)
    assert sign_flip_p_value([0.0, 0.0, 0.0]) == 1
    assert math.isnan(sign_flip_p_value([]))


def test_methods_are_compared_on_the_seeds_that_both_have():
    plain = [{"seed": seed, "accuracy": value} for seed, value in enumerate([0.5, 0.6, 0.7])]
    other = [
        {"seed": seed, "accuracy": value}
        for seed, value in [(2, 0.75), (0, 0.6), (1, np.nan), (5, 0.9)]
    ]
    found = compare(other, plain, "accuracy")
    assert found[:4] == (2, pytest.approx(0.075), pytest.approx(0.05), pytest.approx(0.1))
    assert found.p_value == 0.5
    assert compare(other[3:], plain, "accuracy").n == 0


# The tables.


def cells(table):
    """Read a Markdown table."""
    headings, _, *rows = (line.strip("|").split("|") for line in table.splitlines())
    return [dict(zip(map(str.strip, headings), map(str.strip, row), strict=True)) for row in rows]


def results_of(accuracies, **others):
    """Results of a corpus: accuracy of each method by seed, with one sampler and encoder."""
    found = {}
    for method, values in accuracies.items():
        for seed, value in enumerate(values):
            job = Job("generated", method, "top_k", "cnn", seed)
            figures = {
                "id": "s0", "status": "trained", "reason": "", "chance": 0.2, "full_text": 0.8,
                "accuracy": value, "collapsed": int(value < 0.5), "token_f1": np.nan, **others,
            }  # fmt: skip
            found[job] = dict.fromkeys(COLUMNS, np.nan) | job._asdict() | figures
    return found


def test_a_table_has_mean_spread_and_collapses():
    found = results_of({"plain": [0.4, 0.6, 0.7], "fr": [0.8, 0.6, 0.7]})
    results = Results(found, "generated")
    plain, fr = cells(results.means("cnn", "accuracy"))
    assert plain["top_k"] == "0.567 (0.400 to 0.700); 1 of 3 collapsed"
    assert fr["top_k"] == "0.700 (0.600 to 0.800)"
    assert "right in 0.200 of the test texts" in results.told()
    assert "a run below 0.500 has collapsed" in results.told()
    first, second = cells(results.everything())
    assert (first["method"], first["runs"], first["collapsed"]) == ("plain", "3", "1")
    assert (second["accuracy"], second["token F1"]) == ("0.700 (0.600 to 0.800)", "–")
    assert [title for title, *_ in results.sections()] == [
        "Accuracy, encoder cnn", "Accuracy against plain, encoder cnn", "All figures",
        "Runs without figures",
    ]  # fmt: skip
    assert Results(found, "imdb").rows == []


def test_a_table_compares_with_plain_training():
    results = Results(
        results_of({"plain": [0.4, 0.6, 0.7], "fr": [0.5, 0.8, 0.8], "dr": [0.7, 0.8]}), "generated"
    )
    told, table = results.differences("cnn", "accuracy")
    assert told == (
        "2 comparisons of 3 seeds each, unless a cell says otherwise: no p can be below 0.25."
    )
    fr, dr = cells(table)
    assert fr == {"": "fr", "top_k": "+0.133 (+0.100 to +0.200), p 0.25"}
    assert dr["top_k"] == "+0.250 (+0.200 to +0.300), p 0.5, 2 seeds"
    alone = Results(results_of({"fr": [0.5, 0.8]}), "generated")
    assert alone.differences("cnn", "accuracy") == ("", "")


def test_what_made_figures_is_counted():
    one = {
        "commit": "abc", "python": "3.11", "versions": {"torch": "2"}, "cpu": "x", "machine": "y"
    }  # fmt: skip
    first, second = cells(made_by_table([one, {**one, "commit": None}, one]))
    assert (first["runs"], first["commit"], first["versions"]) == (
        "2",
        "`abc`",
        "Python 3.11, torch 2",
    )
    assert (second["runs"], second["commit"]) == ("1", "`–`")
