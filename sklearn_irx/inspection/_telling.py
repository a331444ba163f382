"""Which documents of many to look at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from sklearn_irx.inspection._documents import ExplainedDocument


class TellingDocuments(NamedTuple):
    """Documents that show something of a model, and what."""

    title: str
    note: str
    documents: list[ExplainedDocument]


def telling_documents(documents: Sequence[ExplainedDocument], n: int) -> list[TellingDocuments]:
    """Choose the most telling documents, by kind; each at most once.

    Parameters
    ----------
    documents : sequence of ExplainedDocument
        To choose from.
    n : int
        How many of each kind, at most.

    Returns
    -------
    kinds : list of TellingDocuments
        Those that hold any document.
    """
    judged = bool(documents) and documents[0].judged
    taken: set[int] = set()

    def choose(
        title: str,
        note: str,
        wanted: Callable[[ExplainedDocument], bool],
        order: Callable[[ExplainedDocument], float],
    ) -> TellingDocuments:
        found = [d for d in documents if wanted(d) and id(d) not in taken]
        found.sort(key=order)  # stable: of equals, the first
        chosen = _each_class_first(_in_turn(found), n)
        taken.update(map(id, chosen))
        return TellingDocuments(title, note, chosen)

    kinds = [
        choose(
            "No words found",
            "Nothing was selected: the label is what the model says of no words.",
            _is_empty,
            _surest,
        )
    ]
    if judged:
        kinds.append(
            choose(
                "Wrong and sure",
                "The mistakes made with the greatest confidence.",
                lambda document: document.wrong,
                _surest,
            )
        )
    kinds.append(
        choose(
            "Changed by the exchange",
            "Models disagreed, and what they said of each other’s words settled it.",
            lambda document: document.disputed and "confidence" not in str(document.rationale.case),
            _least_expected,
        )
    )
    if judged:
        kinds.append(
            choose(
                "Right and sure",
                "Right with the greatest confidence.",
                lambda document: not document.wrong,
                _surest,
            )
        )
    else:
        kinds.append(choose("Surest", "The greatest confidence.", lambda _: True, _surest))
        kinds.append(
            choose("Least sure", "The least confidence.", lambda _: True, lambda d: -_surest(d))
        )
    # What is rare chooses first; what went well is shown first.
    order = ["Right and sure", "Surest", "Wrong and sure", "Least sure", "Changed by the exchange"]
    order.append("No words found")
    return sorted(
        (kind for kind in kinds if kind.documents), key=lambda kind: order.index(kind.title)
    )


def _in_turn(found: Sequence[ExplainedDocument]) -> list[ExplainedDocument]:
    """Let right and wrong predictions take turns."""
    outcomes = [[d for d in found if d.wrong is wrong] for wrong in (False, True)]
    return [d for turn in zip_longest(*outcomes) for d in turn if d is not None]


def _each_class_first(found: Iterable[ExplainedDocument], n: int) -> list[ExplainedDocument]:
    """Take the first `n`, but no class a second time while there are others."""
    firsts: list[ExplainedDocument] = []
    rest: list[ExplainedDocument] = []
    seen = set()
    for document in found:
        label = str(document.rationale.label)
        (rest if label in seen else firsts).append(document)
        seen.add(label)
    return [*firsts, *rest][:n]


def _is_empty(document: ExplainedDocument) -> bool:
    return not document.rationale.mask.any()


def _surest(document: ExplainedDocument) -> float:
    return -float(document.rationale.confidence)


def _least_expected(document: ExplainedDocument) -> float:
    """Put first where the models that lost had been surest, compared with the one that won."""
    members = document.members or {}
    kept = members[document.chosen or ""].confidence
    lost = [member.confidence for name, member in members.items() if name != document.chosen]
    return float(kept) - max(map(float, lost), default=0.0)
