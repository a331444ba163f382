"""Documents as data within a page, for its script to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.inspection._records import DocumentRecord
from sklearn_irx.text import harmless
from sklearn_irx.text.harmless import one_line

if TYPE_CHECKING:
    from markupsafe import Markup

_SCALE = 10_000

_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they come."""

    def __missing__(self, text: str) -> int:
        self[text] = len(self)
        return self[text]


def embedded(documents: Sequence[DocumentRecord]) -> dict[str, Any]:
    """Return documents as plain data, small, since there may be many.

    Returns
    -------
    data : dict
        ``labels``, ``members``, ``cases`` and ``explanations`` are lists of strings; ``documents``
        has a list for each document: name, text as far as it was read, number of characters that
        were not, true label or -1, label, confidence, case or -1, explanation, member kept, and
        rationales. A rationale is a list, too: label, confidence, words read, words selected,
        starts and ends of selected spans in code points of the text, one after the other,
        cross-predictions: reader, label and confidence, one after the other, and what is folded:
        start, end and number of words, one after the other. Labels, members,
        cases and explanations are positions in their lists; confidences are in ten-thousandths.
    """
    labels, cases, explanations = _Numbers(), _Numbers(), _Numbers()
    members = list(documents[0].members)
    places = {name: number for number, name in enumerate(members)}
    rows = []
    for document in documents:
        rationale = document.rationale
        case = -1 if rationale.case is None else cases[one_line(rationale.case)]
        # All members split the text alike, and read it equally far.
        text, unread, moved = _shown(rationale)
        rationales = []
        for owner, one in (document.members or {"": rationale}).items():
            spans: list[int] = []
            for start, end in one.selected_spans:
                spans += (start, end) if moved is None else (moved[start], moved[end])
            folds: list[int] = []
            for start, end, n_words in one.folds:
                folds += (start, end) if moved is None else (moved[start], moved[end])
                folds.append(n_words)
            cross: list[int] = []
            for (reader, of), found in document.cross_predictions.items():
                if of == owner:
                    label = labels[one_line(found.label)]
                    cross += (places[reader], label, _scaled(found.confidence))
            rationales.append(
                [
                    labels[one_line(one.label)], _scaled(one.confidence), len(one.mask),
                    int(one.mask.sum()), spans, cross, folds,
                ]
            )  # fmt: skip
        rows.append(
            [
                document.name, text, unread,
                labels[one_line(document.y_true)] if document.judged else -1,
                labels[one_line(rationale.label)], _scaled(rationale.confidence), case,
                explanations[document.explanation], places.get(document.chosen or "", 0),
                rationales,
            ]
        )  # fmt: skip
    return {
        "labels": list(labels),
        "members": [one_line(name) for name in members],
        "cases": list(cases),
        "explanations": list(explanations),
        "documents": rows,
    }


def as_script(data: Any) -> Markup:
    r"""Return data as JSON that can stand within ``<script>``: nothing in it can end the element.

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
    """Return ten-thousandths; all of them only for exactly 1."""
    return _SCALE if confidence >= 1 else min(_SCALE - 1, round(_SCALE * float(confidence)))


def _shown(rationale: Rationale) -> tuple[str, int, list[int] | None]:
    """Return the text as far as it was read, harmless, how much more there is, and new positions.

    The last are, for each position in the original text, that in the text shown; None if they are
    the same.
    """
    unread = rationale.unread
    text = rationale.text[: len(rationale.text) - unread]
    shown = harmless(text)
    if len(shown) == len(text):
        return shown, unread, None
    kept = (
        int(not (char == "\r" and text[place + 1 : place + 2] == "\n") and harmless(char) != "")
        for place, char in enumerate(text)
    )
    return shown, unread, list(accumulate(kept, initial=0))
