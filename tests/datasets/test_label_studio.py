"""Label Studio's files, on invented texts in the form in which it exports them."""

import json
import os
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import Rationale
from sklearn_irx.datasets import (
    AnnotatedTexts,
    _label_studio,
    label_studio_config,
    read_label_studio,
    write_label_studio,
)
from sklearn_irx.text import WordTokenizer
from tests.datasets.annotation_files import TEXTS, texts, utf16


def marked(start, end, text=None, label="rationale", **more):
    value = {"start": start, "end": end, "labels": [label], **more}
    return {
        "id": "Dx_aB91ISN",
        "from_name": "rationale",
        "to_name": "text",
        "type": "labels",
        "origin": "manual",
        "value": value if text is None else {**value, "text": text},
    }


def chosen(*classes, **value):
    return {
        "id": "k1",
        "from_name": "class",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": list(classes), **value},
    }


def annotated(*result, cancelled=False, by=1):
    return {
        "id": 1001,
        "completed_by": by,
        "result": list(result),
        "was_cancelled": cancelled,
        "ground_truth": False,
        "created_at": "2024-03-09T22:16:08.728353Z",
        "updated_at": "2024-03-09T22:16:08.728378Z",
        "lead_time": 4.288,
        "prediction": {},
        "result_count": 0,
        "task": 1,
    }


def exported(text, *annotations, number=1, **data):
    return {
        "id": number,
        "annotations": list(annotations),
        "file_upload": "ab12-tasks.json",
        "drafts": [],
        "predictions": [{"model_version": "m", "score": 0.5, "result": [marked(0, 1)]}],
        "data": {"text": text, **data},
        "meta": {},
        "created_at": "2024-03-09T21:52:49.513742Z",
        "project": 83,
        "total_annotations": len(annotations),
    }


def put(folder, tasks):
    path = folder / "project-83.json"
    path.write_text(tasks if isinstance(tasks, str) else json.dumps(tasks), encoding="utf-8")
    return path


def submitted(path):
    """Turn predictions into annotations, as Label Studio does when they are submitted unchanged."""
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks:
        task["annotations"] = [annotated(*one["result"]) for one in task.pop("predictions", [])]
    path.write_text(json.dumps(tasks), encoding="utf-8")


def rationale_of(text, mask, label="bad", confidence=0.75):
    tokens = WordTokenizer()(text)
    return Rationale(
        text,
        [token.text for token in tokens],
        [(token.start, token.end) for token in tokens],
        np.array(mask, dtype=bool),
        label,
        confidence,
    )


@st.composite
def rationales(draw):
    text = draw(texts | st.sampled_from(TEXTS))
    n = len(WordTokenizer()(text))
    mask = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return rationale_of(text, mask, draw(st.sampled_from(["bad", '<&">', "ü", 3, True])))


