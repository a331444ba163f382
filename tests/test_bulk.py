"""Bulk scoring: what is written, of good rows and bad ones, and what is refused."""

import csv
import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sklearn_irx import InteractiveEnsemble, RejectOption, bulk, save
from sklearn_irx._tables import Columns
from sklearn_irx._tables.dialect import LONGEST
from sklearn_irx.text import WordTokenizer

WRITE = {
    "csv": lambda table, path: table.to_csv(path, index=False),
    "jsonl": lambda table, path: table.to_json(path, orient="records", lines=True),
    "parquet": lambda table, path: table.to_parquet(path, index=False, row_group_size=7),
}


def read(folder):
    """Give the rows of all parts, as a list of dicts of what CSV, JSON and Parquet hold."""
    rows = []
    for path in sorted(folder.glob("part-*")):
        if path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                found = [
                    {name: value or None for name, value in row.items()}
                    for row in csv.DictReader(file)
                ]
            for row in found:
                row["row"] = None if row["row"] is None else int(row["row"])
                if row["spans"]:
                    row.update(spans=json.loads(row["spans"]), confidence=float(row["confidence"]))
        elif path.suffix == ".jsonl":
            found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        else:
            found = pq.read_table(path).to_pylist()
        rows += found
    return rows


@pytest.fixture(scope="module")
def both(fitted, other, reviews):
    return InteractiveEnsemble(fitted, other).fit(reviews[0][:10])


@pytest.fixture
def jsonl(tmp_path):
    """Write lines of JSON, or of bytes that are none."""

    def write(*lines):
        path = tmp_path / "new.jsonl"
        path.write_bytes(b"\n".join(
            line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
        ))  # fmt: skip
        return path

    return write


@pytest.mark.parametrize("of_output", [None, "csv", "jsonl", "parquet"])
@pytest.mark.parametrize("of_input", list(WRITE))
def test_every_row_is_answered_as_explain_does(of_input, of_output, both, reviews, tmp_path):
    texts = reviews[0][300:330]
    path = tmp_path / f"new.{of_input}"
    WRITE[of_input](pd.DataFrame({"id": [f"n{i}" for i in range(30)], "text": texts}), path)
    out = tmp_path / "out"
    done = bulk.score(both, path, out, keep=["id"], format=of_output, part_rows=12)
    assert (done.rows, done.errors, done.complete) == (30, 0, True)
    suffix = of_output or of_input
    assert sorted(entry.name for entry in out.iterdir()) == [
        "_manifest.json", *(f"part-0000{n}.{suffix}" for n in range(3))
    ]  # fmt: skip
    found = read(out)
    assert list(found[0]) == [
        "file", "row", "id", "label_pred", "confidence", "rationale", "spans", "case", "case_text",
        "error",
    ]  # fmt: skip
    for number, (row, rationale) in enumerate(zip(found, both.explain(texts), strict=True), 1):
        assert (row["file"], row["row"], row["id"]) == (path.name, number, f"n{number - 1}")
        assert row["label_pred"] == rationale.label
        assert row["confidence"] == pytest.approx(rationale.confidence, abs=1e-5)
        assert row["rationale"] == rationale.excerpt()
        assert [tuple(span) for span in row["spans"]] == rationale.selected_spans
        assert (row["case"], row["error"]) == (rationale.case, None)
        agreed = row["case_text"] == "Both models predict the same label."
        assert agreed == (row["case"] == "agree")


@pytest.mark.parametrize("suffix", list(WRITE))
@pytest.mark.parametrize("which", ["fitted", "both"])
def test_rows_say_what_is_not_answered(which, suffix, both, fitted, reviews, tmp_path):
    model = {"fitted": fitted, "both": both}[which]
    texts, y, _ = reviews
    option = RejectOption(model, coverage=0.5).fit(texts[300:], y[300:])
    path = tmp_path / f"new.{suffix}"
    WRITE[suffix](pd.DataFrame({"text": texts[300:330]}), path)
    bulk.score(option, path, tmp_path / "out", part_rows=12)
    found = read(tmp_path / "out")
    cases = ["case", "case_text"] if which == "both" else []
    assert list(found[0])[2:] == [
        "label_pred", "confidence", "rationale", "spans", *cases, "abstained", "error",
    ]  # fmt: skip
    said = ["False", "True"] if suffix == "csv" else [False, True]
    wanted = (~option.accepts(texts[300:330])).tolist()
    assert 0 < sum(wanted) < 30
    assert [said.index(row["abstained"]) for row in found] == wanted
    assert [row["label_pred"] for row in found] == model.predict(texts[300:330]).tolist()


