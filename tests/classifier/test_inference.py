"""How a fitted model reads: in chunks, streams, and texts tokenized beforehand."""

import itertools
import pickle
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.classifier import member
from sklearn_irx.nn.isolation import at_most, threads
from sklearn_irx.text import TokenizedTexts, Vocabulary, WhitespaceTokenizer, WordTokenizer


class Counting:
    """A tokenizer that notes what it was asked for."""

    def __init__(self):
        self.texts = []

    def __call__(self, text):
        self.texts.append(text)
        return WordTokenizer()(text)


@pytest.fixture(scope="module")
def strange(reviews):
    """Texts to read: reviews, and what is legal but has little or nothing to say."""
    return ["", *reviews[0][300:340], " ", "zzz", "ants", "", "🙂 \ud800"]


@pytest.fixture
def chunks_of_seven(monkeypatch):
    monkeypatch.setattr(member, "CHUNK_SIZE", 7)


def assert_same(got, expected):
    # To rounding: the batches of a chunk have other lengths than those of all documents.
    np.testing.assert_allclose(got[0], expected[0], atol=1e-6)
    np.testing.assert_array_equal(got[1], expected[1])


@settings(max_examples=25)
@given(size=st.integers(1, 60), n=st.integers(0, 45), tokenized=st.booleans())
def test_chunks_are_the_whole_in_pieces(size, n, tokenized, fitted, strange):
    texts = strange[:n]
    chunks = list(fitted.iter_predictions(fitted.tokenize(texts) if tokenized else texts, size))
    lengths = [len(probabilities) for probabilities, _ in chunks]
    assert lengths == [len(masks) for _, masks in chunks]
    assert lengths == [min(size, n - first) for first in range(0, n, size)]
    if n:
        assert_same(
            [np.concatenate(part) for part in zip(*chunks, strict=True)],
            fitted.predict_with_masks(texts),
        )


@pytest.mark.usefixtures("chunks_of_seven")
@pytest.mark.parametrize("container", [list, iter, np.array, "tokenized"], ids=str)
@pytest.mark.parametrize("given_masks", [False, True])
def test_reading_in_chunks_changes_nothing(container, given_masks, fitted, other, strange):
    masks = other.transform(strange) if given_masks else None
    expected = [
        np.concatenate(part)
        for part in zip(
            *(
                fitted.predict_with_masks([text], None if masks is None else masks[[row]])
                for row, text in enumerate(strange)
            ),
            strict=True,
        )
    ]
    X = fitted.tokenize(strange) if container == "tokenized" else container(strange)
    probabilities, selected = fitted.predict_with_masks(X, masks)
    assert probabilities.dtype == np.float64
    assert selected.dtype == bool
    assert_same((probabilities, selected), expected)


def test_a_stream_without_end_is_read_as_it_comes(fitted, reviews):
    taken = []

    def stream():
        for row in itertools.count():
            taken.append(row)
            yield reviews[0][row % 400]

    chunks = fitted.iter_predictions(stream(), chunk_size=10)
    assert taken == []
    for n in (10, 20, 30):
        probabilities, masks = next(chunks)
        assert probabilities.shape == (10, 3)
        assert masks.shape == (10, 60)
        assert len(taken) == n
    np.testing.assert_array_equal(masks, fitted.transform(reviews[0][20:30]))


