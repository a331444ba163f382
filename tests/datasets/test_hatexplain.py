"""The reader of HateXplain, on invented and harmless posts in its format."""

import hashlib
import json
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import _hatexplain, read_hatexplain
from sklearn_irx.metrics import auprc_score, token_f1_score
from sklearn_irx.text import WhitespaceTokenizer


def post(tokens, labels, rationales=(), targets=None):
    targets = targets or [["None"]] * len(labels)
    return {
        "annotators": [
            {"label": label, "annotator_id": number, "target": target}
            for number, (label, target) in enumerate(zip(labels, targets, strict=True))
        ],
        "rationales": list(rationales),
        "post_tokens": tokens.split(" ") if isinstance(tokens, str) else tokens,
    }


RUDE, HATED = ["offensive", "normal", "offensive"], ["hatespeech"] * 3
POSTS = {
    "1_gab": post(
        "all these cyclists are pests",
        HATED,
        [[0, 0, 1, 0, 1], [0, 1, 1, 1, 0], [0, 0, 0, 1, 0]],
        [["Cyclists", "Other"], ["Cyclists", "Cyclists"], ["None", "Other"]],
    ),
    "2_twitter": post(
        "you rotten <user>",
        RUDE,
        [[0, 1, 0], [1, 1, 0]],
        [["Other"], ["None"], ["None"]],
    ),
    "3_gab": post(["nice", "we\u00a0ather", ""], ["normal"] * 3),
    "4_gab": post("a tie", ["normal", "offensive", "hatespeech"]),
    "5_gab": post("fine by me", ["normal", "normal", "offensive"], []),
    "6_gab": post("mind the gap", ["normal"] * 3),
}
DIVISION = {"train": ["3_gab", "1_gab", "2_twitter"], "val": ["5_gab"], "test": ["6_gab"]}


def lay(folder, posts=POSTS, division=DIVISION):
    posts = {id_: {"post_id": id_, **entry} for id_, entry in posts.items()}
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "dataset.json").write_text(json.dumps(posts), encoding="utf-8")
    (folder / "post_id_divisions.json").write_text(json.dumps(division), encoding="utf-8")
    return folder


def one(folder, entry, id_="1_gab", **parameters):
    """Read a corpus of one post."""
    division = {"train": [id_], "val": [], "test": []}
    return read_hatexplain(lay(folder, {id_: entry}, division), **parameters)


@pytest.fixture(params=["", "Data"])
def published(request, tmp_path):
    lay(tmp_path / request.param)
    return tmp_path


def test_posts_become_texts_labels_and_masks(published):
    train = read_hatexplain(published)
    assert train.ids == ["3_gab", "1_gab", "2_twitter"]
    assert train.texts == ["nice we_ather _", "all these cyclists are pests", "you rotten <user>"]
    assert train.target.tolist() == ["normal", "hatespeech", "offensive"]
    assert train.target_names == ["hatespeech", "normal", "offensive"]
    assert train.rationales[0] is None
    assert train.rationales[1].tolist() == [False, False, True, True, False]  # two of three
    assert train.rationales[2].tolist() == [True, True, False]  # one of two is half
    assert train.masks.tolist() == [
        [False] * 5,
        [False, False, True, True, False],
        [True, True, False, False, False],
    ]
    assert train.annotated.tolist() == [False, True, True]
    assert train.n_rationales.tolist() == [0, 3, 2]
    assert train.communities == [(), ("Cyclists", "Other"), ()]
    assert "soft_masks" not in train


def test_words_are_those_of_the_whitespace_tokenizer(published):
    train = read_hatexplain(published)
    tokens = [POSTS[id_]["post_tokens"] for id_ in train.ids]
    assert [len(WhitespaceTokenizer().words(text)) for text in train.texts] == [*map(len, tokens)]


