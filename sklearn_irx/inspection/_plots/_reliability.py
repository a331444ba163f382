"""Whether confidence is how often a model is right: a reliability diagram."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from sklearn_irx.inspection._plots._axes import NEUTRAL, RIGHT, axes_for
from sklearn_irx.metrics._calibration import judged, reliability


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
        found = reliability(*judged(y_true, probabilities, labels, n_bins), n_bins)
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
