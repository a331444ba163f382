"""Rendered templates, static files, and what is shown when something goes wrong."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sklearn_irx._web.pages import StaticFiles, make_environment
from sklearn_irx.inspection._templates import source_of

_HERE = "sklearn_irx.study.web"

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


@cache
def static_files() -> StaticFiles:
    """Return the static files of a study: its colours are those of the report."""
    names = ("study.css", "study.js")
    return StaticFiles(_HERE, names, {"study.css": source_of("document.css")})


@cache
def _environment() -> Environment:
    environment = make_environment(_HERE, static_files())
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(name: str) -> Markup:
    """Allow line breaks after punctuation in names as "comp.sys.mac.hardware"."""
    return Markup(re.sub(r"([._/-])", r"\1<wbr>", str(escape(name))))
