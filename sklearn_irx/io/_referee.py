"""Reading what a learned rule consists of."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sklearn_irx.ensemble.referee import Referee
from sklearn_irx.exchange import FEATURES
from sklearn_irx.io._values import MOST_COUNTED, count, typed


def read_referee(written: dict[str, Any], n_members: int) -> Referee:
    """Read what was learned of members: numbers alone, and one of each that is needed."""
    if written.keys() != {field.name for field in fields(Referee)}:
        raise ValueError("a referee is written in another way")
    counts = [count(written, name) for name in ("n_decidable", "n_disputed", "n_texts")]
    if counts != sorted(counts):
        raise ValueError(f"a referee was fitted on {counts} texts")
    numbers: dict[str, Any] = {
        name: _number(written, name, most)
        for name, most in (("accuracy", 1), ("accuracy_convinced", 1), ("C", MOST_COUNTED))
    }
    weights, intercepts = typed(written, "coefficients", dict), typed(written, "intercepts", list)
    was_fitted = numbers["accuracy"] is not None
    wanted = (list(FEATURES), n_members) if was_fitted else ([], 0)
    if (sorted(weights), len(intercepts)) != (sorted(wanted[0]), wanted[1]):
        raise ValueError(f"a referee of {n_members} members has other coefficients")
    for value in (*weights.values(), *intercepts):
        if type(value) is not float or not abs(value) <= MOST_COUNTED:
            raise ValueError(f"a referee has the coefficient {str(value)[:80]!r}")
    return Referee(
        **{name: written[name] for name in ("n_texts", "n_disputed", "n_decidable")},
        **numbers,
        coefficients={name: weights[name] for name in wanted[0]},
        intercepts=tuple(intercepts),
    )


def _number(written: dict[str, Any], name: str, most: float) -> float | None:
    value = written[name]
    if value is not None and (type(value) is not float or not 0 <= value <= most):
        raise ValueError(f"{name} is {str(value)[:80]!r}")
    return value
