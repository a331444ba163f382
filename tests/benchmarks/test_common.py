"""Files of results: added to row by row, readable whenever a program was stopped."""

from contextlib import suppress

import pytest

from benchmarks.common import append_record, append_row, read_records, read_rows, replacing

ROWS = [
    {"variant": "one, two", "seed": 1, "price": 0.005, "f1": ""},
    {"variant": "three", "seed": 2, "price": 1e-05, "f1": 0.25},
]


def test_rows_come_back_with_their_types(tmp_path):
    path = tmp_path / "not there yet" / "results.csv"
    assert read_rows(path) == []
    for row in ROWS:
        append_row(path, row)
    assert read_rows(path) == ROWS
    assert path.read_text().count("variant") == 1


def test_a_file_cut_off_anywhere_loses_the_last_row_only(tmp_path):
    path = tmp_path / "results.csv"
    for row in ROWS:
        append_row(path, row)
    whole = path.read_bytes()
    first = whole[: whole.rindex(b"three")]
    for n_bytes in range(len(whole)):
        path.write_bytes(whole[:n_bytes])
        assert read_rows(path) == (ROWS[:1] if n_bytes >= len(first) else [])
        append_row(path, ROWS[1])
        assert read_rows(path)[-1] == ROWS[1]


def test_records_come_back_and_a_file_cut_off_loses_the_last_one_only(tmp_path):
    path = tmp_path / "not there yet" / "records.jsonl"
    records = [{"id": "a", "parts": {"sizes": [1, 2], "name": None}}, {"id": "b\n", "x": 1e-05}]
    assert read_records(path) == []
    for record in records:
        append_record(path, record)
    assert read_records(path) == records
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert read_records(path) == records[:1]
    append_record(path, records[1])
    assert path.read_bytes() == whole


def test_rows_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "results.csv"
    append_row(path, ROWS[0])
    with pytest.raises(ValueError, match=r"results.csv has other columns than \['seed'\]"):
        append_row(path, {"seed": 3})
    assert read_rows(path) == ROWS[:1]


def test_a_file_is_replaced_when_the_new_one_is_whole(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("old")

    with suppress(KeyboardInterrupt), replacing(path) as part:
        part.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    with replacing(path) as part:
        part.write_text("new")
    assert path.read_text() == "new"
