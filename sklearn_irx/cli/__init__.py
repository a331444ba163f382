"""The command line: ``sklearn-irx``. Needs the extra ``sklearn-irx[cli]``."""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]

_NEEDED = ("typer", "rich", "jinja2", "pandas", "pyarrow", "safetensors")


def main() -> None:
    """Run the command line; exit with one sentence if what it needs is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        sys.exit(
            f"The command line needs {', '.join(missing)}, which the extra installs: "
            'pip install "sklearn-irx[cli]"'
        )
    from sklearn_irx.cli.app import app
    from sklearn_irx.cli.terminal import adapt_streams

    adapt_streams()
    app(prog_name="sklearn-irx")
