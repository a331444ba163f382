"""Server of the page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from sklearn_irx._validation import check_texts
from sklearn_irx._web.server import address_of, is_loopback, listen, needing, run

_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,200}")
_TITLE = "Join the exchange"


def serve(
    model: Any,
    texts: Iterable[str] | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    title: str | None = None,
    tell: Callable[[str], object] = print,
) -> None:
    """Serve a page on which people try a model, until it is interrupted (Ctrl-C).

    The page shows the rationale of each member in a text, what all others predict from it, and how
    the exchange settles. People change rationales word by word, ask for the case for a class, and
    take part with words and a class of their own: see the page on the workbench in the
    documentation. Nothing is stored, and no text is logged.

    Parameters
    ----------
    model : fitted classifier, ensemble or committee, or a pipeline that ends in one
        A :class:`SelectiveRationaleClassifier`, :class:`InteractiveEnsemble` or
        :class:`InteractiveCommittee`. Of a pipeline, the page shows the cleaned text.
    texts : iterable of str or None, default=None
        Texts to choose from, beside those that people type or paste.
    host : str, default="127.0.0.1"
        Address to listen on. By default no other machine can connect. "0.0.0.0" is every address of
        this machine: put a TLS proxy in front of it, because the traffic is not encrypted.
    port : int, default=8000
        Port to listen on; 0 takes a free one.
    token : str or None, default=None
        Secret part of the link, 8 to 200 letters, digits, hyphens and underscores. None makes one
        where other machines can connect, and needs none where they cannot.
    title : str or None, default=None
        Heading of the page.
    tell : callable, default=print
        Called with each line about the link.

    Raises
    ------
    ImportError
        If starlette, uvicorn or jinja2 is not installed.
    NotFittedError
        If the model is not fitted.
    OSError
        If it cannot listen there, for example because the port is taken.
    TypeError
        If the model shows no rationales, or `texts` are not texts.
    ValueError
        If `port` or `token` is invalid.

    Examples
    --------
    >>> import sklearn_irx
    >>> sklearn_irx.serve(sklearn_irx.load("model"), texts)  # doctest: +SKIP
    Open http://127.0.0.1:8000/
    """
    with needing("serve", "serving a model"):
        import jinja2  # noqa: F401
        import uvicorn  # noqa: F401

        from sklearn_irx.workbench._app import make_app
    from sklearn_irx.workbench._bench import Workbench

    if token is not None and not _TOKEN.fullmatch(token):
        raise ValueError(
            f"token={token!r}: give 8 to 200 letters, digits, hyphens and underscores, or None."
        )
    local = is_loopback(host)
    if token is None and not local:
        token = secrets.token_urlsafe(24)
    bench = Workbench(model)
    some = [] if texts is None else check_texts(texts, "texts")
    app = make_app(bench, some, token=token, title=_TITLE if title is None else title)
    with listen(host, port) as listening:
        address = address_of(host, listening.getsockname()[1])
        for line in _announcement(f"{address}/{f'{token}/' if token else ''}", local=local):
            tell(line)
        run(app, listening)
    tell("Stopped.")


def _announcement(link: str, *, local: bool) -> list[str]:
    """Return the lines that show the link and who can use it."""
    if local:
        who = (
            "Only this machine can connect. For others, run a TLS proxy on this machine and give a "
            "token, or listen on another host."
        )
    else:
        who = (
            "Everyone on the network who has the link can use it, and nothing is encrypted: put a "
            "TLS proxy in front of it."
        )
    return [f"Open {link}", who, "Nothing is stored. Stop with Ctrl-C."]
