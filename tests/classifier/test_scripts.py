"""Texts of other scripts and normal forms than those that a model was trained on."""

import unicodedata
import warnings

import numpy as np
import pytest

from sklearn_irx.text import AlphanumericTokenizer, WordTokenizer, WordVectors


def trained(small, one, other, **parameters):
    texts, y = [f"{one} room", f"room {other}"] * 20, ["a", "b"] * 20
    return small(embeddings=None, training__max_epochs=8, **parameters).fit(texts, y), texts, y


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("schön", "hässlich"), ("Schmutzig", "SAUBER"), ("KİRLİ", "TEMİZ"), ("चमकीला", "गंदा"),
        ("পরিষ্কার", "নোংরা"), ("שָׁלוֹם", "רַע"), ("👍", "👎"), ("👍🏽", "👍🏿"), ("C++", "C#"),
        ("don’t", "do"), ("de\u00adlicious", "awful"), ("干净", "肮脏"), ("สะอาด", "สกปรก"),
    ],
)  # fmt: skip
def test_a_model_knows_its_words_in_every_form(small, one, other):
    clf, texts, y = trained(small, one, other)
    assert clf.score(texts, y) == 1
    expected = clf.predict_proba(texts)
    for change in (
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: unicodedata.normalize("NFC", text),
        str.upper,
        str.lower,
        lambda text: text.replace("oo", "o\u00ado"),
        lambda text: f"\ufeff{text}".replace("room", "ＲＯＯＭ"),
    ):
        changed = [change(text) for text in texts]
        np.testing.assert_array_equal(clf.predict_proba(changed), expected)
        for rationale, text in zip(clf.explain(changed[:2]), changed, strict=False):
            assert rationale.text == text
            assert all(text[start:end].strip() == text[start:end] for start, end in rationale.spans)


def test_vectors_and_vocabulary_are_found_in_the_form_of_the_texts(small):
    words = ["Schön", "HÄSSLICH", "room"]
    vectors = WordVectors([unicodedata.normalize("NFD", word) for word in words], np.eye(3))
    _, texts, y = trained(small, "schön", "hässlich")
    given = small(embeddings=vectors, vocabulary=words, training__max_epochs=8).fit(texts, y)
    assert given.vocabulary_.words == ["schön", "hässlich", "room"]
    np.testing.assert_array_equal(vectors.rows(["schön", "hässlich", "room"]), np.eye(3))
    assert given.score(texts, y) == 1
    # Words that training did not see are known by their vectors.
    seen = small(embeddings=vectors).fit(["a room", "b"] * 10, [0, 1] * 10)
    assert seen.vocabulary_.unseen_words == ["schön", "hässlich"]


def test_a_word_with_a_vector_of_its_own_keeps_it():
    vectors = WordVectors(["Apple", "apple", "Pear"], np.array([[1.0], [2.0], [3.0]]))
    assert vectors.rows(["Apple", "apple", "Pear", "pear"]).ravel().tolist() == [1, 2, 3, 3]


def test_a_tokenizer_that_keeps_the_case_finds_its_words(small):
    def cased(text):
        at = 0
        for word in text.split():
            at = text.index(word, at)
            yield word, at, at + len(word)
            at += len(word)

    vectors = WordVectors(["Good", "good", "Bad"], np.eye(3))
    clf = small(embeddings=vectors, tokenizer=cased).fit(["Good room", "hall"] * 10, [0, 1] * 10)
    assert clf.vocabulary_.unseen_words == ["good", "Bad"]


CLAUSES = ["ห้องพักสกปรกมากและเสียงดังตลอดคืน", "ห้องน้ำสะอาดและพนักงานใจดีมากจริงๆ"]


def test_clauses_without_spaces_are_warned_of(small):
    texts, y = CLAUSES * 20, [0, 1] * 20
    with pytest.warns(UserWarning, match="give tokenizer=WordTokenizer"):
        small(embeddings=None).fit(texts, y)


@pytest.mark.parametrize(
    "tokenizer",
    [WordTokenizer(segmenter=lambda run: [run[i : i + 4] for i in range(0, len(run), 4)]),
     AlphanumericTokenizer()],
    ids=["segmenter", "of one's own choice"],
)  # fmt: skip
def test_clauses_are_not_warned_of_where_one_chose(small, tokenizer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = small(embeddings=None, tokenizer=tokenizer).fit(CLAUSES * 20, [0, 1] * 20)
    assert clf.score(CLAUSES, [0, 1]) == 1
