import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text import (
    CONTEXT,
    Documents,
    HTMLTokenizer,
    PieceTokenizer,
    TokenizedTexts,
    Vocabulary,
    WordTokenizer,
)
from tests.transformers_made import make_tokenizer

TEXTS = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["room", "Zoo", "a", "b7", "x" * 30]), st.sampled_from(" ,!-\n")),
        max_size=8,
    ).map(lambda parts: "".join(word + sign + " " for word, sign in parts)),
    max_size=4,
)
KINDS = ["bert", "roberta", "albert"]
FIRST, LAST, MASK = 2, 3, 4


def piece_tokenizer(kind="bert"):
    return PieceTokenizer(PieceTokenizer.describe(make_tokenizer(kind), FIRST, LAST, MASK))


def documents_of(texts, kind="bert", max_length=50):
    tokenized = TokenizedTexts.from_texts(texts, WordTokenizer(), max_length, spans=True)
    vocabulary = Vocabulary.from_tokenized(tokenized, 1)
    documents = Documents.from_tokenized(tokenized, vocabulary)
    return documents.with_pieces(piece_tokenizer(kind).read(tokenized))


def expected(text, kind):
    """Cut words and the signs after them one by one: pieces and owners of a text."""
    tokenizer = make_tokenizer(kind)
    space = " " if kind == "roberta" else ""
    pieces, owners = [], []
    for number, found in enumerate(re.finditer(r"(\w+)([^\w\s]*)", text)):
        of_word = tokenizer.encode(space + found[1], add_special_tokens=False).ids[:16]
        of_signs = tokenizer.encode(found[2], add_special_tokens=False).ids[:4] if found[2] else []
        pieces += of_word + of_signs
        owners += [number] * len(of_word) + [CONTEXT] * len(of_signs)
    return pieces, owners


@pytest.mark.parametrize("kind", KINDS)
@given(texts=TEXTS)
def test_each_word_has_its_pieces_and_signs_have_no_owner(kind, texts):
    texts = ["nothing", *texts]
    documents = documents_of(texts, kind)
    batch = documents.batch(np.arange(len(texts)))
    for text, pieces, owners in zip(texts, batch["pieces"], batch["owners"], strict=True):
        n = (owners >= CONTEXT).sum()
        assert (pieces[:n].tolist(), owners[:n].tolist()) == expected(text, kind)
        assert (owners[n:] < CONTEXT).all()
    assert documents.sizes.tolist() == [len(expected(text, kind)[0]) for text in texts]


@given(texts=TEXTS, data=st.data())
def test_documents_that_are_taken_cut_and_joined_keep_their_pieces(texts, data):
    texts = ["a room, a zoo", *texts]
    documents = documents_of(texts)
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=6))
    rows = np.array(rows)
    as_taken = documents.take(rows).batch(np.arange(len(rows)))
    for name, values in documents.batch(rows).items():
        np.testing.assert_array_equal(as_taken[name], values)
    twice = Documents.joined([documents, documents_of(["zoo!", "b7"])]).batch(
        np.array([0, len(texts)])
    )
    alone = documents_of([texts[0]]), documents_of(["zoo!"])
    for row, one in enumerate(alone):
        found = one.batch(np.array([0]))
        n = found["pieces"].shape[1]
        np.testing.assert_array_equal(twice["pieces"][row, :n], found["pieces"][0])
        np.testing.assert_array_equal(twice["owners"][row, :n], found["owners"][0])
    short = documents.cut(2).batch(np.array([0]))
    assert short["owners"].max() == 1


def test_words_past_the_longest_length_are_not_read():
    whole, cut = documents_of(["room, a zoo"]), documents_of(["room, a zoo"], max_length=1)
    assert cut.sizes[0] == 2  # a word and its comma
    assert whole.sizes[0] > 2


def test_texts_without_offsets_are_split_again():
    tokenized = TokenizedTexts.from_texts(["A zoo!", ""], WordTokenizer(), 50)
    pieces = piece_tokenizer().read(tokenized)
    again = piece_tokenizer().read(tokenized.with_spans())
    np.testing.assert_array_equal(pieces.segments, again.segments)
    np.testing.assert_array_equal(pieces.table, again.table)


def test_long_words_and_signs_are_cut_off():
    documents = documents_of(["x" * 100 + "?" * 100 + " a"])
    owners = documents.batch(np.array([0]))["owners"][0]
    assert ((owners == 0).sum(), (owners == CONTEXT).sum(), (owners == 1).sum()) == (16, 4, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b'{"tokenizer": {}, "first": 1, "last": 2, "mask": 3, "prefix": ""}',
        b'{"tokenizer": 1, "first": -1, "last": 2, "mask": 3, "prefix": ""}',
    ],
)  # fmt: skip
def test_what_is_no_tokenizer_is_refused(data):
    with pytest.raises(ValueError, match="the tokenizer of pieces cannot be read"):
        PieceTokenizer(data)


def test_numbers_of_pieces_are_numbers():
    content = json.loads(PieceTokenizer.describe(make_tokenizer("bert"), FIRST, LAST, MASK))
    for wrong in (True, "2", -1, 1.5, None):
        with pytest.raises(ValueError, match="is no number of a piece"):
            PieceTokenizer(json.dumps({**content, "mask": wrong}).encode())


def test_markup_inside_of_a_word_is_not_read():
    marked = "A won<!-- terrible film -->derful, <b>caf</b>&eacute;<br />Zoo"
    found = []
    for text, tokenizer in ((marked, HTMLTokenizer()), ("A wonderful, café Zoo", WordTokenizer())):
        tokenized = TokenizedTexts.from_texts([text], tokenizer, 50, spans=True)
        documents = Documents.from_tokenized(tokenized, Vocabulary(["zoo"]))
        read = documents.with_pieces(piece_tokenizer().read(tokenized))
        found.append(read.batch(np.array([0])))
    of_words = [batch["pieces"][batch["owners"] > CONTEXT].tolist() for batch in found]
    assert of_words[0] == of_words[1]


def test_a_word_that_stands_for_another_is_read_in_its_place():
    def redacted(text):
        words = re.finditer(r"\w+", text)
        return [("name" if w[0] == "Zoe" else w[0].lower(), *w.span()) for w in words]

    one, other = (
        piece_tokenizer().read(TokenizedTexts.from_texts([text], redacted, 50))
        for text in ("Zoe slept", "name slept")
    )
    np.testing.assert_array_equal(one.table, other.table)
