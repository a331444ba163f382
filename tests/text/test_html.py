"""Words of texts with markup."""

import copy
import html
import pickle
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

import sklearn_irx
from sklearn_irx import InteractiveEnsemble
from sklearn_irx.io import SKOPS_TYPES
from sklearn_irx.text import HTMLTokenizer, WhitespaceTokenizer, WordTokenizer, tokens_of

TOKENIZE = HTMLTokenizer()


def split(text, tokenizer=TOKENIZE):
    """Words, and what they are in the source, checked as a classifier does."""
    tokens = tokens_of(tokenizer, text, 10**6)
    return [token.text for token in tokens], [text[token.start : token.end] for token in tokens]


@pytest.mark.parametrize(
    ("source", "words", "places"),
    [
        ("no markup at all", "no markup at all", None),
        ("good<br /><br />bad", "good bad", None),
        ("<p>One</p><p>two</p>", "one two", None),
        ("<td>a</td><td>b</td>", "a b", None),
        ("<ul><li>a<li>b</ul>c", "a b c", None),
        ("<b>won</b>derful", "wonderful", ["won</b>derful"]),
        ("W<i>o</i>n<span class='x'>!</span>", "won", ["W<i>o</i>n"]),
        ("line<WBR>break", "linebreak", ["line<WBR>break"]),
        ("won<!-- derful -->der", "wonder", ["won<!-- derful -->der"]),
        ("a<img src='b > c'>d", "a d", None),
        ('<a title="x > y" href=z>link</a>', "link", None),
        ("<p title=don't>it's</p>", "it s", None),
        ("caf&eacute; cr&#232;me &#xE9;t&#xe9;", "café crème été",
         ["caf&eacute;", "cr&#232;me", "&#xE9;t&#xe9;"]),
        ("R&amp;B", "r b", ["R", "B"]),
        ("&lt;b&gt;bold&lt;/b&gt;", "b bold b", None),
        ("one&nbsp;two", "one two", None),
        ("AT&T &copy2026 &ampere", "at t 2026 ere", None),
        ("<script>var x = '<p>no</p>';</script>yes<style>b{}</style>", "yes", None),
        ("<SCRIPT type=a>if (a < b) no();</Script >yes", "yes", None),
        ("<!DOCTYPE html><?xml version='1'?><html>yes", "yes", None),
        ("<![CDATA[no]]>yes", "yes", None),
        ("<!---->yes<!--> yes<!-- no", "yes yes", None),
        ("<script>no", "", None),
        ("3 < 4 > 2 <3 </3 <>", "3 4 2 3 3", None),
        ("cut off <a href='http://no", "cut off", None),
        ("a <b c <i>d</i>", "a b c d", None),
        ("&fjlig;ord", "fjord", ["&fjlig;ord"]),
        ("", "", None),
        ("<br>", "", None),
    ],
)  # fmt: skip
def test_what_a_reader_of_the_page_sees(source, words, places):
    found, there = split(source)
    assert found == words.split()
    assert there == (places or there)
    if places is None:
        assert [one.lower() for one in there] == found
    assert [word.lower() for word in re.findall(r"\w+", TOKENIZE.visible_text(source))] == found


# Pieces of markup, with what is seen of each; a line end is a gap.

WORDS = st.text(alphabet="abcxyzÄß9_", min_size=1, max_size=5)
INLINE = st.sampled_from(["<b>", "</b>", "<i class='a b'>", "<span title='1 > 0'>", "<!-- no -->"])
GAPS = st.sampled_from(
    ["<br>", "<br />", "<p>", "</DIV>", "<hr x=1>", "<td\nid='a'>", "<img src=a>"]
)
PIECES = st.one_of(
    WORDS.map(lambda word: (word, word)),
    st.sampled_from([" ", ", ", "!\n", "(", " - "]).map(lambda text: (text, text)),
    INLINE.map(lambda tag: (tag, "")),
    GAPS.map(lambda tag: (tag, "\n")),
    st.sampled_from("éßΩ&<>").map(lambda char: (f"&#{ord(char)};", char)),
    st.sampled_from(["&amp;", "&eacute;", "&Auml;", "&lt;", "&#x41;"]).map(
        lambda entity: (entity, html.unescape(entity))
    ),
    WORDS.map(lambda word: (f"<script>{word} < 1</script>", "\n")),
)


