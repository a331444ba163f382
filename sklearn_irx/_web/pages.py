"""Templates, static files, bodies of requests, and security headers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy of pages that load nothing but their own files."""

_HERE = "sklearn_irx._web"
_ICON = "icon.svg"
_PRIVATE = (b"cache-control", b"no-store")
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Guard:
    """Add the security headers to every response.

    The Host header is not checked. After DNS rebinding, a foreign page can send requests: so the
    application must ask for a token in every address, or check the header itself.

    Parameters
    ----------
    app : ASGI application
        The application.
    policy : str, default=POLICY
        The content security policy.
    """

    def __init__(self, app: ASGIApp, policy: str = POLICY) -> None:
        self._app = app
        self._headers = {
            b"content-security-policy": policy.encode(),
            b"referrer-policy": b"no-referrer",
            b"x-content-type-options": b"nosniff",
            b"x-robots-tag": b"noindex, nofollow",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with the headers added."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                headers.extend(self._headers.items())
                if not any(name == _PRIVATE[0] for name, _ in headers):
                    headers.append(_PRIVATE)
            await send(message)

        await self._app(scope, receive, send_guarded)


class StaticFiles:
    """The files of the folder ``static`` of a package, under addresses that browsers may cache.

    The icon, ``icon.svg``, is the same for all packages.

    Parameters
    ----------
    package : str
        The package.
    names : tuple of str
        The files that are served, and no others.
    before : dict of str to str or None, default=None
        By the name of a file, what is put before its content.
    """

    def __init__(
        self, package: str, names: tuple[str, ...], before: Mapping[str, str] | None = None
    ) -> None:
        self._package = package
        self._names = names
        self._before = before or {}

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        places = {_ICON: _HERE, **dict.fromkeys(self._names, self._package)}
        contents = {
            name: files(package).joinpath("static", name).read_bytes()
            for name, package in places.items()
        }
        for name, text in self._before.items():
            contents[name] = f"{text}\n".encode() + contents[name]
        return contents

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """The address of each file: with a hash, so that it is cached until its content changes."""
        return {
            name: f"/static/{name}?{hashlib.sha256(content).hexdigest()[:12]}"
            for name, content in self._contents.items()
        }

    async def respond(self, request: Request) -> Response:
        """Return the file that the path parameter ``name`` asks for."""
        name = request.path_params["name"]
        if name not in self._contents:
            raise HTTPException(404)
        return Response(
            self._contents[name],
            media_type=_TYPES[name.rpartition(".")[2]],
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )


def make_environment(package: str, static: StaticFiles) -> Environment:
    """Create an environment for the folder ``templates`` of a package, every text escaped.

    Templates find the addresses of static files in ``static``.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # it would check the templates on the disk for every page
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static.addresses
    return environment


async def read_body(request: Request, kind: str, most: int) -> bytes:
    """Read a body of a content type and of at most so many bytes; HTTPException for others.

    Raises ``ClientDisconnect`` if the rest never comes.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise HTTPException(415)
    body = b""
    # Counted on arrival: the length in the header may be wrong or missing.
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, headers={"Connection": "close"})
    return body
