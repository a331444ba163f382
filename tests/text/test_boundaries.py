"""Where sentences and clauses end between the words of a text."""

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text import (
    HTMLTokenizer,
    WhitespaceTokenizer,
    WordTokenizer,
    sentence_and_clause_ends,
)

WORDS = WordTokenizer()


def marked(text, tokenize=WORDS):
    """Return the words of a text, with | after each sentence and / after each other clause."""
    tokens = list(tokenize(text))
    sentences, clauses = sentence_and_clause_ends(text, [(start, end) for _, start, end in tokens])
    signs = np.where(sentences, "|", np.where(clauses, "/", ""))
    return " ".join(word + sign for (word, _, _), sign in zip(tokens, signs, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dull. Long! Why? Well... no… yes", "dull| long| why| well| no| yes|"),
        ('"No." She left. "Why?" (He said: so!) Ok', "no| she left| why| he said/ so| ok|"),
        (
            "dull, long; slow: bad — so (they say) - or -- what",
            "dull/ long/ slow/ bad/ so/ they say/ or/ what|",
        ),
        ("A t-shirt of 1,000.50 at 10:30, see a.b.c", "a t shirt of 1 000 50 at 10 30/ see a b c|"),
        ("By J. R. Lee, Dr. Lee and Mrs. Lee, i.e. us", "by j r lee/ dr lee and mrs lee/ i e us|"),
        ("1. Plot\n2. Cast, on 3. May, in 1999. Then", "1 plot| 2 cast/ on 3 may/ in 1999| then|"),
        ("Great 👍! Bad 👎🏽. Ok ‼️ Go", "great 👍| bad 👎🏽| ok !!| go|"),
        ("今天很好。真的，不错！走", "今 天 很 好| 真 的/ 不 错| 走|"),
        ("क्या हाल है। ठीक है", "क्या हाल है| ठीक है|"),
        ("مرحبا؟ نعم، لا", "مرحبا| نعم/ لا|"),
        ("Ёлка. Да, нет! Ω. Ώρα", "ёлка| да/ нет| ω ώρα|"),
    ],
)
def test_the_signs_of_several_scripts(text, expected):
    assert marked(text) == expected


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028"])
def test_a_line_ends_a_sentence_unless_it_goes_on_in_lower_case(line_end):
    lines = ["A wrapped", "line", "Another", "- item", "", "after a blank", "> and", "> quoted"]
    expected = "a wrapped line| another| item| after a blank and quoted|"
    assert marked(line_end.join(lines)) == expected


def test_tags_between_words_that_break_the_line_end_a_sentence():
    source = (
        "A <b>won</b>derful caf&eacute;<br />no<i>, b</i> c</P><p class='x. y; z'>d <!-- x. --> e"
        " &hellip; f&nbsp;g &mdash; h.<i>I</i>"
    )
    expected = "a wonderful café| no/ b c| d e| f g/ h i|"
    assert marked(source, HTMLTokenizer()) == expected
    assert marked("Bad.<br /><br />good", WORDS) == "bad| br| br good|"


def test_signs_that_are_words_end_the_sentence_themselves():
    text = "well , no . mr . lee ( yes ) left"
    assert marked(text, WhitespaceTokenizer()) == "well ,/ no .| mr . lee/ ( yes )/ left|"
    assert marked("Well, no. (Yes) so", WhitespaceTokenizer()) == "well,/ no.| (yes)/ so|"


def test_no_words_no_ends():
    for ends in sentence_and_clause_ends("...", []):
        assert ends.shape == (0,)
        assert ends.dtype == bool


PIECES = st.lists(
    st.sampled_from(["ab", "Cd", " ", ". ", "! ", ", ", "\n\n", " (", ") "]), max_size=30
)


@given(PIECES)
def test_ends_are_those_of_a_search_in_each_gap(pieces):
    text = "".join(pieces)
    spans = WORDS.spans(text)
    sentences, clauses = sentence_and_clause_ends(text, spans)
    starts = [start for start, _ in spans[1:]]
    gaps = [text[end:start] for (_, end), start in zip(spans[:-1], starts, strict=True)]
    of_sentence = [bool(re.search(r"[.!]\s|\n", gap)) for gap in gaps]
    of_clause = [bool(re.search(r"[,.!()\n]", gap)) for gap in gaps]
    assert sentences.tolist() == of_sentence + [True] * bool(spans)
    assert clauses.tolist() == of_clause + [True] * bool(spans)


@pytest.mark.parametrize(
    "hostile",
    [
        "." * 99_999 + "x",
        "<!--" * 30_000,
        "<a" * 50_000,
        "\n" * 99_999,
        "&a" * 50_000,
        "> " * 50_000,
    ],
)
def test_hostile_texts_take_linear_time(hostile):
    begin = time.process_time()
    sentence_and_clause_ends(hostile, [(0, len(hostile))])
    assert time.process_time() - begin < 5
