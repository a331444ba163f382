"""Bytes that mean nothing, by the ten thousand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import targets

ROOT = Path(__file__).resolve().parents[1]
SHORT, LONG = 3, 600  # seconds

NAMES = sorted(targets.TARGETS)
CHEAP = [name for name in NAMES if name not in ("tables", "model_folder", "transformer")]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_inputs_of_each_target_pass(name):
    for seed in [b"", b"\0", *targets.SEEDS[name]]:
        targets.TARGETS[name](seed)


@pytest.mark.parametrize("name", CHEAP)
@settings(max_examples=60)
@given(data=st.binary(max_size=200) | st.text(max_size=60).map(lambda text: text.encode()))
def test_any_bytes_pass(name, data):
    targets.TARGETS[name](data)


@settings(max_examples=40)
@given(data=st.lists(st.binary(min_size=5, max_size=5), min_size=1, max_size=4).map(b"".join))
def test_any_change_of_a_transformer_is_a_model_or_refused(data):
    targets.transformer(data)


@pytest.mark.parametrize("suffix", range(3))
@settings(max_examples=40)
@given(data=st.binary(max_size=80) | st.text('{}[]",:ab1\n\\u\0', max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_refused(suffix, data):
    targets.tables(bytes([suffix]) + data)


def fuzzed(name, seconds, environment):
    """Run atheris in a process of its own, and give how many inputs it tried."""
    pytest.importorskip("atheris")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz.run", name, str(seconds)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds + 120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return int(re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)[1])


@pytest.mark.parametrize("name", ["word_vectors", "rationales"])
def test_inputs_that_reach_new_parts_of_the_program_pass(name, subprocess_environment):
    assert fuzzed(name, SHORT, subprocess_environment) > 10


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_ten_minutes_of_such_inputs_pass(name, subprocess_environment):
    assert fuzzed(name, LONG, subprocess_environment) > 1000
