"""Accuracy of an exchange of rationales, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx._pipelines import seen_by_final
from sklearn_irx._validation import labels_array

if TYPE_CHECKING:
    from sklearn_irx.ensemble.result import Exchange


def interaction_table(ensemble: Any, X: Any, y: Any) -> dict[str, np.ndarray]:
    """Compute how often each case of an exchange occurs, and its accuracy.

    Parameters
    ----------
    ensemble : fitted InteractiveEnsemble or InteractiveCommittee
        Only its ``exchange`` is used. Of a pipeline, that of the estimator at its end.
    X : sequence of n_samples str
        The documents.
    y : array-like of shape (n_samples,)
        Their true labels.

    Returns
    -------
    table : dict of ndarrays of shape (n_cases,)
        As :func:`exchange_table` returns it.

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
    ensemble, X = seen_by_final(ensemble, X)
    return exchange_table(ensemble.exchange(X, spans=False), y)


def exchange_table(exchange: Exchange, y: Any) -> dict[str, np.ndarray]:
    """Compute how often each case occurs in the result of an exchange, and its accuracy.

    Parameters
    ----------
    exchange : Exchange
        As ``exchange`` of an ensemble or a committee returns it.
    y : array-like of shape (n_samples,)
        True labels.

    Returns
    -------
    table : dict of ndarrays of shape (n_cases,)
        One entry for each of ``exchange.cases``, in that order; a ``pandas.DataFrame`` can be made
        of it. ``case``, its name; ``count``, the number of documents; ``share``, that number as a
        fraction of all. Accuracies between 0 and 1 over the documents of the case, nan if there
        are none: ``accuracy`` of the final label, ``accuracy_1`` and ``accuracy_2`` of the
        predictions of each member from its own rationale. The members of a committee have their
        names in place of 1 and 2.

    Raises
    ------
    ValueError
        If `y` does not have one label for each document, none missing.
    """
    case, y = exchange.case, labels_array(y)
    if y.shape != case.shape or not len(case):
        raise ValueError(
            f"y has shape {y.shape}: give one label for each of the {len(case)} documents of X, "
            "and at least one document."
        )
    rows = [case == name for name in exchange.cases]
    count = np.array([row.sum() for row in rows])
    table = {"case": np.array(exchange.cases), "count": count, "share": count / len(case)}
    names = ["accuracy", *(f"accuracy_{member}" for member in exchange.members)]
    for name, labels in zip(names, [exchange.labels, *exchange.own_labels], strict=True):
        right = labels == y
        table[name] = np.array([right[row].mean() if row.any() else np.nan for row in rows])
    return table
