"""The words that a model relies on, against documents read one by one."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

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
        ({"unit": "sentence"}, ValueError, "unit='sentence' is unknown: give one of"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message, model, reviews):
    with pytest.raises(error, match=message):
        global_rationales(model, reviews[0][:3], **arguments)


def shown_parts(own, unit):
    """Name the parts of a rationale, with the masks of where they are selected, by hand."""
    parts = {}
    chosen = [i for i, selected in enumerate(own.mask) if selected]
    if unit == "word":
        places = [[i] for i in chosen]
    elif unit == "phrase":
        places = [[i, i + 1] for i in chosen if i + 1 in chosen]
    else:
        firsts = [i for i in chosen if i - 1 not in chosen]
        places = [
            list(range(i, next(j for j in range(i, 10**6) if j not in chosen))) for i in firsts
        ]
    for these in places:
        parts.setdefault(" ".join(own.tokens[i] for i in these), set()).update(these)
    return parts


@pytest.mark.parametrize("unit", ["word", "phrase", "span"])
def test_parts_are_hidden_as_a_whole(unit, reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(style="phrases", random_state=0, n_threads=1)
    clf.fit(texts[:200], y[:200])
    some = texts[200:280]
    table = global_rationales(clf, some, unit=unit, min_shown=1)
    decisive, shown, drops = {}, {}, {}
    for own, text in zip(clf.explain(some), some, strict=True):
        before = clf.predict_proba([text])[0]
        for name, places in shown_parts(own, unit).items():
            mask = own.mask.copy()
            mask[list(places)] = False
            after = clf.predict_proba([text], [mask])[0]
            key = name, own.label
            shown[key] = shown.get(key, 0) + 1
            decisive[key] = decisive.get(key, 0) + (after.argmax() != before.argmax())
            drops.setdefault(key, []).append(before.max() - after[before.argmax()])
    keys = list(zip(table["word"].tolist(), table["label"].tolist(), strict=True))
    assert sorted(keys) == sorted(shown)
    assert [shown[key] for key in keys] == table["shown"].tolist()
    assert [decisive[key] for key in keys] == table["decisive"].tolist()
    assert [np.mean(drops[key]) for key in keys] == pytest.approx(table["drop"].tolist(), abs=1e-5)
    for (name, label), present in zip(keys, table["present"].tolist(), strict=True):
        inside = [f" {name} " in f" {' '.join(own.tokens)} " for own in clf.explain(some)]
        of_class = clf.predict(some) == label
        assert present == (np.array(inside) & of_class).sum()


@pytest.fixture(scope="module")
def seeds(reviews):
    texts, y, _ = reviews
    return [
        SelectiveRationaleClassifier(rationale_length=5, random_state=seed, n_threads=1).fit(
            texts[seed : 150 + seed], y[seed : 150 + seed]
        )
        for seed in (0, 40, 80)
    ]


def test_columns_of_several_models_are_means(seeds, reviews):
    texts, y, _ = reviews
    alone = [global_rationales(clf, texts[240:], y[240:], min_shown=1) for clf in seeds]
    rows = [
        {
            key: {name: table[name][i] for name in table}
            for i, key in enumerate(zip(table["word"], table["label"], strict=True))
        }
        for table in alone
    ]
    table = global_rationales(seeds, texts[240:], y[240:], min_shown=3)
    keys = list(zip(table["word"], table["label"], strict=True))
    assert set(keys) == {
        key for of_model in rows for key, row in of_model.items() if row["shown"] >= 3
    }
    for i, key in enumerate(keys):
        found = [of_model[key] for of_model in rows if key in of_model]
        shown = [row["shown"] for row in found] + [0] * (3 - len(found))
        assert table["shown"][i] == pytest.approx(np.mean(shown))
        assert table["shown_std"][i] == pytest.approx(np.std(shown))
        assert table["n_models"][i] == sum(n >= 3 for n in shown)
        assert table["decisive"][i] == pytest.approx(sum(row["decisive"] for row in found) / 3)
        for name in ("drop", "accuracy", "accuracy_without"):
            assert table[name][i] == pytest.approx(np.mean([row[name] for row in found]))
        assert table["drop_std"][i] == pytest.approx(np.std([row["drop"] for row in found]))


def test_the_same_model_twice_says_what_it_says_once(model, reviews):
    texts = reviews[0][200:300]
    once, twice = global_rationales(model, texts), global_rationales([model, model], texts)
    for name, column in once.items():
        assert column.tolist() == twice[name].tolist()
    assert set(twice["n_models"]) == {2}
    assert not twice["shown_std"].any()
    assert not twice["drop_std"].any()


def test_of_an_ensemble_the_members_are_asked(seeds, reviews):
    texts, y, _ = reviews
    both = InteractiveEnsemble(*seeds[:2]).fit(texts[:10])
    asked, listed = (
        global_rationales(given, iter(texts[200:260]), y[200:260]) for given in (both, seeds[:2])
    )
    assert len(asked["word"])
    for name, column in listed.items():
        assert column.tolist() == asked[name].tolist()


def test_neither_order_nor_repetition_nor_unselected_words_change_what_is_relied_on(model, reviews):
    texts, y, _ = reviews
    texts, y = texts[200:300], y[200:300]
    table = global_rationales(model, texts, y)
    order = np.random.RandomState(0).permutation(len(texts))
    longer = [f"qqqq {text} zzzz zzzz" for text in texts]  # words that it does not know
    for X, labels in (([texts[i] for i in order], y[order]), (longer, y)):
        other = global_rationales(model, X, labels)
        for name in ("word", "label", "present", "shown", "decisive"):
            assert other[name].tolist() == table[name].tolist()
        for name in ("drop", "accuracy", "accuracy_without"):
            assert other[name] == pytest.approx(table[name], abs=1e-6)
    doubled = global_rationales(model, texts * 2, np.tile(y, 2), min_shown=4)
    assert doubled["word"].tolist() == table["word"].tolist()
    for name in ("present", "shown", "decisive"):
        assert doubled[name].tolist() == (2 * table[name]).tolist()
    assert doubled["drop"] == pytest.approx(table["drop"], abs=1e-6)


def test_what_cannot_be_asked_is_refused(model, seeds, reviews):
    texts, y, _ = reviews
    other = SelectiveRationaleClassifier(random_state=0, n_threads=1)
    other.fit(texts[:60], np.where(y[:60] == y[0], "a", "b"))
    with pytest.raises(ValueError, match="same classes"):
        global_rationales([model, other], texts[:3])
    with pytest.raises(ValueError, match="no models"):
        global_rationales([], texts[:3])
    with pytest.raises(TypeError, match="SelectiveRationaleClassifier"):
        global_rationales([model, "model"], texts[:3])
    with pytest.raises(NotFittedError):
        global_rationales(InteractiveEnsemble(*seeds[:2]), texts[:3])
    with pytest.raises(NotFittedError):
        global_rationales(SelectiveRationaleClassifier(), texts[:3])