def test_a_bad_line_of_json_is_a_row_with_an_error(fitted, jsonl, tmp_path):
    path = jsonl(
        {"text": "ants in the room", "id": 1},
        {"id": 2},
        {"text": None, "id": 3},
        {"text": ["ants"], "id": 4},
        {"text": True, "id": 5},
        b'{"text": "ants", "id": 6',
        b'{"text": "\xff", "id": 7}',
        b'{"text": "half \\ud83d", "id": "\\ud83d"}',
        b"[" * 100_000,
        b"[1]",
        b'{"text": ' + b"9" * 5000 + b"}",
        b"",
        {"text": "x" * LONGEST},
        {"text": float("nan"), "id": 11},
        {"text": 7, "id": [float("nan")]},
        {"text": "", "id": 13},
    )
    done = bulk.score(fitted, path, tmp_path / "out", keep=["id"])
    rows = read(tmp_path / "out")
    assert [row["row"] for row in rows] == list(range(1, 16))
    assert [row["row"] for row in rows if row["error"] is None] == [1, 14, 15]
    assert (done.rows, done.errors) == (15, 12)
    errors = [row["error"] for row in rows if row["error"] is not None]
    for error, said in zip(
        errors,
        [
            "no text", "no text", "a list in column 'text'", "a bool", "not JSON", "not UTF-8",
            "half a character", "nests too deep", "not a JSON object", "digits",
            "more than 16,777,216 bytes", "no text",
        ],
        strict=True,
    ):  # fmt: skip
        assert any(part in error for part in said.split("|")), (error, said)
    assert [row["id"] for row in rows][-5:] == [None, None, 11, [None], 13]
    assert rows[7]["id"] == "?"


def test_a_bad_row_of_csv_is_a_row_with_an_error_and_the_next_is_read(fitted, tmp_path):
    path = tmp_path / "new.csv"
    path.write_bytes(
        b"\xef\xbb\xbfid,text\r\n"
        b'1,"ants in\nthe room"\r\n'
        b"2,ants,drains\r\n"
        b"3\r\n"
        b"\r\n"
        b"4,bad \xff byte\r\n"
        b'5,"never closed\r\n'
        b"6,porridge\r\n"
        b'7,"closed" too early\r\n'
        b"8,bare\rreturn\r\n"
        b"9," + b"x" * (LONGEST + 10) + b"\r\n"
        b'10,"ants ""quoted"""\r\n'
        b'11,"open to the end\r\n'
    )
    before = csv.field_size_limit()
    bulk.score(fitted, path, tmp_path / "out", keep=["id"], format="jsonl")
    assert csv.field_size_limit() == before
    rows = read(tmp_path / "out")
    good = [row["id"] for row in rows if row["error"] is None]
    assert good == ["1", "6", "10"]
    assert len(rows) == 11
    assert [row["row"] for row in rows] == list(range(1, 12))
    assert rows[1]["error"] == "it has 3 cells, and the header has 2"
    assert rows[3]["error"] == ("the text is not UTF-8: give its encoding, 'cp1252' for example")
    assert rows[3]["id"] == "4"


def test_bad_values_of_parquet_are_rows_with_an_error(fitted, tmp_path):
    ids = pa.array([1, None, 3, 4], pa.int64())
    texts = pa.Array.from_buffers(
        pa.string(), 4, pa.array([b"ants", None, b"\xff", b"drains"]).buffers()
    )
    path = tmp_path / "new.parquet"
    pq.write_table(pa.table({"id": ids, "text": texts}), path, use_dictionary=False)
    done = bulk.score(fitted, path, tmp_path / "out", keep=["id"])
    rows = read(tmp_path / "out")
    assert [row["id"] for row in rows] == [1, None, 3, 4]
    assert [row["error"] for row in rows] == [
        None, "there is no text in column 'text'", "the text is not UTF-8", None
    ]  # fmt: skip
    assert done.errors == 2


