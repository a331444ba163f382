"""The command and its server: what it says, what it keeps, and how it ends."""

import asyncio
import re
import signal
import socket
import subprocess
import sys

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from sklearn_irx.cli.app import app
from sklearn_irx.study import Study, serve


@pytest.fixture
def cli():
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def path(new_study, tmp_path):
    path = tmp_path / "study.db"
    new_study(path).close()
    return path


class Crowd:
    """Annotators who all answer as fast as they can; keeps what was acknowledged."""

    def __init__(self, links):
        self.links = links
        self.acknowledged = {name: [] for name in links}

    @property
    def n_acknowledged(self):
        return sum(map(len, self.acknowledged.values()))

    async def answer_all(self):
        await asyncio.gather(*(self._answer(name, link) for name, link in self.links.items()))

    async def _answer(self, name, link):
        rng = np.random.RandomState(len(name))
        try:
            async with httpx.AsyncClient(timeout=60, base_url=link.partition("/a/")[0]) as client:
                page = await client.get(f"{link}/1")
                while True:
                    form = re.search(r'name="form" value="([^"]+)"', page.text)[1]
                    label, confidence = int(rng.randint(4)), int(rng.randint(4))
                    data = {"form": form, "label": label, "confidence": confidence}
                    position = int(page.url.path.rpartition("/")[2])
                    stored = await client.post(page.url.path, data=data)
                    assert stored.status_code == 303
                    self.acknowledged[name].append((position, label, confidence))
                    if "/done" in stored.headers["location"]:
                        return
                    page = await client.get(f"{link}/{position + 1}")
        except httpx.TransportError:
            return  # the server has gone


def stored_in(path):
    with Study(path) as study:
        return {
            person.name: {
                page.position: (page.label, page.confidence)
                for page in study.pages(person.id)
                if page.answered
            }
            for person in study.annotators
        }


@pytest.fixture
def crowded(new_study, tmp_path):
    path = tmp_path / "study.db"
    new_study(path, people=[f"p{number}" for number in range(40)], n_documents=10).close()
    return path


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_server_that_ends_amid_answers_has_lost_none_that_it_acknowledged(crowded, served, sign):
    with served(crowded) as running:
        crowd = Crowd(running.links)

        async def run():
            answering = asyncio.create_task(crowd.answer_all())
            while crowd.n_acknowledged < 250:
                await asyncio.sleep(0.002)
            running.process.send_signal(sign)
            await answering

        asyncio.run(run())
        last_words = running.process.stdout.read()
        code = running.process.wait(timeout=30)
    stored = stored_in(crowded)
    n_stored = sum(map(len, stored.values()))
    assert 250 <= crowd.n_acknowledged <= n_stored <= crowd.n_acknowledged + 40
    for name, answers in crowd.acknowledged.items():
        # All that was acknowledged, and at most the one that was on its way.
        assert {position: stored[name][position] for position, *_ in answers} == {
            position: (label, confidence) for position, label, confidence in answers
        }
        assert len(stored[name]) <= len(answers) + 1
    if sign == signal.SIGINT:
        assert code == 0
        assert f"Stopped. {n_stored:,} answers of 40 annotators are stored" in last_words
        assert n_stored == crowd.n_acknowledged  # those on their way were waited for
    if sign == signal.SIGKILL:
        # Another server goes on where this one was.
        with served(crowded) as running:
            again = Crowd({name: link for name, link in running.links.items() if name == "p0"})
            page = httpx.get(again.links["p0"], follow_redirects=True)
            assert page.url.path.endswith(f"/{len(stored['p0']) + 1}")


def test_all_at_once_are_served(new_study, served, tmp_path):
    """Forty who wait for nothing; benchmarks/study_load.py measures two hundred."""
    path = tmp_path / "study.db"
    new_study(path, people=[f"p{number}" for number in range(40)]).close()
    with served(path) as running:
        crowd = Crowd(running.links)
        asyncio.run(asyncio.wait_for(crowd.answer_all(), timeout=60))
        page = httpx.get(running.organiser)
    assert crowd.n_acknowledged == 40 * 11
    assert stored_in(path) == {
        name: {position: (label, confidence) for position, label, confidence in answers}
        for name, answers in crowd.acknowledged.items()
    }
    assert "360 of 360 answers" in page.text


