"""For and against in one picture: notebooks, terminals, pages, a browser."""

import re
from html import unescape

import pytest

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.inspection import explain_documents, to_html, write_html
from sklearn_irx.text import harmless
from tests.inspection.conftest import HOSTILE


@pytest.fixture(scope="module")
def model(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(n_threads=1, random_state=0)
    return clf.fit(texts[:200], y[:200])


def marks(html):
    """Class and text of the marks below the styles, but for those of legends."""
    found = re.findall('<mark class="(.*?)">(.*?)</mark>', html, re.DOTALL)
    return [(side, unescape(text)) for side, text in found]


def test_a_picture_shows_both_sides_below_the_own_rationale(model, reviews):
    texts, y, _ = reviews
    documents = explain_documents(model, texts[200:240], y[200:240], against=True)
    for document in documents:
        sides, html = document.sides, document.to_html()
        assert document.classwise is None
        assert html.count('class="badge') == 1  # the own prediction alone is judged
        names, shown = marks(html)[:2], marks(html)[2:]
        assert names == [("for", sides.supporting.target), ("against", sides.opposing.target)]
        expected = [(piece.side, piece.text) for piece in sides.pieces() if piece.side]
        assert shown == expected
        assert sides.how_chosen() in unescape(html)
        for side in (sides.supporting, sides.opposing):
            assert sides.outcome(side) in unescape(html)
    n_against = sum(one.sides.opposing.mask.any() for one in documents)
    assert 0 < n_against < 40
    assert f"In {n_against} of 40 documents words speak against" in documents.summary()
    assert documents.summary() in unescape(documents._repr_html_())


def test_the_terminal_tells_the_sides_apart_without_colours(model, reviews):
    documents = explain_documents(model, reviews[0][200:240], against=True)
    document = next(one for one in documents if one.sides.opposing.mask.any())
    _, below = str(document).split("\n\nFor ")
    heading, _, how, text = below.split("\n", 3)
    assert heading.startswith(f"[{document.sides.supporting.target}] · ")
    assert how == document.sides.how_chosen()
    brackets = {"for": "[]", "against": "{}"}
    for piece in document.sides.pieces():
        if piece.side:
            begin, end = brackets[piece.side]
            assert f"{begin}{piece.text}{end}" in text
    styles = {str(span.style) for span in document.to_rich().spans}
    assert any("reverse" in style for style in styles)
    assert any("underline" in style and "reverse" not in style for style in styles)


def test_a_label_is_the_class_that_speaks_against(model, reviews):
    label = model.classes_[0]
    for one in explain_documents(model, reviews[0][200:220], target=label, against=True):
        assert label in (one.sides.own.label, one.sides.opposing.target)


@pytest.mark.parametrize("target", ["all", "predicted"])
def test_targets_that_name_no_rival_are_refused(model, reviews, target):
    with pytest.raises(ValueError, match=f"target='{target}' does not name one class"):
        explain_documents(model, reviews[0][:2], target=target, against=True)


def test_an_ensemble_is_referred_to_its_members(model, reviews):
    both = InteractiveEnsemble(model, model).fit(reviews[0][:10])
    with pytest.raises(ValueError, match=r"ask one of its members, estimators_\[0\]"):
        explain_documents(both, reviews[0][:3], against=True)


def test_a_page_of_explained_documents_keeps_their_names_and_labels(model, reviews):
    texts, y, _ = reviews
    names = [f"review {number}" for number in range(5)]
    documents = explain_documents(model, texts[200:205], y[200:205], names=names, against=True)
    html = to_html(documents)
    assert all(f'<span class="name">{name}</span>' in html for name in names)
    assert html.count('class="badge') == 5
    with pytest.raises(ValueError, match="leave out y_true and names"):
        to_html(documents, y_true=y[200:205])


def test_texts_and_labels_reach_a_browser_as_text(open_page, reviews, tmp_path):
    texts, y, _ = reviews
    as_hostile = dict(zip(sorted(set(y)), HOSTILE, strict=False))
    clf = SelectiveRationaleClassifier(n_threads=1, random_state=0)
    clf.fit(texts[:200], [as_hostile[label] for label in y[:200]])
    attacked = [f"{attack} {texts[200]} {attack}" for attack in HOSTILE]
    documents = explain_documents(clf, attacked, against=True)
    write_html(tmp_path / "page.html", documents)
    browser = open_page((tmp_path / "page.html").read_text(encoding="utf-8"))
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.sides > .text')].map((one) => one.textContent)"
    )
    for text, document in zip(shown, documents, strict=True):
        assert "".join(text.split()) == "".join(harmless(document.sides.own.text).split())
    lines = browser.execute_script(
        "return ['for', 'against'].map((side) => getComputedStyle("
        "document.querySelector('mark.' + side)).textDecorationStyle)"
    )
    assert lines == ["solid", "dashed"]
