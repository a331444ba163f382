"""Word vectors from files, from gensim and from training."""

import copy
import gzip
import os
import re
import subprocess
import sys

import gensim.downloader
import numpy as np
import pytest
from gensim.models import KeyedVectors
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

# gensim opens a file without a header twice and leaves closing the second one to the interpreter.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


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
    for given in (tmp_path / name, str(tmp_path / name)):
        (vectors,) = load_embeddings(given)
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
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_without_vectors_is_named(name, content, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content(tmp_path)[:-20] if callable(content) else content)
    with pytest.raises(ValueError, match=r"embeddings=.*" + re.escape(str(path))):
        load_embeddings(path)


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
