"""How long rationales are: a histogram."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from sklearn_irx.inspection._plots._axes import NEUTRAL, RIGHT, axes_for
from sklearn_irx.metrics import rationale_length

_MOST_BARS = 40


class RationaleLengthDisplay:
    """Distribution of the number of selected words.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    lengths : array of shape (n_samples,)
        Selected words of each document.
    name : str or None, default=None
        For the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    bars_ : matplotlib BarContainer
        The bars: how many documents have rationales of that length.
    mean_line_ : matplotlib Line2D
        A line at the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.inspection import RationaleLengthDisplay
    >>> masks = np.array([[True, True, False], [True, False, False]])
    >>> display = RationaleLengthDisplay.from_predictions(masks)
    >>> [int(bar.get_height()) for bar in display.bars_]  # of 0, 1 and 2 words
    [0, 1, 1]
    """

    def __init__(self, lengths: Any, *, name: str | None = None) -> None:
        self.lengths = lengths
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, *, name: str | None = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw the rationales of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            Its ``transform`` gives masks.
        X : sequence of n_samples str
            Documents.
        name : str, default=None
            For the legend. None means the name of the class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs
            For ``Axes.bar``.

        Returns
        -------
        display : RationaleLengthDisplay
        """
        name = type(estimator).__name__ if name is None else name
        return cls.from_predictions(np.asarray(estimator.transform(X)), name=name, ax=ax, **kwargs)

    @classmethod
    def from_predictions(
        cls, masks: Any, *, name: str | None = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw given rationales.

        Parameters
        ----------
        masks : array of shape (n_samples, n_words), dtype bool
            True for selected words.
        name, ax, **kwargs
            As :meth:`from_estimator` takes them.

        Returns
        -------
        display : RationaleLengthDisplay
        """
        return cls(rationale_length(masks, average=None), name=name).plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        name : str, default=None
            For the legend. None means the one given before.
        **kwargs
            For ``Axes.bar``.

        Returns
        -------
        display : RationaleLengthDisplay
        """
        self.ax_, self.figure_ = axes_for(self, ax)
        name = self.name if name is None else name
        edges, counts = length_histogram(self.lengths)
        width = edges[1] - edges[0]
        style = {"width": width * 0.9, "color": RIGHT, "label": name, **kwargs}
        self.bars_ = self.ax_.bar(edges[:-1] + (width - 1) / 2, counts, **style)
        mean = float(np.mean(self.lengths))
        self.mean_line_ = self.ax_.axvline(
            mean, color=NEUTRAL, linestyle="--", label=f"mean: {mean:.1f}"
        )
        self.ax_.set(xlabel="selected words", ylabel="documents")
        self.ax_.margins(y=0.25)  # room for the legend
        self.ax_.legend()
        return self


def length_histogram(lengths: Any, most: int = _MOST_BARS) -> tuple[np.ndarray, np.ndarray]:
    """Count lengths, in bars that are a whole number of words wide and start at 0.

    Parameters
    ----------
    lengths : array of shape (n_samples,)
        Whole numbers.
    most : int
        Bars at most.

    Returns
    -------
    edges : ndarray of shape (n_bars + 1,), dtype int
        Bar i counts lengths from ``edges[i]`` up to, but without, ``edges[i + 1]``.
    counts : ndarray of shape (n_bars,), dtype int

    Examples
    --------
    >>> from sklearn_irx.inspection._plots._length import length_histogram
    >>> length_histogram([0, 2, 2, 5], most=3)
    (array([0, 2, 4, 6]), array([1, 2, 1]))
    """
    whole = np.asarray(lengths).astype(int)
    width = max(1, -(-(int(whole.max(initial=0)) + 1) // most))
    counts = np.bincount(whole // width, minlength=2)
    return np.arange(len(counts) + 1) * width, counts
