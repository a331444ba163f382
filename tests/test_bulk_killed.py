"""Bulk scoring that is killed goes on, and ends as if nothing had happened."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sklearn_irx
from sklearn_irx import bulk, save
from sklearn_irx.bulk import _workers

_SCORE = """
import os, sys, torch, sklearn_irx
from sklearn_irx import bulk
model = sklearn_irx.load(sys.argv[1])
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        bulk.score(model, sys.argv[2], line.strip(), keep=["id"], part_rows=60)
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""
"""For each line that comes in, a process that scores a table to the folder of that name."""


@pytest.fixture
def table(reviews, tmp_path):
    texts = reviews[0]
    path = tmp_path / "new.csv"
    rows = [f'{i},"{texts[i % 400]}"' if i % 50 else f"{i}" for i in range(3000)]
    path.write_text("\n".join(["id,text", *rows]))
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.skipif(sys.platform == "win32", reason="fork and SIGKILL are POSIX")
def test_killed_and_continued_it_ends_like_an_uninterrupted_run(
    fitted, table, tmp_path, subprocess_environment
):
    save(fitted, tmp_path / "model")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    with subprocess.Popen(
        [sys.executable, "-c", _SCORE, str(tmp_path / "model"), str(table)],
        env=subprocess_environment,
        cwd=Path(sklearn_irx.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:

        def begin(folder):
            process.stdin.write(f"{folder}\n")
            return int(process.stdout.readline())

        begin(whole)
        assert process.stdout.readline() == "gone\n"
        n_parts = 0
        for n_more in (2, 5, 4):
            pid = begin(cut)
            while len(list(cut.glob("part-*"))) < n_parts + n_more:
                time.sleep(0.001)
            os.kill(pid, signal.SIGKILL)
            assert process.stdout.readline() == "gone\n"
            n_parts = len(list(cut.glob("part-*")))
            assert n_parts < 50
        begin(cut)
        assert process.stdout.readline() == "gone\n"
    assert contents(cut) == contents(whole)
    told = json.loads((cut / "_manifest.json").read_text())
    assert (told["rows"], told["errors"], told["complete"]) == (3000, 60, True)


def test_a_part_that_is_there_but_not_told_of_is_written_again(fitted, table, tmp_path):
    """That is how a process leaves it that is killed between the two."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    bulk.score(fitted, table, whole, part_rows=1000)

    class StopError(Exception):
        pass

    def stop(progress):
        if progress.rows > 1000:
            raise StopError

    with pytest.raises(StopError):
        bulk.score(fitted, table, cut, part_rows=1000, on_progress=stop)
    assert sorted(contents(cut)) == ["_manifest.json", "part-00000.csv"]
    (cut / "part-00001.csv").write_text("whatever")
    (cut / ".part-00001.csv.0123abcd.part").write_text("half")
    done = bulk.score(fitted, table, cut, part_rows=1000)
    assert done.rows_before == 1000
    assert contents(cut) == contents(whole)


def workers():
    """Give the processes of all pools that this process has."""
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        for pid in (task / "children").read_text().split():
            if b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes():
                yield int(pid)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux for the processes")
def test_several_processes_give_the_same_and_when_one_dies_it_goes_on(fitted, table, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    bulk.score(fitted, table, whole, part_rows=100)
    others = set(workers())  # joblib keeps those of earlier tests for a while
    killed = []

    def kill_one(progress):
        if not killed:
            killed.append(next(pid for pid in workers() if pid not in others))
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(RuntimeError, match="one of the 2 processes died"):
        bulk.score(fitted, table, cut, part_rows=100, n_jobs=2, on_progress=kill_one)
    done = bulk.score(fitted, table, cut, part_rows=100, n_jobs=2)
    assert 0 < done.rows_before < done.rows == 3000
    assert contents(cut) == contents(whole)
    assert not set(workers()) - others


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is POSIX")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes_that_answer_end_with_the_one_that_was_killed():
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        parent = os.getpid()
        if not os.fork():
            _workers._hold(None, 1, parent)
            time.sleep(60)
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    ended, *_ = select.select([reading], [], [], 20)
    os.close(reading)
    assert ended  # the last process that could write to the pipe is gone