@pytest.mark.parametrize(
    ("combine", "words"),
    [
        ("half", ["cyclists are", "you rotten"]),
        ("union", ["these cyclists are pests", "you rotten"]),
        ("all", ["", "rotten"]),
    ],
)
def test_rationales_of_several_annotators_are_combined(published, combine, words):
    train = read_hatexplain(published, combine=combine)
    marked = [
        " ".join(word for word, mark in zip(text.split(), mask, strict=False) if mark)
        for text, mask in zip(train.texts, train.masks, strict=True)
    ]
    assert marked == ["", *words]


def test_soft_masks_are_shares_of_the_rationales(published):
    soft = read_hatexplain(published, soft=True).soft_masks
    third, nan = 1 / 3, np.nan
    expected = [
        [nan] * 5,
        [0, third, 2 * third, 2 * third, third],
        [0.5, 1, 0, nan, nan],
    ]
    np.testing.assert_allclose(soft, expected)


def test_a_rationale_that_marks_nothing_is_one(tmp_path):
    corpus = one(tmp_path, post("oh well", RUDE, [[0, 0], [0, 1], [0, 0]]), soft=True)
    assert corpus.rationales[0].tolist() == [False, False]
    assert corpus.annotated.tolist() == [True]
    np.testing.assert_allclose(corpus.soft_masks, [[0, 1 / 3]])


def test_posts_without_a_majority_are_kept_if_asked_for(published):
    decided = read_hatexplain(published, "all")
    assert decided.ids == ["1_gab", "2_twitter", "3_gab", "5_gab", "6_gab"]
    every = read_hatexplain(published, "all", undecided=True)
    assert every.ids == list(POSTS)
    assert every.target[3] == "undecided"
    assert "undecided" in every.target_names


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (["normal"], "normal"),
        (["normal", "offensive"], "undecided"),
        (["normal", "normal", "offensive", "hatespeech"], "undecided"),
        ([], "undecided"),
    ],
)
def test_a_majority_is_more_than_half(tmp_path, labels, label):
    assert one(tmp_path, post("oh", labels), undecided=True).target.tolist() == [label]


def test_a_part_of_posts_without_a_majority_is_empty(tmp_path):
    with pytest.raises(ValueError, match="no post in 'train'"):
        one(tmp_path, POSTS["4_gab"])


def test_texts_and_masks_end_after_max_words(published):
    short = read_hatexplain(published, max_words=3, soft=True)
    assert short.texts[1] == "all these cyclists"
    assert short.masks.shape == short.soft_masks.shape == (3, 3)
    assert [None if r is None else len(r) for r in short.rationales] == [None, 3, 3]


def test_rationales_of_another_length_are_not_counted(tmp_path):
    rationales = [[0, 1, 0], [1, 0], [0, 1, 1, 1]]
    said = "2 rationales with more or fewer marks .* the first of post '7_gab', which has 3 words"
    with pytest.warns(UserWarning, match=said) as found:
        corpus = one(tmp_path, post("you rotten thing", RUDE, rationales), id_="7_gab")
    assert found[0].filename == __file__
    assert corpus.rationales[0].tolist() == [False, True, False]
    assert corpus.n_rationales.tolist() == [1]
    with pytest.warns(UserWarning, match="1 rationales"):
        corpus = one(tmp_path, post("you", RUDE, [[1, 0]]))
    assert corpus.rationales == [None]


def test_other_parts_are_not_warned_of(tmp_path):
    posts = {**POSTS, "5_gab": post("fine by me", RUDE, [[1]])}
    assert len(read_hatexplain(lay(tmp_path, posts)).texts) == 3


