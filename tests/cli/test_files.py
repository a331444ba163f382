import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_irx.cli.errors import CommandError
from sklearn_irx.cli.files import (
    FORMATS,
    check_output,
    labels_of,
    read_table,
    texts_of,
    write_table,
    written_whole,
)


@pytest.fixture
def csv(tmp_path):
    def write(content):
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def jsonl(tmp_path):
    def write(*lines):
        path = tmp_path / "table.jsonl"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def test_cells_of_a_csv_file_are_texts_whatever_they_look_like(csv):
    path = csv("text,label\n123,1\nNA,null\n007,TRUE\n,x\n")
    table = read_table(path)
    assert texts_of(table, "text", path) == ["123", "NA", "007", ""]
    assert labels_of(table, "label", path).tolist() == ["1", "null", "TRUE", "x"]


def test_a_byte_order_mark_is_no_part_of_a_name(csv):
    assert list(read_table(csv(b"\xef\xbb\xbftext\nhi\n")).columns) == ["text"]


def test_json_lines_keep_their_types_and_dates_stay_text(jsonl):
    path = jsonl(
        '{"text": "123", "label": 1, "date": "2020-01-01", "id": 12345678901234567890123}',
        "",
        '{"text": "b", "label": 2}',
    )
    table = read_table(path)
    assert texts_of(table, "text", path) == ["123", "b"]
    labels = labels_of(table, "label", path)
    assert labels.tolist() == [1, 2]
    assert labels.dtype == int
    assert table["date"][0] == "2020-01-01"
    assert table["id"][0] == 12345678901234567890123


@pytest.mark.parametrize(
    ("labels", "kind"), [([1, 0], "i"), ([True, False], "b"), (["a", "b"], "U"), ([1.5, 2], "f")]
)
def test_parquet_labels_keep_their_type(tmp_path, labels, kind):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"text": ["x", "y"], "label": labels}).to_parquet(path)
    found = labels_of(read_table(path), "label", path)
    assert found.dtype.kind == kind
    assert found.tolist() == labels


def test_numbers_in_a_text_column_are_read_as_written(jsonl):
    path = jsonl('{"text": 5}', '{"text": "five"}')
    assert texts_of(read_table(path), "text", path) == ["5", "five"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"is not a readable \.csv table"),
        ("text,label\n", "holds no rows"),
        ("text,label\na,b,c\n", r"is not a readable \.csv table"),
        (
            "text,label\na,b\nc,d,e\n",
            r"is not a readable \.csv table: .*row 2: it has 3 cells",
        ),
        ('text,label\n"open,b\n', r"is not a readable \.csv table"),
        (b"text,label\n\xff\xfe,b\n", "row 1: the text is not UTF-8; --encoding cp1252 may"),
    ],
)
def test_a_broken_csv_file_is_explained(csv, content, message):
    with pytest.raises(CommandError, match=message) as caught:
        read_table(csv(content))
    assert caught.value.code == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "row 2: the line is not a JSON object"),
        ("{text}", "row 2: the line is not JSON: Expecting"),
    ],
)
def test_a_broken_line_of_json_is_named(jsonl, line, message):
    with pytest.raises(CommandError, match=message):
        read_table(jsonl('{"text": "a"}', line))


def test_a_file_that_is_not_parquet_is_explained(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(CommandError, match=r"is not a readable \.parquet table"):
        read_table(path)


@pytest.mark.parametrize("name", ["table.xls", "table", "table.csv.gz"])
def test_an_unknown_extension_is_refused(tmp_path, name):
    with pytest.raises(CommandError, match=r"tables end in \.csv, \.jsonl, \.parquet") as caught:
        read_table(tmp_path / name)
    assert caught.value.code == 2


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CommandError, match=r"there is no file .*nothing\.csv") as caught:
        read_table(tmp_path / "nothing.csv")
    assert caught.value.code == 2


def test_a_missing_column_is_answered_with_those_there_are(csv):
    path = csv("body,class\na,b\n")
    with pytest.raises(CommandError, match="no column 'text'; its columns are 'body', 'class'"):
        texts_of(read_table(path), "text", path)