@pytest.mark.usefixtures("chunks_of_seven")
def test_memory_holds_a_chunk_of_a_stream_at_a_time(fitted):
    n, length = 300, 40_000
    fitted.predict_with_masks(["ants"])  # what is built once
    tracemalloc.start()
    probabilities, masks = fitted.predict_with_masks(
        f"ants {'x' * length} {row}" for row in range(n)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(probabilities) == len(masks) == n
    assert peak < n * length / 4


@pytest.mark.parametrize(
    "empty", [[], (), np.array([], dtype=str), iter([])], ids=lambda empty: type(empty).__name__
)
def test_nothing_to_read(empty, fitted):
    probabilities, masks = fitted.predict_with_masks(empty)
    assert probabilities.shape == (0, 3)
    assert masks.shape == (0, 60)
    assert list(fitted.iter_predictions([])) == []


@pytest.mark.usefixtures("chunks_of_seven")
def test_what_is_no_text_is_named_with_its_row_when_its_turn_comes(fitted):
    for X in (["ants"] * 9 + [None], (text for text in ["ants"] * 9 + [None])):
        with pytest.raises(TypeError, match=r"X\[9\] is None, a NoneType"):
            fitted.predict_with_masks(X)
    chunks = fitted.iter_predictions(iter(["ants"] * 9 + [3]), chunk_size=5)
    next(chunks)
    with pytest.raises(TypeError, match=r"X\[9\] is 3, a int"):
        next(chunks)


def test_a_wrong_container_is_named_before_anything_is_read(fitted):
    with pytest.raises(TypeError, match="X is one str"):
        fitted.iter_predictions("ants")
    with pytest.raises(TypeError, match="X is a dict"):
        fitted.iter_predictions({"ants": 1})
    with pytest.raises(NotFittedError):
        SelectiveRationaleClassifier().iter_predictions(["ants"])


@pytest.mark.parametrize("size", [0, -1, 1.5, None, "many"])
def test_a_wrong_size_of_chunks_is_named(size, fitted):
    with pytest.raises(ValueError, match=f"chunk_size={size!r}: give an integer"):
        fitted.iter_predictions(["ants"], chunk_size=size)


@pytest.mark.usefixtures("chunks_of_seven")
@pytest.mark.parametrize("container", [list, iter])
def test_masks_for_more_or_fewer_documents_are_refused(container, fitted):
    texts = ["ants"] * 20
    for n_masks in (0, 3, 14, 15, 21):
        # The number of documents of a stream is known in the end only.
        said = rf"masks has shape \({n_masks}, 60\)"
        if container is iter and n_masks < 20:
            said = rf"masks has no row for X\[{n_masks}\]"
        with pytest.raises(ValueError, match=said):
            fitted.predict_with_masks(container(texts), np.zeros((n_masks, 60), bool))
    masks = np.zeros((20, 60), bool)
    masks[17, 1] = True
    with pytest.raises(ValueError, match=r"masks\[17\] selects words past the end .* has 1"):
        fitted.predict_with_masks(container(texts), masks)


def test_texts_tokenized_once_are_read_like_texts(fitted, strange):
    once = fitted.tokenize(strange)
    assert_same(fitted.predict_with_masks(once), fitted.predict_with_masks(strange))
    np.testing.assert_array_equal(fitted.predict(once), fitted.predict(strange))
    masks = fitted.transform(once)
    np.testing.assert_array_equal(masks, fitted.transform(strange))
    assert fitted.word_spans(once) == fitted.word_spans(strange)
    rows = [3, 0, 7]
    np.testing.assert_allclose(
        fitted.predict_proba(once.take(rows), masks=masks[rows]),
        fitted.predict_proba(strange)[rows],
        atol=1e-6,
    )
    for X in (once, fitted.tokenize(strange, spans=True)):
        for got, expected in zip(fitted.explain(X), fitted.explain(strange), strict=True):
            assert got.text == expected.text
            assert got.tokens == expected.tokens
            assert got.spans == expected.spans
            assert got.words == expected.words
            assert got.label == expected.label


@pytest.mark.usefixtures("chunks_of_seven")
def test_the_words_of_tokenized_texts_are_looked_up_once_for_all_chunks(
    fitted, reviews, monkeypatch
):
    looked_up = []
    lookup = Vocabulary.lookup

    def counting(self, words):
        looked_up.extend(words)
        return lookup(self, words)

    monkeypatch.setattr(Vocabulary, "lookup", counting)
    tokenized = fitted.tokenize(reviews[0])
    fitted.predict_with_masks(tokenized)
    assert looked_up == tokenized.words


def test_an_equal_tokenizer_will_do_and_another_is_named(fitted, reviews):
    texts = reviews[0][:3]
    equal = TokenizedTexts.from_texts(texts, WordTokenizer(), 60)
    np.testing.assert_array_equal(fitted.transform(equal), fitted.transform(texts))
    assert fitted.tokenize(equal) is equal
    for tokenizer, length in ((WordTokenizer(), 61), (WhitespaceTokenizer(), 60)):
        otherwise = TokenizedTexts.from_texts(texts, tokenizer, length)
        for method in (
            fitted.predict_with_masks,
            fitted.iter_predictions,
            fitted.predict,
            fitted.explain,
        ):
            with pytest.raises(ValueError, match=rf"{tokenizer!r}.*={length}.*WordTokenizer.*=60"):
                method(otherwise)


def test_each_text_is_tokenized_once(small, reviews):
    texts, y, _ = reviews
    tokenizer = Counting()
    clf = small(training__max_epochs=1, tokenizer=tokenizer)
    clf.fit(texts[:60], y[:60])
    assert tokenizer.texts == texts[:60]
    for method in (clf.predict_with_masks, clf.predict, clf.transform, clf.explain, clf.word_spans):
        tokenizer.texts.clear()
        method(texts[60:90])
        assert tokenizer.texts == texts[60:90]
    tokenized = clf.tokenize(texts[60:90], spans=True)
    tokenizer.texts.clear()
    clf.explain(tokenized)
    clf.predict(tokenized)
    assert tokenizer.texts == []


def test_a_model_is_fitted_on_tokenized_texts(small, fitted, reviews):
    texts, y, _ = reviews
    again = small().fit(TokenizedTexts.from_texts(texts[:300], WordTokenizer(), 60), y[:300])
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
    with pytest.raises(ValueError, match=r"max_length=5, but .*max_length=60"):
        small().fit(TokenizedTexts.from_texts(texts, WordTokenizer(), 5), y)
    with pytest.raises(ValueError, match="no documents"):
        small().fit(TokenizedTexts.from_texts([], WordTokenizer(), 60), [])


def test_few_words_are_read_by_one_thread_and_many_by_as_many_as_there_are(
    fitted, reviews, monkeypatch
):
    """With n_threads=None; a number that is given holds for few words too."""
    seen = []
    predict = member.predict

    def watched(*args, **options):
        seen.append(torch.get_num_threads())
        return predict(*args, **options)

    monkeypatch.setattr(member, "predict", watched)
    texts = reviews[0]
    free, in_three = (pickle.loads(pickle.dumps(fitted)) for _ in range(2))
    free.set_params(n_threads=None)
    in_three.set_params(n_threads=3)
    n_words = free.look_up(texts).lengths.cumsum()
    n_few = int((n_words < member.FEW_WORDS).sum())
    with threads(2):
        for model, n, expected in (
            (free, 1, 1), (free, n_few, 1), (free, n_few + 1, 2), (free, len(texts), 2),
            (in_three, 1, 3), (in_three, len(texts), 3),
        ):  # fmt: skip
            for method in (model.predict, model.predict_proba, model.transform, model.explain):
                seen.clear()
                method(texts[:n])
                assert seen == [expected]
        assert torch.get_num_threads() == 2
        with at_most(1):
            seen.clear()
            free.predict(texts)
            assert seen == [1]
    few = free.predict_with_masks(texts[:1])
    assert_same(few, in_three.predict_with_masks(texts[:1]))
    assert_same(few, [part[:1] for part in free.predict_with_masks(texts)])