@given(st.lists(rationales(), max_size=4))
def test_what_is_written_comes_back(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("tasks") / "tasks.json"
    write_label_studio(path, found, ids=[f"n{i}" for i in range(len(found))])
    assert read_label_studio(path).spans == [None] * len(found)  # nobody has seen them
    submitted(path)
    again = read_label_studio(path)
    assert again.texts == [one.text for one in found]
    assert again.labels == [str(one.label) for one in found]
    assert again.spans == [one.selected_spans for one in found]
    assert again.ids == [f"n{i}" for i in range(len(found))]
    for mask, one in zip(again.rationales(), found, strict=True):
        assert mask.tolist() == one.mask.tolist()


def test_a_task_has_what_label_studio_asks_for(tmp_path):
    found = rationale_of("👍 A dull, dull film.", [True, False, True, False, True])
    write_label_studio(tmp_path / "t.json", [found], ids=np.array([7]), model_version="irx-1")
    (task,) = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert task["data"] == {"id": 7, "text": "👍 A dull, dull film."}
    (prediction,) = task["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("irx-1", 0.75)
    *spans, choice = prediction["result"]
    assert [item["value"] for item in spans] == [
        {"start": 0, "end": 1, "text": "👍", "labels": ["rationale"]},
        {"start": 4, "end": 8, "text": "dull", "labels": ["rationale"]},
        {"start": 15, "end": 19, "text": "film", "labels": ["rationale"]},
    ]
    assert choice["value"] == {"choices": ["bad"]}
    items = [*spans, choice]
    assert len({item["id"] for item in items}) == 4
    # Names, types and labels are those of the configuration.
    root = ET.fromstring(label_studio_config(["bad", "good"]))
    tags = {tag.get("name"): tag for tag in root if tag.get("name")}
    for item in items:
        tag = tags[item["from_name"]]
        assert (tag.tag.lower(), tag.get("toName")) == (item["type"], item["to_name"])
        assert set(item["value"][item["type"]]) <= {child.get("value") for child in tag}
        assert tags[item["to_name"]].get("value") == "$text"


def test_texts_without_a_rationale_are_tasks_to_begin_with(tmp_path):
    path = tmp_path / "tasks.json"
    texts = AnnotatedTexts(
        ["Loud.", "Fine."], [None, "good"], [None, [(0, 4), (0, 2)]], ids=["a", None]
    )
    write_label_studio(path, texts, text="review")
    first, second = json.loads(path.read_text(encoding="utf-8"))
    assert first == {"data": {"id": "a", "review": "Loud."}}
    assert "id" not in second["data"]
    assert "score" not in second["predictions"][0]
    assert len(second["predictions"][0]["result"]) == 2
    with pytest.raises(
        ValueError, match=r"task 1: it has no 'text' among its keys \('id', 'review'\)"
    ):
        read_label_studio(path)
    assert read_label_studio(path, text="review").texts == ["Loud.", "Fine."]


@pytest.mark.parametrize("classes", [["bad", "good"], [0, 1], ['"><x y="', "a&b", "ü\n", "👍"]])
def test_the_configuration_names_the_classes(classes):
    root = ET.fromstring(label_studio_config(classes, text='my"text'))
    assert [tag.tag for tag in root] == ["Text", "Labels", "Choices"]
    assert [tag.get("value") for tag in root.iter("Choice")] == [str(name) for name in classes]
    assert root.find("Text").get("value") == '$my"text'


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ([], "classes holds none"),
        (["a", "b", "a"], "classes holds 'a' twice"),
        (["a", "\x1b"], "XML cannot hold"),
        (["\ud800"], "XML cannot hold"),
        ([" "], "XML cannot hold"),
    ],
)
def test_classes_that_cannot_be_chosen_are_refused(classes, said):
    with pytest.raises(ValueError, match=said):
        label_studio_config(classes)


TEXT = "The bed was dirty, and loud people kept us awake."


def test_an_export_is_read(tmp_path):
    path = put(
        tmp_path,
        [
            exported(TEXT, annotated(marked(8, 17, "was dirty"), chosen("bad")), number=11),
            exported("Fine.", number=12, id="own"),
            exported("Fine.", annotated(chosen("good")), number=13),
            exported("Fine.", annotated(marked(0, 4), cancelled=True), number=14),
        ],
    )
    found = read_label_studio(path)
    assert found.texts == [TEXT, "Fine.", "Fine.", "Fine."]
    assert found.labels == ["bad", None, "good", None]
    assert found.spans == [[(8, 17)], None, [], None]
    assert found.ids == [11, "own", 13, 14]


@pytest.mark.parametrize(
    ("combine", "spans", "label"),
    [
        ("union", [(4, 17), (19, 34)], "bad"),
        ("majority", [(12, 17), (23, 27)], "bad"),
        ("first", [(4, 17)], "good"),
    ],
)
def test_several_annotators_are_combined(tmp_path, combine, spans, label):
    first = annotated(marked(4, 11), marked(8, 17), chosen("good"), by=1)
    second = annotated(marked(12, 17), marked(23, 27), chosen("bad"), by=2)
    third = annotated(marked(19, 34), chosen("bad"), by=3)
    skipped = annotated(marked(0, 49), chosen("good"), cancelled=True, by=4)
    path = put(tmp_path, [exported(TEXT, skipped, first, second, third)])
    found = read_label_studio(path, combine=combine)
    assert (found.spans, found.labels) == ([spans], [label])


