"""Texts tokenized once, against texts tokenized each time."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from sklearn_irx.text import (
    Documents,
    TokenizedTexts,
    Vocabulary,
    WhitespaceTokenizer,
    WordTokenizer,
    count_words,
    tokens_of,
)


def bars(text):
    """Split at bars, as a user's tokenizer might."""
    start = 0
    for word in text.split("|"):
        yield word, start, start + len(word)
        start += len(word) + 1


TOKENIZERS = st.sampled_from([WordTokenizer(), WhitespaceTokenizer(), bars])
TEXTS = st.lists(st.text(alphabet="aAbΣİ|’. é", max_size=12), max_size=8)
LIMITS = st.integers(1, 6)


@given(TEXTS, TOKENIZERS, LIMITS, st.booleans())
def test_its_words_are_those_of_the_tokens(texts, tokenizer, limit, spans):
    tokenized = TokenizedTexts.from_texts(texts, tokenizer, limit, spans=spans)
    tokens = [tokens_of(tokenizer, text, limit) for text in texts]
    words = [[token.text for token in of_text] for of_text in tokens]
    assert tokenized.word_lists() == words
    assert tokenized.lengths.tolist() == list(map(len, words))
    assert tokenized.words == list(dict.fromkeys(word for of_text in words for word in of_text))
    assert tokenized.texts == texts
    assert len(tokenized) == len(texts)
    if spans:
        assert tokenized.spans == [[(t.start, t.end) for t in of_text] for of_text in tokens]
    else:
        assert tokenized.spans is None


@given(TEXTS, TEXTS, TOKENIZERS, LIMITS, st.integers(1, 3))
def test_vocabulary_and_documents_are_those_of_the_texts(texts, others, tokenizer, limit, min_df):
    tokenized = TokenizedTexts.from_texts(texts, tokenizer, limit)
    vocabulary = Vocabulary.from_tokenized(tokenized, min_df)
    assert vocabulary.words == Vocabulary.from_documents(tokenized.word_lists(), min_df).words
    for some in (texts, others):
        once = Documents.from_tokenized(
            TokenizedTexts.from_texts(some, tokenizer, limit), vocabulary
        )
        words = [[t.text for t in tokens_of(tokenizer, text, limit)] for text in some]
        each_time = Documents.from_words(words, vocabulary)
        np.testing.assert_array_equal(once.ids, each_time.ids)
        np.testing.assert_array_equal(once.lengths, each_time.lengths)
        assert once.ids.dtype == each_time.ids.dtype == np.int32


@given(TEXTS.filter(len), TOKENIZERS, LIMITS, st.booleans(), st.data())
def test_some_of_the_texts_are_as_if_tokenized_alone(texts, tokenizer, limit, spans, data):
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=10))
    some = TokenizedTexts.from_texts(texts, tokenizer, limit, spans=spans).take(rows)
    alone = TokenizedTexts.from_texts([texts[i] for i in rows], tokenizer, limit, spans=spans)
    assert some.texts == alone.texts
    assert some.word_lists() == alone.word_lists()
    assert some.lengths.tolist() == alone.lengths.tolist()
    assert some.spans == alone.spans
    # Words of the other texts are not known from these.
    assert Vocabulary.from_tokenized(some).words == Vocabulary.from_tokenized(alone).words


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "?!"]], ids=repr)
def test_texts_without_words(texts):
    tokenized = TokenizedTexts.from_texts(texts, WordTokenizer(), 5, spans=True)
    assert tokenized.word_lists() == tokenized.spans == [[] for _ in texts]
    assert Vocabulary.from_tokenized(tokenized).words == []
    documents = Documents.from_tokenized(tokenized, Vocabulary(["ants"]))
    assert documents.ids.shape == (0,)
    assert len(documents) == len(texts)
    assert len(tokenized.take([])) == 0


@pytest.mark.parametrize("container", [iter, tuple, np.array], ids=lambda c: c.__name__)
def test_texts_of_any_iterable(container):
    texts = ["Ants in bed.", "", "a bed"]
    tokenized = TokenizedTexts.from_texts(container(texts), WordTokenizer(), 2)
    assert tokenized.texts == texts
    assert tokenized.word_lists() == [["ants", "in"], [], ["a", "bed"]]


def test_counts_are_what_every_classifier_takes():
    counts = count_words(np.array([2, 0, 2, 1], dtype=np.int32), np.array([3, 0, 1]), 3)
    assert counts.toarray().tolist() == [[1, 0, 2], [0, 0, 0], [0, 1, 0]]
    assert LinearSVC().fit(counts, [0, 1, 1]).coef_.shape == (1, 3)  # 32-bit indices only


def test_it_says_what_it_is_and_is_pickled():
    tokenized = TokenizedTexts.from_texts(["Ants, ants!", "bed"], WordTokenizer(), 300)
    assert repr(tokenized) == "<2 texts of 3 words, at most 300 each, by WordTokenizer()>"
    again = pickle.loads(pickle.dumps(tokenized))
    assert again.word_lists() == tokenized.word_lists()
    again.check_made_by(WordTokenizer(), 300)


@pytest.mark.parametrize(
    ("tokenizer", "max_length"), [(WhitespaceTokenizer(), 300), (WordTokenizer(), 299)], ids=str
)
def test_another_splitting_is_named(tokenizer, max_length):
    tokenized = TokenizedTexts.from_texts(["ants"], WordTokenizer(), 300)
    with pytest.raises(ValueError, match=r"WordTokenizer\(\) with max_length=300") as caught:
        tokenized.check_made_by(tokenizer, max_length)
    assert f"{tokenizer!r} with max_length={max_length}" in str(caught.value)
