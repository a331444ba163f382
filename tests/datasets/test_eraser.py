"""The files of the ERASER benchmark, on invented data sets."""

import json

import numpy as np
import pytest

from sklearn_irx.datasets import read_eraser, write_eraser_predictions
from sklearn_irx.text import WhitespaceTokenizer

DOCS = {
    "hotel.txt": "Ants ran over the bed .\n\nA bed of ants !\n",
    "ferry": "The ferry was late ,  and loud .",
    "café": "Two\u00a0cups of tea .\r\nBoth cold .",
    "spare": "Nobody asked .",
}
TRAIN = [
    {
        "annotation_id": "a1",
        "query": "Was it clean ?",
        "classification": "NO",
        "evidences": [
            [
                {"docid": "hotel.txt", "start_token": 0, "end_token": 2, "text": "Ants ran"},
                {"docid": "hotel.txt", "start_token": 8, "end_token": 11, "text": "of ants !"},
            ],
            [{"docid": "hotel.txt", "start_token": 1, "end_token": 5, "text": ""}],
            [{"docid": "hotel.txt", "start_token": 0, "end_token": 2, "text": "again"}],
        ],
        "docids": None,
        "query_type": None,
    },
    {
        "annotation_id": "a2",
        "classification": "YES",
        "evidences": [[{"docid": "café", "start_token": 3, "end_token": 5}]],
        "docids": ["ferry", "café"],
    },
    {"annotation_id": "ferry", "query": None, "classification": "YES", "evidences": []},
]
VAL = [
    {"annotation_id": "v1", "classification": "NO", "evidences": None, "docids": ["spare"]},
    {"annotation_id": "v2", "classification": "YES", "evidences": [], "docids": ["café"]},
]


def lay(folder, splits=None, docs=DOCS, as_lines=False):
    for split, rows in (splits or {"train": TRAIN, "val": VAL}).items():
        lines = [json.dumps(row) if isinstance(row, dict) else row for row in rows]
        (folder / f"{split}.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    if as_lines:
        lines = [json.dumps({"docid": k, "document": v}) for k, v in docs.items()]
        (folder / "docs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    else:
        (folder / "docs").mkdir(exist_ok=True)
        for name, text in docs.items():
            (folder / "docs" / name).write_bytes(text.encode())
    return folder


@pytest.fixture(params=[False, True], ids=["docs", "docs.jsonl"])
def corpus(request, tmp_path):
    return read_eraser(lay(tmp_path, as_lines=request.param), "train")


def test_annotations_become_texts_masks_and_spans(corpus):
    assert corpus.ids == ["a1", "a2", "ferry"]
    assert corpus.queries == ["Was it clean ?", "", ""]
    assert corpus.target.tolist() == ["NO", "YES", "YES"]
    assert corpus.target_names == ["NO", "YES"]
    assert corpus.texts == [
        "Ants ran over the bed . A bed of ants !",
        "The ferry was late , and loud . Two_cups of tea . Both cold .",
        "The ferry was late , and loud .",
    ]
    assert corpus.docids == [("hotel.txt",), ("ferry", "café"), ("ferry",)]
    assert corpus.doc_lengths == [(11,), (8, 7), (8,)]
    # Spans are kept as they are, each once; in the mask they are one.
    assert corpus.spans == [[(0, 2), (8, 11), (1, 5)], [(11, 13)], []]
    assert [row.nonzero()[0].tolist() for row in corpus.masks] == [
        [0, 1, 2, 3, 4, 8, 9, 10],
        [11, 12],
        [],
    ]
    assert corpus.masks.shape == (3, 15)


def test_words_are_those_of_the_whitespace_tokenizer(corpus):
    for text, lengths in zip(corpus.texts, corpus.doc_lengths, strict=True):
        assert len(WhitespaceTokenizer().words(text)) == sum(lengths)


def test_everything_ends_after_max_words(tmp_path):
    short = read_eraser(lay(tmp_path), "train", max_words=9)
    assert short.texts[0] == "Ants ran over the bed . A bed of"
    assert short.spans == [[(0, 2), (8, 9), (1, 5)], [], []]
    assert short.masks.shape == (3, 9)
    assert short.doc_lengths == [(11,), (8, 7), (8,)]


def test_documents_in_two_splits_are_warned_of(tmp_path):
    extra = {"annotation_id": "t9", "classification": "NO", "evidences": [], "docids": ["copy"]}
    docs = {**DOCS, "copy": "Nobody\nasked ."}
    folder = lay(tmp_path, {"train": [*TRAIN, extra], "val": VAL}, docs)
    with pytest.warns(UserWarning, match="1 of the 4 texts of 'train' occur in 'val' too, .*row 3"):
        read_eraser(folder, "train")
    with pytest.warns(UserWarning, match="1 of the 2 texts of 'val' occur in 'train' too, .*row 0"):
        read_eraser(folder, "val")
    assert len(read_eraser(folder, "train", check_splits=False).texts) == 4


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "no ERASER annotation on line 1 of train.jsonl"),
        ("[]", "no ERASER annotation on line 1"),
        ('{"annotation_id": "x"}', "no ERASER annotation on line 1"),
        ({**TRAIN[2], "docids": ["../train.jsonl"]}, r"'\.\./train\.jsonl', which is missing"),
        (
            {**TRAIN[2], "evidences": [[{"docid": "ferry", "start_token": 7, "end_token": 9}]]},
            "from token 7 to 9 of 'ferry' for 'ferry', which has 8",
        ),
        (
            {**TRAIN[2], "evidences": [[{"docid": "ferry", "start_token": -1, "end_token": -1}]]},
            "from token -1 to -1",
        ),
    ],
)
def test_what_is_no_data_set_says_so(tmp_path, row, said):
    with pytest.raises(ValueError, match=said):
        read_eraser(lay(tmp_path, {"train": [row]}), "train")


