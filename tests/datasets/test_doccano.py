"""doccano's files, on invented texts in the form in which it exports them."""

import json

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from sklearn_irx.datasets import AnnotatedTexts, _doccano, read_doccano, write_doccano
from tests.datasets.annotation_files import utf16
from tests.datasets.test_label_studio import JSON, rationale_of, rationales

OFFSETS = ["utf-16", "graphemes", "characters"]
TEXT = "👍 dirty, and loud people kept us awake."
START, END = TEXT.index("loud"), TEXT.index(" kept")


def put(folder, *lines, ending="\n"):
    path = folder / "all.jsonl"
    found = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_bytes(ending.join([*found, ""]).encode())
    return path


@pytest.mark.parametrize("offsets", OFFSETS)
@given(found=st.lists(rationales().filter(lambda one: one.text), max_size=4))
def test_what_is_written_comes_back(tmp_path_factory, found, offsets):
    path = tmp_path_factory.mktemp("documents") / "documents.jsonl"
    write_doccano(path, found, ids=list(range(len(found))), offsets=offsets)
    again = read_doccano(path, offsets=offsets, confirmed=True)
    assert again.texts == [one.text for one in found]
    assert again.labels == [str(one.label) for one in found]
    assert again.ids == list(range(len(found)))
    for mask, one in zip(again.rationales(), found, strict=True):
        if offsets != "graphemes":
            assert mask.tolist() == one.mask.tolist()
        assert (mask >= one.mask).all()
    looked_at = read_doccano(path, offsets=offsets)
    assert looked_at.spans == [spans or None for spans in again.spans]


@given(rationales().filter(lambda one: one.text))
def test_places_are_those_that_the_browser_counts(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("documents") / "documents.jsonl"
    write_doccano(path, [found])
    entities = json.loads(path.read_text(encoding="utf-8"))["entities"]
    units = found.text.encode("utf-16-le", "surrogatepass")
    for (start, end, label), (first, past) in zip(entities, found.selected_spans, strict=True):
        shown = units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
        assert (shown, label) == (found.text[first:past], "rationale")
    write_doccano(path, [found], offsets="graphemes")
    entities = json.loads(path.read_text(encoding="utf-8"))["entities"]
    clusters = regex.findall(r"\X", found.text)
    for (start, end, _), (first, past) in zip(entities, found.selected_spans, strict=True):
        before, shown = "".join(clusters[:start]), "".join(clusters[start:end])
        assert len(before) <= first < len(before) + len(clusters[start])
        assert len(before + shown) - len(clusters[end - 1]) < past <= len(before + shown)


def test_a_line_has_what_doccano_asks_for(tmp_path):
    path = tmp_path / "documents.jsonl"
    unmarked = AnnotatedTexts(["Fine."], [None], [None])
    write_doccano(path, [rationale_of("👍 A dull film.", [True, False, True, True])], ids=["d"])
    assert json.loads(path.read_bytes()) == {
        "id": "d",
        "text": "👍 A dull film.",
        "entities": [[0, 2, "rationale"], [5, 14, "rationale"]],
        "cats": ["bad"],
        "confidence": 0.75,
    }
    assert path.read_bytes().isascii()  # whatever encoding doccano takes it for
    write_doccano(path, unmarked)
    assert json.loads(path.read_bytes()) == {"text": "Fine.", "entities": [], "cats": []}


SPAN = [utf16(TEXT, START), utf16(TEXT, END)]
EXPORTED = {
    "sequence": {"id": 5, "text": TEXT, "label": [[*SPAN, "rationale"]], "Comments": []},
    "imported": {
        "id": "own",
        "text": TEXT,
        "cats": ["guessed"],
        "confidence": 0.9,
        "label": [[*SPAN, "rationale"]],
        "Comments": [],
    },
    "relations": {
        "id": 6,
        "text": TEXT,
        "cats": ["guessed"],
        "relations": [{"id": 0, "from_id": 1, "to_id": 2, "type": "of"}],
        "entities": [
            {"id": 1, "label": "rationale", "start_offset": SPAN[0], "end_offset": SPAN[0] + 4},
            {"id": 2, "label": "rationale", "start_offset": SPAN[0] + 4, "end_offset": SPAN[1]},
        ],
        "Comments": [],
    },
    "joint": {"id": 7, "text": TEXT, "cats": ["bad"], "entities": [[*SPAN, "x"]], "Comments": []},
}


@pytest.mark.parametrize("kind", EXPORTED)
def test_each_kind_of_project_is_read(tmp_path, kind):
    found = read_doccano(put(tmp_path, EXPORTED[kind]))
    assert found.texts == [TEXT]
    assert found.spans == [[(START, END)]]
    assert found.labels == ["bad" if kind == "joint" else None]
    assert found.ids == [EXPORTED[kind]["id"]]


def test_classes_alone_say_nothing_of_spans(tmp_path):
    path = put(
        tmp_path,
        {"id": 1, "text": "Loud.", "label": ["bad"], "entities": [[0, 4, "guessed"]]},
        "",
        {"id": 2, "text": "Fine.", "label": ["good"], "Comments": []},
    )
    for confirmed in (False, True):
        found = read_doccano(path, confirmed=confirmed)
        assert (found.labels, found.spans) == (["bad", "good"], [None, None])


def test_a_document_without_a_span_has_no_rationale_if_somebody_confirmed_it(tmp_path):
    path = put(
        tmp_path,
        {"text": "Loud.", "label": []},
        {"text": "Fine.", "cats": ["good"], "entities": None},
        ending="\r\n",
    )
    assert read_doccano(path).spans == [None, None]
    found = read_doccano(path, confirmed=True)
    assert found.spans == [[], []]
    assert (found.labels, found.ids) == ([None, "good"], [None, None])


def test_only_the_spans_asked_for_count(tmp_path):
    path = put(
        tmp_path, {"text": "Loud people.", "label": [[0, 4, "a"], [5, 11, "b"], [2, 4, "a"]]}
    )
    assert read_doccano(path).spans == [[(0, 4), (5, 11)]]
    assert read_doccano(path, span_labels={"b"}).spans == [[(5, 11)]]
    assert read_doccano(path, span_labels=[]).spans == [None]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "document 1: the line is not JSON"),
        ("[" * 100_000, "document 1: the line nests too deep|the line is not JSON"),
        ("3", "the line is not a JSON object"),
        ('{"text": "a", "text": "b"}', "2 columns named 'text'"),
        ('{"text": "a", "label": [[0, NaN, "x"]]}', "'end_offset' is None, and not a whole number"),
        ({"label": []}, r"no 'text' among its keys \('label'\)"),
        ({"text": 3, "label": []}, "'text' is 3, and not text"),
        ({"text": "Fine.", "annotations": []}, "no 'label', 'entities' or 'cats' among its keys"),
        ({"text": "Fine.", "label": "bad"}, "'label' is 'bad', and not a list"),
        ({"text": "Fine.", "label": [3]}, "'span' is 3, and not an object"),
        ({"text": "Fine.", "label": [[0, 1]]}, r"'span' is \[0, 1\], and not an object"),
        ({"text": "Fine.", "label": ["bad", [0, 1, "x"]]}, "'label' holds classes and spans"),
        ({"text": "Fine.", "label": [[0, 1, None]]}, "'label' is None, and not text"),
        ({"text": "Fine.", "label": [[-1, 1, "x"]]}, "from -1 to 1 in a text of 5 utf-16"),
        ({"text": "Fine.", "label": [[0, 6, "x"]]}, "from 0 to 6 in a text of 5 utf-16"),
        ({"text": "Fine.", "label": [[0, 10**30, "x"]]}, "from 0 to 1000"),
        ({"text": "Fine.", "label": [["0", 1, "x"]]}, "'start_offset' is '0', and not a whole"),
        ({"text": "👍👍", "label": [[1, 4, "x"]]}, "from 1 to 4, within a character"),
        ({"text": "Fine.", "cats": ["a", "b"]}, r"several classes, \['a', 'b'\]"),
        ({"text": "Fine.", "cats": [""]}, "'class' is '', which nobody can see"),
        ({"text": "Fine.", "label": [" "]}, "'class' is ' ', which nobody can see"),
        ({"text": "Fine.", "cats": [["a"]]}, r"'class' is \['a'\], and not text"),
        ({"text": "Fine.", "entities": [{"label": "x"}]}, "no 'start_offset' among its keys"),
        ({"id": {}, "text": "Fine.", "cats": []}, "'id' is {}"),
    ],
)
def test_what_is_no_export_is_refused_with_its_place(tmp_path, line, said):
    path = put(tmp_path, line)
    with pytest.raises(ValueError, match=said) as refused:
        read_doccano(path)
    assert f"path={str(path)!r}, document 1: " in str(refused.value)
    assert len(str(refused.value)) < 500


