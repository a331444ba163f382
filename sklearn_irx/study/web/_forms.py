"""What a page sends: who may send it, when it was made, and what was chosen."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_LONGEST_BODY = 2048
_MOST_FIELDS = 8
_UNREADABLE = "unreadable"


class Forms:
    """Marks the forms of a study, and knows them again.

    A mark belongs to one annotator and one page, holds the moment when it was made, and cannot be
    made by others. It does not expire: a page that was left open over night can be answered.

    Parameters
    ----------
    key : str
        The study's secret.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def mark(self, token: str, position: int) -> str:
        """Give a new mark for a page of the annotator of a token."""
        made = f"{time.time_ns() // 1_000_000}.{secrets.token_hex(12)}"
        return f"{made}.{self._sign(token, position, made)}"

    def seconds_since(self, mark: str, token: str, position: int) -> float | None:
        """Give the time since a mark was made; None if the clock was set back since.

        Raises
        ------
        ValueError
            If it is no mark of this page and this annotator.
        """
        made, _, signature = mark.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(token, position, made).encode()):
            raise ValueError("a form that was not made for this page.")
        seconds = time.time() - int(made.partition(".")[0]) / 1000
        return round(seconds, 3) if seconds >= 0 else None

    def _sign(self, token: str, position: int, made: str) -> str:
        return hmac.digest(self._key, f"{token}/{position}/{made}".encode(), "sha256").hex()


@dataclass(frozen=True)
class Choice:
    """What is chosen on a page.

    Attributes
    ----------
    label : int or None
        Position of the class.
    confidence : int or None
        From 0 to 3.
    unreadable : bool
        Whether nothing could be read; there is neither class nor confidence then.
    """

    label: int | None = None
    confidence: int | None = None
    unreadable: bool = False

    @property
    def complete(self) -> bool:
        """Whether it is an answer."""
        return self.unreadable or (self.label is not None and self.confidence is not None)


def read_choice(fields: dict[str, str], n_classes: int, n_confidences: int) -> Choice:
    """Read what was chosen.

    Raises
    ------
    ValueError
        If it is nothing that a page can send.
    """
    unreadable = fields.get("label") == _UNREADABLE
    label = None if unreadable else _number(fields.get("label"), n_classes)
    confidence = _number(fields.get("confidence"), n_confidences)
    return Choice(label, None if unreadable else confidence, unreadable)


def _number(text: str | None, end: int) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,6}", text) or int(text) >= end:
        raise ValueError(f"{text[:20]!r} is not below {end}.")
    return int(text)


async def read_fields(request: Request) -> dict[str, str]:
    """Read the fields of a form; what is too long, or no form, is refused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = b""
    try:
        # Counted as it comes: what the header says of its length may be wrong, or missing.
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_BODY:
                raise HTTPException(413, headers={"Connection": "close"})
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict",
            max_num_fields=_MOST_FIELDS,
        )  # fmt: skip
    except (ValueError, ClientDisconnect) as error:
        raise HTTPException(400) from error
    if len(dict(pairs)) < len(pairs):
        raise HTTPException(400)
    return dict(pairs)
