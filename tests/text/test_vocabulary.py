"""The words a model knows, and their numbers."""

import subprocess
import sys
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text import PADDING, UNKNOWN, Vocabulary

WORDS = st.sampled_from(["ant", "bed", "cup", "door", "egg", "fork"])
DOCUMENTS = st.lists(st.lists(WORDS, max_size=8), max_size=8)


@given(DOCUMENTS, st.integers(1, 4))
def test_it_knows_the_words_of_enough_documents(documents, min_df):
    vocabulary = Vocabulary.from_documents(documents, min_df)
    df = {w: sum(w in words for words in documents) for words in documents for w in words}
    assert sorted(vocabulary.words) == sorted(w for w, count in df.items() if count >= min_df)
    counts = [df[w] for w in vocabulary.words]
    assert counts == sorted(counts, reverse=True)
    assert len(vocabulary) == len(vocabulary.words) + 2


@given(DOCUMENTS, st.lists(WORDS))
def test_every_known_word_has_its_number_and_the_others_one(documents, words):
    vocabulary = Vocabulary.from_documents(documents)
    ids = vocabulary.lookup(words)
    assert ids.dtype == np.int32
    for word, number in zip(words, ids, strict=True):
        assert number != PADDING
        if word in vocabulary:
            assert vocabulary.words[number - 2] == word
        else:
            assert number == UNKNOWN == 1


@given(DOCUMENTS, st.integers(0, 4))
def test_the_most_frequent_come_first_and_among_equals_the_first_to_occur(documents, min_df):
    counter = Counter(word for words in documents for word in dict.fromkeys(words))
    expected = [word for word, count in counter.most_common() if count >= min_df]
    assert Vocabulary.from_documents(documents, min_df).words == expected
    assert Vocabulary.from_documents(iter(documents), min_df).words == expected


@given(st.lists(st.text(max_size=3), unique=True), st.lists(st.text(max_size=3)))
def test_looking_up_is_what_a_dict_does(known, words):
    ids = {word: number for number, word in enumerate(known, start=2)}
    assert Vocabulary(known).lookup(words).tolist() == [ids.get(word, 1) for word in words]
    assert Vocabulary(known).lookup(np.array(words, dtype=object)).tolist() == (
        [ids.get(word, 1) for word in words]
    )


def test_nothing_is_known_and_nothing_asked():
    assert Vocabulary([]).lookup(["ant", ""]).tolist() == [1, 1]
    assert Vocabulary(["ant"]).lookup([]).shape == (0,)
    assert len(Vocabulary.from_documents([])) == 2


def test_the_order_does_not_depend_on_the_hash_seed(subprocess_environment):
    program = (
        "from sklearn_irx.text import Vocabulary\n"
        "documents = [[f'{kind}{i}' for i in range(50)] for kind in 'abab']\n"
        "print(Vocabulary.from_documents(documents).words)\n"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**subprocess_environment, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1
    assert "a49" in shown.pop()


def test_unseen_words_have_ids_after_the_known_ones_and_are_not_known():
    vocabulary = Vocabulary(["ant", "bed"], unseen_words=["cat", "dog"])
    assert vocabulary.lookup(["dog", "ant", "cat", "elk"]).tolist() == [5, 2, 4, 1]
    assert [word in vocabulary for word in ("ant", "cat", "elk", None)] == [True, *[False] * 3]
    assert len(vocabulary) == 4
    assert vocabulary.unseen_words == ["cat", "dog"]
