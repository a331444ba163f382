"""What came of an exchange of rationales, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from sklearn_irx.exchange import CASES


class _Interacting(Protocol):
    def interact(self, X: Any) -> Mapping[str, np.ndarray]: ...


def interaction_table(ensemble: _Interacting, X: Any, y: Any) -> dict[str, np.ndarray]:
    """Tell how often each case of Algorithm 1 occurred, and how often it ended well.

    Parameters
    ----------
    ensemble : fitted :class:`~sklearn_irx.InteractiveEnsemble`
        Only its ``interact`` is used.
    X : sequence of n_samples str
        The documents.
    y : array-like of shape (n_samples,)
        Their true labels.

    Returns
    -------
    table : dict of ndarrays of shape (5,)
        One entry for each of :data:`sklearn_irx.exchange.CASES`, in that order; a
        ``pandas.DataFrame`` can be made of it. ``case``, its name; ``count``, the number of
        documents; ``share``, that number as a fraction of all. Accuracies between 0 and 1 over the
        documents of the case, nan if there are none: ``accuracy`` of the label that was settled
        on, ``accuracy_1`` and ``accuracy_2`` of what each model said from its own rationale.

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
    rows = [case == name for name in CASES]
    count = np.array([row.sum() for row in rows])
    table = {"case": np.array(CASES), "count": count, "share": count / len(case)}
    for name, label in (
        ("accuracy", "label"),
        ("accuracy_1", "label_1"),
        ("accuracy_2", "label_2"),
    ):
        right = np.asarray(happened[label]) == y
        table[name] = np.array([right[row].mean() if row.any() else np.nan for row in rows])
    return table
