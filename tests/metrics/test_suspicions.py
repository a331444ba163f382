"""Suspected words, against texts that are blanked and read one by one."""

import re

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.metrics import suspected_words

SIGNATURE = r"posted by \w+@\w+\.example"


@pytest.fixture(scope="module")
def signed(reviews):
    """Reviews of which those of a class end with an address."""
    texts, y, _ = reviews
    first = sorted(set(y))[0]
    return [
        f"{text} Posted by x{row % 7}@qwertz.example." if label == first else text
        for row, (text, label) in enumerate(zip(texts, y, strict=True))
    ], y


@pytest.fixture(scope="module")
def model(signed):
    texts, y = signed
    return SelectiveRationaleClassifier(random_state=0, n_threads=1).fit(texts[:200], y[:200])


@pytest.fixture(scope="module")
def ensemble(model, signed):
    texts, y = signed
    other = SelectiveRationaleClassifier(
        rationale_length=4, initialization="logistic", random_state=1, n_threads=1
    )
    return InteractiveEnsemble(model, other.fit(texts[60:120], y[60:120])).fit(texts[:5])


def expected_row(estimator, texts, y, pattern):
    """Find, hide and blank by hand."""
    rows = []
    for text, label in zip(texts, y, strict=True):
        matches = [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
        if not matches:
            continue
        (own,) = estimator.explain([text])
        suspected = np.array(
            [any(s < end and e > start for start, end in matches) for s, e in own.spans]
        )
        shown, decisive = bool((suspected & own.mask).any()), False
        if shown:
            owner = estimator
            if hasattr(estimator, "estimators_"):
                owner = estimator.estimators_[estimator.exchange([text]).chosen[0]]
            labels = owner.classes_[
                owner.predict_proba([text, text], [own.mask, own.mask & ~suspected]).argmax(axis=1)
            ]
            decisive = labels[0] != labels[1]
        after = estimator.predict([re.sub(pattern, " ", text, flags=re.IGNORECASE)])[0]
        rows.append((shown, decisive, after != own.label, own.label == label, after == label))
    shown, decisive, changed, right, blanked = np.array(rows).T
    return [len(rows), shown.sum(), decisive.sum(), changed.mean(), right.mean(), blanked.mean()]


@pytest.mark.parametrize("kind", ["model", "ensemble"])
def test_each_row_is_what_blanking_does(kind, signed, request):
    estimator = request.getfixturevalue(kind)
    texts, y = signed[0][200:300], signed[1][200:300]
    patterns = {"signature": SIGNATURE, "article": r"\bthe\b", "part of a word": "oo"}
    table = suspected_words(estimator, texts, y, suspects=patterns)
    assert list(table) == [
        "suspect", "documents", "shown", "decisive", "changed", "accuracy", "accuracy_blanked",
    ]  # fmt: skip
    assert table["suspect"].tolist() == list(patterns)
    for row, pattern in enumerate(patterns.values()):
        found = [table[name][row] for name in list(table)[1:]]
        assert found == pytest.approx(expected_row(estimator, texts, y, pattern))
    assert table["shown"][0] > 0.9 * table["documents"][0]
    assert table["decisive"][0] > 0


def test_words_are_whole_words_in_any_case(model):
    texts = ["Art.", "a party", "ART and art", "nothing", "fine  ART", "fine.art"]
    table = suspected_words(model, texts, suspects=["art", "fine art", "c++"])
    assert table["suspect"].tolist() == ["art", "fine art", "c++"]
    assert table["documents"].tolist() == [4, 1, 0]
    assert np.isnan(table["changed"][2])
    assert table["shown"][2] == table["decisive"][2] == 0
    exact = suspected_words(model, texts, suspects={"capitals": r"(?-i:ART)"})
    assert exact["documents"].tolist() == [2]


def test_what_is_not_read_is_not_suspected(signed):
    texts, y = signed
    short = SelectiveRationaleClassifier(max_length=5, random_state=0, n_threads=1)
    short.fit(texts[:60], y[:60])
    table = suspected_words(short, ["a b c d e art", "art b c", "!!! a"], suspects=["art"])
    assert table["documents"].tolist() == [1]
    marks = suspected_words(short, ["a b c", "!!! a"], suspects={"marks": "!+"})
    assert marks["documents"].tolist() == [0]


def test_a_pipeline_is_searched_in_what_its_model_sees(model, signed):
    texts, y = signed[0][200:260], signed[1][200:260]
    cleaned = make_pipeline(
        FunctionTransformer(lambda X: [text.replace("Posted by ", "") for text in X]), model
    )
    table = suspected_words(cleaned, texts, y, suspects={"all": SIGNATURE, "rest": r"\w+@\S+"})
    assert table["documents"].tolist() == [0, sum("qwertz" in text for text in texts)]


@pytest.mark.parametrize(
    ("suspects", "error", "message"),
    [
        ("word", TypeError, "suspects='word': give a list of words, or a dict"),
        (3, TypeError, "suspects=3: give a list"),
        ([], ValueError, "suspects is empty"),
        ([re.compile("a")], TypeError, "give words or regular expressions as str"),
        ({"a": re.compile("a")}, TypeError, "give words or regular expressions as str"),
        ({"open": "(a"}, ValueError, r"suspects\['open'\]='\(a' is no regular expression"),
        ({"none": "a*"}, ValueError, r"suspects\['none'\]='a\*' matches where there is no char"),
        ({"edge": r"\b"}, ValueError, r"suspects\['edge'\].* matches where there is no character"),
        ([" "], ValueError, "matches where there is no character"),
    ],
)
def test_bad_suspects_are_named(suspects, error, message, model):
    with pytest.raises(error, match=message):
        suspected_words(model, ["a text"], suspects=suspects)


def test_a_catastrophic_expression_is_stopped(model, monkeypatch):
    monkeypatch.setattr("sklearn_irx.metrics._suspicions._SECONDS_A_TEXT", 0.1)
    with pytest.raises(ValueError, match=r"suspects\['slow'\].*takes more than 0.1 seconds"):
        suspected_words(model, ["a" * 60 + "!"], suspects={"slow": r"(a|aa)+$"})


def test_one_without_rationales_is_refused(signed):
    with pytest.raises(TypeError, match="shows no rationales"):
        suspected_words("model", signed[0][:3], suspects=["a"])