class Seen(HTMLParser):
    """What the parser of the standard library takes for text."""

    def __init__(self, source):
        super().__init__()
        self.data, self.hidden = [], False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.hidden = tag == "script"
        self.data.append("" if tag in ("b", "i", "span") else "\n")

    def handle_endtag(self, tag):
        self.hidden = False
        self.data.append("" if tag in ("b", "i", "span") else "\n")

    def handle_data(self, data):
        if not self.hidden:
            self.data.append(data)


@given(st.lists(PIECES, max_size=15))
def test_words_are_those_of_the_text_without_its_markup(pieces):
    source = "".join(piece for piece, _ in pieces)
    seen = "".join(text for _, text in pieces)
    words, places = split(source)
    assert words == [token.text for token in WordTokenizer()(seen)]
    assert words == [token.text for token in WordTokenizer()("".join(Seen(source).data))]
    assert TOKENIZE.visible_text(source) == seen
    for word, place in zip(words, places, strict=True):
        assert split(place)[0] == [word]  # neither more nor less than the word
        assert place[0] not in " <\n"
        assert place[-1] not in " \n<"


@given(st.lists(PIECES, max_size=10))
def test_every_character_has_its_place(pieces):
    source = "".join(piece for piece, _ in pieces)

    def characters(text):
        return [(char, i, i + 1) for i, char in enumerate(text)]

    words, places = split(source, HTMLTokenizer(characters))
    assert "".join(words) == TOKENIZE.visible_text(source)
    for char, place in zip(words, places, strict=True):
        assert place in ("", char) or html.unescape(place) == char


@given(st.text(max_size=40) | st.text(alphabet="<>&#;/!-?abp=\"' x1\n", max_size=40))
def test_any_text_is_read(text):
    words, places = split(text)
    assert all(place for place in places)
    assert "".join(TOKENIZE.visible_text(text).split()) or not words
    if not set(text) & set("<&"):
        assert TOKENIZE(text) == WordTokenizer()(text)


BROKEN = ["<a", '<a ="', "<a ='", "<!--", "<![", "<?x", "</a", "&a", "&#9", "<script>", "<b>", "='"]


@pytest.mark.parametrize("unit", BROKEN)
def test_broken_markup_is_read_in_time_that_grows_with_its_size(unit):
    # Seconds at most: what grows with the square of the size takes minutes for this.
    assert isinstance(split(unit * (300_000 // len(unit)))[0], list)


@pytest.mark.parametrize("inner", [None, WordTokenizer(), WhitespaceTokenizer(), str.split])
def test_it_is_a_value(inner):
    one = HTMLTokenizer(inner)
    for other in (HTMLTokenizer(inner), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert one == other
        assert hash(one) == hash(other)
    assert one != WordTokenizer()
    assert one != HTMLTokenizer(str.title)
    assert HTMLTokenizer() == HTMLTokenizer(WordTokenizer()) != HTMLTokenizer(WhitespaceTokenizer())
    assert repr(HTMLTokenizer()) == "HTMLTokenizer()"
    assert repr(HTMLTokenizer(WhitespaceTokenizer())) == "HTMLTokenizer(WhitespaceTokenizer())"


def test_what_splits_the_words_must_be_a_function():
    with pytest.raises(TypeError, match="tokenizer='words' cannot be called"):
        HTMLTokenizer("words")


def test_a_model_of_raw_pages(small, reviews, tmp_path):
    texts, y, _ = reviews
    pages = [f"<p>{html.escape(text).replace('. ', '.<br /><br />')}</p>" for text in texts[:80]]
    clf = small(tokenizer=HTMLTokenizer()).fit(pages, y[:80])
    bare = small().fit(texts[:80], y[:80])
    assert "br" not in clf.vocabulary_.words
    np.testing.assert_array_equal(clf.predict_proba(pages), bare.predict_proba(texts[:80]))
    for page, one, other in zip(pages, clf.explain(pages), bare.explain(texts[:80]), strict=True):
        assert one.text == page
        assert one.words == other.words
        assert [TOKENIZE.visible_text(page[a:b]).lower() for a, b in one.spans] == other.tokens
        assert "&lt;br /&gt;" in one.to_html()  # the text is shown as it was given
    both = InteractiveEnsemble(clf, clone(clf).set_params(random_state=1)).fit(pages, y[:80])
    assert both.predict(pages).shape == (80,)
    sklearn_irx.save(clf, tmp_path / "model")
    for again in (
        pickle.loads(pickle.dumps(clf)),
        skops.io.loads(skops.io.dumps(clf), trusted=SKOPS_TYPES),
        sklearn_irx.load(tmp_path / "model"),
    ):
        np.testing.assert_array_equal(again.predict_proba(pages), clf.predict_proba(pages))
