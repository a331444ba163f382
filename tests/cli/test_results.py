import numpy as np
import pytest

from sklearn_irx.cli.results import choose_examples
from sklearn_irx.inspection._summary import Answers, cases_table, models_table
from tests.exchanges import exchange_of_labels


def answers(labels, masks):
    masks = np.array(masks, dtype=bool)
    return {"model": Answers(np.array(labels), np.ones(len(masks)), masks, np.array([3, 2]))}


def test_models_are_compared_in_words_spans_and_empty_rationales():
    found = answers(["a", "b"], [[True, False, True], [False, False, False]])
    table = models_table(found, np.array(["a", "a"]), np.array([[True, False], [True, False]]))
    assert table.columns == ["", "accuracy", "macro F1", "ECE", "words", "of text", "spans",
                             "empty", "token F1"]  # fmt: skip
    # The first document: one word of two right, one of one found; the second: none.
    assert table.rows == [["model", "0.500", "0.333", "0.500", "1.0", "40 %", "1.0", "50.0 %",
                           "0.333"]]  # fmt: skip


def test_without_true_labels_there_is_no_accuracy():
    table = models_table(answers(["a", "a"], [[True], [False]]), None)
    assert table.columns == ["", "words", "of text", "spans", "empty"]


def test_cases_are_counted_and_judged():
    exchange = exchange_of_labels(
        [["a", "a", "a", "a"], ["a", "b", "a", "b"]],
        ["agree", "convinced_1", "agree", "confidence_1"],
        ["a", "b", "a", "a"],
    )
    rows = {row[0]: row[1:] for row in cases_table(exchange, np.array(["a", "b", "b", "b"])).rows}
    assert rows["agree"] == ["2", "50.0 %", "0.500", "0.500", "0.500"]
    assert rows["convinced_1"] == ["1", "25.0 %", "1.000", "0.000", "1.000"]
    assert rows["confidence_1"] == ["1", "25.0 %", "0.000", "0.000", "1.000"]
    assert rows["convinced_2"] == ["0", "0.0 %", "–", "–", "–"]
    assert rows["all"] == ["4", "100.0 %", "0.500", "0.250", "0.750"]


def test_cases_of_a_committee_are_judged_for_each_member():
    exchange = exchange_of_labels(
        [["x", "y"], ["x", "x"]],
        ["agree", "mean"],
        ["x", "y"],
        members=("a", "<b>"),
        cases=("agree", "mean", "confidence"),
    )
    table = cases_table(exchange, np.array(["x", "x"]))
    assert table.columns == ["case", "documents", "share", "right", "a alone", "<b> alone"]
    assert table.rows[1] == ["mean", "1", "50.0 %", "0.000", "0.000", "1.000"]
    assert [row[0] for row in table.rows] == ["agree", "mean", "confidence", "all"]
    assert "most confident" in table.note


def test_without_true_labels_cases_are_only_counted():
    table = cases_table(exchange_of_labels([["a"], ["a"]], ["agree"], ["a"]), None)
    assert table.columns == ["case", "documents", "share"]


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
