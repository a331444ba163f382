"""Terminals that cannot show everything, and readers that end before the command does."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from sklearn_irx import load

PROGRAM = """
import json, sys
from sklearn_irx.cli import main
codes, path, commands = [], sys.argv[1], json.loads(sys.argv[2])
for command in commands:
    sys.argv[1:] = command
    try:
        main()
    except SystemExit as end:
        codes.append(end.code or 0)
    print("=" * 20, flush=True)
    print("=" * 20, file=sys.stderr, flush=True)
with open(path, "w") as file:
    json.dump(codes, file)
"""
TEXT = "Loud sirens all night 😀 漢字 → “ants” in the room"


@pytest.fixture
def run(subprocess_environment, tmp_path):
    """Run commands in a process whose terminal has some encoding, and read some lines of it."""

    def run(*commands, encoding, lines=None):
        commands = json.dumps([[str(argument) for argument in one] for one in commands])
        environment = {**subprocess_environment, "PYTHONIOENCODING": encoding, "COLUMNS": "100"}
        with (tmp_path / "errors").open("w+b") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, tmp_path / "codes", commands],
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
            )
            with process.stdout as output:  # which is closed early, as head does
                read = output.read if lines is None else output.readline
                shown = b"".join(read() for _ in range(1 if lines is None else lines))
            process.wait(timeout=500)
            errors.seek(0)
            said = errors.read().decode(encoding)
        assert "Traceback" not in said
        assert "Exception ignored" not in said
        codes = json.loads((tmp_path / "codes").read_text())
        return codes, shown.split(b"=" * 20), said.split("=" * 20)

    return run


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_what_a_terminal_cannot_show_is_replaced_and_files_are_whole(encoding, run, pair, tmp_path):
    table, page = tmp_path / "emoji 😀.csv", tmp_path / "page 😀.html"
    pd.DataFrame({"text": [TEXT] * 5, "label 😀": ["noise 😀"] * 5}).to_csv(table, index=False)
    label = ["--label", "label 😀"]
    codes, shown, said = run(
        ["explain", pair, table, "-n", 2, *label, "-o", page],
        ["predict", pair, table],
        ["report", pair, table, "-o", tmp_path / "report.html", *label],
        ["score", pair, table, "-o", tmp_path / "answers 😀", "--jobs", 1],
        ["predict", pair, table, "--text", "😀"],
        ["predict", pair, tmp_path / "no 😀.csv"],
        ["study", "create", pair, table, "-o", tmp_path / "s 😀.db", *label],
        encoding=encoding,
    )
    assert codes == [0, 0, 0, 0, 2, 2, 1], said
    explained = shown[0].decode(encoding)
    assert explained.count("wrong, true label: noise") == 2
    assert explained.count("sirens") == 2
    assert "shows the same" in explained
    assert "😀 漢字 →" in page.read_text("utf-8")
    assert TEXT in shown[1].replace(b"\r\n", b"\n").decode("utf-8")  # a table is always UTF-8
    assert "accuracy" in shown[2].decode(encoding)
    assert (tmp_path / "report.html").exists()
    assert "is complete" in shown[3].decode(encoding)
    assert "sirens" in (tmp_path / "answers 😀" / "part-00000.csv").read_text("utf-8")
    assert [bool(part.strip()) for part in said[:7]] == [False] * 4 + [True] * 3
    assert "there is no file" in said[5]


def test_files_are_written_though_nobody_reads_on(run, pair, quick, table, tmp_path):
    codes, shown, said = run(
        ["explain", pair, table, "-n", 120, "-o", tmp_path / "page.html"],
        ["fit", table, "-o", tmp_path / "model", *quick],
        ["predict", pair, table],
        ["demo", "--data", table, "-o", tmp_path / "demo.html"],
        encoding="utf-8",
        lines=1,
    )
    assert codes == [0, 0, 0, 0], said
    assert shown[0].count(b"\n") == 1
    assert "Error" not in "".join(said)
    assert "</html>" in (tmp_path / "page.html").read_text("utf-8")
    assert "</html>" in (tmp_path / "demo.html").read_text("utf-8")
    assert load(tmp_path / "model").predict(["Sirens."]).shape == (1,)
