"""Masks of words as spans of characters, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import Rationale
from sklearn_irx.datasets import AnnotatedTexts
from sklearn_irx.text import HTMLTokenizer, WhitespaceTokenizer, WordTokenizer
from tests.datasets.annotation_files import TEXTS, texts

TOKENIZERS = [WordTokenizer(), WhitespaceTokenizer(), HTMLTokenizer()]


@st.composite
def masked(draw, tokenizers):
    tokenizer = draw(st.sampled_from(tokenizers))
    text = draw(texts | st.sampled_from(TEXTS))
    n = len(tokenizer(text))
    return tokenizer, text, draw(st.lists(st.booleans(), min_size=n, max_size=n))


@given(masked(TOKENIZERS))
def test_masks_become_spans_and_masks_again(case):
    tokenizer, text, mask = case
    marked = AnnotatedTexts.from_masks([text], [mask], tokenizer=tokenizer)
    assert marked.rationales(tokenizer)[0].tolist() == mask
    assert len(marked.spans[0]) == len("".join("x" if one else " " for one in mask).split())


@given(masked([WordTokenizer()]))
def test_spans_are_those_of_a_rationale(case):
    tokenizer, text, mask = case
    tokens = tokenizer(text)
    rationale = Rationale(
        text,
        [token.text for token in tokens],
        [(token.start, token.end) for token in tokens],
        np.array(mask, dtype=bool),
        "bad",
        0.5,
    )
    assert AnnotatedTexts.from_masks([text], [mask]).spans[0] == rationale.selected_spans


@pytest.mark.parametrize(
    ("span", "selected"),
    [
        ((2, 12), ["dull", "dull"]),
        ((4, 8), ["dull"]),  # half of the first, and a space after the comma
        ((5, 10), ["dull"]),  # a quarter of the first, half of the second
        ((0, 1), ["A"]),
        ((6, 8), []),  # between words
        ((0, 18), ["A", "dull", "dull", "film"]),
        ((11, 14), []),  # a quarter of two words
    ],
)
def test_a_word_counts_from_half_of_its_characters_on(span, selected):
    text = "A dull, dull film."
    (mask,) = AnnotatedTexts([text], [None], [[span]]).rationales()
    words = [text[start:end] for _, start, end in WordTokenizer()(text)]
    assert [word for word, one in zip(words, mask, strict=True) if one] == selected


def test_nobody_marked_is_not_nothing_marked():
    marked = AnnotatedTexts(["Loud.", "Fine."], ["bad", None], [None, []])
    none, empty = marked.rationales()
    assert none is None
    assert empty.tolist() == [False]
    assert repr(marked) == "<AnnotatedTexts: 2, 1 of them with spans>"


def test_masks_of_an_array_may_go_past_the_end():
    masks = np.array([[True, False, False], [False, True, True]])
    marked = AnnotatedTexts.from_masks(["Loud.", "A dull film."], masks, ["x", "y"], ids=[7, 8])
    assert marked.spans == [[(0, 4)], [(2, 11)]]
    assert (marked.labels, marked.ids) == (["x", "y"], [7, 8])


@pytest.mark.parametrize(
    ("masks", "kind", "said"),
    [
        ([[True]], ValueError, "masks has 1 rows and texts 2 documents"),
        ([[True], [1, 0, 1]], TypeError, r"masks\[1\] has shape \(3,\) and dtype int"),
        ([[True], [[True]]], TypeError, r"masks\[1\] has shape \(1, 1\)"),
        ([[False, True], None], ValueError, r"masks\[0\] selects words past the end"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, kind, said):
    with pytest.raises(kind, match=said):
        AnnotatedTexts.from_masks(["Loud.", "A dull film."], masks)


@pytest.mark.parametrize("span", [(-1, 2), (0, 6), (3, 2), (0.0, 2), (0,), 3, ("0", "2")])
def test_spans_outside_of_a_text_are_refused(span):
    with pytest.raises(ValueError, match=r"spans\[0\] holds .* the text has 5 characters"):
        AnnotatedTexts(["Loud."], [None], [[span]]).rationales()
