"""What would change a prediction: every change is read by the model, and no fewer are enough."""

import json
import re
from html import unescape
from itertools import combinations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.inspection import counterfactuals
from sklearn_irx.text import harmless
from tests.inspection.conftest import HOSTILE

WORDS = ["rubbery", "ants", "howling"]


@pytest.fixture(scope="module")
def model(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(rationale_length=4, random_state=0, n_threads=1)
    return clf.fit(texts[:250], y[:250])


def options(change):
    return {"change": change, **({"vocabulary": WORDS} if change == "replace" else {})}


@pytest.mark.parametrize("change", ["hide", "add", "remove", "replace"])
def test_after_the_changes_the_model_says_what_is_told(change, model, reviews):
    texts = [*reviews[0][250:290], "zzz", ""]
    documents = counterfactuals(model, texts, **options(change))
    found = [one for one in documents if one.found]
    assert found, "this test sees nothing"
    for text, one in zip(texts, documents, strict=True):
        own = one.own
        assert own.text == text
        assert own.label == model.predict([text])[0]
        positions = [each.position for each in one.changes]
        assert positions == sorted(set(positions))
        for position, word, _ in one.changes:
            start, end = own.spans[position]
            assert text[start:end] == word
        mask = own.mask.copy()
        if change in ("hide", "add"):
            assert one.text == text
            assert all(own.mask[positions] == (change == "hide"))
            mask[positions] = change == "add"
            probabilities = model.predict_proba([text], [mask])[0]
        else:
            probabilities = model.predict_proba([one.text])[0]
        if one.found:
            assert one.label == model.classes_[probabilities.argmax()] != own.label
            assert one.confidence == pytest.approx(probabilities.max(), abs=1e-5)
        else:
            assert (one.label, one.changes) == (own.label, ())
            assert one.text == text


def test_texts_are_changed_where_it_is_told_and_nowhere_else(model, reviews):
    texts = reviews[0][250:280]
    for one in counterfactuals(model, texts, **options("replace")):
        words = [each.becomes for each in one.changes]
        assert set(words) <= set(WORDS)
        expected = one.own.text
        for position, _, becomes in reversed(one.changes):
            start, end = one.own.spans[position]
            expected = expected[:start] + becomes + expected[end:]
        assert one.text == expected
    for one in counterfactuals(model, texts, change="remove"):
        removed = {each.position for each in one.changes}
        left = [word for i, word in enumerate(one.own.tokens) if i not in removed]
        assert model.tokenize([one.text]).word_lists()[0] == left


def test_hidden_words_are_the_fewest_of_short_texts(model, reviews):
    texts = [" ".join(text.split()[:20]) for text in reviews[0][250:300]]
    for one in counterfactuals(model, texts, exact_up_to=20):
        selected = np.flatnonzero(one.own.mask)
        sizes = []
        for size in range(1, len(selected) + 1):
            masks = np.array([one.own.mask] * len(list(combinations(selected, size))))
            for mask, words in zip(masks, combinations(selected, size), strict=True):
                mask[list(words)] = False
            labels = model.predict_proba([one.own.text] * len(masks), masks).argmax(axis=1)
            if (model.classes_[labels] != one.own.label).any():
                sizes.append(size)
        assert one.found == bool(sizes)
        if sizes:
            assert one.exact
            assert len(one.changes) == sizes[0]


def test_a_class_can_be_asked_for(model, reviews):
    texts = reviews[0][250:300]
    target = str(model.classes_[1])
    documents = counterfactuals(model, texts, target=target, **options("replace"))
    assert {one.label for one in documents if one.found} == {target}
    already = [one for one in documents if one.own.label == target]
    assert already
    assert all(one.found and not one.changes for one in already)
    assert {str(one).endswith("is predicted already") for one in already} == {True}
    n = sum(one.found for one in documents) - len(already)
    assert f"In {n} of 50 documents" in documents.summary()


def test_limits_are_kept(model, reviews):
    texts = reviews[0][250:280]
    few = counterfactuals(model, texts, max_changes=2)
    many = counterfactuals(model, texts, max_changes=None)
    assert max(len(one.changes) for one in few) == 2
    assert sum(one.found for one in few) < sum(one.found for one in many)


def test_texts_are_changed_for_an_ensemble_too(model, reviews):
    texts, y, _ = reviews
    short = SelectiveRationaleClassifier(rationale_length=2, random_state=1, n_threads=1)
    both = InteractiveEnsemble(model, short).fit(texts[:100], y[:100])
    documents = counterfactuals(both, texts[250:270], change="remove", max_changes=4)
    assert any(one.found for one in documents)
    for one in documents:
        label = both.predict([one.text])[0]
        assert (label != both.predict([one.own.text])[0]) == one.found
    with pytest.raises(TypeError, match=r"does not predict from given words.*estimators_\[0\]"):
        counterfactuals(both, texts[:3])


@pytest.mark.parametrize("change", ["hide", "remove", "replace"])
def test_of_texts_that_are_not_read_to_the_end_nothing_is_lost(change, reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(max_length=20, random_state=0, n_threads=1)
    clf.fit(texts[:250], y[:250])
    documents = counterfactuals(clf, texts[250:300], **options(change))
    assert any(one.found for one in documents)
    for one in documents:
        lost = sum(len(each.word) for each in one.changes) if change == "remove" else 0
        won = sum(len(each.becomes) - len(each.word) for each in one.changes if each.becomes)
        assert len(one.text) == len(one.own.text) - lost + won
        if one.found and change != "hide":
            assert clf.predict([one.text])[0] == one.label
        assert one.to_html().endswith(f"… {one.own.unread} more characters, not read</i>")
        without = re.sub(r" <ins>[^<]*</ins>|<i .*</i>|<summary>.*?</summary>", "", one.to_html())
        shown = unescape(re.sub("<[^>]*>", "", without))
        assert shown == one.own.text[: len(one.own.text) - one.own.unread]


def test_sentences_stay_apart_when_words_are_removed(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(
        style="sentences", rationale_length=1, random_state=0, n_threads=1
    ).fit(texts[:250], y[:250])
    documents = counterfactuals(clf, texts[250:300], change="remove")
    assert any(one.found for one in documents)
    for one in documents:
        assert one.text.count(".") == one.own.text.count(".")
        if one.found:
            assert clf.predict([one.text])[0] == one.label


def test_a_word_is_not_replaced_by_itself(model, reviews):
    texts = reviews[0][250:270]
    words = sorted({word for one in model.explain(texts) for word in one.words})[:30]
    for one in counterfactuals(model, texts, change="replace", vocabulary=words, exact_up_to=0):
        assert all(each.word != each.becomes for each in one.changes)


def test_a_model_must_be_fitted():
    with pytest.raises(NotFittedError):
        counterfactuals(SelectiveRationaleClassifier(), ["a"], target="x")


def test_they_show_themselves(model, reviews):
    documents = counterfactuals(model, reviews[0][250:280])
    n = sum(one.found for one in documents)
    assert f"In {n} of 30 documents" in documents.summary()
    assert documents.summary() in repr(documents)
    assert documents.summary() in documents._repr_html_()
    assert type(documents[:2]) is type(documents)
    one = next(one for one in documents if one.found)
    words = "; ".join(change.word for change in one.changes)
    assert str(one).endswith(f"without: {words}")
    assert re.findall("<del>(.*?)</del>", one.to_html()) == [each.word for each in one.changes]
    assert "In none of 1 document" in counterfactuals(model, ["zzz"]).summary()
    assert "stays" in str(counterfactuals(model, ["zzz"])[0])
    plain = json.loads(json.dumps([each.to_dict() for each in documents]))
    assert plain[0]["own"]["text"] == reviews[0][250]
    assert plain[0]["changes"] == [each._asdict() for each in documents[0].changes]


@pytest.mark.parametrize("change", ["hide", "add", "remove", "replace"])
def test_nothing_of_a_text_is_markup(change, reviews):
    texts, y, _ = reviews
    as_hostile = dict(zip(sorted(set(y)), HOSTILE, strict=False))
    clf = SelectiveRationaleClassifier(n_threads=1, random_state=0)
    clf.fit(texts[:150], [as_hostile[label] for label in y[:150]])
    attacks = [f"{attack} {text}" for text in texts[150:153] for attack in HOSTILE]
    more = {"vocabulary": ["<script>x</script>", "rubbery"]} if change == "replace" else {}
    documents = counterfactuals(clf, attacks, change=change, **more)
    for text, one in zip(attacks, documents, strict=True):
        html = one.to_html()
        tags = set(re.findall("<[^>]*>", html))
        assert tags <= {
            "<mark>", "</mark>", "<del>", "</del>", "<ins>", "</ins>", "</details>", "<summary>",
            "</summary>", '<details class="fold">',
        }  # fmt: skip
        without = re.sub(r" <ins>[^<]*</ins>", "", html) if change == "replace" else html
        without = re.sub("<summary>.*?</summary>", "", without)
        assert unescape(re.sub("<[^>]*>", "", without)) == harmless(text)
    assert "<script>" not in documents._repr_html_()


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"change": "erase"}, ValueError, "change='erase' is unknown: give one of 'hide'"),
        ({"change": "replace"}, ValueError, "vocabulary is missing with change='replace'"),
        ({"vocabulary": ["a"]}, ValueError, "vocabulary is given with change='hide'"),
        ({"change": "replace", "vocabulary": []}, ValueError, r"vocabulary=\[\]: give at"),
        ({"change": "replace", "vocabulary": ["a", " "]}, ValueError, "none that is empty"),
        ({"change": "replace", "vocabulary": "ab"}, TypeError, "vocabulary"),
        ({"target": "nothing"}, ValueError, "target='nothing' is no class .*: give one of its"),
        ({"target": "runner_up"}, ValueError, "target='runner_up' is no class of this model"),
        ({"max_changes": 0}, ValueError, "max_changes=0: give an integer of at least 1"),
        ({"exact_up_to": -1}, ValueError, "exact_up_to=-1: give an integer of at least 0"),
    ],
)
def test_bad_parameters_are_named(parameters, error, message, model, reviews):
    with pytest.raises(error, match=message):
        counterfactuals(model, reviews[0][:2], **parameters)
