import numpy as np
import pytest

from sklearn_irx.cli.results import Outcome, Selection, cases_table, choose_examples, models_table


def test_a_selection_pads_masks_with_false():
    found = Selection.of([("a", np.array([True])), ("b", np.array([], dtype=bool))])
    assert found.masks.tolist() == [[True], [False]]
    assert found.lengths.tolist() == [1, 0]


def test_models_are_compared_in_words_borders_and_empty_rationales():
    answers = [("a", np.array([True, False, True])), ("b", np.array([False, False]))]
    outcome = Outcome({"model": Selection.of(answers)}, {})
    table = models_table(outcome, np.array(["a", "a"]), np.array([[True, False], [True, False]]))
    assert table.columns == ["", "accuracy", "words", "borders", "empty", "token F1"]
    # The first document: one word of two right, one of one found; the second: none.
    assert table.rows == [["model", "0.500", "1.0", "1.0", "50.0 %", "0.333"]]


def test_without_true_labels_there_is_no_accuracy():
    outcome = Outcome({"model": Selection.of([("a", np.array([True]))])}, {})
    assert models_table(outcome, None).columns == ["", "words", "borders", "empty"]


def test_cases_are_counted_and_judged():
    exchange = {
        "case": np.array(["agree", "convinced_1", "agree", "confidence_1"]),
        "label": np.array(["a", "b", "a", "a"]),
        "label_1": np.array(["a", "a", "a", "a"]),
        "label_2": np.array(["a", "b", "a", "b"]),
    }
    rows = {row[0]: row[1:] for row in cases_table(exchange, np.array(["a", "b", "b", "b"])).rows}
    assert rows["agree"] == ["2", "50.0 %", "0.500", "0.500", "0.500"]
    assert rows["convinced_1"] == ["1", "25.0 %", "1.000", "0.000", "1.000"]
    assert rows["confidence_1"] == ["1", "25.0 %", "0.000", "0.000", "1.000"]
    assert rows["convinced_2"] == ["0", "0.0 %", "–", "–", "–"]
    assert rows["all"] == ["4", "100.0 %", "0.500", "0.250", "0.750"]


def test_cases_of_a_committee_are_judged_for_each_member():
    exchange = {
        "label_a": np.array(["x", "y"]),
        "confidence_a": np.array([0.5, 0.5]),
        "label_<b>": np.array(["x", "x"]),
        "confidence_<b>": np.array([0.5, 0.5]),
        "case": np.array(["agree", "mean"]),
        "label": np.array(["x", "y"]),
    }
    table = cases_table(exchange, np.array(["x", "x"]), ("agree", "mean", "confidence"))
    assert table.columns == ["case", "count", "share", "right", "a alone", "<b> alone"]
    assert table.rows[1] == ["mean", "1", "50.0 %", "0.000", "0.000", "1.000"]
    assert [row[0] for row in table.rows] == ["agree", "mean", "confidence", "all"]
    assert "surest" in table.note


def test_without_true_labels_cases_are_only_counted():
    table = cases_table({"case": np.array(["agree"])}, None)
    assert table.columns == ["case", "count", "share"]


@pytest.fixture
def case():
    return np.array(["agree"] * 90 + ["convinced_1"] * 5 + ["convinced_2"] * 2 + ["confidence_1"])


def test_examples_show_every_case_before_any_twice(case):
    assert sorted(case[choose_examples(case, 4, seed=0)]) == sorted(set(case))
    assert case[choose_examples(case, 1, seed=0)] != "agree"


def test_examples_fill_up_with_what_there_is(case):
    rows = choose_examples(case, 20, seed=0)
    assert len(set(rows)) == 20
    assert (case[rows] != "agree").sum() == 8
    assert len(choose_examples(case, 1000, seed=0)) == len(case)


def test_the_same_seed_chooses_the_same_examples(case):
    assert (choose_examples(case, 9, seed=3) == choose_examples(case, 9, seed=3)).all()
