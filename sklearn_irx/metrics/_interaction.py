"""What came of an exchange of rationales, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np


class _Interacting(Protocol):
    @property
    def cases_(self) -> tuple[str, ...]: ...

    def interact(self, X: Any) -> Mapping[str, np.ndarray]: ...


def interaction_table(ensemble: _Interacting, X: Any, y: Any) -> dict[str, np.ndarray]:
    """Tell how often each case of an exchange occurred, and how often it ended well.

    Parameters
    ----------
    ensemble : fitted InteractiveEnsemble or InteractiveCommittee
        Only its ``interact`` and ``cases_`` are used.
    X : sequence of n_samples str
        The documents.
    y : array-like of shape (n_samples,)
        Their true labels.

    Returns
    -------
    table : dict of ndarrays of shape (n_cases,)
        One entry for each of ``ensemble.cases_``, in that order; a ``pandas.DataFrame`` can be
        made of it. ``case``, its name; ``count``, the number of documents; ``share``, that number
        as a fraction of all. Accuracies between 0 and 1 over the documents of the case, nan if
        there are none: ``accuracy`` of the label that was settled on, ``accuracy_1`` and
        ``accuracy_2`` of what each model said from its own rationale. The members of a committee
        have their names in place of 1 and 2.

    Raises
    ------
    ValueError
        If `y` does not have one label for each document.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022: the analysis
    of the interaction.

    Examples
    --------
    >>> from sklearn_irx.metrics import interaction_table
    >>> table = interaction_table(both, X_test, y_test)  # doctest: +SKIP
    >>> pandas.DataFrame(table)  # doctest: +SKIP
               case  count  share  accuracy  accuracy_1  accuracy_2
    0         agree    812  0.812  0.959360    0.959360    0.959360
    ...
    """
    happened = ensemble.interact(X)
    case, y = np.asarray(happened["case"]), np.asarray(y)
    if y.shape != case.shape or not len(case):
        raise ValueError(
            f"y has shape {y.shape}: give one label for each of the {len(case)} documents of X, "
            "and at least one document."
        )
    rows = [case == name for name in ensemble.cases_]
    count = np.array([row.sum() for row in rows])
    table = {"case": np.array(ensemble.cases_), "count": count, "share": count / len(case)}
    members = [
        key.removeprefix("confidence")
        for key in happened
        if key.startswith("confidence_") and "_given_" not in key
    ]
    for member in ["", *members]:
        right = np.asarray(happened[f"label{member}"]) == y
        table[f"accuracy{member}"] = np.array(
            [right[row].mean() if row.any() else np.nan for row in rows]
        )
    return table
