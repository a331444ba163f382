"""The server: what it announces, who needs a token, and how it ends."""

import signal
import subprocess
import sys

import httpx
import pytest

from sklearn_irx import save, serve
from sklearn_irx.workbench import _serve


@pytest.fixture
def announced(monkeypatch):
    """Announce and do not run."""
    monkeypatch.setattr(_serve, "run", lambda app, listening: None)
    lines = []

    def announce(*arguments, **options):
        lines.clear()
        serve(*arguments, **{"port": 0, "tell": lines.append, **options})
        return lines

    return announce


def test_this_machine_needs_no_token(announced, fitted):
    link, who, how, last = announced(fitted)
    assert link.startswith("Open http://127.0.0.1:")
    assert link.endswith("/")
    assert link.count("/") == 3
    assert "Only this machine can connect" in who
    assert "Ctrl-C" in how
    assert last == "Stopped."


def test_others_get_a_token_of_their_own_each_time(announced, fitted):
    links = {announced(fitted, host="0.0.0.0")[0] for _ in range(2)}
    assert len(links) == 2
    for link in links:
        assert len(link.split("/")[3]) >= 32
    assert "put a TLS proxy in front" in announced(fitted, host="0.0.0.0")[1]


def test_a_token_that_is_given_is_used(announced, fitted):
    assert announced(fitted, token="hotels-2026")[0].endswith("/hotels-2026/")


@pytest.mark.parametrize("token", ["", "short", "a/b/c/d/e/f", "ä" * 20, "x" * 201])
def test_other_tokens_are_refused(announced, fitted, token):
    with pytest.raises(ValueError, match="give 8 to 200 letters"):
        announced(fitted, token=token)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"texts": "one text"}, TypeError, "texts"),
        ({"texts": [1]}, TypeError, "texts"),
        ({"port": 70_000}, ValueError, "port=70000"),
    ],
)
def test_bad_arguments_are_refused(announced, fitted, arguments, error, said):
    with pytest.raises(error, match=said):
        announced(fitted, **arguments)


def test_it_stops_at_ctrl_c_and_logs_no_text(pair, tmp_path):
    save(pair, tmp_path / "pair")
    program = "from sklearn_irx.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", str(tmp_path / "pair"), "--port", "0"]
    options = ["--token", "a-secret-token"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        link = process.stdout.readline().split()[1]
        while "Ctrl-C" not in process.stdout.readline():
            pass
        assert httpx.get(link).status_code == 200
        answer = httpx.post(f"{link}answer", json={"text": "secret ants"})
        assert answer.json()["decision"]["case"]
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 0
    assert rest == "Stopped.\n"
