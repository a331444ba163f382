"""Rendered templates, static files and security headers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sklearn_irx.inspection._templates import source_of

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-robots-tag": b"noindex, nofollow",
}
_PRIVATE = (b"cache-control", b"no-store")
_KINDS = {"study.css": "text/css", "study.js": "text/javascript", "icon.svg": "image/svg+xml"}

_PROBLEMS = {
    400: (
        "This could not be stored",
        "What arrived is not what this page sends. Nothing of it was stored; all earlier answers "
        "are there. Open your personal link again and answer the page that it shows.",
    ),
    404: (
        "This link opens nothing",
        "Take your personal link whole, as it was sent to you: its end is easily lost. If that "
        "does not help, ask the person who sent it.",
    ),
    405: ("This cannot be done here", "Open your personal link again and go on from there."),
    413: (
        "This is too much",
        "More arrived than this page sends. Nothing of it was stored. Open your personal link "
        "again and answer the page that it shows.",
    ),
    500: (
        "Something went wrong here",
        "It is not your fault. Your last answer may not be stored: open your personal link again, "
        "which shows the first page without an answer. If this comes back, tell the person who "
        "sent you the link.",
    ),
}
_PROBLEMS[415] = _PROBLEMS[400]


class Problem(HTTPException):
    """An error with a link to the page that helps."""

    def __init__(self, status: int, way_out: str) -> None:
        super().__init__(status)
        self.way_out = way_out


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a template of the folder ``templates`` as a response."""
    return HTMLResponse(render(template, **values), status)


def render(template: str, **values: Any) -> Markup:
    """Render a template of the folder ``templates``, to send it or to put it into another."""
    return Markup(_environment().get_template(template).render(**values))


def go_to(path: str) -> RedirectResponse:
    """Redirect a browser to a page, by GET."""
    return RedirectResponse(path, 303)


def problem_page(_: Request, error: Exception) -> Response:
    """Show what went wrong and what to do, without internals."""
    status, headers = 500, None
    if isinstance(error, HTTPException):
        status, headers = error.status_code, error.headers
    title, advice = _PROBLEMS[status]
    way_out = getattr(error, "way_out", None)
    response = page("problem.html", status, title=title, advice=advice, way_out=way_out)
    response.headers.update(headers or {})
    return response


async def static_file(request: Request) -> Response:
    """Return a static file."""
    name = request.path_params["name"]
    if name not in _KINDS:
        raise HTTPException(404)
    return Response(
        _static(name),
        media_type=_KINDS[name],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


class Guard:
    """Add the security headers to every response.

    The Host header is not checked. After DNS rebinding, a foreign page can send requests, but every
    address needs a token, which it does not have.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with the headers added."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                headers.extend(_HEADERS.items())
                if not any(name == _PRIVATE[0] for name, _ in headers):
                    headers.append(_PRIVATE)
            await send(message)

        await self._app(scope, receive, send_guarded)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sklearn_irx.study.web"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # it would check the templates on the disk for every page
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    # A hash of the content in the address lets browsers cache a file until it changes.
    environment.globals["static"] = _addresses()
    return environment


def _breakable(name: str) -> Markup:
    """Allow line breaks after punctuation in names as "comp.sys.mac.hardware"."""
    return Markup(re.sub(r"([._/-])", r"\1<wbr>", str(escape(name))))


@cache
def _addresses() -> Mapping[str, str]:
    return {
        name: f"/static/{name}?{hashlib.sha256(_static(name)).hexdigest()[:12]}" for name in _KINDS
    }


@cache
def _static(name: str) -> bytes:
    content = files("sklearn_irx.study.web").joinpath("static", name).read_bytes()
    if name == "study.css":
        # The colours are those of the report.
        content = f"{source_of('document.css')}\n".encode() + content
    return content
