"""Style, types and the order of the rooms, as the tools see them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "ruff", "check", "."],
        [sys.executable, "-m", "ruff", "format", "--check", "."],
        [sys.executable, "-m", "mypy"],
        [str(Path(sys.executable).with_name("lint-imports"))],
    ],
    ids=["ruff check", "ruff format", "mypy", "lint-imports"],
)
def test_the_tools_find_nothing(command, subprocess_environment):
    found = subprocess.run(
        command, cwd=ROOT, env=subprocess_environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


def imported_by(path):
    """Give the dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_private_of_sklearn(name):
    first, *others = name.split(".")
    return first == "sklearn" and any(part.startswith("_") for part in others)


def test_private_names_of_scikit_learn_are_imported_in_one_file():
    importing = {
        path.relative_to(ROOT).as_posix()
        for part in ("sklearn_irx", "examples", "benchmarks")
        for path in (ROOT / part).rglob("*.py")
        if any(map(is_private_of_sklearn, imported_by(path)))
    }
    assert importing == {"sklearn_irx/_compat.py"}
