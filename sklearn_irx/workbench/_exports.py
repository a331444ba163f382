"""Answers as files: everything that is shown, and pre-annotations for annotation tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.datasets._doccano import json_lines
from sklearn_irx.datasets._label_studio import tasks_json
from sklearn_irx.workbench._answers import Answer
from sklearn_irx.workbench._questions import QuestionError


def _as_json(answer: Answer, _: Any) -> str:
    return json.dumps(answer.to_dict(), allow_nan=False, indent=1) + "\n"


def _as_label_studio(answer: Answer, of: Any) -> str:
    return tasks_json([_of(answer, of)], ids=None, text="text", model_version="sklearn_irx")


def _as_doccano(answer: Answer, of: Any) -> str:
    return json_lines([_of(answer, of)], ids=None, offsets="utf-16")


def _of(answer: Answer, of: Any) -> Rationale:
    """Return the rationale to export: what was decided, or that of a participant."""
    if of is None:
        return answer.kept
    n = len(answer.participants)
    if isinstance(of, bool) or not isinstance(of, int) or not 0 <= of < n:
        raise QuestionError(f"of={of!r}: give the number of a participant, below {n}, or null.")
    return answer.participants[of].rationale


EXPORTS: dict[str, tuple[str, Callable[[Answer, Any], str]]] = {
    "json": ("answer.json", _as_json),
    "label_studio": ("tasks.json", _as_label_studio),
    "doccano": ("documents.jsonl", _as_doccano),
}
"""By format: the name of the file, and what writes it."""
