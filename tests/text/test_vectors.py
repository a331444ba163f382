"""Word vectors from files, from gensim and from training."""

import bz2
import copy
import gzip
import lzma
import os
import pickle
import re
import subprocess
import sys
import tracemalloc

import gensim.downloader
import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.text import (
    Vocabulary,
    WordVectors,
    embedding_matrix,
    find_unseen_words,
    load_embeddings,
    unseen_matrix,
)

WORDS = ["good", "bad", "Straße", "."]
VECTORS = np.array([[1, 0.5, -2], [0, 0, 1], [3, -0.25, 8], [0.125, 4, -1]], dtype=np.float32)
LINES = "".join(f"{w} {' '.join(map(str, v))}\n" for w, v in zip(WORDS, VECTORS, strict=True))


def keyed_vectors():
    keyed = KeyedVectors(VECTORS.shape[1])
    keyed.add_vectors(WORDS, VECTORS)
    return keyed


def write(path, kind):
    if kind == "binary":
        keyed_vectors().save_word2vec_format(str(path), binary=True)
    else:
        text = LINES if kind == "glove" else f"{len(WORDS)} 3\n{LINES}"
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "wt", encoding="utf-8") as file:
            file.write(text)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("glove.txt", "glove"),
        ("glove.txt.gz", "glove"),
        ("word2vec.vec", "word2vec"),
        ("word2vec.txt.gz", "word2vec"),
        ("word2vec.bin", "binary"),
        ("word2vec.bin.gz", "binary"),
    ],
)
def test_every_format_is_read(name, kind, tmp_path):
    write(tmp_path / name, kind)
    for source in (tmp_path / name, str(tmp_path / name)):
        (vectors,) = load_embeddings(source)
        assert vectors.words == WORDS
        np.testing.assert_array_equal(vectors.vectors, VECTORS)
        assert vectors.size == 3


def test_a_file_without_a_suffix_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "vectors", "glove")
    assert load_embeddings("vectors")[0].words == WORDS


