"""The loaders on tiny corpora made here, in each form a user may have, and on the real ones."""

import io
import os
import sys
import tarfile
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from sklearn_irx.datasets import _corpora, load_corpus
from sklearn_irx.text import AlphanumericTokenizer

REVIEWS = {
    "train/neg/0_2.txt": "Long.<br /><br />And dull, I'd say.",
    "train/neg/1_1.txt": "The plot? What plot?",
    "train/pos/0_9.txt": "A café, two friends: lovely!",
    "test/pos/0_10.txt": "Saw it twice.",
}
POST = """From: someone@example.org
Subject: bikes

Someone else writes:
> which chain?
I oil mine on Sundays.

--
Someone, Somewhere
"""

real_data = pytest.mark.skipif(
    not Path(os.environ.get("SKLEARN_IRX_DATA", "nowhere"), "imdb.parquet").is_file(),
    reason="needs the corpora in the folder named by SKLEARN_IRX_DATA",
)


@pytest.fixture
def _no_environment(monkeypatch):
    monkeypatch.delenv("SKLEARN_IRX_DATA", raising=False)


def write_archive(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            content = text.encode()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_tables(folder):
    pd.DataFrame(
        {"split": ["train", "test"], "label": ["rec.bikes", "sci.space"], "text": [POST, POST]}
    ).to_parquet(folder / "20newsgroups.parquet")
    pd.DataFrame(
        {
            "split": [name.split("/")[0] for name in REVIEWS],
            "label": [name.split("/")[1] for name in REVIEWS],
            "text": list(REVIEWS.values()),
        }
    ).to_parquet(folder / "imdb.parquet")


def in_every_form(folder):
    """Lay the reviews out in each way that `data_home` may point to."""
    for name, text in REVIEWS.items():
        file = folder / "unpacked" / "aclImdb" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "tables").mkdir()
    write_tables(folder / "tables")
    (folder / "packed").mkdir()
    archive = write_archive(
        folder / "packed" / "aclImdb_v1.tar.gz",
        {f"aclImdb/{name}": text for name, text in REVIEWS.items()},
    )
    unpacked = folder / "unpacked"
    return [unpacked, unpacked / "aclImdb", archive, archive.parent, folder / "tables"]


@pytest.mark.usefixtures("_no_environment")
def test_every_form_of_imdb_gives_the_same_reviews(tmp_path):
    for data_home in in_every_form(tmp_path):
        train = load_corpus("imdb", data_home=data_home)
        assert train.data == [
            "Long.  And dull, I'd say.",
            "The plot? What plot?",
            "A café, two friends: lovely!",
        ]
        assert train.target.tolist() == ["neg", "neg", "pos"]
        assert train.target_names == ["neg", "pos"]
        assert train.name == "imdb"
        assert load_corpus("imdb", subset="test", data_home=str(data_home)).target.tolist() == [
            "pos"
        ]


def test_the_environment_names_a_folder_unless_the_user_names_one(tmp_path, monkeypatch):
    write_tables(tmp_path)
    monkeypatch.setenv("SKLEARN_IRX_DATA", str(tmp_path))
    assert load_corpus("20newsgroups").target.tolist() == ["rec.bikes"]
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        load_corpus("imdb", data_home=tmp_path / "elsewhere")


def test_posts_lose_header_quotes_and_footer(tmp_path):
    write_tables(tmp_path)
    train = load_corpus("20newsgroups", data_home=tmp_path)
    assert train.data[0].strip() == "I oil mine on Sundays."


@pytest.mark.parametrize(
    ("max_words", "text"),
    [(1, "Long"), (2, "Long.  And"), (4, "Long.  And dull, I"), (5, "Long.  And dull, I'd")],
)
def test_a_text_is_cut_right_after_the_last_word(tmp_path, max_words, text):
    write_tables(tmp_path)
    assert load_corpus("imdb", max_words=max_words, data_home=tmp_path).data[0] == text


@pytest.mark.parametrize(("max_words", "n_words"), [("paper", 200), (None, 300), (250, 250)])
def test_max_words_counts_the_words_of_the_tokenizer(tmp_path, max_words, n_words):
    text = "".join(f"w{i}’é_{i} -- " for i in range(150))
    archive = write_archive(tmp_path / "any.tar.gz", {"aclImdb/train/pos/0_9.txt": text})
    loaded = load_corpus("imdb", max_words=max_words, data_home=archive).data[0]
    words = AlphanumericTokenizer().words
    assert words(loaded) == words(text, n_words)
    assert loaded == text or not loaded.endswith(" ")


