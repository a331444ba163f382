"""What accuracy costs in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from sklearn_irx._validation import labels_array
from sklearn_irx.inspection._plots._axes import RIGHT, axes_for, plain
from sklearn_irx.metrics import rationale_length

LENGTHS = ("length", "words", "rationale_length")
"""Names by which `scoring` mostly calls the length."""


class AccuracyLengthDisplay:
    """Accuracy against the mean number of selected words, a point a model.

    Use :meth:`from_cv_results`, :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    length, accuracy : array of shape (n_models,)
        Mean number of selected words, and share of right predictions.
    labels : sequence of n_models str, default=()
        What to write beside the points; empty for nothing.
    length_std, accuracy_std : array of shape (n_models,) or None, default=None
        Standard deviations, drawn as bars.
    name : str or None, default=None
        For the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    points_ : matplotlib Line2D
        The models.
    frontier_line_ : matplotlib Line2D
        Through those that no other beats in both accuracy and length.
    texts_ : list of matplotlib Annotation
        The labels.

    Examples
    --------
    >>> from sklearn_irx.inspection import AccuracyLengthDisplay
    >>> results = {  # cv_results_ of a search has more
    ...     "mean_test_accuracy": [0.8, 0.9],
    ...     "mean_test_length": [5.0, 12.0],
    ...     "param_lambda1": [0.01, 0.001],
    ... }
    >>> display = AccuracyLengthDisplay.from_cv_results(results, parameter="lambda1")
    >>> [text.get_text() for text in display.texts_]
    ['0.01', '0.001']
    """

    def __init__(
        self,
        length: Any,
        accuracy: Any,
        *,
        labels: Sequence[str] = (),
        length_std: Any = None,
        accuracy_std: Any = None,
        name: str | None = None,
    ) -> None:
        self.length = length
        self.accuracy = accuracy
        self.labels = labels
        self.length_std = length_std
        self.accuracy_std = accuracy_std
        self.name = name

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        accuracy: str = "accuracy",
        length: str | None = None,
        parameter: str | None = None,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the candidates of a search, with the standard deviations over the folds.

        Parameters
        ----------
        cv_results : mapping
            ``cv_results_`` of a ``GridSearchCV`` or a ``RandomizedSearchCV`` with two scores at
            least: ``scoring={"accuracy": "accuracy", "length": rationale_length_scorer}``, the
            scorer from :mod:`sklearn_irx.metrics`.
        accuracy : str, default="accuracy"
            How `scoring` of the search calls the accuracy.
        length : str, default=None
            How it calls the length. None finds "length", "words" or "rationale_length".
        parameter : str, default=None
            The parameter whose values to write beside the points.
        name, ax, **kwargs
            As :meth:`from_predictions` takes them.

        Returns
        -------
        display : AccuracyLengthDisplay

        Raises
        ------
        ValueError
            If `cv_results` lacks a score or the parameter.
        """
        there = sorted(
            key.removeprefix("mean_test_") for key in cv_results if key.startswith("mean_test_")
        )
        if length is None:
            length = next((score for score in LENGTHS if score in there), LENGTHS[0])
        for argument, score in (("accuracy", accuracy), ("length", length)):
            if score not in there:
                raise ValueError(
                    f"{argument}={score!r} is not among the scores of the search, "
                    f"{', '.join(there)}: give one of these, or search with scoring="
                    '{"accuracy": "accuracy", "length": rationale_length_scorer}, the scorer from '
                    'sklearn_irx.metrics, and refit="accuracy".'
                )
        labels: list[str] = []
        if parameter is not None:
            if f"param_{parameter}" not in cv_results:
                tried = (key.removeprefix("param_") for key in cv_results if key[:6] == "param_")
                raise ValueError(
                    f"parameter={parameter!r} was not searched: give one of {', '.join(tried)}."
                )
            labels = [str(value) for value in cv_results[f"param_{parameter}"]]
        return cls(
            cv_results[f"mean_test_{length}"],
            cv_results[f"mean_test_{accuracy}"],
            labels=labels,
            length_std=cv_results.get(f"std_test_{length}"),
            accuracy_std=cv_results.get(f"std_test_{accuracy}"),
            name=name,
        ).plot(ax=ax, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        estimators: Mapping[str, Any] | Any,
        X: Any,
        y: Any,
        *,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw fitted estimators, each by what it makes of the same documents.

        Parameters
        ----------
        estimators : fitted estimator, or mapping of str to fitted estimators
            One, or several with their names.
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,)
            True labels.
        name, ax, **kwargs
            As :meth:`from_predictions` takes them.

        Returns
        -------
        display : AccuracyLengthDisplay
        """
        if not isinstance(estimators, Mapping):
            estimators = {type(estimators).__name__: estimators}
        return cls.from_predictions(
            y,
            {
                label: (estimator.predict(X), np.asarray(estimator.transform(X)))
                for label, estimator in estimators.items()
            },
            name=name,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        predictions: Mapping[str, tuple[Any, Any]],
        *,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw predictions and the rationales that they were made from.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        predictions : mapping of str to (array of shape (n_samples,), masks)
            For each model, by the name to write beside its point, the labels predicted and the
            masks, boolean, of shape (n_samples, n_words).
        name : str, default=None
            For the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs
            For ``Axes.plot``, for the points.

        Returns
        -------
        display : AccuracyLengthDisplay

        Raises
        ------
        ValueError
            If a model does not have one label for each of `y_true`.
        """
        truth = labels_array(y_true, "y_true")
        for label, (predicted, _) in predictions.items():
            if len(predicted) != len(truth):
                raise ValueError(
                    f"predictions[{label!r}] has {len(predicted)} labels and y_true {len(truth)}: "
                    "give both for the same documents."
                )
        return cls(
            np.array([rationale_length(masks) for _, masks in predictions.values()]),
            np.array([np.mean(np.asarray(said) == truth) for said, _ in predictions.values()]),
            labels=list(predictions),
            name=name,
        ).plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        name : str, default=None
            For the legend. None means the one given before.
        **kwargs
            For ``Axes.plot``, for the points.

        Returns
        -------
        display : AccuracyLengthDisplay
        """
        self.ax_, self.figure_ = axes_for(self, ax)
        name = self.name if name is None else name
        style = {"marker": "o", "linestyle": "none", "color": RIGHT, "label": name, **kwargs}
        length, accuracy = np.asarray(self.length, float), np.asarray(self.accuracy, float)
        (self.points_,) = self.ax_.plot(length, accuracy, **style)
        color = self.points_.get_color()
        if self.length_std is not None or self.accuracy_std is not None:
            self.ax_.errorbar(
                length, accuracy, xerr=self.length_std, yerr=self.accuracy_std, fmt="none",
                ecolor=color, alpha=0.35,
            )  # fmt: skip
        best = frontier(length, accuracy)
        (self.frontier_line_,) = self.ax_.plot(
            length[best], accuracy[best], color=color, alpha=0.6, linewidth=1
        )
        self.texts_ = [
            self.ax_.annotate(
                plain(label), (x, y), xytext=(5, -3), textcoords="offset points", va="top",
                fontsize="small",
            )
            for label, x, y in zip(self.labels, length, accuracy, strict=False)
        ]  # fmt: skip
        self.ax_.set(xlabel="selected words a document", ylabel="accuracy")
        if self.texts_:
            self.ax_.margins(0.15)
        if name is not None:
            self.ax_.legend()
        return self


def frontier(length: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Return the models of the Pareto front of length and accuracy, from short to long.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.inspection._plots._accuracy_length import frontier
    >>> frontier(np.array([9, 3, 6, 3]), np.array([0.8, 0.7, 0.6, 0.5]))
    array([1, 0])
    """
    order = np.lexsort((-accuracy, length))
    highest = np.maximum.accumulate(accuracy[order])
    return order[np.flatnonzero(np.diff(highest, prepend=-np.inf) > 0)]
