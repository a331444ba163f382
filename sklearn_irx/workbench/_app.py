"""The web application: a page, and what it asks."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sklearn_irx._web.pages import POLICY, Guard, StaticFiles, make_environment, read_body
from sklearn_irx._web.server import is_loopback
from sklearn_irx.inspection._templates import source_of
from sklearn_irx.text.harmless import harmless, one_line
from sklearn_irx.workbench._answers import Answer
from sklearn_irx.workbench._bench import Workbench
from sklearn_irx.workbench._exports import EXPORTS
from sklearn_irx.workbench._questions import MAX_CHARACTERS, Question, QuestionError, TooLongError
from sklearn_irx.workbench._texts import TextList

_HERE = "sklearn_irx.workbench"
_POLICY = f"{POLICY}; connect-src 'self'"
_MOST_BYTES = 16 * MAX_CHARACTERS  # JSON escapes a character in up to 12
_LINES_OF_LIST = 8

_PROBLEMS = {
    400: "What arrived is not what this page sends: load the page again.",
    403: "This page answers no other page: open the link that the server announced.",
    404: "This link opens nothing: take the link whole, as the server announced it.",
    405: "This cannot be done here: load the page again.",
    413: f"This is too long: at most {MAX_CHARACTERS:,} characters are answered.",
    415: "What arrived is not what this page sends: load the page again.",
    500: "The model could not answer this. Whoever runs the server can see why.",
}

_logger = logging.getLogger(__name__)


def make_app(bench: Workbench, texts: Sequence[str], *, token: str | None, title: str) -> ASGIApp:
    """Create the application that serves the page.

    Parameters
    ----------
    bench : Workbench
        Answers the questions.
    texts : sequence of str
        The texts to choose from.
    token : str or None
        Stands before every path. None asks for none; then the Host header must be this machine.
    title : str
        Heading of the page.
    """
    pages = _Pages(bench, TextList(texts), title)
    app = Starlette(
        routes=[
            Route("/", pages.page),
            Route("/answer", pages.answer, methods=["POST"]),
            Route("/export", pages.export, methods=["POST"]),
            Route("/texts", pages.texts),
            Route("/texts/{number:int}", pages.text),
            Route("/static/{name}", _static_files().respond),
        ],
        exception_handlers={HTTPException: _problem, Exception: _problem},
    )
    app.router.redirect_slashes = False
    return Guard(_Door(app, token), _POLICY)


class _Pages:
    def __init__(self, bench: Workbench, texts: TextList, title: str) -> None:
        self._bench = bench
        self._texts = texts
        self._title = one_line(title)
        # The models are asked by one thread, so a second one would only wait.
        self._models = ThreadPoolExecutor(max_workers=1, thread_name_prefix="models")

    async def page(self, _: Request) -> Response:
        """Return the page."""
        bench = self._bench
        about = {
            "classes": [one_line(name) for name in bench.classes.tolist()],
            "members": bench.names,
            "findsCases": bench.finds_cases,
            "linesOfList": _LINES_OF_LIST,
        }
        return _page(
            "workbench.html",
            title=self._title,
            about=json.dumps(about),
            n_texts=len(self._texts),
            is_ensemble=bench.is_ensemble,
            n_members=len(bench.names),
            classes=about["classes"],
            finds_cases=bench.finds_cases,
        )

    async def answer(self, request: Request) -> Response:
        """Answer a question about a text."""
        return await self._ask(request, lambda answer, _: JSONResponse(answer.shown()))

    async def export(self, request: Request) -> Response:
        """Return an answer as a file."""
        return await self._ask(request, _as_file)

    async def texts(self, request: Request) -> Response:
        """Search the texts, and return a page of what is found."""
        asked = request.query_params
        first = asked.get("first", "0")
        if not (first.isdecimal() and len(first) < 10):
            raise HTTPException(400)
        total, lines = await asyncio.to_thread(
            self._texts.find, asked.get("search", "")[:1000], first=int(first), n=_LINES_OF_LIST
        )
        return JSONResponse({"total": total, "lines": lines})

    async def text(self, request: Request) -> Response:
        """Return one of the texts."""
        number = request.path_params["number"]
        if number >= len(self._texts):
            raise HTTPException(404)
        return JSONResponse({"text": harmless(self._texts[number])})

    async def _ask(
        self, request: Request, tell: Callable[[Answer, dict[str, Any]], Response]
    ) -> Response:
        """Read a question, have it answered, and say what is wrong with it if it is."""
        try:
            body = await read_body(request, "application/json", _MOST_BYTES)
            fields = json.loads(body)
        except (ValueError, RecursionError, ClientDisconnect) as error:
            raise HTTPException(400) from error
        try:
            question = Question.from_json(fields)
            answer = await asyncio.get_running_loop().run_in_executor(
                self._models, self._bench.ask, question
            )
            return tell(answer, fields)
        except QuestionError as error:
            status = 413 if isinstance(error, TooLongError) else 422
            return JSONResponse({"error": str(error)}, status)
        except Exception:  # of any type: a pipeline runs the user's code
            _logger.exception("The model could not answer.")
            return JSONResponse({"error": _PROBLEMS[500]}, 500)


def _as_file(answer: Answer, fields: dict[str, Any]) -> Response:
    kind = fields.get("format")
    if kind not in EXPORTS:
        raise QuestionError(f"format={kind!r}: give one of {', '.join(EXPORTS)}.")
    name, write = EXPORTS[kind]
    try:
        content = write(answer, fields.get("of"))
    except QuestionError:
        raise
    except ValueError as error:  # what the format cannot hold
        raise QuestionError(str(error)) from error
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class _Door:
    """Let in whoever has the token; without one, the pages of this machine's own server.

    A foreign page in a browser can send requests to this machine. It cannot know the token. Where
    there is none, it is recognized by the Host header, also after DNS rebinding, and by the headers
    in which browsers tell where a request comes from.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, or refuse."""
        app: Callable[..., Awaitable[None]] = self._app
        if scope["type"] == "http" and not scope["path"].startswith("/static/"):
            if self._token is None:
                if not _is_own(scope["method"], Headers(scope=scope)):
                    app = _problem_page(403)
            else:
                given, slash, rest = scope["path"][1:].partition("/")
                if not hmac.compare_digest(given.encode(), self._token.encode()):
                    app = _problem_page(404)
                elif not slash:
                    app = RedirectResponse(f"/{self._token}/")
                else:
                    scope = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}
        await app(scope, receive, send)


def _is_own(method: str, headers: Headers) -> bool:
    """Return whether a request is for this machine, and of a page of its own if it asks models."""
    host = headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if name is None or not is_loopback(name):
        return False
    if method in ("GET", "HEAD"):
        return True
    origin = headers.get("origin")
    return headers.get("sec-fetch-site", "same-origin") == "same-origin" and (
        origin is None or urlsplit(origin).netloc == host
    )


def _problem(request: Request, error: Exception) -> Response:
    """Say what went wrong, without internals: as JSON to the page, else as a page."""
    status, headers = 500, None
    if isinstance(error, HTTPException):
        status, headers = error.status_code, error.headers
    if request.url.path in ("/", "") or request.url.path.startswith("/static/"):
        response = _problem_page(status)
    else:
        response = JSONResponse({"error": _PROBLEMS[status]}, status)
    response.headers.update(headers or {})
    return response


def _problem_page(status: int) -> Response:
    return _page("problem.html", status, said=_PROBLEMS[status])


def _page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(_environment().get_template(template).render(**values), status)


@cache
def _environment() -> Environment:
    return make_environment(_HERE, _static_files())


@cache
def _static_files() -> StaticFiles:
    """Return the static files; the colours are those of the report."""
    names = ("workbench.css", "words.js", "state.js", "workbench.js")
    return StaticFiles(_HERE, names, {"workbench.css": source_of("document.css")})
