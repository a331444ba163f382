"""Documents of training that occur in the parts that models are compared by."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_REPAIRS = (None, "leaks")


def check_repair(repair: Any) -> None:
    """Raise ValueError unless `repair` is None or "leaks"."""
    if repair not in _REPAIRS:
        raise ValueError(
            f'repair={repair!r} is unknown: give "leaks" to leave out documents that occur in '
            "another part, or None for the corpus as published."
        )


def without_leaks(
    texts: Sequence[str], part: str, others: Mapping[str, Sequence[str]], repair: str | None
) -> np.ndarray:
    """Return which texts of a part to use, and warn of those that occur in others.

    Texts are the same if they differ in whitespace and case alone. Empty ones are like no other.

    Parameters
    ----------
    texts : sequence of n_samples str
        The documents of the part.
    part : str
        Its name, for the warning.
    others : mapping from str to sequence of str
        The parts in which they must not occur, by name.
    repair : {"leaks"} or None
        "leaks" leaves out what occurs in others; None leaves out nothing, and warns.

    Returns
    -------
    kept : ndarray of shape (n_samples,), dtype bool
        Always all True if `repair` is None.
    """
    keys = [same_text(text) for text in texts]
    elsewhere = {name: [same_text(text) for text in other] for name, other in others.items()}
    if repair == "leaks":
        found = {key for other in elsewhere.values() for key in other} - {""}
        return np.array([key not in found for key in keys], dtype=bool)
    here = set(keys) - {""}
    counts = {name: sum(key in here for key in other) for name, other in elsewhere.items()}
    leaks = [f"{n:,} of the {len(others[name]):,} of {name!r}" for name, n in counts.items() if n]
    if leaks:
        warnings.warn(
            f'{part!r} holds texts of other parts, {" and ".join(leaks)}: give repair="leaks" to '
            f"leave them out of {part!r}, or models are tested on texts that they were trained on.",
            UserWarning,
            stacklevel=3,
        )
    return np.ones(len(keys), dtype=bool)


def same_text(text: str) -> str:
    """Return what texts have in common that differ in whitespace and case alone."""
    return " ".join(text.split()).casefold()
