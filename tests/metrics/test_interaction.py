"""The table of cases, on an exchange written down by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble
from sklearn_irx.exchange import CASES, chosen, decide
from sklearn_irx.metrics import (
    cross_reading_matrix,
    interaction_table,
    second_reader_accuracy,
)
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


@pytest.fixture(scope="module")
def pair(fitted, other, reviews):
    return InteractiveEnsemble(fitted, other, prefit=True).fit(*reviews[:2])


@pytest.fixture(scope="module")
def linear(reviews):
    texts, y, _ = reviews
    return make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts[:100], y[:100])


def test_each_member_reads_the_rationale_of_each(pair, fitted, other, reviews):
    some, labels = reviews[0][300:360], np.array(reviews[1][300:360])
    table = cross_reading_matrix(pair, some, labels)
    assert list(table) == ["rationale", "reader_1", "reader_2"]
    assert table["rationale"].tolist() == [1, 2]
    for i, reader in enumerate((fitted, other), start=1):
        for j, selector in enumerate((fitted, other)):
            said = reader.predict_proba(some, masks=selector.transform(some)).argmax(axis=1)
            right = (reader.classes_[said] == labels).mean()
            assert table[f"reader_{i}"][j] == pytest.approx(right)
    cross = pair.cross_predict_proba(some).argmax(axis=3)
    expected = (pair.classes_[cross] == labels).mean(axis=2)
    np.testing.assert_allclose([table["reader_1"], table["reader_2"]], expected)


def test_further_readers_read_the_same_words(pair, fitted, other, linear, reviews):
    some, labels = reviews[0][300:360], reviews[1][300:360]
    table = cross_reading_matrix(pair, some, labels, readers={"linear": linear, "again": other})
    assert list(table)[3:] == ["linear", "again"]
    for j, selector in enumerate((fitted, other)):
        masks = selector.transform(some)
        assert table["linear"][j] == pytest.approx(
            second_reader_accuracy(linear, some, labels, masks, tokenizer=selector)
        )
    np.testing.assert_allclose(table["again"], table["reader_2"])
    assert pd.DataFrame(table).shape == (2, 5)


def test_members_of_a_committee_have_their_names(fitted, other, linear, reviews):
    some, labels = reviews[0][300:340], reviews[1][300:340]
    members = [("soup", fitted), ("bread", other)]
    committee = InteractiveCommittee(members, prefit=True).fit(*reviews[:2])
    table = cross_reading_matrix(committee, some, labels, readers={"linear": linear})
    assert list(table) == ["rationale", "reader_soup", "reader_bread", "linear"]
    assert table["rationale"].tolist() == ["soup", "bread"]
    clean = FunctionTransformer(lambda texts: [text.strip("#") for text in texts])
    behind = make_pipeline(clean, committee)
    found = cross_reading_matrix(behind, [f"#{text}" for text in some], labels)
    np.testing.assert_allclose(found["reader_soup"], table["reader_soup"])


def test_what_no_matrix_can_be_made_of(pair, linear, reviews):
    some, labels = reviews[0][300:305], reviews[1][300:305]
    with pytest.raises(ValueError, match="X has 5 documents and y 4 labels"):
        cross_reading_matrix(pair, some, labels[:4])
    for name in ("reader_1", "rationale"):
        with pytest.raises(ValueError, match=f"'{name}' may be the name of another column"):
            cross_reading_matrix(pair, some, labels, readers={name: linear})
    with pytest.raises(NotFittedError):
        cross_reading_matrix(InteractiveEnsemble(*pair.estimators_), some, labels)