def test_a_broken_file_among_many_costs_no_row_of_the_others(fitted, tmp_path):
    folder = tmp_path / "new"
    for name, texts in {"a": ["ants", "drains"], "b": [], "c": ["porridge"]}.items():
        (folder / f"lang={name}").mkdir(parents=True)
        if texts:
            table = pd.DataFrame({"text": texts, "n": range(len(texts))})
            table.to_parquet(folder / f"lang={name}" / "x.parquet")
    (folder / "lang=b" / "x.parquet").write_bytes(b"PAR1 no such thing PAR1")
    pd.DataFrame({"other": [1]}).to_parquet(folder / "lang=b" / "y.parquet")
    (folder / "_SUCCESS.parquet").touch()
    (folder / "lang=c" / ".hidden.parquet").touch()
    for _ in range(2):  # the second time, all is there
        done = bulk.score(fitted, folder, tmp_path / "out", keep=["lang", "n"], part_rows=1)
        rows = read(tmp_path / "out")
        assert [(row["file"], row["row"], row["lang"], row["n"]) for row in rows] == [
            ("lang=a/x.parquet", 1, "a", 0),
            ("lang=a/x.parquet", 2, "a", 1),
            ("lang=b/x.parquet", None, None, None),
            ("lang=b/y.parquet", None, None, None),
            ("lang=c/x.parquet", 1, "c", 0),
        ]
        assert [row["error"] is None for row in rows] == [True, True, False, False, True]
        assert "it has no column 'text'" in rows[3]["error"]
        assert pq.read_schema(tmp_path / "out" / "part-00000.parquet").field("n").type == pa.int64()
    assert (done.rows, done.rows_before) == (5, 5)


def test_a_kept_value_that_the_column_cannot_hold_is_an_error(fitted, tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    pd.DataFrame({"text": ["ants"], "n": [1]}).to_parquet(folder / "1.parquet")
    pd.DataFrame({"text": ["ants", "ants"], "n": ["x", "y"]}).to_parquet(folder / "2.parquet")
    done = bulk.score(fitted, folder, tmp_path / "out", keep=["n"])
    assert done.errors == 2
    rows = read(tmp_path / "out")
    assert [row["n"] for row in rows] == [1, None, None]
    assert rows[2]["error"] == "column 'n' holds a value that is no int64"
    assert rows[2]["label_pred"] is not None


def failing(text):
    """Split like the default, but for some texts."""
    if "drains" in text:
        raise RuntimeError("no drains, please")
    return WordTokenizer()(text)


def test_a_text_that_the_model_fails_on_is_an_error_and_the_others_are_answered(
    small, reviews, jsonl, tmp_path
):
    texts, y, _ = reviews
    kept = [i for i in range(80) if "drains" not in texts[i]]
    clf = small(tokenizer=failing).fit([texts[i] for i in kept], y[kept])
    path = jsonl(*({"text": text} for text in ("ants", "drains", "", "sirens", "the drains")))
    bulk.score(clf, path, tmp_path / "out")
    errors = [row["error"] for row in read(tmp_path / "out")]
    said = "RuntimeError: no drains, please"
    assert errors == [None, said, None, None, said]


def test_a_saved_model_may_be_named_and_a_prefix_makes_room_for_a_kept_column(
    fitted, jsonl, tmp_path
):
    save(fitted, tmp_path / "model")
    path = jsonl({"text": "ants", "row": 9, "label_pred": "x"})
    with pytest.raises(ValueError, match="a column 'row' themselves; a prefix"):
        bulk.score(fitted, path, tmp_path / "out", keep=["row", "label_pred"])
    for format_ in WRITE:
        out = tmp_path / format_
        bulk.score(tmp_path / "model", [path], out, keep=["row"], prefix="irx_", format=format_)
        table = {"csv": pd.read_csv, "parquet": pd.read_parquet, "jsonl": pd.read_json}[format_]
        options = {"lines": True} if format_ == "jsonl" else {}
        found = table(out / f"part-00000.{format_}", **options)
        assert list(found.columns)[:4] == ["irx_file", "irx_row", "row", "irx_label_pred"]
        assert str(found["row"][0]) == "9"


def test_rows_are_read_as_they_are_needed(fitted, tmp_path):
    import tracemalloc

    path = tmp_path / "new.jsonl"
    line = json.dumps({"text": "ants in the room " * 100}) + "\n"
    path.write_text(line * 40_000)
    tables = bulk._score.Input([path])
    tracemalloc.start()
    n_rows = sum(len(c.rows) for c in tables.chunks(bulk._input.Position(), Columns("text"), 10**6))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_rows == 40_000
    assert peak < 20e6 < path.stat().st_size


def test_progress_is_told(fitted, jsonl, tmp_path):
    told = []
    path = jsonl(*({"text": "ants"} for _ in range(30)))
    done = bulk.score(fitted, path, tmp_path / "out", part_rows=10, on_progress=told.append)
    assert [progress.rows for progress in told] == [10, 20, 30]
    assert [progress.complete for progress in told] == [False] * 3
    assert told[0].n_bytes < told[1].n_bytes < told[2].n_bytes == done.n_bytes_total
    assert told[0].seconds_left > 0 == told[2].seconds_left
    assert done.rows_per_second > 0


def test_nothing_to_answer_is_complete(fitted, tmp_path):
    (tmp_path / "new.csv").write_text("text\n")
    (tmp_path / "empty.csv").touch()
    for name in ("new.csv", "empty.csv"):
        done = bulk.score(fitted, tmp_path / name, tmp_path / f"out-{name}")
        assert (done.rows, done.complete) == (0, True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": None}, "by another model"),
        ({"part_rows": 3}, r"other options \(part_rows: 2 then, 3 now\)"),
        ({"keep": ["id"]}, "other options"),
        ({"touched": True}, "to another input"),
    ],
)
def test_answers_of_another_call_are_refused(changed, said, fitted, other, jsonl, tmp_path):
    path = jsonl(*({"text": "ants", "id": i} for i in range(5)))
    call = {"model": fitted, "source": path, "folder": tmp_path / "out", "part_rows": 2}
    bulk.score(**call)
    if changed.pop("touched", False):
        os.utime(path, ns=(1, 1))
    if "model" in changed:
        changed = {"model": other}
    with pytest.raises(FileExistsError, match=said):
        bulk.score(**call | changed)