def test_of_equally_many_classes_the_first_counts(tmp_path):
    path = put(tmp_path, [exported(TEXT, annotated(chosen("b")), annotated(chosen("a")))])
    assert read_label_studio(path).labels == ["b"]
    assert read_label_studio(path, combine="majority").spans == [[]]


def test_only_the_spans_asked_for_count(tmp_path):
    path = put(
        tmp_path,
        [
            exported(
                TEXT,
                annotated(
                    marked(0, 3, label="noise"),
                    marked(4, 7, label="evidence"),
                    {**chosen("sure", start=4, end=7), "id": "of the span"},
                    {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right"},
                    {"type": "textarea", "value": {"text": ["a remark"]}},
                ),
            )
        ],
    )
    assert read_label_studio(path).spans == [[(0, 3), (4, 7)]]
    assert read_label_studio(path, span_labels=["evidence"]).spans == [[(4, 7)]]
    assert read_label_studio(path).labels == [None]


EMOJI = "👍👍 so loud\nat night 👍"


def test_offsets_that_count_code_units_are_known_by_the_saved_text(tmp_path):
    start = EMOJI.index("loud")
    end = EMOJI.index("night") + 5
    saved = "loud\\nat night"
    now = marked(start, end, saved)
    before = marked(utf16(EMOJI, start), utf16(EMOJI, end), saved)
    last = marked(utf16(EMOJI, len(EMOJI)) - 2, utf16(EMOJI, len(EMOJI)), "👍")
    for result, spans in [
        ([now], [(start, end)]),
        ([before], [(start, end)]),
        ([before, last], [(start, end), (len(EMOJI) - 1, len(EMOJI))]),
        ([marked(5, 8)], [(5, 8)]),  # nothing saved: code points
        ([marked(5, 8, "nowhere")], [(5, 8)]),
    ]:
        assert read_label_studio(put(tmp_path, [exported(EMOJI, annotated(*result))])).spans == [
            spans
        ]


LONG = "[" * 100_000


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ("", "is not JSON"),
        ("\x00", "is not JSON"),
        (LONG, "is not JSON"),
        ('[{"data": ' * 50_000, "is not JSON"),
        ('[{"data": {}, "data": {}}]', "the key 'data' twice"),
        ("1" * 10_000, "is not JSON"),
        ([dict.fromkeys(["x" * 10_000, *"abcdefghijkl"])], "no 'data' among its keys"),
        ("{}", "holds a dict and no list of tasks"),
        ("[3]", "task 1: 'task' is 3, and not an object"),
        ('[{"text": "flat", "rationale": []}]', "no 'data' among its keys .*not as JSON-MIN"),
        ([{"data": {"text": 3}}], "'text' is 3, and not text"),
        ([{"data": {"text": None}}], "'text' is None, and not text"),
        ([{"data": []}], r"'data' is \[\], and not an object"),
        ([exported("Fine."), exported("Fine.", 3)], "task 2: 'annotation' is 3, and not an object"),
        ([{**exported("x"), "annotations": {}}], r"'annotations' is {}, and not a list"),
        ([exported("Fine.", annotated(3))], "'result' is 3, and not an object"),
        ([exported("Fine.", annotated({"type": "labels"}))], "no 'value' among its keys"),
        ([exported("Fine.", annotated(marked("/p[1]/text()[1]", 3)))], "'start' is '/p.*<Text>"),
        ([exported("Fine.", annotated(marked(True, 3)))], "'start' is True, and not a whole"),
        ([exported("Fine.", annotated(marked(0.0, 3)))], r"'start' is 0\.0, and not a whole"),
        ([exported("Fine.", annotated(marked(0, float("nan"))))], "'end' is None"),
        ([exported("Fine.", annotated(marked(-1, 3)))], "from -1 to 3 in a text of 5 characters"),
        ([exported("Fine.", annotated(marked(0, 6)))], "from 0 to 6 in a text of 5 characters"),
        ([exported("👍", annotated(marked(0, 10**30, "👍")))], "from 0 to 1000"),
        ([exported("👍", annotated(marked(-(10**30), 1, "👍")))], "from -1000"),
        ([exported("Fine.", annotated(marked(2, 2)))], "from 2 to 2"),
        ([exported("Fine.", annotated(chosen("")))], "'class' is '', which nobody can see"),
        ([exported("Fine.", annotated(chosen("a", "b")))], r"several classes, \['a', 'b'\]"),
        ([exported("Fine.", annotated(chosen(3)))], "'class' is 3, and not text"),
        ([exported("Fine.", annotated({"type": "hypertextlabels"}))], "of type 'hypertextlabels'"),
        ([exported("Fine.", id=[1])], r"'id' is \[1\]"),
    ],
)  # fmt: skip
def test_what_is_no_export_is_refused_with_its_place(tmp_path, tasks, said):
    path = put(tmp_path, tasks)
    with pytest.raises(ValueError, match=said) as refused:
        read_label_studio(path)
    assert f"path={str(path)!r}" in str(refused.value)
    assert len(str(refused.value)) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "text", "annotations", "result", "type", "value", "start", "end", "labels",
                 "choices", "id", "was_cancelled"]
            ),
            inner | st.sampled_from(["labels", "choices", 0, 1]),
            max_size=4,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(JSON | JSON.map(lambda one: exported("👍 Fine.", one)), max_size=2))
