"""The application: who is let in, what is refused, and that nothing leaves it unescaped."""

import json
import re

import pytest
from starlette.testclient import TestClient

from sklearn_irx.datasets import read_doccano, read_label_studio
from sklearn_irx.workbench._app import make_app
from sklearn_irx.workbench._bench import Workbench
from sklearn_irx.workbench._questions import MAX_CHARACTERS, Question
from tests.workbench.conftest import HOSTILE

TEXT = "There were ants in the porridge, and sirens all night."
TOKEN = "a-secret-of-this-test"


@pytest.fixture(scope="module")
def bench(pair):
    return Workbench(pair)


@pytest.fixture
def client(bench, reviews):
    app = make_app(bench, reviews[0][:30], token=None, title="Hotels")
    return TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


@pytest.fixture
def open_client(bench):
    app = make_app(bench, [], token=TOKEN, title="Hotels")
    return TestClient(app, base_url="https://bench.example.org", raise_server_exceptions=False)


def test_the_page_loads_its_own_files_alone(client):
    page = client.get("/")
    assert page.status_code == 200
    assert "<h1>Hotels</h1>" in page.text
    assert "Choose one of 30 texts" in page.text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 5
    for address in addresses:
        found = client.get(address)
        assert found.status_code == 200
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<script(?! src=)|<style| on\w+=| style=", page.text)


def test_answers_are_those_of_the_bench(client, bench):
    question = {
        "text": TEXT, "edits": {"0": [2, 5]}, "target": 1,
        "person": {"words": [2], "label": 1, "probability": 0.8},
    }  # fmt: skip
    answer = client.post("/answer", json=question)
    assert answer.status_code == 200
    assert answer.json() == bench.ask(Question.from_json(question)).shown()
    assert len(answer.json()["participants"]) == 3


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"{", 400, "load the page again"),
        (b"\xff", 400, "load the page again"),
        (b"[" * 100_000, 400, "load the page again"),
        (b"{}", 422, "text is missing"),
        (b'{"text": "ants", "edits": {"0": [7]}}', 422, "there is no word 7"),
        (b'{"text": "ants", "target": 9}', 422, "there is no class 9"),
        (json.dumps({"text": "a" * (MAX_CHARACTERS + 1)}).encode(), 413, "shorten it"),
        (b" " * 2_000_000, 413, "too long"),
    ],
)
def test_bad_questions_are_explained(client, content, status, said):
    for path in ("/answer", "/export"):
        found = client.post(path, content=content, headers={"content-type": "application/json"})
        assert found.status_code == status
        assert said in found.json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_forms_of_other_pages_are_refused(client, kind):
    headers = {"content-type": kind} if kind else {}
    found = client.post("/answer", content=b'{"text": "ants"}', headers=headers)
    assert found.status_code == 415


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example.org"}, {"host": "127.0.0.1.evil.example.org"}, {"host": ""},
        {"host": "[::1"}, {"host": "10.0.0.1:8000"},
    ],
)  # fmt: skip
def test_other_hosts_are_refused(client, headers):
    for answer in (
        client.get("/", headers=headers),
        client.get("/texts/0", headers=headers),
        client.post("/answer", json={"text": "ants"}, headers=headers),
    ):
        assert answer.status_code == 403
        assert "ants" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost:8000", "[::1]:8000", "LOCALHOST"])
def test_this_machine_has_several_names(client, host):
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.org"}, {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"}, {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)  # fmt: skip
def test_other_origins_cannot_ask(client, headers):
    assert client.post("/answer", json={"text": "ants"}, headers=headers).status_code == 403


def test_the_page_itself_can_ask(client):
    headers = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client.post("/answer", json={"text": "ants"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/", "/wrong/", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", "/answer", "/texts", "/%C3%A4/", "//"],
)
def test_nothing_is_shown_without_the_token(open_client, path):
    for answer in (open_client.get(path), open_client.post(path, json={"text": "ants"})):
        assert answer.status_code == 404
        assert "Hotels" not in answer.text
        assert TOKEN not in answer.text


def test_the_token_opens_everything(open_client):
    assert open_client.get(f"/{TOKEN}", follow_redirects=False).headers["location"] == f"/{TOKEN}/"
    assert "Hotels" in open_client.get(f"/{TOKEN}/").text
    answer = open_client.post(f"/{TOKEN}/answer", json={"text": "ants"})
    assert answer.status_code == 200
    assert answer.json()["pieces"] == ["", "ants", ""]


