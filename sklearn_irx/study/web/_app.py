"""The web application of a study."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from sklearn_irx._web.pages import Guard
from sklearn_irx.study._store import Study
from sklearn_irx.study.web._annotator import AnnotatorPages
from sklearn_irx.study.web._organiser import OrganiserPage
from sklearn_irx.study.web._pages import problem_page, static_files
from sklearn_irx.study.web._recorder import Recorder


def make_app(study: Study) -> ASGIApp:
    """Create the application that serves a study."""
    recorder = Recorder(study)
    annotator = AnnotatorPages(study, recorder)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await recorder.flush()

    app = Starlette(
        routes=[
            Route("/a/{token}", annotator.start),
            Route("/a/{token}/", annotator.start),
            Route("/a/{token}/instructions", annotator.instructions),
            Route("/a/{token}/done", annotator.done),
            Route("/a/{token}/{position}", annotator.item, methods=["GET"]),
            Route("/a/{token}/{position}", annotator.answer, methods=["POST"]),
            Route("/a/{token}/{position}/feedback", annotator.feedback),
            Route("/o/{token}", OrganiserPage(study).progress),
            Route("/static/{name}", static_files().respond),
        ],
        exception_handlers={HTTPException: problem_page, Exception: problem_page},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return Guard(app)
