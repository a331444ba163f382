"""Server of a study, and its personal links."""

from __future__ import annotations

import gc
import ipaddress
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from sklearn_irx.study._store import Study

# Longer than reading a page takes: an open connection costs less than a new one for each page.
_SECONDS_KEPT_OPEN = 75
_SECONDS_TO_STOP = 10


def links_of(study: Study, url: str = "http://127.0.0.1:8000") -> dict[str, str]:
    """Return the links of a study.

    Parameters
    ----------
    study : Study
        The study.
    url : str, default="http://127.0.0.1:8000"
        Address of the server: a scheme, a host and optionally a port.

    Returns
    -------
    links : dict of str to str
        Personal links by the name of the annotator; last, under the empty name, the link of the
        organiser.

    Raises
    ------
    ValueError
        If `url` is invalid.
    """
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.netloc
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError(
            f"url={url!r}: give a scheme and a host, as in https://study.example.org, without a "
            "path."
        )
    base = f"{parts.scheme}://{parts.netloc}"
    links = {person.name: f"{base}/a/{person.token}" for person in study.annotators}
    return {**links, "": f"{base}/o/{study.settings['organiser_token']}"}


def serve(
    study: Study,
    host: str = "127.0.0.1",
    port: int = 8000,
    url: str | None = None,
    *,
    tell: Callable[[str], object] = print,
) -> None:
    """Serve a study from this machine until it is interrupted (Ctrl-C).

    Parameters
    ----------
    study : Study
        The study to serve.
    host : str, default="127.0.0.1"
        Address to listen on. By default no other machine can connect. "0.0.0.0" is every address of
        this machine: put a TLS proxy in front of it, because the traffic is not encrypted, and
        whoever has a link can answer in its owner's name.
    port : int, default=8000
        Port to listen on; 0 takes a free one.
    url : str or None, default=None
        Address that annotators use, as in "https://study.example.org": their links begin with it.
    tell : callable, default=print
        Called with each line about the links and the stored answers.

    Raises
    ------
    ImportError
        If starlette, uvicorn or jinja2 is not installed.
    OSError
        If it cannot listen there, for example because the port is taken.
    ValueError
        If `url` or `port` is invalid.
    """
    try:
        import jinja2  # noqa: F401
        import uvicorn

        from sklearn_irx.study.web._app import make_app
    except ImportError as error:
        raise ImportError(
            f"serving a study needs {error.name}, which an extra installs: "
            'pip install "sklearn-irx[study]"'
        ) from error
    if url is not None:
        links_of(study, url)  # refuses an invalid one before anything is opened
    app = make_app(study)
    with _listen(host, port) as listening:
        for line in _announcement(study, host=host, port=listening.getsockname()[1], url=url):
            tell(line)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,  # it would log tokens
            server_header=False,
            proxy_headers=False,
            # Faster parsers, if installed, keep headers of any length in memory.
            http="h11",
            ws="none",
            timeout_keep_alive=_SECONDS_KEPT_OPEN,
            timeout_graceful_shutdown=_SECONDS_TO_STOP,
        )
        with suppress(KeyboardInterrupt), _without_pauses():
            uvicorn.Server(config).run(sockets=[listening])
    answers = study.answers()
    given = answers[answers["answered"]]
    tell(
        f"Stopped. {_count(len(given), 'answer')} of "
        f"{_count(given['annotator'].nunique(), 'annotator')} are stored in {study.path}."
    )


@contextmanager
def _without_pauses() -> Iterator[None]:
    """Set thread switching and garbage collection so that many annotators wait less."""
    # The writing thread waits for the interpreter lock once per answer: by default 5 ms while the
    # other thread renders pages, and half a second for a hundred answers at once.
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0003)
    # Everything loaded so far stays, and a full collection of it takes a tenth of a second.
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ValueError(f"port={port}: give a number from 0 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host} port {port} ({error.strerror}): "
            "give another port or host, or stop the program that uses it."
        ) from error
    # Connections inherit it. Without it, the end of a page waits 40 ms for the browser to
    # acknowledge the beginning; asyncio sets it only on sockets that it creates.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    return listening


def _announcement(study: Study, *, host: str, port: int, url: str | None) -> list[str]:
    """Return the lines that show the links and who can use them."""
    local = _is_loopback(host)
    if url is None:
        name = host
        if host in ("0.0.0.0", "::"):
            name = socket.gethostname()
        url = f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
    links = links_of(study, url)
    width = max(map(len, links), default=0)
    lines = [f"Serving {study.path} at {host} port {port}. Personal links:", ""]
    lines += [f"  {name:{width}}  {link}" for name, link in links.items() if name]
    if len(links) == 1:
        lines.append("  (no annotators yet: add some)")
    lines += ["", f"The organiser's page: {links['']}", ""]
    if local:
        lines.append(
            "Only this machine can connect. For others, run a TLS proxy on this machine and give "
            "its address as url; or listen on another host."
        )
    else:
        lines.append(
            "Everyone on the network who has a link can use it, and nothing is encrypted: put a "
            "TLS proxy in front of it, and give its address as url."
        )
    lines.append("Whoever has a link can answer in its owner's name. Stop with Ctrl-C.")
    return lines


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