def test_an_archive_is_read_without_writing_and_without_other_members(tmp_path, monkeypatch):
    archive = write_archive(
        tmp_path / "aclImdb_v1.tar.gz",
        {
            "../../escaped.txt": "outside",
            "aclImdb/train/unsup/0_0.txt": "unlabelled",
            "aclImdb/train/neg/notes.txt": "no review",
            "aclImdb/train/neg/0_1.txt": "a review",
        },
    )
    assert load_corpus("imdb", data_home=archive).data == ["a review"]
    assert [path.name for path in tmp_path.iterdir()] == ["aclImdb_v1.tar.gz"]
    with pytest.raises(ValueError, match="contains no test reviews"):
        load_corpus("imdb", subset="test", data_home=archive)


def test_a_damaged_archive_is_named(tmp_path):
    whole = write_archive(
        tmp_path / "whole.tar.gz",
        {
            f"aclImdb/train/neg/{i}_1.txt": str(np.random.default_rng(i).random(99))
            for i in range(9)
        },
    ).read_bytes()
    for content in (whole[: len(whole) // 2], b"<html>not found</html>", b""):
        damaged = tmp_path / "damaged.tar.gz"
        damaged.write_bytes(content)
        with pytest.raises(ValueError, match=r"damaged.tar.gz.*download aclImdb_v1.tar.gz again"):
            load_corpus("imdb", data_home=damaged)


@pytest.mark.usefixtures("_no_environment")
def test_20newsgroups_comes_from_scikit_learn_otherwise(tmp_path, monkeypatch):
    asked = {}

    def fetch(**parameters):
        asked.update(parameters)
        return Bunch(data=["A b c.", "D."], target=np.array([1, 0]), target_names=["rec", "sci"])

    monkeypatch.setattr(_corpora, "fetch_20newsgroups", fetch)
    corpus = load_corpus("20newsgroups", subset="test", max_words=2, data_home=tmp_path)
    assert corpus.data == ["A b", "D."]
    assert corpus.target.tolist() == ["sci", "rec"]
    assert corpus.target_names == ["rec", "sci"]
    assert asked["subset"] == "test"
    assert asked["data_home"] == tmp_path
    assert set(asked["remove"]) == {"headers", "footers", "quotes"}


@pytest.mark.usefixtures("_no_environment")
def test_without_network_the_error_says_what_to_do(monkeypatch):
    def fetch(**parameters):
        raise URLError("no route to host")

    monkeypatch.setattr(_corpora, "fetch_20newsgroups", fetch)
    with pytest.raises(OSError, match=r"could not be downloaded: .*data_home") as caught:
        load_corpus("20newsgroups")
    assert isinstance(caught.value.__cause__, URLError)


@pytest.mark.usefixtures("_no_environment")
def test_without_imdb_the_error_says_where_to_get_it():
    with pytest.raises(FileNotFoundError, match=r"aclImdb_v1.tar.gz from https://ai.stanford.edu"):
        load_corpus("imdb")


def test_without_pandas_the_error_names_the_extra(tmp_path, monkeypatch):
    write_tables(tmp_path)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"imdb.parquet .*pip install 'sklearn-irx\[cli\]'"):
        load_corpus("imdb", data_home=tmp_path)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"name": "reuters"}, "name='reuters' .*'20newsgroups', 'imdb'"),
        ({"name": "imdb", "subset": "valid"}, "subset='valid' .*'train', 'test'"),
        ({"name": "imdb", "max_words": 0}, "max_words=0 .* at least 1"),
        ({"name": "imdb", "max_words": "all"}, "max_words='all' .*None"),
        ({"name": "imdb", "max_words": 2.5}, "max_words=2.5"),
    ],
)
def test_errors_name_parameter_value_and_remedy(parameters, message):
    with pytest.raises(ValueError, match=message):
        load_corpus(**parameters)


@real_data
@pytest.mark.parametrize(
    ("name", "subset", "n_samples", "n_classes", "limit"),
    [("20newsgroups", "test", 7532, 20, 80), ("imdb", "test", 25000, 2, 200)],
)
def test_the_real_corpora_give_the_words_of_the_paper(name, subset, n_samples, n_classes, limit):
    corpus = load_corpus(name, subset=subset)
    whole = load_corpus(name, subset=subset, max_words=None)
    assert len(corpus.data) == len(corpus.target) == n_samples
    assert corpus.target_names == np.unique(corpus.target).tolist()
    assert len(corpus.target_names) == n_classes
    words = AlphanumericTokenizer().words
    for text, full in zip(corpus.data[::50], whole.data[::50], strict=True):
        assert words(text) == words(full)[:limit]
