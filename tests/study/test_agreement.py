"""Agreement of annotators, by hand and where there is none to speak of."""

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.study import agreement

UNREAD, MISSING = "unread", "missing"


def answers_of(*columns):
    """Give answers as a study gives them: one column of labels for each annotator."""
    return pd.DataFrame(
        [
            {
                "annotator": f"annotator {number}",
                "item": item,
                "label": None if label in (UNREAD, MISSING) else label,
                "answered": label != MISSING,
            }
            for number, labels in enumerate(columns)
            for item, label in enumerate(labels)
        ]
    )


def test_fleiss_example():
    """The table of Fleiss' article as it is often cited: ten items, fourteen raters, 0.21."""
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    rows = [np.repeat(list("abcde"), row) for row in counts]
    found = agreement(answers_of(*np.array(rows).T))
    assert found.kappa == pytest.approx(0.2099, abs=1e-4)
    assert found.n_items == 10


def test_krippendorff_example():
    """Nominal data with missing values, whose alpha is known to be 0.743."""
    rows = [
        "1233214 12M MM".replace(" ", ""), "123322412 5M3".replace(" ", ""), "M3332342251M",
        "1233244 1251M".replace(" ", ""),
    ]  # fmt: skip
    columns = [[MISSING if value == "M" else value for value in row] for row in rows]
    assert [len(column) for column in columns] == [12, 12, 12, 12]
    assert agreement(answers_of(*columns)).alpha == pytest.approx(0.743, abs=1e-3)


def test_what_cannot_be_read_is_an_answer():
    together = agreement(answers_of(["a", UNREAD, "a"], ["a", UNREAD, "a"]))
    apart = agreement(answers_of(["a", UNREAD, "a"], ["a", "b", "a"]))
    assert together == (1.0, 1.0, 3)
    assert apart.alpha < 1


def test_kappa_is_over_what_all_answered_who_began():
    found = agreement(answers_of(["a", "b", "a", MISSING], ["a", "b", MISSING, "b"], [MISSING] * 4))
    assert found == (1.0, 1.0, 2)


@pytest.mark.parametrize(
    "columns",
    [
        [["a", "b", "a"]],
        [["a", "a", "a"], ["a", "a", "a"]],
        [[UNREAD, UNREAD], [UNREAD, UNREAD]],
        [[MISSING, MISSING], [MISSING, MISSING]],
        [["a", MISSING], [MISSING, "b"]],
        [["a", "b"], ["a", MISSING]],
    ],
    ids=["one annotator", "one class", "unreadable", "nothing", "no item twice", "one left"],
)
def test_where_it_is_not_defined_it_is_not_a_number(columns):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = agreement(answers_of(*columns))
    assert np.isnan(found.alpha)
    assert np.isnan(found.kappa)


def test_no_rows_at_all():
    found = agreement(answers_of(["a"]).iloc[:0])
    assert np.isnan(found.alpha)
    assert found.n_items == 0


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "c", UNREAD, MISSING]), min_size=6, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_alpha_is_one_minus_disagreement_over_chance(columns):
    """Alpha by its definition: pairs within items against pairs within all values."""
    items = [[value for value in row if value != MISSING] for row in zip(*columns, strict=True)]
    items = [row for row in items if len(row) > 1]
    values = [value for row in items for value in row]
    observed = sum(
        2 * sum(a != b for a, b in combinations(row, 2)) / (len(row) - 1) for row in items
    )
    by_chance = 2 * sum(a != b for a, b in combinations(values, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = agreement(answers_of(*columns))
    if not by_chance:
        assert np.isnan(found.alpha)
    else:
        wanted = 1 - (observed / len(values)) / (by_chance / (len(values) * (len(values) - 1)))
        assert found.alpha == pytest.approx(wanted)