@given(st.lists(JSON | JSON.map(lambda one: {"text": "👍 Fine.", "label": one}), max_size=2))
@example([{"text": "👍 Fine.", "label": [""]}])
def test_any_json_is_read_or_refused(tmp_path_factory, lines):
    path = put(tmp_path_factory.mktemp("any"), *map(json.dumps, lines))
    try:
        found = read_doccano(path)
    except ValueError as error:
        assert "document" in str(error)  # noqa: PT017
    else:
        found.rationales()


def test_other_encodings_and_large_files_are_refused(tmp_path, monkeypatch):
    path = put(tmp_path, EXPORTED["joint"])
    path.write_bytes('{"text": "Café", "label": []}'.encode("cp1252"))
    with pytest.raises(ValueError, match="document 1: the text is not UTF-8"):
        read_doccano(path)
    path.write_bytes('{"text": "Fine."}'.encode("utf-16-le"))
    with pytest.raises(ValueError, match="zero bytes, as UTF-16"):
        read_doccano(path)
    monkeypatch.setattr(_doccano, "_MOST_BYTES", 10)
    with pytest.raises(ValueError, match="at most 10 are read"):
        read_doccano(path)


def test_wrong_parameters_are_refused(tmp_path):
    path = tmp_path / "d.jsonl"
    for read_or_write in (lambda: read_doccano(path, offsets="bytes"),
                          lambda: write_doccano(path, [], offsets="bytes")):  # fmt: skip
        with pytest.raises(ValueError, match="offsets='bytes' is unknown"):
            read_or_write()
    with pytest.raises(ValueError, match="document 1 is empty, which doccano refuses"):
        write_doccano(path, AnnotatedTexts(["a", ""], [None, None], [None, None]))
    assert not list(tmp_path.iterdir())