def test_missing_texts_are_named_by_row(jsonl):
    lines = ['{"text": "a", "label": 1}'] + ['{"text": null, "label": 1}'] * 7
    path = jsonl(*lines)
    with pytest.raises(CommandError, match="in rows 2, 3, 4, 5, 6 and 2 more"):
        texts_of(read_table(path), "text", path)


def test_missing_labels_are_named_by_row(csv, jsonl):
    path = csv("text,label\na,x\nb,\n")
    with pytest.raises(CommandError, match=r"no label in column 'label' in row 2\.$"):
        labels_of(read_table(path), "label", path)
    path = jsonl('{"text": "a"}', '{"text": "b", "label": ""}')
    with pytest.raises(CommandError, match=r"in row 1\.$"):
        labels_of(read_table(path), "label", path)


def test_a_text_that_is_none_is_named(jsonl):
    path = jsonl('{"text": "a"}', '{"text": ["b"]}')
    with pytest.raises(CommandError, match=r"a list in column 'text' .* in row 2: give one"):
        texts_of(read_table(path), "text", path)


def test_labels_of_two_types_are_refused(jsonl):
    path = jsonl('{"label": 1}', '{"label": "1"}')
    with pytest.raises(CommandError, match="labels of the type int and str"):
        labels_of(read_table(path), "label", path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_comes_back_as_it_was_written(tmp_path, suffix):
    texts = ['two\nlines, "quoted"', "carriage\rreturn", "NA", "", "täglich 日本", "  "]
    path = tmp_path / f"table{suffix}"
    write_table(pd.DataFrame({"text": texts, "rank": range(len(texts))}), path)
    table = read_table(path)
    assert texts_of(table, "text", path) == texts
    assert [str(rank) for rank in table["rank"]] == [str(n) for n in range(len(texts))]
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_json_lines_can_hold_what_parquet_held(tmp_path):
    path = tmp_path / "table.jsonl"
    table = pd.DataFrame(
        {
            "day": pd.to_datetime(["2020-01-02", None]),
            "vector": [np.array([1, 2]), None],
            "share": [0.5, np.nan],
        }
    )
    write_table(table, path)
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == {"day": "2020-01-02 00:00:00", "vector": [1, 2], "share": 0.5}
    assert second == {"day": None, "vector": None, "share": None}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_half_a_character_does_not_stop_the_writing(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    write_table(pd.DataFrame({"text": ["a\ud800b"]}, dtype=object), path)
    assert len(read_table(path)) == 1


@pytest.mark.parametrize("line", ["[" * 100_000, '{"text":' * 100_000], ids=["list", "object"])
def test_lines_that_nest_too_deep_are_named(tmp_path, line):
    path = tmp_path / "table.jsonl"
    path.write_text('{"text": "a"}\n' + line, encoding="utf-8")
    with pytest.raises(CommandError, match="row 2: the line nests too deep"):
        read_table(path)


def test_a_number_that_no_column_holds_is_explained(tmp_path):
    path = tmp_path / "table.jsonl"
    path.write_text('{"n": 1' + "0" * 400 + "}", encoding="utf-8")
    with pytest.raises(CommandError, match="cannot hold the table"):
        write_table(read_table(path), tmp_path / "table.parquet")


def test_a_table_that_a_format_cannot_hold_leaves_no_file(tmp_path):
    path = tmp_path / "table.parquet"
    with pytest.raises(CommandError, match="cannot hold the table"):
        write_table(pd.DataFrame({"mixed": [1, "a", [2]]}), path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_not_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "model.joblib"
    path.write_text("old")

    def stopped():
        with written_whole(path) as part:
            part.write_text("half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_error_is_explained(tmp_path):
    def full():
        with written_whole(tmp_path / "model.joblib"):
            raise OSError(28, "No space left on device")

    with pytest.raises(CommandError, match="cannot be written: No space left on device"):
        full()


@pytest.mark.parametrize(
    ("path", "message"), [("missing/file.html", "there is no folder"), (".", "is a folder")]
)
def test_a_place_that_cannot_be_written_to_is_refused(tmp_path, path, message):
    with pytest.raises(CommandError, match=message) as caught:
        check_output(Path(tmp_path, path))
    assert caught.value.code == 2
