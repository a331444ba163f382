"""The words that a model relies on, against documents read one by one."""

import numpy as np
import pytest

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.metrics import global_rationales


@pytest.fixture(scope="module")
def model(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(rationale_length=5, random_state=0, n_threads=1)
    return clf.fit(texts[:200], y[:200])


def expected_rows(clf, texts, y):
    """Hide each word of each document by hand."""
    rows = {}
    for text, label in zip(texts, y, strict=True):
        (own,) = clf.explain([text])
        before = clf.predict_proba([text])[0]
        for word in set(own.tokens):
            row = rows.setdefault((word, own.label), {"present": 0, "hidden": []})
            row["present"] += 1
            mask = own.mask & (np.array(own.tokens) != word)
            if mask.sum() == own.mask.sum():
                continue
            after = clf.predict_proba([text], [mask])[0]
            now = clf.classes_[after.argmax()]
            drop = before.max() - after[before.argmax()]
            row["hidden"].append((now != own.label, drop, own.label == label, now == label))
    return rows


def test_each_row_is_what_hiding_the_word_does(model, reviews):
    texts, y, _ = reviews
    texts, y = [*texts[200:300], "", "zzz"], [*y[200:300], "x", "x"]
    table = global_rationales(model, texts, y)
    expected = {
        key: row for key, row in expected_rows(model, texts, y).items() if len(row["hidden"]) >= 2
    }
    found = list(zip(table["word"].tolist(), table["label"].tolist(), strict=True))
    assert sorted(found) == sorted(expected)
    assert len(found) == len(set(found)) > 10
    for i, key in enumerate(found):
        decisive, drop, right, right_without = np.array(expected[key]["hidden"]).T
        assert table["present"][i] == expected[key]["present"]
        assert table["shown"][i] == len(decisive) <= table["present"][i]
        assert table["decisive"][i] == decisive.sum()
        assert table["drop"][i] == pytest.approx(drop.mean(), abs=1e-5)
        assert table["accuracy"][i] == pytest.approx(right.mean())
        assert table["accuracy_without"][i] == pytest.approx(right_without.mean())
    order = list(zip(-table["decisive"], -table["drop"] * table["shown"], strict=True))
    assert order == sorted(order)


def test_words_that_are_seldom_shown_are_left_out(model, reviews):
    texts = reviews[0][200:300]
    few, all_ = (global_rationales(model, texts, min_shown=n) for n in (4, 1))
    assert few["shown"].min() >= 4
    assert all_["shown"].min() == 1
    assert set(few) == {"word", "label", "present", "shown", "decisive", "drop"}
    n = (all_["shown"] >= 4).sum()
    assert 0 < len(few["word"]) == n < len(all_["word"])


def test_of_texts_without_a_known_word_there_is_nothing(model):
    table = global_rationales(model, ["zzz", ""], ["a", "b"])
    assert {len(column) for column in table.values()} == {0}


def test_a_planted_shortcut_is_among_the_first(reviews):
    texts, y, _ = reviews
    first = sorted(set(y))[0]
    signed = [
        f"{text} Posted by qwertz." if label == first else text
        for text, label in zip(texts, y, strict=True)
    ]
    clf = SelectiveRationaleClassifier(random_state=0, n_threads=1).fit(signed[:250], y[:250])
    table = global_rationales(clf, signed[250:], y[250:])
    assert "qwertz" in table["word"][:10]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"min_shown": 0}, ValueError, "min_shown=0: give an integer of at least 1"),
        ({"y": ["a"]}, ValueError, "y"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message, model, reviews):
    with pytest.raises(error, match=message):
        global_rationales(model, reviews[0][:3], **arguments)


def test_an_ensemble_is_referred_to_its_members(model, reviews):
    both = InteractiveEnsemble(model, model).fit(reviews[0][:10])
    with pytest.raises(TypeError, match=r"estimators_\[0\]"):
        global_rationales(both, reviews[0][:3])
