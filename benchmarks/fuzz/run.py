"""Let atheris look for bytes that a target cannot stand.

``python -m benchmarks.fuzz.run TARGET SECONDS`` tries one of ``targets.py`` for so long.

It sees which parts of the program each input reaches, and goes on from those that reach new ones.
What it keeps goes to a third argument, a folder, so that a later run begins there. The exit code is
not 0 if something is found; the input is then in a file named ``crash-...``.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sklearn_irx"]):
    from benchmarks.fuzz import targets

    if find_spec("sklearn_irx.io") is not None:
        import_module("sklearn_irx.io")  # which is imported when it is needed, too late to be seen

_MEGABYTES = 4096
_SECONDS_FOR_ONE_INPUT = 20
_LONGEST_INPUT = 2048


def main(name: str, seconds: str, corpus: str | None = None) -> None:
    """Try a target for some seconds."""
    folder = Path(corpus or tempfile.mkdtemp(prefix="corpus-"))
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.SEEDS[name]):
        (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup(
        [
            sys.argv[0], str(folder), f"-max_total_time={seconds}", f"-max_len={_LONGEST_INPUT}",
            f"-rss_limit_mb={_MEGABYTES}", f"-timeout={_SECONDS_FOR_ONE_INPUT}",
            f"-artifact_prefix={folder}/", "-print_final_stats=1", "-verbosity=1",
        ],
        targets.TARGETS[name],
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
