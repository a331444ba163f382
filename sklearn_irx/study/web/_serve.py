"""Server of a study, and its personal links."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from sklearn_irx._web.server import address_of, is_loopback, listen, needing, run
from sklearn_irx.study._store import Study


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
    with needing("study", "serving a study"):
        import jinja2  # noqa: F401
        import uvicorn  # noqa: F401

        from sklearn_irx.study.web._app import make_app
    if url is not None:
        links_of(study, url)  # refuses an invalid one before anything is opened
    app = make_app(study)
    with listen(host, port) as listening:
        for line in _announcement(study, host=host, port=listening.getsockname()[1], url=url):
            tell(line)
        run(app, listening)
    answers = study.answers()
    given = answers[answers["answered"]]
    tell(
        f"Stopped. {_count(len(given), 'answer')} of "
        f"{_count(given['annotator'].nunique(), 'annotator')} are stored in {study.path}."
    )


def _announcement(study: Study, *, host: str, port: int, url: str | None) -> list[str]:
    """Return the lines that show the links and who can use them."""
    url = address_of(host, port) if url is None else url
    links = links_of(study, url)
    width = max(map(len, links), default=0)
    lines = [f"Serving {study.path} at {host} port {port}. Personal links:", ""]
    lines += [f"  {name:{width}}  {link}" for name, link in links.items() if name]
    if len(links) == 1:
        lines.append("  (no annotators yet: add some)")
    lines += ["", f"The organiser's page: {links['']}", ""]
    if is_loopback(host):
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


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
