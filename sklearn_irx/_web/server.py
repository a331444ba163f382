"""A server on this machine: where it listens, and that it runs until it is interrupted."""

from __future__ import annotations

import gc
import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

# Longer than reading a page takes: an open connection costs less than a new one for each page.
_SECONDS_KEPT_OPEN = 75
_SECONDS_TO_STOP = 10


@contextmanager
def needing(extra: str, doing: str) -> Iterator[None]:
    """Say which extra installs what an import in this context does not find."""
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"{doing} needs {error.name}, which an extra installs: "
            f'pip install "sklearn-irx[{extra}]"'
        ) from error


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens.

    Raises
    ------
    OSError
        If it cannot listen there.
    ValueError
        If `port` is none.
    """
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


def run(app: Any, listening: socket.socket) -> None:
    """Serve an ASGI application on a socket until it is interrupted (Ctrl-C)."""
    import uvicorn

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


def address_of(host: str, port: int) -> str:
    """Return the address at which others find a server, ``http://127.0.0.1:8000`` for example."""
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def is_loopback(host: str) -> bool:
    """Return whether only this machine can connect to an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _without_pauses() -> Iterator[None]:
    """Set thread switching and garbage collection so that many people wait less."""
    # A thread that writes or computes waits for the interpreter lock: by default 5 ms while the
    # other thread renders pages, and half a second for a hundred requests at once.
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0003)
    # Everything loaded so far stays, and a full collection of it takes a tenth of a second.
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)
