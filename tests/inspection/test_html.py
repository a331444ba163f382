import re
from html.parser import HTMLParser

import numpy as np
import pytest

from sklearn_irx import Exchange, Rationale
from sklearn_irx.exchange import CASES
from sklearn_irx.inspection import SummaryTable, to_html, write_html
from sklearn_irx.text import TokenizedTexts, WordTokenizer

EVIL = "<script>alert('x')</script> & \"quoted\""
VOID = {"meta", "input"}


class Page(HTMLParser):
    """Reads a page: its elements, its text, and whether every element is closed."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.open = [], "", []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def count(self, tag, **attributes):
        return sum(
            element == tag
            and all(found.get(name.rstrip("_")) == v for name, v in attributes.items())
            for element, found in self.elements
        )


def rationale(text, words, label, *, confidence=0.8, case=None, limit=None):
    tokens = WordTokenizer()(text)[:limit]
    mask = np.array([token.text in words for token in tokens], dtype=bool)
    spans = [(token.start, token.end) for token in tokens]
    return Rationale(text, [token.text for token in tokens], spans, mask, label, confidence, case)


def exchange_about(texts, words, *, classes, own, cross, chosen, case, members=(1, 2)):
    """Write down an exchange: words selected by each member, and probabilities of classes[1]."""

    def probabilities(second):
        return np.stack([1 - np.array(second), second], axis=-1)

    documents = TokenizedTexts.from_texts(texts, WordTokenizer(), 300, spans=True)
    masks = np.zeros((2, len(texts), documents.lengths.max()), dtype=bool)
    for mask, of_member in zip(masks, words, strict=True):
        for row, tokens, word in zip(mask, documents.word_lists(), of_member, strict=True):
            row[: len(tokens)] = [token == word for token in tokens]
    own = probabilities(own)
    numbers = own.argmax(axis=2)
    return Exchange(
        members=members,
        classes=np.array(classes),
        cases=CASES,
        own_probabilities=own,
        masks=masks,
        disputed=np.flatnonzero(numbers[0] != numbers[1]),
        cross_probabilities=probabilities(cross),
        chosen=np.array(chosen),
        case=np.array(case),
        probabilities=own[chosen, np.arange(len(texts))],
        documents=documents,
    )


@pytest.fixture
def exchange():
    """Three documents: the models agree, model 1 convinces, model 2 is more confident."""
    return exchange_about(
        ["A dull film.", "A lovely, dull evening.", "Waiters sang."],
        [["dull", "lovely", "sang"], ["film", "dull", "waiters"]],
        classes=["bad", "good"],
        own=[[0.2, 0.8, 0.55], [0.2, 0.2, 0.3]],
        cross=[[[0.8, 0.55], [0.8, 0.8]], [[0.8, 0.2], [0.2, 0.3]]],
        chosen=[0, 0, 1],
        case=["agree", "convinced_2", "confidence_2"],
    )


def test_nothing_a_document_label_or_title_holds_becomes_html():
    evil = exchange_about(
        [EVIL],
        [["script"], ["quoted"]],
        classes=[EVIL, f"other {EVIL}"],
        own=[[0.2], [0.8]],
        cross=[[[0.2], [0.2]], [[0.8], [0.8]]],
        chosen=[0],
        case=["confidence_1"],
        members=(EVIL, f"other {EVIL}"),
    )
    html = to_html(
        evil,
        title=EVIL,
        subtitle=EVIL,
        y_true=["<img src=x onerror=alert(1)>"],
        names=[EVIL],
        tables=[SummaryTable(EVIL, [EVIL], [[EVIL]], note=EVIL)],
    )
    page = Page(html)
    assert page.count("script") == page.count("img") == 0
    assert page.text.count(EVIL) >= 10


def test_the_page_asks_for_nothing_from_outside(exchange):
    html = to_html(exchange)
    assert not re.search(r"https?://|src=|href=|url\(|@import|<script", html)
    assert "default-src 'none'" in html


def test_selected_words_are_marked_and_the_document_is_whole():
    page = to_html([rationale("  A dull,\n dull film & more.", {"dull"}, "bad")])
    assert (
        '<div class="text" dir="auto">  A <mark>dull,\n dull</mark> film &amp; more.</div>' in page
    )


def test_of_a_long_document_what_is_far_from_the_rationale_is_folded():
    text = "Then more came. " * 20 + "So it was a dull,\ndull film."
    page = to_html([rationale(text, {"dull"}, "bad")])
    assert Page(page).count("details", class_="fold") == Page(page).count("summary") == 1
    assert "<summary>… 60 words …</summary>Then more came." in page
    assert "</details> So it was a <mark>dull,\ndull</mark> film.</div>" in page
    assert "<details" not in to_html([rationale(text, {"dull"}, "bad")], whole=True)
    assert "<details" not in to_html([rationale("So it was dull.", {"dull"}, "bad")])


def test_marks_do_not_rely_on_colour_alone():
    style = re.search(r"\n *mark \{(.*?)\}", to_html([]), re.DOTALL)[1]
    assert "text-decoration: underline" in style


def test_the_page_is_accessible(exchange):
    table = SummaryTable("Models", ["", "accuracy"], [["model 1", "0.5"]])
    page = Page(to_html(exchange, tables=[table]))
    assert page.count("html", lang="en") == page.count("h1") == page.count("caption") == 1
    assert page.count("th", scope="col") == 2
    assert page.count("th", scope="row") == 1
    identifiers = [found["id"] for _, found in page.elements if "id" in found]
    assert len(identifiers) == len(set(identifiers))
    labelled = {found["for"] for tag, found in page.elements if tag == "label"}
    assert labelled == {found["id"] for tag, found in page.elements if tag == "input"}


def test_wrong_predictions_can_be_told_from_right_ones():
    documents = [rationale("Dull.", {"dull"}, "bad"), rationale("Fine.", {"fine"}, "good")]
    html = to_html(documents, y_true=["bad", "bad"])
    assert html.count("✓ right") == html.count("✗ wrong</span>") == 1
    assert "true label <b>bad</b>" in html
    assert "✗ wrong (1)" in html


def test_without_true_labels_nothing_is_judged():
    html = to_html([rationale("Dull.", {"dull"}, "bad")])
    assert "✓ right" not in html
    assert "✗ wrong" not in html


def test_where_models_disagree_both_are_shown_and_the_kept_one_is_named(exchange):
    html = to_html(exchange)
    agree, convinced, confidence = re.findall(r"<article.*?</article>", html, re.DOTALL)
    assert "Model 2" not in agree
    for article, side in ((convinced, 0), (confidence, 1)):
        sides = article.split('<div class="side')[1:]
        assert ["kept" in text for text in sides] == [side == 0, side == 1]
    assert "Model 1’s words convinced model 2" in convinced
    assert "Model 2, reading these words: <b>good</b>, 80 % sure — convinced" in convinced
    assert "Model 1, reading these words: <b>good</b>, 80 % sure — not convinced" in convinced
    assert "model 2 was more confident" in confidence


def test_documents_can_be_filtered_by_what_happened(exchange):
    html = to_html(exchange)
    assert "all (3)" in html
    assert "models disagree (2)" in html
    assert "convinced_2 (1)" in html
    assert "convinced_1 (" not in html


def test_what_was_not_read_is_counted():
    html = to_html([rationale("one two three", {"one"}, "bad", limit=1)])
    assert "three" not in html
    assert "10 more characters, not read" in html


def test_an_empty_document_says_so():
    assert "(an empty document)" in to_html([rationale("", set(), "bad")])
    assert "no word selected of 0" in to_html([rationale("", set(), "bad")])
    assert "no word selected of 2" in to_html([rationale("a film", set(), "bad")])
    assert "no word selected" not in to_html([rationale("a film", {"film"}, "bad")])


def test_control_characters_and_half_characters_can_be_written(tmp_path):
    path = tmp_path / "page.html"
    write_html(path, [rationale("dull\x00\x1b \u202e film \ud800", {"dull"}, "bad\udfff")])
    html = path.read_text(encoding="utf-8")
    assert not set("\x00\x1b\u202e") & set(html)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_true": ["bad"]}, "y_true has 1 entries; there are 2 rationales"),
        ({"names": ["a", "b", "c"]}, "names has 3 entries"),
    ],
)
def test_lists_of_unequal_length_are_refused(options, message):
    documents = [rationale("Dull.", {"dull"}, "bad")] * 2
    with pytest.raises(ValueError, match=message):
        to_html(documents, **options)


def test_a_report_of_nothing_is_a_page():
    assert "0 documents" in to_html([])


def test_a_page_replaces_the_one_before(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    write_html(str(path), [rationale("Dull.", {"dull"}, "bad")], title="New")
    assert "<h1>New</h1>" in path.read_text(encoding="utf-8")
