"""Models on many machines through Dask: its data frames and bags, and its clusters.

Needs the extra ``sklearn-irx[dask]``. Training needs nothing from here: grids, cross-validation
and the members of an ensemble are fitted on a cluster within
``joblib.parallel_config(backend="dask")``.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from sklearn_irx.ensemble.answers import ANSWER_COLUMNS, answer_columns
from sklearn_irx.ensemble.rejection import reject_option_of
from sklearn_irx.ensemble.result import explain as documents_explained
from sklearn_irx.nn.isolation import at_most

__all__ = ["explain", "predict", "transform"]

_SECONDS_TO_CONNECT = 10


def predict(model: Any, X: Any) -> Any:
    """Predict the label of each document of a Dask collection.

    Parameters
    ----------
    model : fitted classifier or ensemble, or a pipeline that ends in one
        The model. It is sent to each worker once.
    X : dask.dataframe.Series, or dask.bag.Bag, of str
        Documents.

    Returns
    -------
    labels : dask.dataframe.Series with the index of `X`, or dask.bag.Bag
        As ``model.predict`` returns them.

    Raises
    ------
    TypeError
        If `X` is no Dask collection of documents.

    Examples
    --------
    >>> import dask, dask.dataframe as dd, pandas as pd
    >>> from sklearn_irx import SelectiveRationaleClassifier, dask as irx_dask
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(texts, y)
    >>> frame = dd.from_pandas(pd.DataFrame({"text": texts}), npartitions=3)
    >>> with dask.config.set(scheduler="synchronous"):
    ...     labels = irx_dask.predict(clf, frame["text"]).compute()
    >>> (labels.to_numpy() == clf.predict(texts)).all()
    np.True_
    """
    return _mapped("predict", model, X, _labels(model, []))


def transform(model: Any, X: Any) -> Any:
    """Return the rationales of a Dask collection of documents as masks.

    Parameters
    ----------
    model : fitted classifier or ensemble, or a pipeline that ends in one
        The model. It is sent to each worker once.
    X : dask.dataframe.Series, or dask.bag.Bag, of str
        Documents.

    Returns
    -------
    masks : dask.array.Array of shape (n_samples, max_length), or dask.bag.Bag of arrays
        As ``model.transform`` returns them.

    Raises
    ------
    TypeError
        If `X` is no Dask collection of documents.
    """
    return _mapped("transform", model, X, np.asarray(model.transform([])))


def explain(model: Any, X: Any) -> Any:
    """Return label, confidence and selected words of each document of a Dask collection.

    Parameters
    ----------
    model : fitted classifier or ensemble, or a pipeline that ends in one
        The model. It is sent to each worker once.
    X : dask.dataframe.Series, or dask.bag.Bag, of str
        Documents.

    Returns
    -------
    rationales : dask.dataframe.DataFrame with the index of `X`, or dask.bag.Bag of Rationale
        The columns are ``label_pred``, ``confidence``, ``rationale`` (the selected words as the
        text has them, … for what is between), ``spans`` (JSON: start and end in characters of each
        run of them), for an ensemble ``case`` and ``case_text`` (the same as a sentence) and, with
        a :class:`~sklearn_irx.RejectOption`, ``abstained``. Of a pipeline, all are of the cleaned
        documents.

    Raises
    ------
    TypeError
        If `X` is no Dask collection of documents.

    Examples
    --------
    >>> import dask, dask.bag
    >>> from sklearn_irx import SelectiveRationaleClassifier, dask as irx_dask
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(texts, y)
    >>> bag = dask.bag.from_sequence(texts, npartitions=3)
    >>> with dask.config.set(scheduler="synchronous"):
    ...     rationales = irx_dask.explain(clf, bag).compute()
    >>> rationales[0].words == clf.explain(texts[:1])[0].words
    True
    """
    return _mapped("explain", model, X, _frame(model, []))


@contextmanager
def connected(scheduler: Any) -> Iterator[Any]:
    """Yield a client of a Dask scheduler: the one given, or a new one to an address.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If no scheduler answers at the address.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            'scheduler needs Dask, which the extra installs: pip install "sklearn-irx[dask]"'
        ) from error
    if isinstance(scheduler, Client):
        yield scheduler
        return
    try:
        client = Client(scheduler, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"scheduler={scheduler!r} does not answer ({error}): give the address that "
            "`dask scheduler` prints, tcp://host:8786 say."
        ) from error
    with client:
        yield client


def sent(client: Any, model: Any) -> Any:
    """Return a model as a future for tasks on a cluster, sent to each worker once.

    It is part of the graph, not scattered: if all workers that hold it die, it is there again.
    """
    import dask

    with warnings.catch_warnings():
        # Dask advises to scatter what is large.
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        return client.compute(dask.delayed(model))


def _mapped(method: str, model: Any, X: Any, meta: Any) -> Any:
    """Map a method of a model over the partitions of a collection."""
    import dask
    import dask.bag as db
    import dask.dataframe as dd

    # One value of the graph, which the tasks name: each worker gets it once, and not each task.
    once = dask.delayed(model)
    if isinstance(X, db.Bag):
        return X.map_partitions(_of_bag, method, once)
    if isinstance(X, dd.Series):
        return X.map_partitions(_of_column, method, once, meta=meta)
    raise TypeError(
        f"X is a {type(X).__name__}: give a column of a dask.dataframe, frame['text'] for example, "
        "or a dask.bag of texts."
    )


def _asked(texts: Any, method: str, model: Any) -> Any:
    # A worker runs as many tasks at a time as it has threads: each task computes with one.
    with at_most(1):
        if method == "explain":
            return documents_explained(model, texts)
        answer = getattr(model, method)(texts)
    return np.asarray(answer) if method == "transform" else answer  # whatever set_output says


def _of_bag(texts: Any, method: str, model: Any) -> list[Any]:
    return list(_asked(list(texts), method, model))


def _of_column(texts: Any, method: str, model: Any) -> Any:
    if method == "explain":
        return _frame(model, texts, texts.index)
    said = _asked(texts, method, model)
    return _labels(model, said, texts.index) if method == "predict" else said


def _labels(model: Any, labels: Sequence[Any], index: Any = None) -> Any:
    import pandas as pd

    dtype: Any = np.asarray(model.classes_).dtype
    if dtype.kind in "OU":
        dtype = "str"
    elif reject_option_of(model) is not None:
        dtype = object  # some may be missing, which no type of numbers has
    return pd.Series(labels, index=index, name="label_pred", dtype=dtype)


def _frame(model: Any, texts: Sequence[str], index: Any = None) -> Any:
    import pandas as pd

    with at_most(1):
        columns = answer_columns(model, texts)
    columns["spans"] = list(map(json.dumps, columns["spans"]))
    made = {"label_pred": _labels(model, columns.pop("label_pred"), index)}
    for name, values in columns.items():
        kind = {"number": "float64", "flag": "bool"}.get(ANSWER_COLUMNS[name], "str")
        made[name] = pd.Series(values, dtype=kind, index=index)
    return pd.DataFrame(made, index=index)
