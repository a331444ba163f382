"""Where segments of texts begin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text import (
    SentenceSplitter,
    TokenizedTexts,
    WordTokenizer,
    clause_begins,
    segment_begins,
)

TEXTS = st.text(st.sampled_from("aB 1.,!?\n\r\t\"'()é你。😀\ud83d<>"), max_size=60)


def tokenized(*texts):
    return TokenizedTexts.from_texts(texts, WordTokenizer(), 100, spans=True)


def firsts(texts, begins):
    """Return the words at which segments begin."""
    words = [word for of_text in texts.word_lists() for word in of_text]
    return [word for word, begin in zip(words, begins, strict=True) if begin]


def test_sentences_begin_where_a_reader_would_say():
    texts = tokenized("Dr. Hope was bored. He left at 3.30 p.m. today!\n\nNobody cared", "", "One.")
    assert firsts(texts, segment_begins(texts, SentenceSplitter())) == [
        "dr", "he", "nobody", "one",
    ]  # fmt: skip


def test_a_language_has_abbreviations_of_its_own():
    text = "Das gilt z.B. Montags bzw. Freitags. Sonst nicht."
    assert len(SentenceSplitter("de")(text)) == 2


@given(TEXTS)
def test_sentences_cover_a_text_in_order(text):
    spans = SentenceSplitter()(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


def test_offsets_of_sentences_are_those_of_python_under_astral_characters():
    text = "😀😀 Fine.\r\nBad 👍🏽 one."
    assert [text[start:end].strip() for start, end in SentenceSplitter()(text)] == [
        "😀😀 Fine.", "Bad 👍🏽 one.",
    ]  # fmt: skip


@given(st.lists(TEXTS, max_size=3))
def test_every_text_with_words_begins_a_segment_and_a_clause(parts):
    texts = tokenized(*parts)
    starts = np.cumsum(texts.lengths) - texts.lengths
    for begins in (segment_begins(texts, SentenceSplitter()), clause_begins(texts)):
        assert begins.shape == texts.numbers.shape
        assert begins[starts[texts.lengths > 0]].all()


@pytest.mark.parametrize("text", ["B  \xa0. ", "A \u2003. b", "A.\u2028B.\x85C"])
def test_wide_spaces_and_line_ends_break_nothing(text):
    spans = SentenceSplitter()(text)
    assert "".join(text[start:end] for start, end in spans) == text


def test_a_function_says_what_a_segment_is():
    def turns(text):
        start = 0
        for line in text.splitlines(keepends=True):
            yield start, start + len(line)
            start += len(line)

    texts = tokenized("Ann: a b.\nBen: c.\n\nAnn: d", "no turn")
    assert firsts(texts, segment_begins(texts, turns)) == ["ann", "ben", "ann", "no"]


def test_words_before_and_between_segments_belong_to_the_one_before():
    texts = tokenized("a b c d e")
    begins = segment_begins(texts, lambda text: [(2, 3), (6, 7)])
    assert begins.tolist() == [True, False, False, True, False]


def test_clauses_begin_after_punctuation():
    texts = tokenized("Dull, they say, but short. I agree")
    assert firsts(texts, clause_begins(texts)) == ["dull", "they", "but", "i"]


@pytest.mark.parametrize("found", [[(0, 99)], [(3, 1)], [(-1, 2)], [(2, 3), (0, 1)]])
def test_segments_out_of_range_or_order_are_refused(found):
    with pytest.raises(ValueError, match=r"unit=.* for a text of 5 characters: let it give"):
        segment_begins(tokenized("a b c"), lambda text: found)


@pytest.mark.parametrize("found", [["ab"], [3], [(0.0, 1.0)], [(0, 1, 2)]])
def test_segments_of_another_form_are_refused(found):
    with pytest.raises(TypeError, match=r"unit=.*start, end"):
        segment_begins(tokenized("a b c"), lambda text: found)


def test_a_language_is_a_code():
    with pytest.raises(TypeError, match=r"language=3: give the code"):
        SentenceSplitter(3)
    assert SentenceSplitter() == SentenceSplitter("en") != SentenceSplitter("de")
    assert repr(SentenceSplitter("de")) == "SentenceSplitter('de')"
