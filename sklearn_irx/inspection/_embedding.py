"""Documents as data within a page, for its script to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.inspection._documents import ExplainedDocument
from sklearn_irx.inspection._pieces import one_line, read_end
from sklearn_irx.text import harmless

if TYPE_CHECKING:
    from markupsafe import Markup

_SCALE = 10_000

_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they come."""

    def __missing__(self, text: str) -> int:
        self[text] = len(self)
        return self[text]


def embedded(documents: Sequence[ExplainedDocument]) -> dict[str, Any]:
    """Give documents as plain data, small, since there may be many.

    Returns
    -------
    data : dict
        ``labels``, ``members``, ``cases`` and ``stories`` are lists of strings; ``documents`` has a
        list for each document: name, text as far as it was read, number of characters that were
        not, true label or -1, label, confidence, case or -1, story, member kept, and readings.
        A reading is a list, too: label, confidence, words read, words selected, starts and ends
        of selected spans in code points of the text, one after the other, and what others said:
        reader, label and confidence or null, one after the other. Labels, members, cases and
        stories are places in their lists; confidences are in ten-thousandths.
    """
    labels, cases, stories = _Numbers(), _Numbers(), _Numbers()
    members = list(documents[0].members or {})
    places = {name: number for number, name in enumerate(members)}
    rows = []
    for document in documents:
        rationale = document.rationale
        case = -1 if rationale.case is None else cases[one_line(rationale.case)]
        # All members split the text alike, and read it equally far.
        text, unread, moved = _shown(rationale)
        readings = []
        for owner, one in (document.members or {"": rationale}).items():
            spans: list[int] = []
            for start, end in one.selected_spans:
                spans += (start, end) if moved is None else (moved[start], moved[end])
            heard: list[int | None] = []
            for (reader, of), said in (document.heard or {}).items():
                if of == owner:
                    sure = None if said.confidence != said.confidence else _scaled(said.confidence)
                    heard += (places[reader], labels[one_line(said.label)], sure)
            readings.append(
                [
                    labels[one_line(one.label)], _scaled(one.confidence), len(one.mask),
                    int(one.mask.sum()), spans, heard,
                ]
            )  # fmt: skip
        rows.append(
            [
                document.name, text, unread,
                labels[one_line(document.y_true)] if document.judged else -1,
                labels[one_line(rationale.label)], _scaled(rationale.confidence), case,
                stories[document.story], places.get(document.chosen or "", 0), readings,
            ]
        )  # fmt: skip
    return {
        "labels": list(labels),
        "members": [one_line(name) for name in members],
        "cases": list(cases),
        "stories": list(stories),
        "documents": rows,
    }


def as_script(data: Any) -> Markup:
    r"""Give data as JSON that can stand within ``<script>``: nothing in it can end the element.

    Examples
    --------
    >>> from sklearn_irx.inspection._embedding import as_script
    >>> print(as_script(["</script>"]))
    ["\u003c/script\u003e"]
    """
    from markupsafe import Markup

    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # These characters stand in strings only, where JSON takes them escaped as well.
    return Markup(text.translate(_ESCAPED))


def _scaled(confidence: float) -> int:
    """Give ten-thousandths; all of them only for exactly 1."""
    return _SCALE if confidence >= 1 else min(_SCALE - 1, round(_SCALE * float(confidence)))


def _shown(rationale: Rationale) -> tuple[str, int, list[int] | None]:
    """Give the text as far as it was read, harmless, how much more there is, and what has moved.

    The last is, for each place in the original text, the place in the text shown; None if they are
    the same.
    """
    end, unread = read_end(rationale)
    text = rationale.text[:end]
    shown = harmless(text)
    if len(shown) == len(text):
        return shown, unread, None
    kept = (
        int(not (char == "\r" and text[place + 1 : place + 2] == "\n") and harmless(char) != "")
        for place, char in enumerate(text)
    )
    return shown, unread, list(accumulate(kept, initial=0))
