"""What every picture of a rationale shares: shares in percent, and whether it is wrong."""

from __future__ import annotations

from typing import Any

from sklearn_irx.classifier.rationale import Rationale

MISSING: Any = object()
"""Stands for a true label that was not given, since None could be a label."""


def percent(share: float) -> str:
    """Return a share between 0 and 1 in percent; never 100 % unless it is exactly 1."""
    if share < 1.0 and round(100 * share) >= 100:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def is_wrong(rationale: Rationale, y_true: Any) -> bool:
    """Whether a true label was given and is another than the predicted one.

    What is predicted from words chosen for a given class is not judged.
    """
    if y_true is MISSING or rationale.target is not None:
        return False
    return bool(rationale.label != y_true)