def test_what_is_missing_or_unknown_says_so(tmp_path):
    with pytest.raises(ValueError, match="split='dev' does not exist"):
        read_eraser(tmp_path, "dev")
    with pytest.raises(FileNotFoundError, match=r"has no train\.jsonl: give the folder"):
        read_eraser(tmp_path)
    (tmp_path / "train.jsonl").write_text(json.dumps(TRAIN[0]))
    with pytest.raises(FileNotFoundError, match=r"neither docs nor docs\.jsonl"):
        read_eraser(tmp_path)
    (tmp_path / "docs.jsonl").write_text("{}")
    with pytest.raises(ValueError, match=r"no document on line 1 of docs\.jsonl"):
        read_eraser(tmp_path)
    (tmp_path / "train.jsonl").write_text("\n")
    (tmp_path / "docs.jsonl").write_text("")
    with pytest.raises(ValueError, match=r"an empty train\.jsonl"):
        read_eraser(tmp_path)


def predicted(corpus):
    masks = np.zeros((3, 15), dtype=bool)
    masks[1, [0, 1, 7, 8, 14]] = True
    masks[2, 3] = True
    scores = np.full((3, 14), np.nan)
    for row, length in zip(scores, [11, 14, 5], strict=True):
        row[:length] = np.linspace(0.1, 0.9, length)
    return masks, scores


def test_predictions_are_written_as_the_scorer_reads_them(corpus, tmp_path):
    masks, scores = predicted(corpus)
    full = np.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
    path = tmp_path / "predictions.jsonl"
    write_eraser_predictions(
        path,
        corpus,
        masks,
        scores=scores,
        probabilities=full,
        classes=np.array(["NO", "YES"]),
        comprehensiveness_probabilities=1 - full,
        sufficiency_probabilities=full[::-1],
    )
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    # Without words in its first document, the first line would hide all others.
    assert [row["annotation_id"] for row in rows] == ["a2", "ferry", "a1"]
    first = rows[0]
    assert first["docids"] == ["ferry", "café"]
    ferry, cafe = first["rationales"]
    assert ferry["docid"] == "ferry"
    assert ferry["hard_rationale_predictions"] == [
        {"start_token": 0, "end_token": 2},
        {"start_token": 7, "end_token": 8},  # the run goes on in the next document
    ]
    assert cafe["hard_rationale_predictions"] == [
        {"start_token": 0, "end_token": 1},
        {"start_token": 6, "end_token": 7},
    ]
    np.testing.assert_allclose(
        [*ferry["soft_rationale_predictions"], *cafe["soft_rationale_predictions"]],
        [*np.linspace(0.1, 0.9, 14), 0],
    )
    assert first["classification"] == "NO"
    assert first["classification_scores"] == {"NO": 0.6, "YES": 0.4}
    assert first["comprehensiveness_classification_scores"] == {"NO": 0.4, "YES": 0.6}
    assert first["sufficiency_classification_scores"] == {"NO": 0.6, "YES": 0.4}
    assert [row["classification"] for row in rows] == ["NO", "NO", "YES"]
    for row in rows:
        lengths = dict(zip(*(corpus[k][corpus.ids.index(row["annotation_id"])]
                             for k in ("docids", "doc_lengths")), strict=True))  # fmt: skip
        for rationale in row["rationales"]:
            n_words = lengths[rationale["docid"]]
            assert len(rationale["soft_rationale_predictions"]) == n_words
            assert all(
                0 <= span["start_token"] < span["end_token"] <= n_words
                for span in rationale["hard_rationale_predictions"]
            )


def test_masks_alone_are_enough(corpus, tmp_path):
    path = tmp_path / "predictions.jsonl"
    write_eraser_predictions(path, corpus, corpus.masks)
    rows = {r["annotation_id"]: r for r in map(json.loads, path.read_text().splitlines())}
    assert rows["a2"] == {
        "annotation_id": "a2",
        "docids": ["ferry", "café"],
        "rationales": [
            {"docid": "ferry", "hard_rationale_predictions": []},
            {"docid": "café", "hard_rationale_predictions": [{"start_token": 3, "end_token": 5}]},
        ],
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"masks": np.ones((2, 3), dtype=bool)}, r"masks has shape \(2, 3\): give \(3, n_words\)"),
        ({"masks": np.ones((3, 15), dtype=bool)}, r"masks\[0\] exceeds its text, .* 11 words"),
        ({"scores": np.zeros((3, 15))}, r"scores\[0\] exceeds its text"),
        ({"scores": np.zeros(3)}, r"scores has shape \(3,\)"),
        ({"probabilities": np.ones((3, 2))}, "classes=None with probabilities"),
        (
            {"probabilities": np.ones((3, 3)), "classes": ["NO", "YES"]},
            r"probabilities of shape \(3, 3\): give \(3, 2\)",
        ),
        (
            {"sufficiency_probabilities": np.ones((3, 2)), "classes": ["NO", "YES"]},
            "probabilities=None with other probabilities",
        ),
    ],
)
def test_what_does_not_fit_the_corpus_says_so(corpus, tmp_path, changed, said):
    path = tmp_path / "predictions.jsonl"
    with pytest.raises(ValueError, match=said):
        write_eraser_predictions(path, corpus, **{"masks": corpus.masks, **changed})
    assert not path.exists()
