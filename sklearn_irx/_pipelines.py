"""Pipelines around an estimator with rationales, and which texts it sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.utils.validation import check_is_fitted

from sklearn_irx._validation import iterate_texts

_RIGHT = "a SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee"


def final_estimator(estimator: Any) -> Any:
    """Return the estimator at the end of a pipeline, of nested ones too; any other as it is.

    Of a reject option, it is the estimator that answers.
    """
    while (inner := _inner(estimator)) is not None:
        estimator = inner
    return estimator


def _inner(estimator: Any) -> Any:
    if hasattr(estimator, "steps"):
        return estimator.steps[-1][1]
    return getattr(estimator, "_answering", None)


def seen_by_final(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return the estimator at the end of a pipeline, and the texts that it sees of documents.

    These are what the steps before it make of `X`. All spans and masks refer to them. Any other
    estimator is returned as it is, with `X`, unchecked.

    Raises
    ------
    TypeError
        If the one at the end has no rationales, or `X` is one string; before any step is run.
    NotFittedError
        If it is not fitted.
    ValueError
        If a step returns more or fewer documents than it was given.
    """
    final = final_estimator(estimator)
    if final is estimator:
        return estimator, X
    check_has_rationales(estimator)
    check_is_fitted(final)
    if isinstance(X, str | bytes):
        iterate_texts(X)  # raises
    for name, step in cleaning_steps(estimator):
        cleaned = step.transform(X)
        if hasattr(X, "__len__") and hasattr(cleaned, "__len__") and len(X) != len(cleaned):
            raise ValueError(
                f"step {name!r} of the pipeline returned {len(cleaned)} texts for {len(X)} "
                "documents: give a step that returns one text for each."
            )
        X = cleaned
    return final, X


def cleaning_steps(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Yield the steps before the estimator at the end that change documents, with their names."""
    while (inner := _inner(estimator)) is not None:
        for name, step in getattr(estimator, "steps", [])[:-1]:
            # What resamples acts in `fit` alone.
            if step not in (None, "passthrough") and hasattr(step, "transform"):
                yield name, step
        estimator = inner


def check_has_rationales(estimator: Any) -> None:
    """Raise TypeError if an estimator, or the one at the end of a pipeline, has no rationales."""
    final = final_estimator(estimator)
    if hasattr(final, "explain"):
        return
    if hasattr(final, "best_estimator_"):
        remedy = "give its best_estimator_."
        if final is not estimator:
            remedy = f"search over the pipeline, {type(final).__name__}(pipeline, …), and {remedy}"
    elif final is not estimator:
        remedy = f"give a pipeline that ends in {_RIGHT}."
    else:
        remedy = f"give {_RIGHT}."
    ends = "" if final is estimator else f", a pipeline that ends in {final!r},"
    raise TypeError(f"estimator={estimator!r}{ends} shows no rationales: {remedy}")
