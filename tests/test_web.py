"""What the servers of studies and of the workbench share, by itself."""

import socket

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sklearn_irx._web.pages import Guard, StaticFiles, make_environment, read_body
from sklearn_irx._web.server import address_of, is_loopback, listen, needing


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("localhost", True),
        ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("localhost.example", False),
    ],
)  # fmt: skip
def test_what_only_this_machine_reaches(host, only_here):
    assert is_loopback(host) is only_here


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"),
        ("0.0.0.0", f"http://{socket.gethostname()}:80"),
    ],
)  # fmt: skip
def test_addresses_that_others_use(host, address):
    assert address_of(host, 80) == address


def test_a_port_that_is_taken_is_named():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} .*give another port"):
            listen("127.0.0.1", port)
    with pytest.raises(ValueError, match="port=-1"):
        listen("127.0.0.1", -1)


def test_what_is_missing_is_named_with_its_extra():
    with (
        pytest.raises(ImportError, match=r'flying needs wings, .*"sklearn-irx\[air\]"'),
        needing("air", "flying"),
    ):
        raise ImportError("no wings", name="wings")


@pytest.fixture
def client():
    files = StaticFiles("sklearn_irx.workbench", ("workbench.css",), {"workbench.css": "/*1*/"})

    async def body(request):
        return JSONResponse(len(await read_body(request, "text/plain", 10)))

    routes = [Route("/static/{name}", files.respond), Route("/", body, methods=["POST"])]
    client = TestClient(Guard(Starlette(routes=routes), "default-src 'none'"))
    client.files = files
    return client


def test_static_files_have_a_new_address_when_they_change(client):
    address = client.files.addresses["workbench.css"]
    found = client.get(address)
    assert found.text.startswith("/*1*/\n")
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert found.headers["content-security-policy"] == "default-src 'none'"
    other = StaticFiles("sklearn_irx.workbench", ("workbench.css",), {"workbench.css": "/*2*/"})
    assert other.addresses["workbench.css"] != address
    assert client.get(client.files.addresses["icon.svg"]).headers["content-type"] == "image/svg+xml"
    assert client.get("/static/words.js").status_code == 404  # is there, but was not named


def test_bodies_have_a_type_and_a_limit(client):
    plain = {"content-type": "text/plain; charset=utf-8"}
    found = client.post("/", content=b"x" * 10, headers=plain)
    assert found.json() == 10
    assert found.headers["cache-control"] == "no-store"
    assert client.post("/", content=b"x" * 11, headers=plain).status_code == 413
    assert client.post("/", content=iter([b"x" * 6] * 2), headers=plain).status_code == 413
    assert client.post("/", json={}).status_code == 415


def test_templates_escape_and_miss_nothing(client):
    environment = make_environment("sklearn_irx.workbench", client.files)
    assert environment.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    with pytest.raises(Exception, match="'y' is undefined"):
        environment.from_string("{{ y }}").render()
