"""The words for each class, beside a model's own rationale: pages, terminals, a browser."""

import re
from html import escape, unescape

import numpy as np
import pytest

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.inspection import explain_documents, to_html, to_rich, write_html
from sklearn_irx.text import harmless
from tests.inspection.conftest import HOSTILE


@pytest.fixture(scope="module")
def model(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(max_length=60, n_threads=1, random_state=0)
    return clf.fit(texts[:200], y[:200])


@pytest.fixture(scope="module")
def many(reviews):
    """A model of seven classes that it cannot tell apart."""
    y = np.arange(400) % 7
    return SelectiveRationaleClassifier(n_threads=1, random_state=0).fit(reviews[0], y)


@pytest.fixture(scope="module")
def attacked(reviews):
    """A model whose labels are attacks, and texts that are."""
    texts, y, _ = reviews
    as_hostile = dict(zip(sorted(set(y)), HOSTILE, strict=False))
    clf = SelectiveRationaleClassifier(n_threads=1, random_state=0)
    clf.fit(texts[:200], [as_hostile[label] for label in y[:200]])
    return clf, [f"{attack} {text} {attack}" for text in texts[200:203] for attack in HOSTILE]


def marked(html):
    """The texts of all marks, in order, without those that stand in style and legend."""
    body = html.split("</style>")[-1]
    return [unescape(words) for words in re.findall("<mark>(.*?)</mark>", body, re.DOTALL)]


def test_a_document_has_the_words_of_each_class_below_its_own(model, reviews):
    texts, y, _ = reviews
    documents = explain_documents(model, texts[200:230], y[200:230], target="all")
    classwise = model.explain(texts[200:230], target="all")
    assert documents.summary() == classwise.summary() != ""
    for document, expected in zip(documents, classwise, strict=True):
        assert document.rationale.words == expected.own.words
        assert [one.words for one in document.classwise] == [one.words for one in expected]
        html = document.to_html()
        assert html.count('<div class="side">') == 3
        assert html.count(">convinced<") == sum(one.convinced for one in expected)
        assert html.count(">not convinced<") == sum(not one.convinced for one in expected)
        runs = [
            document.rationale.text[start:end]
            for one in (expected.own, *expected)
            for start, end in one.selected_spans
        ]
        assert marked(html)[1:] == runs
        for one in expected:
            assert f"for</span> {one.target}</h4>" in html
            assert escape(one.how_chosen()) in html.replace("&#39;", "&#x27;")
        # The model's own prediction is judged, and none from words chosen for a class.
        assert html.count('class="badge good"') + html.count('class="badge bad"') == 1
    assert any(not one.convinced for found in classwise for one in found)


def test_the_words_for_each_class_have_their_own_folds(passages):
    pair, texts, _ = passages
    documents = explain_documents(pair.estimators_[0], texts, target="all")
    n_differ = 0
    for document in documents:
        n_folds = [len(one.folds) for one in (document.rationale, *document.classwise)]
        n_differ += len(set(n_folds)) > 1
        for html in (document.to_html(), document.classwise._repr_html_()):
            assert html.count('<details class="fold">') == sum(n_folds)
        assert str(document).count(" words …)") == sum(n_folds)
        assert " words …" not in document.to_html(whole=True) + document.to_rich(whole=True).plain
    assert n_differ >= 1


def test_one_class_is_shown_alone(model, reviews):
    (document,) = explain_documents(model, reviews[0][:1], target="runner_up")
    assert document.to_html().count('<div class="side">') == 1
    (found,) = model.explain(reviews[0][:1], target="runner_up")
    assert found.words == document.classwise[0].words
    page = to_html([found], y_true=["noise"])
    assert found.how_chosen() in unescape(page)
    assert "✓ right" not in page
    assert "✗ wrong" not in page


def test_a_page_says_how_often_words_for_another_class_convince(model, reviews, tmp_path):
    classwise = model.explain(reviews[0][200:230], target="all")
    write_html(tmp_path / "page.html", classwise, y_true=reviews[1][200:230])
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert classwise.summary() in unescape(html)
    assert html.count('<div class="side">') == 90
    assert "<script" not in html
    plain = to_html(model.explain(reviews[0][200:203]))
    assert "chosen to support" not in plain


def test_the_terminal_shows_the_words_of_each_class(model, reviews):
    (document,) = explain_documents(model, reviews[0][:1], reviews[1][:1], target="all")
    shown = str(document)
    own, *others = re.split("\n\nFor ", shown)
    assert own == str(to_rich(document.rationale, y_true=reviews[1][0], marks=("[", "]")))
    assert [other.split("\n")[0] for other in others] == [one.target for one in document.classwise]
    for other, one in zip(others, document.classwise, strict=True):
        assert one.how_chosen() in other
        assert one.outcome() in other
        assert "right" not in other.split("\n")[1]
        assert other.count("[") == len(one.selected_spans)


def test_of_many_classes_four_are_shown_and_all_are_there(many, reviews):
    (document,) = explain_documents(many, reviews[0][:1], target="all")
    assert len(document.classwise) == 7
    assert document.to_html().count('<div class="side">') == 4
    assert "… and 3 more classes" in document.to_html()
    assert str(document).endswith("… and 3 more classes")
    assert len(str(document).split("\n\nFor ")) == 5


def test_attacks_stay_text(attacked):
    clf, texts = attacked
    found = clf.explain(texts, target="all")
    pages = [found._repr_html_(), to_html(found, names=texts), explain_documents(
        clf, texts, names=texts, target="all"
    )._repr_html_()]  # fmt: skip
    for page in pages:
        body = page.split("</style>")[-1]
        for tag in ("<script", "<img", "<svg", "<style", "<textarea"):
            assert tag not in body
    for shown in (str(found[0]), repr(found)):
        assert harmless(shown) == shown


def test_members_that_choose_by_class_say_so_beside_those_that_do_not(small, other, reviews):
    from sklearn_irx import InteractiveEnsemble

    texts, y, _ = reviews
    focused = small(initialization__class_focus=1.0, random_state=3, training__max_epochs=1)
    pair = InteractiveEnsemble(focused.fit(texts[:80], y[:80]), other).fit(texts[:10])
    documents = explain_documents(pair, texts[100:])
    disputed = [document for document in documents if document.disputed]
    assert disputed, "this test sees nothing"
    for document in disputed[:5]:
        assert document.to_html().count("by a model that read the whole text") == 1
        assert str(document).count("by a model that read the whole text") == 1
        by_class = [one.class_conditional for one in document.members.values()]
        assert by_class == [True, False]
        assert document.rationale.class_conditional == (document.chosen == "Model 1")


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_shows_classes_side_by_side_where_there_is_room(
    open_page, many, reviews, width, dark
):
    found = many.explain([*reviews[0][:3], "x" * 300 + " room", ""], target="all")
    for html in (to_html(found), f"<!DOCTYPE html><meta charset=utf-8>{found._repr_html_()}"):
        browser = open_page(html, width=width, dark=dark)
        assert browser.get_log("browser") == []
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
        boxes = browser.execute_script(
            "return [...document.querySelectorAll('.pair, .sides')].map((grid) => "
            "[...grid.children].map((side) => side.getBoundingClientRect()))"
        )
        assert [len(of_document) for of_document in boxes] == [4] * 5
        for first, second, *_ in boxes:
            if width == 1280:
                assert first["top"] == second["top"]
                assert first["right"] < second["left"]
            else:
                assert first["bottom"] <= second["top"]