def binary(tmp_path):
    write(tmp_path / "whole.bin", "binary")
    return (tmp_path / "whole.bin").read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.txt", None),
        ("missing.bin", None),
        ("empty.txt", b""),
        ("empty.bin", b""),
        ("blank.txt", b"\n\n"),
        ("bytes.txt", bytes(range(256)) * 4),
        ("bytes.bin", bytes(range(256)) * 4),
        ("prose.txt", b"We stayed for a week.\nThere were ants.\n"),
        ("page.html", b"<html>404 not found</html>\n"),
        ("ragged.txt", b"good 1 2 3\nbad 1 2\n"),
        ("ragged.vec", b"2 3\ngood 1 2 3\nbad 1 2\n"),
        ("short.vec", b"5 3\ngood 1 2 3\n"),
        ("header.vec", b"0 3\n"),
        ("negative.bin", b"-1 -3\n"),
        ("nan.txt", b"good 1 nan 3\n"),
        ("plain.txt.gz", LINES.encode()),
        ("cut.txt.gz", gzip.compress(LINES.encode())[:-12]),
        ("damaged.txt.gz", gzip.compress(LINES.encode())[:10] + b"\xff" * 40),
        ("huge.vec", b"3 999999999999\nbad 1\n"),
        ("cut.bin", binary),
        ("one_field.txt", b"good\nbad\n"),
        ("no_word.txt", b" 1 2 3\ngood 1 2 3\n"),
        ("too_large.txt", b"good 1e39 1 1\n"),
        ("latin.txt", b"caf\xe9 1 2 3\n"),
        ("latin.bin", b"1 1\ncaf\xe9 1234"),
        ("no_numbers.vec", b"many words\ngood 1 2\n"),
        ("many.vec", b"999999999999 3\ngood 1 2 3\n"),
        ("many.bin", b"999999999999 1\ngood 1234"),
        ("wide.bin", b"2 99999999999\ngood "),
        ("endless_line.txt", b"good " + b"1 " * 600_000),
        ("endless_word.bin", b"1 3\n" + b"x" * 100_000),
        ("zeros.txt.gz", gzip.compress(bytes(3_000_000))),
        ("zeros.bin.gz", gzip.compress(b"1 3\n" + bytes(3_000_000))),
        ("damaged.txt.xz", b"\xfd7zXZ\0" + b"1" * 50),
        ("pickle.txt", pickle.dumps(WORDS)),
        ("pickle.bin", pickle.dumps(WORDS)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_without_vectors_is_named(name, content, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content(tmp_path)[:-20] if callable(content) else content)
    with pytest.raises(ValueError, match=r"embeddings=.*" + re.escape(str(path))):
        load_embeddings(path)


def test_what_a_header_announces_takes_no_memory(tmp_path):
    path = tmp_path / "huge.vec"
    path.write_bytes(b"99999999 60000\ngood 1 2 3\n")
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="line 2 has no word with 60000 numbers"):
            load_embeddings(path)
        path.with_suffix(".bin").write_bytes(b"99999999 60000\ngood 1 2 3\n")
        with pytest.raises(ValueError, match="it ends within vector 1 of 99999999"):
            load_embeddings(path.with_suffix(".bin"))
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("mark.txt", b"\xef\xbb\xbfgood 1 2\nbad 3 4\n", ["good", "bad"]),
        ("windows.vec", b"2 2\r\ngood 1 2\r\nbad 3 4\r\n", ["good", "bad"]),
        ("blank.txt", b"good 1 2\n\nbad 3 4\n\n", ["good", "bad"]),
        ("tabs.txt", b"good\t1\t2\nbad\t3\t4\n", ["good", "bad"]),
        ("spaces.txt", b"good 1 2\nvery bad 3 4\n", ["good", "very bad"]),
        ("twice.txt", b"good 1 2\ngood 7 8\nbad 3 4\n", ["good", "bad"]),
        ("no-break.txt", b"good 1 2\nvery\xc2\xa0bad 3 4\n", ["good", "very\xa0bad"]),
        ("packed.txt.bz2", bz2.compress(b"good 1 2\nbad 3 4\n"), ["good", "bad"]),
        ("packed.txt.xz", lzma.compress(b"good 1 2\nbad 3 4\n"), ["good", "bad"]),
    ],
)
def test_odd_files_are_read_for_what_they_mean(name, content, words, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    vectors = WordVectors.load(path)
    assert vectors.words == words
    assert vectors.vectors.tolist() == [[1, 2], [3, 4]]


@given(data=st.binary(max_size=80), kind=st.sampled_from([".txt", ".bin", ".txt.gz", ".bin.gz"]))
def test_any_bytes_are_word_vectors_or_refused(data, kind, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"any{kind}"
    path.write_bytes(gzip.compress(data) if kind.endswith(".gz") else data)
    try:
        vectors = WordVectors.load(path)
    except ValueError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert vectors.vectors.shape == (len(set(vectors.words)), vectors.size)
        assert np.isfinite(vectors.vectors).all()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match=r"embeddings=.*" + re.escape(str(tmp_path))):
        load_embeddings(tmp_path)


def test_a_changed_file_is_read_anew_and_an_unchanged_one_is_not(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("good 1 2\n", encoding="utf-8")
    once, twice = load_embeddings([path, path])
    assert once is twice
    before = path.stat().st_mtime_ns
    path.write_text("good 3 4\n", encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))  # clocks of file systems are coarse
    np.testing.assert_array_equal(load_embeddings(path)[0].vectors, [[3, 4]])


def test_copies_share_the_vectors():
    vectors = WordVectors(WORDS, VECTORS)
    assert copy.copy(vectors) is copy.deepcopy(vectors) is vectors
    cloned = clone(SelectiveRationaleClassifier(embeddings=[vectors, None]))
    assert cloned.embeddings[0] is vectors
    assert repr(vectors) == "<WordVectors of 4 words in 3 dimensions>"


def test_rows_are_those_of_the_words_or_zeros():
    vectors = WordVectors(WORDS, VECTORS)
    np.testing.assert_array_equal(
        vectors.rows(["bad", "unheard", "good", "bad"]),
        VECTORS[[1, 0, 0, 1]] * [[1], [0], [1], [1]],
    )
    assert vectors.rows([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("words", "vectors", "said"),
    [
        (["good"], [[np.nan, 1.0]], "NaN"),
        (["good"], [[np.inf, 1.0]], "infinite"),
        (["good", "bad"], [[1.0, 2.0]], r"shape \(1, 2\).*2 words"),
        (["good"], [1.0], r"shape \(1,\)"),
    ],
)
def test_wrong_vectors_are_refused(words, vectors, said):
    with pytest.raises(ValueError, match=said):
        WordVectors(words, np.array(vectors))


def test_several_sources_stand_side_by_side(tmp_path):
    write(tmp_path / "vectors.txt", "glove")
    own = WordVectors(["bad", "ugly"], np.array([[7.0], [9.0]]))
    sources = load_embeddings([tmp_path / "vectors.txt", (own, keyed_vectors()), None])
    assert sources[1] is own
    assert sources[3] is None
    vocabulary = Vocabulary(["ugly", "good", "unheard", "bad"])
    matrix = embedding_matrix(sources[:3], vocabulary)
    zeros = [0] * 3
    good, bad = VECTORS[:2].tolist()
    expected = [
        [*zeros, 0, *zeros],
        [*zeros, 0, *zeros],
        [*zeros, 9, *zeros],
        [*good, 0, *good],
        [*zeros, 0, *zeros],
        [*bad, 7, *bad],
    ]
    assert matrix.dtype == np.float32
    assert matrix.tolist() == expected


def test_unseen_words_are_found_in_the_order_of_all_sources():
    sources = [
        WordVectors(["a", "b", "c", "d"], np.ones((4, 1))),
        WordVectors(["e", "b"], np.full((2, 2), 2.0)),
    ]
    for limit, found in ((None, ["e", "b", "d"]), (2, ["e", "b"]), (0, []), (9, ["e", "b", "d"])):
        assert find_unseen_words(sources, Vocabulary(["c", "a"]), limit) == found
    assert find_unseen_words([], Vocabulary(["a"]), None) == []


def test_vectors_of_unseen_words_stand_side_by_side_in_16_bits_that_hold_them():
    sources = [WordVectors(["a", "b"], [[1.0], [-0.1]]), WordVectors(["b"], [[3.0, 4.0]])]
    matrix = unseen_matrix(sources, Vocabulary(["d"], unseen_words=["b", "a"]))
    assert matrix.dtype == np.float16
    np.testing.assert_allclose(matrix, [[-0.1, 3, 4], [1, 0, 0]], rtol=1e-3)
    assert unseen_matrix(sources, Vocabulary(["d"])).shape == (0, 3)
    large = WordVectors(["a", "b"], [[1e6], [-1e9]])
    assert unseen_matrix([large], Vocabulary([], ["a", "b"])).tolist() == [[1e6], [-1e9]]


@pytest.mark.parametrize("wrong", [[], (), 3, 1.5, {"good": [1.0]}, [3], np.ones((2, 2))], ids=repr)
def test_what_names_no_vectors_is_refused(wrong):
    with pytest.raises(TypeError, match="embeddings="):
        load_embeddings(wrong)


@pytest.mark.parametrize("error", [ValueError, OSError, ConnectionResetError])
def test_a_name_nobody_knows_is_named(error, monkeypatch):
    def load(name):
        raise error("no such data")

    monkeypatch.setattr(gensim.downloader, "load", load)
    with pytest.raises(ValueError, match=r"embeddings='golve-50'.*no such data"):
        load_embeddings("golve-50")


def test_a_known_name_is_fetched(monkeypatch):
    monkeypatch.setattr(gensim.downloader, "load", {"tiny-vectors": keyed_vectors()}.get)
    assert load_embeddings("tiny-vectors")[0].words == WORDS


def test_training_depends_on_the_seed_alone(tmp_path, subprocess_environment):
    program = (
        "import sys, numpy as np\n"
        "from sklearn_irx.text import WordVectors\n"
        "documents = [['room', 'ants', f'word{i % 7}'] * 5 for i in range(40)]\n"
        "for seed in (3, 4):\n"
        "    trained = WordVectors.train(documents, seed)\n"
        "    np.save(f'{sys.argv[1]}-{seed}', trained.rows(sorted(trained.words)))\n"
    )
    for process, hash_seed in (("one", "1"), ("two", "2")):
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / process)],
            env={**subprocess_environment, "PYTHONHASHSEED": hash_seed},
            check=True,
        )
    trained = [np.load(tmp_path / f"{p}-{s}.npy") for p in ("one", "two") for s in (3, 4)]
    assert trained[0].shape == (9, 100)
    np.testing.assert_array_equal(trained[0], trained[2])
    np.testing.assert_array_equal(trained[1], trained[3])
    assert not np.array_equal(trained[0], trained[1])
    # As large as those of a vectors file: a network that reads them can learn.
    assert 0.3 < trained[0].std() < 0.5