def test_broken_requests_get_short_answers(path, served):
    with served(path) as running:
        port = int(running.url.rpartition(":")[2])
        home = running.links["Ada"].partition(running.url)[2]
        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        post = f"POST {home}/1 HTTP/1.1\r\nHost: x\r\n{form}"
        for request, code in (
            (f"GET {home} HTTP/1.1\r\nHost: evil.example.org\r\n\r\n", b"303"),
            (f"{post}Content-Length: 9999999\r\n\r\n" + "x" * 100_000, b"413"),
            (f"{post}Transfer-Encoding: chunked\r\n\r\n" + f"800\r\n{'x' * 2048}\r\n" * 50, b"413"),
            (f"{post}Content-Length: -1\r\n\r\n", b"400"),
            (f"{post}Content-Length: 3\r\nContent-Length: 9\r\n\r\nabcdefghi", b"400"),
            ("nonsense\r\n\r\n", b"400"),
            (f"GET /{'a' * 200_000} HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
            (f"GET {home} HTTP/1.1\r\nHost: x\r\nX: {'a' * 200_000}\r\n\r\n", b"400"),
            (f"GET {home}/\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.settimeout(20)
                try:
                    connection.sendall(request.encode("latin1"))
                    answer = connection.recv(4096)
                except (BrokenPipeError, ConnectionResetError):
                    continue  # it did not even listen to the end
                assert answer.split(b" ")[1] == code, (request[:60], answer[:200])
                assert b"server:" not in answer.lower()
                assert b"Traceback" not in answer
        # One that goes away in the middle of a form is nobody's error.
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"{post}Content-Length: 100\r\n\r\nform=".encode())
        page = httpx.get(running.links["Ada"], follow_redirects=True)
        assert page.status_code == 200
        assert "server" not in page.headers
        running.process.send_signal(signal.SIGINT)
        text = running.process.stdout.read()
        assert "Traceback" not in text
        token = home.rpartition("/")[2]
        assert token not in text  # there is no log of requests
    assert sum(map(len, stored_in(path).values())) == 0


@pytest.mark.parametrize(
    ("options", "said", "url"),
    [
        ({}, "Only this machine can connect.", r"http://127\.0\.0\.1:\d+"),
        ({"host": "localhost"}, "Only this machine can connect.", r"http://localhost:\d+"),
        ({"host": "0.0.0.0"}, "nothing is encrypted", rf"http://{socket.gethostname()}:\d+"),
        ({"url": "https://study.example.org/"}, "Only this", r"https://study\.example\.org"),
    ],
)
def test_it_says_who_can_reach_it(path, monkeypatch, options, said, url):
    lines = []
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: None)
    with Study(path) as study:
        serve(study, port=0, tell=lines.append, **options)
        tokens = [person.token for person in study.annotators]
        organiser = study.settings["organiser_token"]
    text = "\n".join(lines)
    assert said in text
    found = re.findall(rf"^  (Ada|Bo|Cleo) +{url}/a/(\S+)$", text, re.MULTILINE)
    assert found == list(zip(["Ada", "Bo", "Cleo"], tokens, strict=True))
    assert re.search(rf"{url}/o/{organiser}$", text, re.MULTILINE)
    assert lines[-1] == f"Stopped. 0 answers of 0 annotators are stored in {path}."


def test_a_port_in_use_is_one_sentence(path, cli):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = cli("study", "serve", path, "--port", port)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in result.stderr
    assert "give another port" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "no.such.host.invalid"], "cannot listen on no.such.host.invalid port 8000"),
        (["--url", "study.example.org"], "url='study.example.org': give a scheme and a host"),
        (["--url", "https://example.org/study"], "without a path"),
        (["--url", "javascript:alert(1)"], "give a scheme and a host"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(path, cli, options, said):
    result = cli("study", "serve", path, *options)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["serve", "links"])
def test_what_is_no_study_is_one_sentence(tmp_path, cli, command):
    (tmp_path / "other.db").write_text("nothing of the kind, but long enough to be looked at" * 9)
    for name, said in (("missing.db", "there is no file"), ("other.db", "is no study")):
        result = cli("study", command, tmp_path / name)
        assert result.exit_code == 1
        assert said in result.stderr


def test_links_are_shown_and_annotators_added(path, cli):
    before = cli("study", "links", path).stdout
    assert re.findall(r"^(\S+) +http://127\.0\.0\.1:8000/[ao]/\S{32}$", before, re.MULTILINE) == [
        "Ada", "Bo", "Cleo", "Organiser",
    ]  # fmt: skip
    options = ["--add", "Dee", "--add", "Eli", "--url", "https://study.example.org"]
    after = cli("study", "links", path, *options).stdout
    assert re.findall(r"^(\S+) +https://study\.example\.org/a/\S{32}$", after, re.MULTILINE) == [
        "Ada", "Bo", "Cleo", "Dee", "Eli",
    ]  # fmt: skip
    assert set(re.findall(r"/a/(\S+)", before)) < set(re.findall(r"/a/(\S+)", after))
    again = cli("study", "links", path, "--add", "Dee")
    assert again.exit_code == 1
    assert "taken" in again.stderr


def test_annotators_can_be_added_while_it_is_served(path, served, cli):
    with served(path) as running:
        added = cli("study", "links", path, "--add", "Dee", "--url", running.url).stdout
        link = re.search(r"^Dee +(\S+)$", added, re.MULTILINE)[1]
        assert httpx.get(link, follow_redirects=True).status_code == 200


def test_without_the_extra_one_sentence_says_what_to_install(path, cli, monkeypatch):
    for module in list(sys.modules):
        if module.startswith(("uvicorn", "sklearn_irx.study.web._app")):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = cli("study", "serve", path)
    assert result.exit_code == 1
    assert 'pip install "sklearn-irx[study]"' in result.stderr
    with Study(path) as study, pytest.raises(ImportError, match="serving a study needs uvicorn"):
        serve(study)


def test_a_port_that_is_none(path):
    with Study(path) as study, pytest.raises(ValueError, match=r"port=70000: give a number"):
        serve(study, port=70_000)


def test_help_needs_none_of_it():
    program = (
        "import sys; sys.argv = ['sklearn-irx', 'study', '--help']\n"
        "from sklearn_irx.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(sorted({'torch', 'starlette', 'uvicorn'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert " serve " in result.stdout
    assert " links " in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"