def test_a_folder_that_is_not_what_it_was_is_refused(fitted, jsonl, tmp_path):
    path = jsonl(*({"text": "ants"} for _ in range(5)))
    out = tmp_path / "out"
    bulk.score(fitted, path, out, part_rows=2)
    manifest = out / "_manifest.json"
    told = manifest.read_text()
    for wrong in ("{", "[]", told.replace('"parts": 3', '"parts": -1'), told.replace("model", "m")):
        manifest.write_text(wrong)
        with pytest.raises(FileExistsError, match="cannot be read"):
            bulk.score(fitted, path, out, part_rows=2)
    manifest.write_text(told)
    (out / "part-00001.jsonl").unlink()
    with pytest.raises(FileExistsError, match="has not the 3 parts"):
        bulk.score(fitted, path, out, part_rows=2)


def test_two_runs_do_not_write_to_one_folder(fitted, jsonl, tmp_path):
    path, out = jsonl({"text": "ants"}), tmp_path / "out"

    def again(progress):
        with pytest.raises(FileExistsError, match="another process writes to"):
            bulk.score(fitted, path, out)
        tried.append(progress)

    tried = []
    bulk.score(fitted, path, out, on_progress=again)
    assert tried


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"source": "nowhere.csv"}, "no file or folder"),
        ({"source": []}, "no file to read"),
        ({"source": "model.txt"}, r"ends in '\.txt'"),
        ({"text": "body"}, "has no column 'body'; its columns are 'text', 'id'"),
        ({"keep": ["name"]}, "has no column 'name'"),
        ({"keep": "id"}, "is one name"),
        ({"keep": ["id", "id"]}, "twice"),
        ({"format": "xml"}, "give one of csv, jsonl, parquet"),
        ({"part_rows": 0}, "part_rows=0"),
        ({"n_jobs": 0}, "n_jobs=0"),
        ({"n_jobs": 2, "scheduler": "tcp://x:1"}, "give one of them"),
        ({"folder": "."}, "lie in each other"),
        ({"folder": "no/out"}, "there is no folder"),
        ({"folder": "full"}, "is not empty"),
        ({"folder": "model.txt"}, "is a file"),
        ({"source": ["new.jsonl", "new.csv"]}, r"of the formats \.csv and \.jsonl"),
        ({"model": "no model"}, "no folder|no model"),
        ({"model": 3}, "gives no rationales"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said_before_work_begins(
    call, said, fitted, jsonl, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    jsonl({"text": "ants", "id": 1})
    (tmp_path / "new.csv").write_text("text\nants\n")
    (tmp_path / "model.txt").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises((ValueError, OSError), match=said):
        bulk.score(**{"model": fitted, "source": "new.jsonl", "folder": "out"} | call)
    assert not (tmp_path / "out").exists()


def test_a_model_that_cannot_be_told_from_others_is_refused(small, reviews, jsonl, tmp_path):
    texts, y, _ = reviews
    clf = small(tokenizer=lambda text: failing(text.replace("drains", "")))
    clf.fit(texts[:60], y[:60])
    with pytest.raises(ValueError, match="a tokenizer that is defined in a module"):
        bulk.score(clf, jsonl({"text": "ants"}), tmp_path / "out")


def test_rows_that_are_all_bad_are_answered_all_the_same(fitted, jsonl, tmp_path):
    done = bulk.score(fitted, jsonl({"text": None}, b"x"), tmp_path / "out")
    assert (done.rows, done.errors) == (2, 2)


def test_an_unfitted_model_is_refused(small, jsonl, tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        bulk.score(small(), jsonl({"text": "ants"}), tmp_path / "out")
