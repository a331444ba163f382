import pickle

import numpy as np
import pytest

from sklearn_irx.text import TokenizedTexts, WordTokenizer
from sklearn_irx.text.packed import PackedTexts

TEXTS = ["A bed!", "", "Fünf ants.", "half \ud83d", "a\x00b"]


def test_packed_texts_are_a_sequence_of_the_texts():
    packed = PackedTexts.of(TEXTS)
    assert list(packed) == TEXTS
    assert (len(packed), packed[-1], packed[1:3]) == (5, TEXTS[-1], TEXTS[1:3])
    assert list(packed.take(np.array([3, 0]))) == [TEXTS[3], TEXTS[0]]
    assert list(PackedTexts.of([])) == []
    with pytest.raises(IndexError):
        packed[5]


@pytest.fixture
def tokenized():
    return TokenizedTexts.from_texts(TEXTS, WordTokenizer(), 10, spans=True)


def test_a_pickle_of_tokenized_texts_holds_the_same(tokenized):
    for found in (pickle.loads(pickle.dumps(tokenized)), tokenized):
        assert list(found.texts) == TEXTS
        assert found.words == tokenized.words
        assert found.word_lists() == tokenized.word_lists()
        assert found.spans == tokenized.spans
        again = pickle.loads(pickle.dumps(found[[3, 0]]))
        assert list(again.texts) == [TEXTS[3], TEXTS[0]]
        assert again.word_lists() == [["half"], ["a", "bed"]]


def test_tokenized_texts_are_taken_apart_like_an_array(tokenized):
    array = np.array(TEXTS, dtype=object)
    assert tokenized.shape == array.shape
    assert tokenized[2] == tokenized[np.int64(2)] == TEXTS[2]
    keys = (slice(1, 4), [4, 0], np.array([True, False, False, True, False]), (np.array([1]), ...))
    for key in keys:
        assert list(tokenized[key].texts) == array[key].tolist()


def test_the_size_that_dask_goes_by_is_that_of_the_arrays():
    large = TokenizedTexts.from_texts(["ants " * 500] * 10, WordTokenizer(), 500)
    for found in (large, pickle.loads(pickle.dumps(large))):
        assert 20_000 < found.__sizeof__() < 60_000