def test_leaks_are_warned_of_or_left_out(tmp_path):
    posts = {
        **POSTS,
        "5_gab": post(["You", "rotten", "<USER>"], RUDE),
        "6_gab": post("you ROTTEN <user>", RUDE),
    }
    lay(tmp_path, posts)
    said = "'train' holds texts of other parts, 1 of the 1 of 'val' and 1 of the 1 of 'test'"
    with pytest.warns(UserWarning, match=said):
        assert len(read_hatexplain(tmp_path).texts) == 3
    train = read_hatexplain(tmp_path, repair="leaks")
    assert train.ids == ["3_gab", "1_gab"]
    assert train.n_left_out == 1
    with pytest.raises(ValueError, match="no post in 'val'"):
        read_hatexplain(tmp_path, "val", repair="leaks")
    assert read_hatexplain(tmp_path, "test", repair="leaks").n_left_out == 0


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ([], "the post' is [], and not an object"),
        ({**POSTS["1_gab"], "post_id": "2_gab"}, "its 'post_id' is '2_gab'"),
        ({**POSTS["1_gab"], "post_id": 1}, "'post_id' is 1, and not text"),
        ({"annotators": [], "rationales": []}, "it has no 'post_tokens' among its keys"),
        (post([1], HATED), "'a token' is 1, and not text"),
        ({**POSTS["1_gab"], "annotators": {}}, "'annotators' is {}, and not a list"),
        ({**POSTS["1_gab"], "annotators": ["x"]}, "'an annotator' is 'x', and not an object"),
        (post("a b", ["normal", "rude"]), "it has the label 'rude', and labels are"),
        (post("a b", [None]), "'label' is None, and not text"),
        (post("a b", ["normal"], (), ["None"]), "'target' is 'None', and not a list"),
        (post("a b", ["normal"], (), [[2]]), "'a target' is 2, and not text"),
        ({**POSTS["1_gab"], "rationales": {}}, "'rationales' is {}, and not a list"),
        (post("a b", HATED, [3]), "'a rationale' is 3, and not a list"),
        (post("a b", HATED, [[0, 2]]), "a rationale has the mark 2, and not 0 or 1"),
        (post("a b", HATED, [[0, -1]]), "the mark -1"),
        (post("a b", HATED, [[0, True]]), "the mark True"),
        (post("a b", HATED, [[0, 1.0]]), "the mark 1.0"),
        (post("a b", HATED, [["0", "1"]]), "the mark '0'"),
        (post("a b", HATED, [[[0], [1]]]), r"the mark [0]"),
    ],
)
def test_an_entry_of_another_shape_says_so(tmp_path, entry, said):
    lay(tmp_path, {}, {"train": ["1_gab"], "val": [], "test": []})
    (tmp_path / "dataset.json").write_text(json.dumps({"1_gab": entry}))
    pattern = rf"path='.*dataset\.json', post '1_gab': .*{re.escape(said)}"
    with pytest.raises(ValueError, match=pattern):
        read_hatexplain(tmp_path)


@pytest.mark.parametrize(
    ("division", "said"),
    [
        ({"train": [], "val": []}, "part 'test': it has no 'test' among its keys"),
        ({**DIVISION, "val": "5_gab"}, "part 'val': 'val' is '5_gab', and not a list"),
        ({**DIVISION, "val": [5]}, "part 'val': 'an id' is 5, and not text"),
        ({**DIVISION, "val": ["1_gab"]}, "part 'val': it has the post '1_gab', which 'train' has"),
        ({**DIVISION, "val": ["5_gab"] * 2}, "it has the post '5_gab', which 'val' has too"),
        ({**DIVISION, "test": ["9_gab"]}, "the post '9_gab', which dataset.json lacks"),
        ([], "the whole file: 'the outermost value' is []"),
    ],
)
def test_a_wrong_division_says_so(tmp_path, division, said):
    with pytest.raises(ValueError, match=rf"post_id_divisions\.json', .*{re.escape(said)}"):
        read_hatexplain(lay(tmp_path, division=division))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_says_so(tmp_path, content):
    lay(tmp_path)
    (tmp_path / "dataset.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"path='.*dataset\.json' is not JSON"):
        read_hatexplain(tmp_path)


def test_what_is_missing_or_unknown_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"not both dataset\.json and post_id_divisions"):
        read_hatexplain(tmp_path)
    for parameters, said in (
        ({"subset": "dev"}, "subset='dev' does not exist"),
        ({"combine": "majority"}, "combine='majority' does not exist"),
        ({"repair": "all"}, "repair='all' is unknown"),
        ({"max_words": 0}, "max_words=0 is not a limit"),
    ):
        with pytest.raises(ValueError, match=said):
            read_hatexplain(lay(tmp_path), **parameters)


