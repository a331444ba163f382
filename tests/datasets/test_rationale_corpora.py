"""The loader of reviews with human rationales, on tiny corpora made here and on the real one."""

import io
import json
import os
import pickle
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_irx.datasets import load_rationale_corpus
from sklearn_irx.text import WhitespaceTokenizer

# Document, split, label, text as published, passages.
REVIEWS = [
    ("n1.txt", "train", "NEG", "a slow , slow film .\nnobody laughed\n", [(1, 4), (6, 8)]),
    ("p1.txt", "train", "POS", "café scenes\n\nto love !", [(3, 5), (2, 4)]),
    ("p2.txt", "train", "POS", "seen  twice .", []),
    ("n2.txt", "val", "NEG", "dull throughout", [(0, 2)]),
]
ELSEWHERE = "https://www.eraserbenchmark.com/"

real_data = pytest.mark.skipif(
    not Path(os.environ.get("SKLEARN_IRX_DATA", "nowhere"), "eraser_movies.parquet").is_file(),
    reason="needs the corpora in the folder named by SKLEARN_IRX_DATA",
)


@pytest.fixture
def _no_environment(monkeypatch):
    monkeypatch.delenv("SKLEARN_IRX_DATA", raising=False)


def annotation(name, label, spans):
    evidences = [
        [{"docid": name, "start_token": start, "end_token": end, "start_sentence": -1, "text": ""}]
        for start, end in spans
    ]
    row = {"annotation_id": name, "classification": label, "evidences": evidences, "query": "?"}
    return json.dumps(row)


def published(reviews):
    """Give the files of the published form as texts by path."""
    files = {f"movies/docs/{name}": text for name, _, _, text, _ in reviews}
    for subset in ("train", "val", "test"):
        rows = [annotation(n, label, spans) for n, s, label, _, spans in reviews if s == subset]
        files[f"movies/{subset}.jsonl"] = "\n".join([*rows, ""])
    return files


