"""The example scripts run as they stand, from any folder."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

PRINTED = {
    "grid_over_lambdas.py": "transitions",
    "interaction_case_by_case.py": "from rationale 1",
    "own_word_vectors.py": "its clone shares the array: True",
    "quick_start.py": "Token F1",
}
"""What tells that a script came to its point."""


def test_every_example_is_known():
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(PRINTED)


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_example_runs(name, tmp_path, subprocess_environment):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name],
        cwd=tmp_path,
        env=subprocess_environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert PRINTED[name] in done.stdout
    assert not list(tmp_path.iterdir())
