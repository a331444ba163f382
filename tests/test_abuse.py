"""Texts that nobody would write, from training to what is shown."""

import io
import pickle
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.inspection import to_rich, write_html
from sklearn_irx.text import TokenizedTexts, WhitespaceTokenizer, WordTokenizer, normalize_word

pytestmark = pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
NASTY = [
    "\ud800 half a character \udfff",
    "\0 nul \0\0",
    "a\u0301\u0302 " * 50,
    "\u202eevil\u202c right",
    "",
    " \t\r\n\u2028",
    "x" * 1_000_000,
    "w " * 100_000,
    "👩‍👩‍👧 emoji",
    '<script>alert(1)</script> & "it\'s"',
    "\x1b[31mred\x1b[0m",
    "İΣ ΑΣ' ß ŉ",
    "\ufeff mark",
    "١٢٣ 漢字 ไทย",
    "None nan NaN inf 1e400",
    "\uffff\U0010ffff __",
]
LABELS = ["\ud800", "<b>"]
CHARACTERS = st.characters() | st.characters(categories=["Cs", "Cc", "Cf", "Mn"])


@pytest.fixture(scope="module")
def nasty_texts():
    return NASTY * 3, np.array(LABELS)[np.arange(3 * len(NASTY)) % 2]


@pytest.fixture(scope="module", params=["known vectors", "trained vectors", "whitespace"])
def nasty(request, small, nasty_texts):
    parameters = {
        "known vectors": {"initialization": None},
        "trained vectors": {"embeddings": None, "calibration": "temperature"},
        "whitespace": {"tokenizer": WhitespaceTokenizer()},
    }[request.param]
    return small(training__max_epochs=1, **parameters).fit(*nasty_texts)


def assert_in_place(rationale, text):
    assert rationale.text == text
    position = 0
    for token, (start, end) in zip(rationale.tokens, rationale.spans, strict=True):
        assert position <= start < end <= len(text)
        assert normalize_word(text[start:end]) == token
        position = end
    assert "".join(piece for piece, _ in rationale.segments()) == text


def test_they_are_learned_from_read_and_shown(nasty, nasty_texts, tmp_path):
    texts, _ = nasty_texts
    probabilities = nasty.predict_proba(texts)
    assert np.isfinite(probabilities).all()
    assert set(nasty.predict(texts)) <= set(LABELS)
    again = pickle.loads(pickle.dumps(nasty))
    np.testing.assert_array_equal(again.predict_proba(texts), probabilities)
    rationales = nasty.explain(texts)
    screen = Console(file=io.StringIO(), force_terminal=False)
    for rationale, text in zip(rationales, texts, strict=True):
        assert_in_place(rationale, text)
        str(rationale).encode()
        rationale._repr_html_().encode()
        screen.print(to_rich(rationale))
    assert not set(screen.file.getvalue()) & set("\x1b\0\u202e")
    write_html(tmp_path / "page.html", rationales, y_true=[LABELS[0]] * len(texts), names=texts)
    assert b"<script>" not in (tmp_path / "page.html").read_bytes()


def test_two_models_exchange_them(small, nasty_texts):
    texts, y = nasty_texts
    both = InteractiveEnsemble(
        small(training__max_epochs=1),
        small(training__max_epochs=1, initialization="logistic", random_state=1),
    ).fit(texts, y)
    for rationale, text in zip(both.explain(texts), texts, strict=True):
        assert_in_place(rationale, text)


@settings(max_examples=25)
@given(st.lists(st.text(CHARACTERS, max_size=50), min_size=1, max_size=4))
def test_any_texts_are_read(fitted, texts):
    for rationale, text in zip(fitted.explain(texts), texts, strict=True):
        assert_in_place(rationale, text)
        assert 0 <= rationale.confidence <= 1


@pytest.mark.parametrize("tokenizer", [WordTokenizer(), WhitespaceTokenizer()], ids=repr)
@pytest.mark.parametrize("piece", ["ab ", "Σ’ ", "漢字 ", "“ ", "x", "İ", " ", "a\u0301"])
def test_time_grows_with_the_length_of_a_text_and_no_faster(tokenizer, piece):
    def seconds(times):
        text = piece * times
        measured = []
        for _ in range(3):
            start = time.process_time()
            tokenizer.words(text, 300)
            tokenizer.words(text)
            tokenizer.spans(text)
            measured.append(time.process_time() - start)
        return min(measured)

    assert seconds(80_000) < 10 * seconds(20_000) + 0.05  # of time that is quadratic, 16


def test_of_a_text_of_millions_of_words_only_the_beginning_is_taken(fitted):
    text = "ants in the room " * 500_000
    tracemalloc.start()
    try:
        tokenized = TokenizedTexts.from_texts([text], WordTokenizer(), 300, spans=True)
        assert tokenized.lengths.tolist() == [300]
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert fitted.transform([text]).sum() <= 60


@pytest.mark.parametrize(
    ("given_words", "error"),
    [
        (None, TypeError),
        (3, TypeError),
        ("words", TypeError),
        ([("a",)], TypeError),
        ([("a", 0, 1, 2)], TypeError),
        ([("a", 0.0, 1.0)], TypeError),
        ([("a", "0", "1")], TypeError),
        ([(b"a", 0, 1)], ValueError),
        ([("a", 1, 0)], ValueError),
        ([("a", -1, 1)], ValueError),
        ([("a", 0, 99)], ValueError),
        ([("a", 0, 2), ("b", 1, 3)], ValueError),
    ],
)
def test_a_tokenizer_that_gives_nonsense_is_told_so(given_words, error, small):
    clf = small(tokenizer=lambda text: given_words)
    with pytest.raises(error, match="tokenizer returned"):
        clf.fit(["a room", "ants"] * 4, [0, 1] * 4)


def test_a_tokenizer_that_never_ends_is_read_to_the_limit(small):
    def endless(text):
        while True:
            yield "room", 0, 0

    tokenized = TokenizedTexts.from_texts(["a room"], endless, 7)
    assert tokenized.word_lists() == [["room"] * 7]
