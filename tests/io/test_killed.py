"""A process that is killed while it saves leaves a whole model."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import sklearn_irx
from sklearn_irx.io import ModelFileError, _files, load, save

_SAVE_FOR_EVER = """
import itertools, os, sys, sklearn_irx
models = [sklearn_irx.load(path) for path in sys.argv[2:]]
for _ in sys.stdin:
    pid = os.fork()
    if not pid:
        for model in itertools.cycle(models):
            sklearn_irx.save(model, sys.argv[1], overwrite=True)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""
"""For each line that comes in, a process that saves two models in turn until it is killed."""


@pytest.fixture(scope="module")
def two(fitted, other, tmp_path_factory):
    """Two saved models."""
    folders = [tmp_path_factory.mktemp("two") / name for name in ("one", "two")]
    for model, folder in zip((fitted, other), folders, strict=True):
        save(model, folder)
    return folders


@pytest.mark.skipif(sys.platform == "win32", reason="fork and SIGKILL are POSIX")
@pytest.mark.parametrize("n_kills", [5, pytest.param(300, marks=pytest.mark.long)])
def test_a_killed_process_leaves_one_of_two_whole_models(
    n_kills, two, reviews, tmp_path, subprocess_environment
):
    texts = reviews[0][:10]
    expected = [load(folder).predict_proba(texts) for folder in two]
    folder = tmp_path / "model"
    save(load(two[0]), folder)
    seen = set()
    moments = random.Random(0)
    with subprocess.Popen(
        [sys.executable, "-c", _SAVE_FOR_EVER, str(folder), *map(str, two)],
        env=subprocess_environment,
        cwd=Path(sklearn_irx.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        for _ in range(n_kills):
            process.stdin.write("go\n")
            pid = int(process.stdout.readline())
            time.sleep(moments.uniform(0.01, 0.2))
            os.kill(pid, signal.SIGKILL)
            assert process.stdout.readline() == "gone\n"
            said = load(folder).predict_proba(texts)
            matches = [bool(np.array_equal(said, one)) for one in expected]
            assert sum(matches) == 1
            seen.add(matches.index(True))
    if n_kills > 20:
        assert seen == {0, 1}
    save(load(two[1]), folder, overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in two[1].iterdir()
    )


class Stop(BaseException):
    """Stands for the end of the process."""


def steps(monkeypatch, n):
    """Let a save come to its end after n steps on the disk."""
    left = [n]

    def counted(function):
        def run(*args):
            if not left[0]:
                raise Stop
            left[0] -= 1
            return function(*args)

        return run

    def half_written(path, data):
        if not left[0]:
            path.write_bytes(data[: len(data) // 2])
            raise Stop
        left[0] -= 1
        write(path, data)

    write = _files._write
    monkeypatch.setattr(_files, "_write", half_written)
    monkeypatch.setattr(_files.os, "replace", counted(_files.os.replace))
    monkeypatch.setattr(_files.os, "rename", counted(_files.os.rename))
    # What a process that is gone does not do any more.
    monkeypatch.setattr(_files.shutil, "rmtree", lambda *args, **kwargs: None)
    monkeypatch.setattr(_files.Path, "unlink", lambda *args, **kwargs: None)


@pytest.mark.parametrize("before", ["a model", "an empty folder", "nothing"])
def test_after_every_step_there_is_a_whole_model_or_none(before, two, reviews, tmp_path):
    texts = reviews[0][:10]
    old, new = (load(folder) for folder in two)
    outcomes = []
    for n in range(30):
        folder = tmp_path / str(n) / "model"
        folder.parent.mkdir()
        if before == "a model":
            save(old, folder)
        elif before == "an empty folder":
            folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            steps(patch, n)
            try:
                save(new, folder, overwrite=True)
            except Stop:
                done = False
            else:
                done = True
        try:
            said = load(folder).predict_proba(texts)
        except ModelFileError as error:
            assert "is not there" in str(error) or "has no model.json" in str(error)  # noqa: PT017
            outcomes.append("none")
        else:
            models = {"old": old, "new": new}
            outcomes += [k for k, m in models.items() if (m.predict_proba(texts) == said).all()]
        save(new, folder, overwrite=True)  # what is left behind is in nobody's way
        assert len(list(folder.iterdir())) == 4
        if done:
            break
    assert done
    assert len(outcomes) == n + 1
    first = "old" if before == "a model" else "none"
    assert outcomes == [first] * outcomes.count(first) + ["new"] * outcomes.count("new")
    assert outcomes.count(first) >= 4
