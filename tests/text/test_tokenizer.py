"""Words, and where they stand in a text."""

import copy
import itertools
import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text import WhitespaceTokenizer, WordTokenizer, tokens_of, words_of
from sklearn_irx.text.tokenizer import words_and_spans_of

tokenize = WordTokenizer()
split = WhitespaceTokenizer()
# Characters whose lower case is longer, depends on the neighbours, or is the same.
AWKWARD = st.text(alphabet="İßΣσΑaA_1٣.' \n\u0307\u200d🙂漢\ud800", max_size=40)
# Quotes and dashes that Latin-1 lacks beside words that it has, and words that it lacks.
MIXED = st.text(alphabet="aÉß_µª9 \x85\xa0.’“—…\u2028\ud800ğŁЖ", max_size=40)
TEXTS = st.text(max_size=60) | AWKWARD | MIXED


def is_word_character(character):
    return character.isalnum() or character == "_"


@given(TEXTS)
def test_offsets_point_to_the_words_and_miss_none(text):
    tokens = tokenize(text)
    assert [text[start:end].lower() for _, start, end in tokens] == [word for word, _, _ in tokens]
    inside = {place for _, start, end in tokens for place in range(start, end)}
    assert inside == {place for place, char in enumerate(text) if is_word_character(char)}
    for one, next_ in itertools.pairwise(tokens):
        assert one.end < next_.start


@given(TEXTS, st.none() | st.integers(0, 30))
def test_words_are_those_of_the_tokens(text, limit):
    assert tokenize.words(text, limit) == [word for word, _, _ in tokenize(text)][:limit]


@pytest.mark.parametrize("tokenizer", [tokenize, split], ids=repr)
@given(
    parts=st.lists(AWKWARD | MIXED | st.sampled_from(["a" * 50, " " * 50, "-" * 50]), min_size=1),
    times=st.integers(1, 40),
    limit=st.integers(0, 8),
)
def test_words_of_a_long_text_are_those_of_the_tokens(tokenizer, parts, times, limit):
    text = "".join(parts) * times
    tokens = tokenizer(text)[:limit]
    assert tokenizer.words(text, limit) == [token.text for token in tokens]
    assert tokenizer.spans(text, limit) == [(token.start, token.end) for token in tokens]
    words, spans = tokenizer.words_and_spans(text, limit)
    assert (words, spans) == ([token.text for token in tokens], tokenizer.spans(text, limit))
    assert words_and_spans_of(tokenizer, text, limit) == (
        tokenizer.words(text, limit),
        tokenizer.spans(text, limit),
    )


def test_only_two_letters_change_with_what_stands_around_them_or_into_two_characters():
    # What the fast ways to lower-case a whole text rely on, in this version of Unicode.
    for char in map(chr, range(sys.maxunicode + 1)):
        if char not in "Σİ":
            assert len(char.lower()) == 1
            assert is_word_character(char) == is_word_character(char.lower())
        assert any(c.isspace() for c in char.lower()) == char.isspace()


@pytest.mark.parametrize("tokenizer", [tokenize, split], ids=repr)
def test_a_word_is_lower_cased_by_itself(tokenizer):
    # After a sigma an apostrophe and a letter make it another, if they are of the same word.
    for text in ("ΑΣ'Α", "ΑΣ Α", "ΑΣ’Α", "ΑΣ\u00adΑ", "ΑΣ.Α Ş"):
        words = [text[start:end].lower() for _, start, end in tokenizer(text)]
        assert tokenizer.words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ΟΔΟΣ ΟΔΟΣ.", ["οδος", "οδος"]),
        ("ΣΑΣ,ΣΑΣ", ["σας", "σας"]),
        ("İstanbul Straße", ["i\u0307stanbul", "straße"]),
        ("It's 3.5 snake_case!", ["it", "s", "3", "5", "snake_case"]),
        ("", []),
        (" .,;\n", []),
    ],
)
def test_known_words(text, words):
    assert tokenize.words(text) == words
    assert [token.text for token in tokenize(text)] == words


