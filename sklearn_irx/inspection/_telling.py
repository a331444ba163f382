"""Which documents of many to look at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from sklearn_irx.inspection._records import DocumentRecord

_Wanted = Callable[[DocumentRecord], bool]
_Order = Callable[[DocumentRecord], float]


class TellingDocuments(NamedTuple):
    """Documents that show something of a model, and what."""

    title: str
    note: str
    documents: list[DocumentRecord]


def telling_documents(documents: Sequence[DocumentRecord], n: int) -> list[TellingDocuments]:
    """Choose the most telling documents, by kind; each at most once.

    Parameters
    ----------
    documents : sequence of DocumentRecord
        To choose from.
    n : int
        How many of each kind, at most.

    Returns
    -------
    kinds : list of TellingDocuments
        Those that hold any document.
    """
    judged = bool(documents) and documents[0].judged
    # What is rare chooses first; what went well is shown first.
    kinds: list[tuple[int, str, str, _Wanted, _Order]] = [
        (4, "No words found", "Nothing was selected: the label is predicted from no words.",
         _is_empty, _surest),
        (3, "Changed by the exchange",
         "Models disagreed, and their predictions from each other’s words settled it.",
         _is_changed, _least_expected),
    ]  # fmt: skip
    if judged:
        kinds[1:1] = [(1, "Wrong and sure", "The mistakes made with the greatest confidence.",
                       lambda document: document.wrong, _surest)]  # fmt: skip
        kinds.append((0, "Right and sure", "Right with the greatest confidence.",
                      lambda document: not document.wrong, _surest))  # fmt: skip
    else:
        kinds.append((0, "Surest", "The greatest confidence.", lambda _: True, _surest))
        kinds.append((2, "Least sure", "The least confidence.", lambda _: True, _least_confident))
    taken: set[int] = set()
    found = []
    for place, title, note, wanted, order in kinds:
        there = [d for d in documents if wanted(d) and id(d) not in taken]
        there.sort(key=order)  # stable: of equals, the first
        chosen = _each_class_first(_in_turn(there), n)
        taken.update(map(id, chosen))
        if chosen:
            found.append((place, TellingDocuments(title, note, chosen)))
    return [kind for _, kind in sorted(found, key=lambda pair: pair[0])]


def _in_turn(found: Sequence[DocumentRecord]) -> list[DocumentRecord]:
    """Let right and wrong predictions take turns."""
    outcomes = [[d for d in found if d.wrong is wrong] for wrong in (False, True)]
    return [d for turn in zip_longest(*outcomes) for d in turn if d is not None]


def _each_class_first(found: Iterable[DocumentRecord], n: int) -> list[DocumentRecord]:
    """Take the first `n`, but no class a second time while there are others."""
    firsts: list[DocumentRecord] = []
    rest: list[DocumentRecord] = []
    seen = set()
    for document in found:
        label = str(document.rationale.label)
        (rest if label in seen else firsts).append(document)
        seen.add(label)
    return [*firsts, *rest][:n]


def _is_empty(document: DocumentRecord) -> bool:
    return not document.rationale.mask.any()


def _is_changed(document: DocumentRecord) -> bool:
    return document.disputed and "confidence" not in str(document.rationale.case)


def _least_confident(document: DocumentRecord) -> float:
    return float(document.rationale.confidence)


def _surest(document: DocumentRecord) -> float:
    return -float(document.rationale.confidence)


def _least_expected(document: DocumentRecord) -> float:
    """Put first where the models overruled were most confident, compared with the one kept."""
    kept = document.members[document.chosen or ""].confidence
    lost = [one.confidence for name, one in document.members.items() if name != document.chosen]
    return float(kept) - max(map(float, lost), default=0.0)