def test_any_json_is_read_or_refused(tmp_path_factory, tasks):
    path = put(tmp_path_factory.mktemp("any"), tasks)
    try:
        found = read_label_studio(path)
    except ValueError as error:
        assert "task" in str(error)  # noqa: PT017
    else:
        found.rationales()


def test_a_file_that_is_too_large_or_none_is_refused(tmp_path, monkeypatch):
    path = put(tmp_path, [exported(TEXT)])
    monkeypatch.setattr(_label_studio, "_MOST_BYTES", 100)
    with pytest.raises(ValueError, match="at most 100 are read"):
        read_label_studio(path)
    for missing in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(FileNotFoundError, match="is not a file"):
            read_label_studio(missing)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError, match="is not a file"):
        read_label_studio(tmp_path / "pipe")


def test_wrong_parameters_are_refused(tmp_path):
    path, good = tmp_path / "t.json", [rationale_of("Loud.", [True])]
    with pytest.raises(ValueError, match="combine='both' is unknown"):
        read_label_studio(path, combine="both")
    with pytest.raises(TypeError, match="span_labels='evidence'"):
        read_label_studio(path, span_labels="evidence")
    with pytest.raises(ValueError, match="text='id'"):
        write_label_studio(path, good, text="id")
    with pytest.raises(ValueError, match="ids has 2 entries for 1 documents"):
        write_label_studio(path, good, ids=[1, 2])
    with pytest.raises(TypeError, match=r"ids\[0\] is 1\.5"):
        write_label_studio(path, good, ids=[1.5])
    with pytest.raises(TypeError, match="rationales is a str"):
        write_label_studio(path, "Loud.")
    with pytest.raises(TypeError, match=r"rationales\[0\] is a str"):
        write_label_studio(path, ["Loud."])
    with pytest.raises(ValueError, match="confidence=nan"):
        write_label_studio(path, [rationale_of("Loud.", [True], confidence=np.nan)])
    with pytest.raises(ValueError, match="the label of document 0 is ''"):
        write_label_studio(path, [rationale_of("Loud.", [True], label="")])
    with pytest.raises(ValueError, match="labels has 0 entries for 1 documents"):
        write_label_studio(path, AnnotatedTexts(["Loud."], [], [None]))
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "tasks.json"
    path.write_text("before", encoding="utf-8")

    def full(self, text, **others):
        self.write_bytes(text.encode()[:20])
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="no space left"):
        write_label_studio(path, [rationale_of("Loud.", [True])])
    monkeypatch.undo()
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("tasks.json", "before")]