def test_digests_are_compared_before_anything_is_read(tmp_path):
    lay(tmp_path)
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()
    }
    assert read_hatexplain(tmp_path, digest=digests).texts
    assert read_hatexplain(tmp_path, digest=digests["dataset.json"]).texts
    (tmp_path / "post_id_divisions.json").write_text("{")
    with pytest.raises(ValueError, match=r"post_id_divisions\.json' has the SHA-256"):
        read_hatexplain(tmp_path, digest=digests)
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(ValueError, match=r"dataset\.json' has the SHA-256"):
        read_hatexplain(tmp_path, digest=digests["dataset.json"])
    with pytest.raises(ValueError, match=r"one for 'data\.json', which is not read"):
        read_hatexplain(tmp_path, digest={"data.json": "0" * 64})


def test_files_beyond_all_measure_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_hatexplain, "_MOST_BYTES", 20)
    with pytest.raises(ValueError, match="and at most 20 are read"):
        read_hatexplain(lay(tmp_path))


tokens = st.lists(
    st.sampled_from(["oh", '"', "<user>", "'s", "🙂", "\ud800"]) | st.text(max_size=4)
)


@given(st.data(), tokens, st.integers(0, 4))
def test_marks_are_counted_word_by_word(tmp_path_factory, data, words, n):
    marks = st.lists(st.integers(0, 1), min_size=len(words), max_size=len(words))
    rationales = data.draw(st.lists(marks, min_size=n, max_size=n))
    folder = tmp_path_factory.mktemp("Data")
    shares = [sum(of_word) / n for of_word in zip(*rationales, strict=True)]
    for combine, least in (("half", 0.5), ("union", 1e-9), ("all", 1)):
        corpus = one(folder, post(words, HATED, rationales), combine=combine, soft=True)
        assert len(corpus.texts[0].split()) == len(words)
        if n:
            assert corpus.rationales[0].tolist() == [share >= least for share in shares]
            np.testing.assert_allclose(corpus.soft_masks[0], shares)
        else:
            assert corpus.rationales == [None]
            assert np.isnan(corpus.soft_masks).all()


def test_rationales_can_be_learnt_and_compared_with(tmp_path):
    rng = random.Random(0)
    posts = {}
    for n in range(60):
        words = rng.choices(["the", "road", ",", "of", "bikes"], k=6)
        if n % 2:
            words[place := rng.randrange(6)] = "rotten"
            marks = [[int(i == place) for i in range(6)], [int(i == place) for i in range(6)]]
            posts[f"{n}_gab"] = post(words, RUDE, marks)
        else:
            posts[f"{n}_gab"] = post(words, ["normal"] * 3)
    ids = list(posts)
    lay(tmp_path, posts, {"train": ids, "val": [], "test": []})
    corpus = read_hatexplain(tmp_path, soft=True)
    clf = SelectiveRationaleClassifier(
        tokenizer=WhitespaceTokenizer(), rationale_length=1, random_state=0
    )
    clf.fit(corpus.texts, corpus.target, rationales=corpus.rationales)
    marked = corpus.annotated
    assert marked.sum() == 30
    masks = clf.transform(corpus.texts)
    assert token_f1_score(corpus.masks[marked], masks[marked]) > 0.9
    # People's shares are scores of words, too.
    assert auprc_score(corpus.masks[marked], corpus.soft_masks[marked]) == 1
