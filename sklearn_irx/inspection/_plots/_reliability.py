"""Whether confidence is how often a model is right: a reliability diagram."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from sklearn_irx.inspection._plots._axes import NEUTRAL, RIGHT, axes_for
from sklearn_irx.metrics import expected_calibration_error


class Reliability(NamedTuple):
    """Documents in bins of equal width by confidence; bins without a document are left out.

    Attributes
    ----------
    confidence : ndarray of shape (n_bins,)
        Mean confidence of the documents of a bin.
    accuracy : ndarray of shape (n_bins,)
        Share of them that are right.
    n_documents : ndarray of shape (n_bins,), dtype int
        How many they are.
    ece : float
        Expected calibration error: the mean distance of accuracy and confidence, each bin weighted
        by its `n_documents`.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    n_documents: np.ndarray
    ece: float


def reliability(confidence: np.ndarray, right: np.ndarray, n_bins: int) -> Reliability:
    """Put documents into bins by confidence, as the expected calibration error does.

    Parameters
    ----------
    confidence : array of shape (n_samples,)
        Largest class probability of each document.
    right : array of shape (n_samples,), dtype bool
        Whether its class is the true one.
    n_bins : int
        Number of bins between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.inspection._plots._reliability import reliability
    >>> reliability(np.array([0.75, 0.75, 0.5]), np.array([True, False, True]), 4)
    Reliability(confidence=array([0.5 , 0.75]), accuracy=array([1. , 0.5]),
                n_documents=array([1, 2]), ece=0.333...)
    """
    # To ten digits, as expected_calibration_error does.
    bins = np.ceil(np.round(confidence * n_bins, 10)).astype(int)
    count = np.bincount(bins)
    there = count > 0
    sure = np.bincount(bins, weights=confidence)[there] / count[there]
    accuracy = np.bincount(bins, weights=right)[there] / count[there]
    count = count[there]
    ece = float((np.abs(accuracy - sure) * count).sum() / len(confidence))
    return Reliability(sure, accuracy, count, ece)


class ReliabilityDisplay:
    """Accuracy against confidence, the largest class probability, for any number of classes.

    For the probability of one class of two, scikit-learn has
    :class:`~sklearn.calibration.CalibrationDisplay`. This one looks at the class predicted,
    whichever it is, as the expected calibration error (ECE) does.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    confidence, accuracy : array of shape (n_bins,)
        Mean confidence of the documents of each bin that has any, and share of them that are right.
    n_documents : array of shape (n_bins,), dtype int
        Documents of the bin.
    ece : float
        Expected calibration error.
    name : str or None, default=None
        For the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    line_ : matplotlib Line2D
        Accuracy against confidence.
    reference_line_ : matplotlib Line2D
        Where they are equal.
    bars_ : matplotlib BarContainer
        Share of the documents in each bin.

    References
    ----------
    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, Section 2.

    Examples
    --------
    >>> from sklearn_irx.inspection import ReliabilityDisplay
    >>> probabilities = [[0.75, 0.25], [0.75, 0.25], [0.5, 0.5]]
    >>> display = ReliabilityDisplay.from_predictions(["a", "b", "a"], probabilities)
    >>> display.line_.get_label()
    'ECE 0.333'
    """

    def __init__(
        self,
        confidence: Any,
        accuracy: Any,
        n_documents: Any,
        ece: float,
        *,
        name: str | None = None,
    ) -> None:
        self.confidence = confidence
        self.accuracy = accuracy
        self.n_documents = n_documents
        self.ece = ece
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_bins: int = 15,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the confidence of a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier
            With ``predict_proba``.
        X : sequence of n_samples documents
            What it reads.
        y : array-like of shape (n_samples,)
            True labels.
        n_bins : int, default=15
            Bins of equal width between 0 and 1.
        name : str, default=None
            For the legend. None means the name of the class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs
            For ``Axes.plot``.

        Returns
        -------
        display : ReliabilityDisplay
        """
        name = type(estimator).__name__ if name is None else name
        return cls.from_predictions(
            y, estimator.predict_proba(X), labels=estimator.classes_, n_bins=n_bins, name=name,
            ax=ax, **kwargs,
        )  # fmt: skip

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        probabilities: Any,
        *,
        labels: Any = None,
        n_bins: int = 15,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw given probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        probabilities : array-like of shape (n_samples, n_classes)
            Class probabilities.
        labels : array-like of shape (n_classes,), default=None
            The label of each column. None means the sorted labels of `y_true`.
        n_bins, name, ax, **kwargs
            As :meth:`from_estimator` takes them.

        Returns
        -------
        display : ReliabilityDisplay

        Raises
        ------
        ValueError
            As :func:`~sklearn_irx.metrics.expected_calibration_error` does.
        """
        expected_calibration_error(y_true, probabilities, labels=labels, n_bins=n_bins)  # checks
        y_true, proba = np.asarray(y_true), np.asarray(probabilities, dtype=float)
        known = np.unique(y_true) if labels is None else np.asarray(labels)
        right = known[proba.argmax(axis=1)] == y_true
        found = reliability(proba.max(axis=1), right, n_bins)
        return cls(*found, name=name).plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        name : str, default=None
            For the legend. None means the one given before.
        **kwargs
            For ``Axes.plot``.

        Returns
        -------
        display : ReliabilityDisplay
        """
        self.ax_, self.figure_ = axes_for(self, ax)
        name = self.name if name is None else name
        label = f"ECE {self.ece:.3f}" if name is None else f"{name} (ECE {self.ece:.3f})"
        style = {"marker": "o", "color": RIGHT, "label": label, **kwargs}
        (self.reference_line_,) = self.ax_.plot(
            [0, 1], [0, 1], linestyle=":", color=NEUTRAL, label="as sure as it should be"
        )
        self.bars_ = self.ax_.bar(
            self.confidence,
            np.asarray(self.n_documents) / np.sum(self.n_documents),
            width=0.02,
            color=NEUTRAL,
            alpha=0.4,
            label="share of documents",
        )
        (self.line_,) = self.ax_.plot(self.confidence, self.accuracy, **style)
        self.ax_.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.02))
        self.ax_.legend(loc="upper left")
        return self
