"""How the share of errors falls as fewer documents are answered: risk–coverage curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.ensemble.risk_coverage import (
    RiskCoverage,
    area_under_risk_coverage,
    risk_coverage_curve,
)
from sklearn_irx.ensemble.signals import read_signals
from sklearn_irx.inspection._plots._axes import NEUTRAL, axes_for, plain


class RiskCoverageDisplay:
    """Share of errors against the share of documents answered, of one or several signals.

    The lower a curve, the better its signal puts errors last.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    curves : dict of str to RiskCoverage
        A curve by the name of its signal, as
        :func:`~sklearn_irx.metrics.risk_coverage_curve` returns it.
    areas : dict of str to float
        Area under each, as :func:`~sklearn_irx.metrics.area_under_risk_coverage` returns it.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : dict of str to matplotlib Line2D
        The curve of each signal.
    reference_line_ : matplotlib Line2D
        The error rate of all documents: what a signal has that knows nothing.

    References
    ----------
    Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017.

    Examples
    --------
    >>> from sklearn_irx.inspection import RiskCoverageDisplay
    >>> right = [True, True, False, True]
    >>> signals = {"this": [0.9, 0.8, 0.6, 0.7], "that": [0.9, 0.6, 0.8, 0.7]}
    >>> display = RiskCoverageDisplay.from_predictions(right, signals)
    >>> display.lines_["this"].get_label()
    'this (AURC 0.062)'
    """

    def __init__(self, curves: dict[str, RiskCoverage], areas: dict[str, float]) -> None:
        self.curves = curves
        self.areas = areas

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw all signals that a fitted classifier has.

        Parameters
        ----------
        estimator : fitted RejectOption, or classifier with ``predict_proba``
            Of an ensemble, the signals are "confidence", "agreement" and "case", which
            :class:`~sklearn_irx.RejectOption` describes; else "confidence".
        X : sequence of n_samples documents
            What it reads, and was not trained on.
        y : array-like of shape (n_samples,)
            True labels.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs
            For ``Axes.plot``.

        Returns
        -------
        display : RiskCoverageDisplay
        """
        texts = check_texts(X)
        y = check_labels(y, len(texts))
        labels, signals = read_signals(getattr(estimator, "estimator_", estimator), texts)
        return cls.from_predictions(labels == y, signals, ax=ax, **kwargs)

    @classmethod
    def from_predictions(cls, right: Any, scores: Any, *, ax: Any = None, **kwargs: Any) -> Self:
        """Draw given scores.

        Parameters
        ----------
        right : array-like of shape (n_samples,), dtype bool
            Whether each prediction is right.
        scores : array-like of shape (n_samples,), or dict of str to such
            How sure the classifier is of each document, by one signal or several.
        ax, **kwargs
            As :meth:`from_estimator` takes them.

        Returns
        -------
        display : RiskCoverageDisplay

        Raises
        ------
        ValueError
            As :func:`~sklearn_irx.metrics.risk_coverage_curve` does.
        """
        signals = scores if isinstance(scores, Mapping) else {"score": scores}
        curves = {name: risk_coverage_curve(right, one) for name, one in signals.items()}
        areas = {name: area_under_risk_coverage(right, one) for name, one in signals.items()}
        return cls(curves, areas).plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure. Other curves can be drawn into it, too.
        **kwargs
            For ``Axes.plot``.

        Returns
        -------
        display : RiskCoverageDisplay
        """
        self.ax_, self.figure_ = axes_for(self, ax)
        self.lines_ = {}
        for name, curve in self.curves.items():
            style = {"label": f"{plain(name)} (AURC {self.areas[name]:.3f})", **kwargs}
            (self.lines_[name],) = self.ax_.plot(curve.coverage, curve.risk, **style)
        of_all = [curve.risk[-1] for curve in self.curves.values()]
        self.reference_line_ = self.ax_.axhline(
            float(np.mean(of_all)), linestyle=":", color=NEUTRAL, label="all answered"
        )
        self.ax_.set(xlabel="coverage", ylabel="risk", xlim=(0, 1.02))
        self.ax_.set_ylim(bottom=0)
        self.ax_.legend(loc="upper left")
        return self