def write_archive(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            content = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_folder(folder, files):
    for name, content in files.items():
        content = content.encode() if isinstance(content, str) else content
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_table(folder, reviews):
    folder.mkdir(exist_ok=True)
    names, subsets, labels, texts, spans = zip(*reviews, strict=True)
    pd.DataFrame(
        {
            "split": subsets,
            "id": names,
            "label": labels,
            "text": texts,
            "rationale_start": [[start for start, _ in passages] for passages in spans],
            "rationale_end": [[end for _, end in passages] for passages in spans],
        }
    ).to_parquet(folder / "eraser_movies.parquet")
    return folder


def in_every_form(folder, reviews):
    """Lay the reviews out in each way that `data_home` may point to."""
    files = published(reviews)
    unpacked = write_folder(folder / "unpacked", files)
    (folder / "packed").mkdir()
    archive = write_archive(folder / "packed" / "movies.tar.gz", files)
    return {
        "folder of the table": write_table(folder / "table", reviews),
        "folder of the folder": unpacked,
        "folder": unpacked / "movies",
        "folder of the archive": archive.parent,
        "archive": archive,
    }


def marked(corpus):
    """Give the marked words of each document."""
    return [
        [word for word, chosen in zip(text.split(), mask, strict=False) if chosen]
        for text, mask in zip(corpus.texts, corpus.masks, strict=True)
    ]


def test_every_form_gives_the_same_documents_and_masks(tmp_path):
    for data_home in in_every_form(tmp_path, REVIEWS).values():
        texts, labels, masks = load_rationale_corpus("movies", "train", data_home=data_home)
        assert texts == [
            "a slow , slow film . nobody laughed",
            "café scenes to love !",
            "seen twice .",
        ]
        assert labels.tolist() == ["NEG", "POS", "POS"]
        assert masks.dtype == bool
        assert masks.astype(int).tolist() == [
            [0, 1, 1, 1, 0, 0, 1, 1],
            [0, 0, 1, 1, 1, 0, 0, 0],  # two passages that overlap
            [0, 0, 0, 0, 0, 0, 0, 0],
        ]
        val = load_rationale_corpus(subset="val", data_home=str(data_home))
        assert val.texts == ["dull throughout"]
        assert val.labels.tolist() == ["NEG"]
        assert val.masks.tolist() == [[True, True]]


@pytest.mark.parametrize(
    ("max_words", "words", "n_words"),
    [
        (1, [[], [], []], 1),
        (3, [["slow", ","], ["to"], []], 3),
        (np.int64(7), [["slow", ",", "slow", "nobody"], ["to", "love", "!"], []], 7),
        (99, [["slow", ",", "slow", "nobody", "laughed"], ["to", "love", "!"], []], 8),
    ],
)
def test_max_words_cuts_documents_and_masks_alike(tmp_path, max_words, words, n_words):
    corpus = load_rationale_corpus(data_home=write_table(tmp_path, REVIEWS), max_words=max_words)
    assert max(len(text.split()) for text in corpus.texts) == corpus.masks.shape[1] == n_words
    assert marked(corpus) == words


def test_masks_are_about_the_words_of_the_whitespace_tokenizer(tmp_path):
    review = ("p.txt", "train", "POS", "It 's\u00a0SO\t( very ) fine--really\n.", [(2, 3), (6, 7)])
    for data_home in in_every_form(tmp_path, [review]).values():
        corpus = load_rationale_corpus(data_home=data_home)
        words = WhitespaceTokenizer().words(corpus.texts[0])
        assert len(words) == corpus.masks.shape[1]
        chosen = [words[place] for place in corpus.masks[0].nonzero()[0]]
        assert chosen == ["so", "fine--really"]


def test_documents_without_words_have_empty_masks(tmp_path):
    corpus = load_rationale_corpus(
        data_home=write_table(tmp_path, [("e.txt", "train", "NEG", " \n", [(0, 0)])])
    )
    assert corpus.texts == [""]
    assert corpus.masks.shape == (1, 0)


def test_a_corpus_can_be_pickled(tmp_path):
    corpus = load_rationale_corpus(data_home=write_table(tmp_path, REVIEWS))
    assert pickle.loads(pickle.dumps(corpus)).texts == corpus.texts


def test_the_environment_names_a_folder_unless_the_user_names_one(tmp_path, monkeypatch):
    for data_home in in_every_form(tmp_path, REVIEWS).values():
        monkeypatch.setenv("SKLEARN_IRX_DATA", str(data_home))
        assert load_rationale_corpus(subset="val").texts == ["dull throughout"]
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        load_rationale_corpus(data_home=tmp_path / "elsewhere")


@pytest.mark.usefixtures("_no_environment")
def test_without_the_corpus_the_error_says_where_to_get_it(tmp_path):
    (tmp_path / "docs").mkdir()  # some other documents
    for data_home in (None, tmp_path):
        with pytest.raises(
            FileNotFoundError, match=rf"data_home=.*movies.tar.gz from {ELSEWHERE} .*data_home"
        ):
            load_rationale_corpus(data_home=data_home)


@pytest.mark.parametrize("span", [(0, 4), (-1, 2), (3, 1), (7, 9)])
@pytest.mark.parametrize("max_words", [None, 1])
def test_a_passage_outside_its_document_is_named(tmp_path, span, max_words):
    review = ("n7.txt", "train", "NEG", "dull , dull", [span])
    for data_home in in_every_form(tmp_path, [REVIEWS[0], review]).values():
        with pytest.raises(
            ValueError, match=rf"{span[0]} to {span[1]} in document 'n7.txt', which has 3 words"
        ):
            load_rationale_corpus(data_home=data_home, max_words=max_words)


def test_an_unknown_label_is_named(tmp_path):
    review = ("n7.txt", "train", "bad", "dull , dull", [])
    for data_home in in_every_form(tmp_path, [review]).values():
        with pytest.raises(ValueError, match=r"label 'bad' for document 'n7.txt'.*'NEG', 'POS'"):
            load_rationale_corpus(data_home=data_home)


def test_a_table_with_starts_without_ends_is_named(tmp_path):
    table = write_table(tmp_path, REVIEWS) / "eraser_movies.parquet"
    frame = pd.read_parquet(table)
    frame["rationale_end"] = [[3], [4, 5], [], [2]]
    frame.to_parquet(table)
    with pytest.raises(ValueError, match=r"2 rationale_start but 1 rationale_end .*'n1.txt'"):
        load_rationale_corpus(data_home=tmp_path)
    frame["rationale_end"] = [[3.5, 8], [4, 5], [], [2]]
    frame.to_parquet(table)
    with pytest.raises(ValueError, match=r"to 3.5 in document 'n1.txt'"):
        load_rationale_corpus(data_home=tmp_path)


def test_an_archive_is_read_without_writing_and_without_other_members(tmp_path):
    files = {
        "../../escaped.txt": "outside",
        "movies/._train.jsonl": b"\xff",
        "movies/docs/._n1.txt": b"\xff",
        "boolq/train.jsonl": "{}",
        **published(REVIEWS),
    }
    inside = tmp_path / "in" / "side"
    inside.mkdir(parents=True)
    archive = write_archive(inside / "data_v1.tar.gz", {f"data/{n}": t for n, t in files.items()})
    assert len(load_rationale_corpus(data_home=archive).texts) == 3
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["data_v1.tar.gz"]


def test_links_in_an_archive_are_not_followed(tmp_path):
    (tmp_path / "secret.txt").write_text("a secret of ones own")
    archive = tmp_path / "movies.tar.gz"
    with tarfile.open(archive, "w:gz") as members:
        content = (annotation("n1.txt", "NEG", []) + "\n").encode()
        rows = tarfile.TarInfo("movies/train.jsonl")
        rows.size = len(content)
        members.addfile(rows, io.BytesIO(content))
        link = tarfile.TarInfo("movies/docs/n1.txt")
        link.type = tarfile.SYMTYPE
        link.linkname = str(tmp_path / "secret.txt")
        members.addfile(link)
    with pytest.raises(ValueError, match=r"lacks the document of 'n1.txt'"):
        load_rationale_corpus(data_home=archive)


@pytest.mark.parametrize("name", ["../../secret.txt", "../train.jsonl", "missing.txt", ""])
def test_a_document_that_is_not_in_docs_is_named_and_not_opened(tmp_path, name):
    (tmp_path / "secret.txt").write_text("a secret of ones own")
    files = published(REVIEWS) | {"movies/train.jsonl": annotation(name, "NEG", [(0, 1)])}
    archive = write_archive(tmp_path / "movies.tar.gz", files)
    for data_home in (archive, write_folder(tmp_path / "unpacked", files)):
        with pytest.raises(ValueError, match=rf"data_home=.* lacks the document of '{name}'"):
            load_rationale_corpus(data_home=data_home)


@pytest.mark.parametrize(
    "row", ["no json", "{}", "[]", '{"annotation_id": "n1.txt", "classification": "NEG"}', "3"]
)
def test_a_row_that_is_no_annotation_is_named_by_its_line(tmp_path, row):
    files = published(REVIEWS)
    files["movies/train.jsonl"] = annotation("n1.txt", "NEG", []) + "\n\n" + row
    with pytest.raises(ValueError, match=rf"line 3 of train.jsonl: .*{ELSEWHERE}"):
        load_rationale_corpus(data_home=write_folder(tmp_path, files))


def test_rationales_from_several_documents_are_refused(tmp_path):
    row = json.loads(annotation("n1.txt", "NEG", [(0, 1), (1, 2)]))
    row["evidences"][1][0]["docid"] = "p1.txt"
    files = published(REVIEWS) | {"movies/train.jsonl": json.dumps(row)}
    with pytest.raises(ValueError, match=r"several documents for 'n1.txt'.*movies.tar.gz"):
        load_rationale_corpus(data_home=write_folder(tmp_path, files))


def test_a_row_may_name_its_document_in_its_evidence(tmp_path):
    row = json.loads(annotation("n1.txt", "NEG", [(0, 1)])) | {"annotation_id": "first"}
    files = published(REVIEWS) | {"movies/train.jsonl": json.dumps(row)}
    corpus = load_rationale_corpus(data_home=write_folder(tmp_path, files))
    assert corpus.texts == ["a slow , slow film . nobody laughed"]


def test_a_corpus_without_documents_of_the_subset_is_named(tmp_path):
    for data_home in in_every_form(tmp_path, REVIEWS[:3]).values():
        with pytest.raises(ValueError, match=rf"contains no val documents: .*{ELSEWHERE}"):
            load_rationale_corpus(subset="val", data_home=data_home)


def test_damaged_files_are_named(tmp_path):
    files = published(REVIEWS) | {"movies/docs/n1.txt": b"caf\xe9"}
    with pytest.raises(ValueError, match=r"not UTF-8 text: download movies.tar.gz again"):
        load_rationale_corpus(data_home=write_folder(tmp_path, files))
    damaged = tmp_path / "movies.tar.gz"
    whole = write_archive(damaged, files).read_bytes()
    for content in (whole, whole[: len(whole) // 2], b"<html>not found</html>", b""):
        damaged.write_bytes(content)
        with pytest.raises(ValueError, match=r"movies.tar.gz.*download movies.tar.gz again"):
            load_rationale_corpus(data_home=damaged)


def test_without_pandas_the_error_names_the_extra(tmp_path, monkeypatch):
    write_table(tmp_path, REVIEWS)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"eraser_movies.parquet .*'sklearn-irx\[cli\]'"):
        load_rationale_corpus(data_home=tmp_path)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"name": "boolq"}, "name='boolq' .*'movies'"),
        ({"subset": "test"}, "subset='test' .*'train', 'val'"),
        ({"max_words": 0}, "max_words=0 .* at least 1 or None"),
        ({"max_words": True}, "max_words=True"),
        ({"max_words": "paper"}, "max_words='paper'"),
    ],
)
def test_errors_name_parameter_value_and_remedy(parameters, message):
    with pytest.raises(ValueError, match=message):
        load_rationale_corpus(**parameters)


