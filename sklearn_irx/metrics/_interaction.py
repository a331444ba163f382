"""Accuracy of an exchange of rationales, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx._pipelines import seen_by_final
from sklearn_irx._validation import check_labels, check_texts, labels_array
from sklearn_irx.metrics._second_reader import second_reader_accuracy

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


def cross_reading_matrix(
    ensemble: Any, X: Any, y: Any, *, readers: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """Compute how often each reader is right from the rationale of each member.

    Members that agree prove little if they are biased alike: trained on the same texts, they have
    learned the same habits. So give `readers` that were not, above all a
    :class:`RandomMaskReader`, which has seen no selector's choices (EVAL-X).

    Parameters
    ----------
    ensemble : fitted InteractiveEnsemble or InteractiveCommittee
        Or a pipeline that ends in one.
    X : sequence of n_samples str
        Documents that none of them has learned from.
    y : array-like of shape (n_samples,)
        Their true labels.
    readers : dict of str to fitted classifier, default=None
        Further readers of raw text, by name, as in :func:`second_reader_accuracy`.

    Returns
    -------
    table : dict of ndarrays of shape (n_members,)
        One entry for each member; a ``pandas.DataFrame`` can be made of it. ``rationale``, whose
        rationale is read; then for each reader, members first, the accuracy between 0 and 1. A
        member is named as in the result of the exchange, "reader_1" for example.

    Raises
    ------
    ValueError
        If `y` does not have one label for each document, none missing, or a reader has the name
        of another.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022 (members that
    read each other's rationales). N. Jethani et al., "Have We Learned to Explain?", AISTATS 2021.

    Examples
    --------
    >>> from sklearn_irx.metrics import RandomMaskReader, cross_reading_matrix
    >>> evalx = RandomMaskReader().fit(X_train, y_train)  # doctest: +SKIP
    >>> table = cross_reading_matrix(both, X_test, y_test, readers={"evalx": evalx})
    ... # doctest: +SKIP
    >>> pandas.DataFrame(table)  # doctest: +SKIP
       rationale  reader_1  reader_2  evalx
    0          1     0.874     0.869  0.861
    1          2     0.866     0.871  0.858
    """
    readers = readers or {}
    for name in readers:
        if name == "rationale" or name.startswith("reader_"):
            raise ValueError(
                f"readers={list(readers)}: {name!r} may be the name of another column; give a name "
                "that does not begin with 'reader_'."
            )
    ensemble, X = seen_by_final(ensemble, X)
    texts = check_texts(X)
    y = check_labels(y, len(texts))
    cross = ensemble.cross_predict_proba(texts).argmax(axis=3)
    exchange = ensemble.exchange(texts, spans=False)
    table = {"rationale": np.array(exchange.members)}
    for member, columns in zip(exchange.members, cross, strict=True):
        table[f"reader_{member}"] = (ensemble.classes_[columns] == y).mean(axis=1)
    for name, reader in readers.items():
        table[name] = np.array(
            [
                second_reader_accuracy(reader, texts, y, masks, tokenizer=ensemble)
                for masks in exchange.masks
            ]
        )
    return table


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