def test_all_word_tokenizers_are_equal():
    assert tokenize == WordTokenizer() == pickle.loads(pickle.dumps(tokenize))
    assert hash(tokenize) == hash(copy.copy(tokenize))
    assert tokenize != str.split
    assert repr(tokenize) == "WordTokenizer()"


@given(TEXTS)
def test_words_between_whitespace_are_those_of_split(text):
    tokens = split(text)
    assert [text[start:end] for _, start, end in tokens] == text.split()
    assert [word for word, _, _ in tokens] == [word.lower() for word in text.split()]
    assert tokens_of(split, text, 1 + len(text)) == tokens


@given(
    TEXTS | st.text(alphabet="aΣ \t\n\x1c\x85\u00a0\u2028\u3000"), st.none() | st.integers(0, 30)
)
def test_words_between_whitespace_are_read_alike_with_and_without_offsets(text, limit):
    assert split.words(text, limit) == [word for word, _, _ in split(text)][:limit]
    if limit is not None:
        assert words_of(split, text, limit) == split.words(text, limit)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It 's Good -- not GREAT .", ["it", "'s", "good", "--", "not", "great", "."]),
        ("ΟΔΟΣ ΟΔΟΣ.", ["οδος", "οδος."]),
        (" one\n\ttwo ", ["one", "two"]),
        ("", []),
        (" \n", []),
    ],
)
def test_known_words_between_whitespace(text, words):
    assert split.words(text) == words
    assert [token.text for token in split(text)] == words


def test_all_whitespace_tokenizers_are_equal():
    assert split == WhitespaceTokenizer() == pickle.loads(pickle.dumps(split))
    assert hash(split) == hash(copy.copy(split))
    assert split != tokenize
    assert tokenize != split
    assert repr(split) == "WhitespaceTokenizer()"


@given(TEXTS, st.integers(0, 30))
def test_a_tokenizer_of_ones_own_is_read_alike(text, limit):
    def own(text):
        yield from ((word, start, end) for word, start, end in tokenize(text))

    assert tokens_of(own, text, limit) == tokenize(text)[:limit]
    assert words_of(own, text, limit) == words_of(tokenize, text, limit)


def test_a_tokenizer_that_builds_on_another_splits_in_its_own_way():
    class Sentences(WordTokenizer):
        def __call__(self, text):
            return [("sentence", 0, len(text))]

    assert words_of(Sentences(), "It's fine.", 5) == ["sentence"]
    assert words_and_spans_of(Sentences(), "It's fine.", 5) == (["sentence"], [(0, 10)])
    assert Sentences() != WordTokenizer() != Sentences()


def test_no_more_is_asked_of_a_tokenizer_than_the_limit():
    def endless(text):
        while True:
            yield "", 0, 0

    assert len(tokens_of(endless, "text", 7)) == 7


@pytest.mark.parametrize(
    ("tokens", "error"),
    [
        (["one"], TypeError),
        ([("one", 0)], TypeError),
        ([("one", 0, 3, 4)], TypeError),
        ([("one", "0", "3")], TypeError),
        ([("one", None, 3)], TypeError),
        ([3], TypeError),
        ([(3, 0, 3)], ValueError),
        ([("one", 3, 0)], ValueError),
        ([("one", -1, 2)], ValueError),
        ([("two", 4, 7), ("one", 0, 3)], ValueError),
        ([("one", 0, 3), ("overlap", 2, 7)], ValueError),
        ([("one two", 0, 8)], ValueError),
    ],
    ids=str,
)
def test_wrong_tokenizers_are_named_with_what_they_gave(tokens, error):
    with pytest.raises(error, match="tokenizer returned") as caught:
        tokens_of(lambda text: tokens, "one two", 10)
    assert repr(tokens[-1]) in str(caught.value)
    with pytest.raises(error, match="tokenizer returned"):
        words_of(lambda text: tokens, "one two", 10)