def test_texts_are_found_page_by_page(client, reviews):
    texts = reviews[0][:30]
    first = client.get("/texts").json()
    assert first["total"] == 30
    assert [number for number, _ in first["lines"]] == list(range(8))
    last = client.get("/texts", params={"first": 24}).json()
    assert [number for number, _ in last["lines"]] == list(range(24, 30))
    word = texts[3].split()[2].upper()
    found = client.get("/texts", params={"search": word}).json()
    expected = [number for number, text in enumerate(texts) if word.lower() in text.lower()]
    assert found["total"] == len(expected)
    assert 3 in expected
    assert client.get("/texts/3").json() == {"text": texts[3]}
    assert client.get("/texts", params={"search": "zzz"}).json() == {"total": 0, "lines": []}
    for path in ("/texts/30", "/texts/-1", "/texts/x"):
        assert client.get(path).status_code == 404
    assert client.get("/texts?first=x").status_code == 400


@pytest.mark.parametrize("path", ["/x", "/static/x", "/static/..%2f_app.py", "/answer/x"])
def test_nothing_else_is_there(client, path):
    found = client.get(path)
    assert found.status_code == 404
    assert "opens nothing" in found.text


def test_methods_are_checked(client):
    assert client.get("/answer").status_code == 405
    assert client.post("/texts", json={}).status_code == 405


QUESTION = {
    "text": "Ants \U0001f41c in the porridge, and sirens.",
    "person": {"words": [0, 3, 4], "label": 1, "probability": 0.8},
}


def test_everything_shown_is_exported(client):
    found = client.post("/export", json={**QUESTION, "format": "json"})
    assert found.headers["content-disposition"] == 'attachment; filename="answer.json"'
    values = found.json()
    shown = client.post("/answer", json=QUESTION).json()
    assert values["participants"] == shown["participants"]
    assert values["decision"] == shown["decision"]
    assert values["text"] == QUESTION["text"]
    start, end = values["spans"][3]
    assert values["text"][start:end].lower() == values["tokens"][3]


def test_pre_annotations_are_read_back(client, tmp_path):
    path = tmp_path / "file"

    def exported(kind):
        found = client.post("/export", json={**QUESTION, "format": kind, "of": 2})
        assert found.status_code == 200
        return found

    # What a model predicted is a suggestion: it counts when somebody has confirmed it.
    (task,) = exported("label_studio").json()
    task["annotations"] = task.pop("predictions")
    path.write_text(json.dumps([task]), encoding="utf-8")
    for_label_studio = read_label_studio(path)
    path.write_bytes(exported("doccano").content)
    for marked in (for_label_studio, read_doccano(path)):
        (text,), (spans,) = marked.texts, marked.spans
        assert text == QUESTION["text"]
        assert [text[start:end] for start, end in spans] == ["Ants", "the porridge"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": "xml"}, "give one of json"),
        ({"format": "doccano", "of": 9}, "number of a participant"),
        ({"format": "doccano", "of": True}, "number of a participant"),
        ({"format": "doccano", "text": "", "person": None}, "doccano refuses"),
    ],
)
def test_files_that_cannot_be_made(client, fields, said):
    found = client.post("/export", json={**QUESTION, **fields})
    assert found.status_code == 422
    assert said in found.json()["error"]


def test_what_is_kept_is_exported_by_default(client):
    decision = client.post("/answer", json=QUESTION).json()["decision"]
    line = client.post("/export", json={**QUESTION, "format": "doccano"}).json()
    assert line["cats"] == [decision["label"]]
    assert line["confidence"] == max(decision["probabilities"])


def test_a_model_that_fails_says_so_and_nothing_more(pair, caplog):
    class Failing(Workbench):
        def ask(self, question):
            raise RuntimeError("the secret of the inside")

    app = make_app(Failing(pair), [], token=None, title="")
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    found = client.post("/answer", json={"text": "ants"})
    assert found.status_code == 500
    assert "could not answer" in found.json()["error"]
    assert "secret" not in found.text
    assert "the secret of the inside" in caplog.text  # for whoever runs it


def test_attacks_stay_text(hostile):
    app = make_app(Workbench(hostile), HOSTILE, token=None, title=HOSTILE[0])
    client = TestClient(app, base_url="http://127.0.0.1")
    page = client.get("/").text
    for attack in HOSTILE:
        assert attack not in page
    assert "<img" not in page
    assert page.count("<script") == 3
    for attack in HOSTILE:
        found = client.post("/answer", json={"text": attack})
        assert found.headers["content-type"] == "application/json"
        assert "".join(found.json()["pieces"]) == attack
