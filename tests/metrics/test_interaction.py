"""The table of cases, on an exchange written down by hand."""

import numpy as np
import pandas as pd
import pytest

from sklearn_irx.exchange import CASES, chosen, decide
from sklearn_irx.metrics import interaction_table
from tests.exchanges import exchange_of_labels


class Pair:
    """Two models, whose predictions for seven documents are settled by Algorithm 1."""

    def exchange(self, X, *, spans=True):
        said = {
            "label_1": np.array(["a", "b", "a", "a", "a", "b", "a"]),
            "label_2": np.array(["a", "b", "b", "b", "b", "a", "b"]),
            "label_1_given_2": np.array(["a", "b", "a", "a", "b", "b", "b"]),
            "label_2_given_1": np.array(["a", "b", "a", "a", "b", "a", "a"]),
            "confidence_1": np.array([0.9, 0.9, 0.6, 0.6, 0.6, 0.8, 0.7]),
            "confidence_2": np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.7, 0.6]),
        }
        case = decide(*said.values())
        winner = chosen(case)
        own = [said["label_1"], said["label_2"]]
        return exchange_of_labels(own, case, np.where(winner == 1, *own))


X = [f"document {i}" for i in range(7)]
y = ["a", "a", "a", "b", "b", "b", "a"]


def test_table_counts_and_scores_each_case():
    table = interaction_table(Pair(), X, y)
    assert table["case"].tolist() == list(CASES)
    # agree: 0, 1; convinced_2: 2, 3; convinced_1: 4; confidence_1: 5, 6; confidence_2: none
    assert table["count"].tolist() == [2, 2, 1, 2, 0]
    np.testing.assert_allclose(table["share"], [2 / 7, 2 / 7, 1 / 7, 2 / 7, 0])
    np.testing.assert_array_equal(table["accuracy"], [0.5, 0.5, 1, 1, np.nan])
    np.testing.assert_array_equal(table["accuracy_1"], [0.5, 0.5, 0, 1, np.nan])
    np.testing.assert_array_equal(table["accuracy_2"], [0.5, 0.5, 1, 0, np.nan])


def test_table_adds_up_to_the_accuracy_of_the_ensemble():
    table = interaction_table(Pair(), X, y)
    right = np.nansum(table["share"] * table["accuracy"])
    assert right == pytest.approx(np.mean(Pair().exchange(X).labels == np.array(y)))


def test_pandas_reads_the_table_and_gives_the_labels():
    frame = pd.DataFrame(interaction_table(Pair(), X, pd.Series(y, index=range(10, 17))))
    assert frame.columns.tolist() == [
        "case",
        "count",
        "share",
        "accuracy",
        "accuracy_1",
        "accuracy_2",
    ]
    assert frame.set_index("case").loc["convinced_1", "count"] == 1


@pytest.mark.parametrize("labels", [["a"] * 6, [["a", "a"]] * 7, []])
def test_one_label_a_document_is_needed(labels):
    with pytest.raises(ValueError, match=r"y has shape .*: give one label for each"):
        interaction_table(Pair(), X, labels)