@real_data
@pytest.mark.parametrize(("subset", "n_documents"), [("train", 1600), ("val", 200)])
def test_the_real_corpus_has_rationales_within_its_documents(subset, n_documents):
    texts, labels, masks = load_rationale_corpus(subset=subset)
    assert len(texts) == len(labels) == len(masks) == n_documents
    assert np.unique(labels, return_counts=True)[1].tolist() == [n_documents // 2] * 2
    words = WhitespaceTokenizer().words
    lengths = np.array([len(words(text)) for text in texts])
    assert masks.shape[1] == lengths.max()
    assert not (masks & (np.arange(masks.shape[1]) >= lengths[:, None])).any()
    assert 0.05 < masks.sum() / lengths.sum() < 0.15
    short = load_rationale_corpus(subset=subset, max_words=300)
    assert (short.masks == masks[:, :300]).all()
    assert [words(text) for text in short.texts] == [words(text, 300) for text in texts]


def test_a_review_in_both_splits_is_warned_of(tmp_path):
    again = ("n3.txt", "val", "NEG", "seen twice\n.", [(0, 1)])
    for data_home in in_every_form(tmp_path, [*REVIEWS, again]).values():
        with pytest.warns(UserWarning, match="1 of the 3 texts of 'train' occur in 'val' too"):
            load_rationale_corpus("movies", "train", data_home=data_home)
        with pytest.warns(UserWarning, match="1 of the 2 texts of 'val' occur in 'train' too"):
            load_rationale_corpus("movies", "val", data_home=data_home)
