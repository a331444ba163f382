"""``sklearn-irx score`` as a user would call it."""

import json

import pandas as pd
import pytest

import sklearn_irx.bulk
from sklearn_irx.cli import score as command


@pytest.fixture
def folder(reviews, tmp_path):
    """A folder of two files, one row of which has no text."""
    (tmp_path / "new").mkdir()
    half = len(reviews) // 2
    ids = pd.Series(range(len(reviews)), name="id")
    table = pd.concat([ids, reviews["text"].mask(ids == 3)], axis=1)
    table[:half].to_parquet(tmp_path / "new" / "1.parquet")
    table[half:].to_parquet(tmp_path / "new" / "2.parquet")
    return tmp_path / "new"


def test_answers_are_written_in_parts_and_a_second_call_says_they_are_there(
    cli, pair, folder, reviews, tmp_path
):
    out = tmp_path / "out"
    call = ["score", pair, folder, "-o", out, "--keep", "id", "--jobs", 1, "--part-rows", 50]
    result = cli(*call)
    assert result.exit_code == 0, result.output
    assert f"{out} is complete" in result.output
    assert "rows/s: 120 rows, 1 of them with an error." in result.output
    answers = pd.read_parquet(out)
    assert answers["id"].tolist() == list(range(120))
    assert answers["file"].tolist() == ["1.parquet"] * 60 + ["2.parquet"] * 60
    assert answers["error"].notna().sum() == 1
    right = answers["label_pred"] == reviews["label"]
    assert right.mean() > 0.9
    assert "case" in answers
    again = cli(*call)
    assert again.exit_code == 0
    assert f"{out} was complete already: 120 rows" in again.output


def test_another_call_is_refused_in_one_sentence(cli, pair, single, folder, tmp_path):
    out = tmp_path / "out"
    assert cli("score", pair, folder, "-o", out, "--jobs", 1).exit_code == 0
    for call, said in (
        (["score", single, folder, "-o", out], "answers by another model"),
        (["score", pair, folder, "-o", out, "--format", "csv"], "with other options"),
        (["score", pair, folder / "1.parquet", "-o", out], "to another input"),
        (["score", pair, folder, "-o", folder / "out"], "lie in each other"),
        (["score", pair, folder, "-o", out, "--text", "body"], "no column 'body'"),
        (["score", pair, folder / "x.csv", "-o", out], "no file or folder"),
    ):
        result = cli(*call)
        assert result.exit_code == 1
        assert said in " ".join(result.stderr.split())
        assert result.stderr.startswith("Error: ")
    assert cli("score", pair, "-o", out).exit_code == 2


def test_several_files_are_read_in_their_order(cli, single, folder, tmp_path):
    files = [folder / "2.parquet", folder / "1.parquet"]
    result = cli(
        "score", single, *files, "-o", tmp_path / "out", "--jobs", 1, "--format", "jsonl",
        "--prefix", "irx_",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "out" / "part-00000.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["irx_file"] for row in rows] == [str(files[0])] * 60 + [str(files[1])] * 60
    assert {row["irx_label_pred"] for row in rows} == {0, 1, None}


def test_progress_is_told_with_rate_and_time_left(cli, single, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "_SECONDS_BETWEEN_LINES", 0.0)
    result = cli("score", single, folder, "-o", tmp_path / "out", "--jobs", 1, "--part-rows", 60)
    first, second = result.stderr.splitlines()
    assert first.startswith("60 rows, 4") or first.startswith("60 rows, 5")
    assert "rows/s, 1 errors, 0:00:" in first
    assert "120 rows, 100.0 %" in second


def test_a_dead_process_is_told_in_one_sentence(cli, single, folder, tmp_path, monkeypatch):
    def score(*args, **kwargs):
        raise RuntimeError("one of the 2 processes died")

    monkeypatch.setattr(sklearn_irx.bulk, "score", score)
    result = cli("score", single, folder, "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (1, "Error: one of the 2 processes died\n")
