"""Forms that a page sends: their signature, their age and the chosen answer."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from sklearn_irx._web.pages import read_body

_MAX_BODY_LENGTH = 2048
_MAX_FIELDS = 8
_UNREADABLE = "unreadable"


class Forms:
    """Sign the forms of a study with its secret `key`, and verify them.

    A mark is signed for one annotator and one page, and holds the time of its creation. It does
    not expire: a page that was left open overnight can be answered.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def mark(self, token: str, position: int) -> str:
        """Return a new mark for a page of the annotator with this token."""
        created = f"{time.time_ns() // 1_000_000}.{secrets.token_hex(12)}"
        return f"{created}.{self._sign(token, position, created)}"

    def seconds_since(self, mark: str, token: str, position: int) -> float | None:
        """Return the age of a mark in seconds; None if the clock was set back since.

        A mark that is not signed for this page and annotator raises ValueError.
        """
        created, _, signature = mark.rpartition(".")
        expected = self._sign(token, position, created)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise ValueError("the form does not belong to this page: open the page again.")
        seconds = time.time() - int(created.partition(".")[0]) / 1000
        return round(seconds, 3) if seconds >= 0 else None

    def _sign(self, token: str, position: int, created: str) -> str:
        return hmac.digest(self._key, f"{token}/{position}/{created}".encode(), "sha256").hex()


@dataclass(frozen=True)
class Choice:
    """The choice on a page: class and confidence, or nothing readable, which has neither."""

    label: int | None = None
    confidence: int | None = None
    unreadable: bool = False

    @property
    def complete(self) -> bool:
        """Whether the choice is a full answer."""
        return self.unreadable or (self.label is not None and self.confidence is not None)


def read_choice(fields: dict[str, str], n_classes: int, n_confidences: int) -> Choice:
    """Parse the choice; ValueError if no page can send these fields."""
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
    """Read the fields of a form; refuse other content and long bodies."""
    try:
        body = await read_body(request, "application/x-www-form-urlencoded", _MAX_BODY_LENGTH)
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict",
            max_num_fields=_MAX_FIELDS,
        )  # fmt: skip
    except (ValueError, ClientDisconnect) as error:
        raise HTTPException(400) from error
    if len(dict(pairs)) < len(pairs):
        raise HTTPException(400)
    return dict(pairs)
