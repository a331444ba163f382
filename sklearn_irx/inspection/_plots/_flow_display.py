"""Flow of documents through an exchange: an alluvial picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sklearn_irx._pipelines import final_estimator
from sklearn_irx.ensemble.result import Exchange, exchange_of, exchanges
from sklearn_irx.inspection._flow import NODE_WIDTH, Flow, count_flow, lay_out
from sklearn_irx.inspection._plots._axes import NEUTRAL, RIGHT, WRONG, axes_for, plain

_SIDES = {0: (-0.015, "right"), 1: (NODE_WIDTH + 0.012, "left"), 2: (NODE_WIDTH + 0.015, "left")}


class InteractionFlowDisplay:
    """Who was right before an exchange, the case, and whether the final label is right.

    From left to right: which members were right by themselves; the case; whether the final label is
    right. The height of a ribbon is its number of documents.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    counts : array of shape (n_before, n_cases, 2), dtype int
        Documents; the last axis is right and wrong in the end.
    before : sequence of n_before str
        Who was right before.
    cases : sequence of n_cases str
        All cases.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    nodes_ : list of matplotlib Rectangle
        The bars.
    ribbons_ : list of matplotlib PathPatch
        What goes from bar to bar.
    texts_ : list of matplotlib Text
        What is written at the bars.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.inspection import InteractionFlowDisplay
    >>> counts = np.zeros((2, 2, 2), dtype=int)
    >>> counts[0, 0, 0] = counts[1, 1, 0] = 1  # from_estimator counts
    >>> display = InteractionFlowDisplay(
    ...     counts, ["both right", "only model 1 right"], ["agree", "convinced_2"]
    ... ).plot()
    >>> [text.get_text() for text in display.texts_]
    ['only model 1 right: 1', 'model 2 convinced: 1', 'right: 1']
    """

    def __init__(self, counts: Any, before: Sequence[str], cases: Sequence[str]) -> None:
        self.counts = counts
        self.before = before
        self.cases = cases

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, agreed: bool = False, ax: Any = None
    ) -> Self:
        """Draw the exchange of a fitted ensemble or committee.

        Parameters
        ----------
        estimator : fitted InteractiveEnsemble or InteractiveCommittee
            Its ``exchange`` is used. Of a pipeline, that of the estimator at its end.
        X : sequence of n_samples str
            Documents.
        y : array-like of shape (n_samples,)
            True labels.
        agreed : bool, default=False
            Whether to draw documents on which the members agree, too. There are mostly so many
            that the others can't be seen beside them.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : InteractionFlowDisplay

        Raises
        ------
        TypeError
            If `estimator` is no ensemble.
        ValueError
            If `y` does not have one label for each document.
        """
        if not exchanges(estimator):
            raise TypeError(
                f"estimator={type(final_estimator(estimator)).__name__} exchanges nothing: give an "
                "InteractiveEnsemble or an InteractiveCommittee."
            )
        return cls.from_predictions(y, exchange_of(estimator, X, spans=False), agreed=agreed, ax=ax)

    @classmethod
    def from_predictions(
        cls, y_true: Any, exchange: Exchange, *, agreed: bool = False, ax: Any = None
    ) -> Self:
        """Draw the result of an exchange.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        exchange : Exchange
            As ``exchange`` of an ensemble or a committee returns it.
        agreed, ax
            As :meth:`from_estimator` takes them.

        Returns
        -------
        display : InteractionFlowDisplay
        """
        flow = count_flow(exchange, y_true)
        return cls(flow.counts, flow.before, flow.cases).plot(ax=ax, agreed=agreed)

    def plot(self, ax: Any = None, *, agreed: bool = False) -> Self:
        """Draw, with parameters as those of :meth:`from_estimator`."""
        self.ax_, self.figure_ = axes_for(self, ax, figsize=(8, 4.5), layout="constrained")
        from matplotlib.patches import PathPatch, Rectangle
        from matplotlib.path import Path

        flow = Flow(self.counts, list(self.before), list(self.cases))
        n_agreed = int(self.counts.sum())
        if not agreed:
            flow = flow.disputed()
        n_agreed -= int(flow.counts.sum())
        nodes, ribbons = lay_out(flow)
        self.nodes_, self.ribbons_, self.texts_ = [], [], []
        for ribbon in ribbons:
            middle = (ribbon.x_from + ribbon.x_to) / 2
            a, b = ribbon.x_from, ribbon.x_to
            points = [
                (a, ribbon.top_from), (middle, ribbon.top_from), (middle, ribbon.top_to),
                (b, ribbon.top_to), (b, ribbon.bottom_to), (middle, ribbon.bottom_to),
                (middle, ribbon.bottom_from), (a, ribbon.bottom_from), (a, ribbon.top_from),
            ]  # fmt: skip
            curve = [Path.CURVE4] * 3
            path = Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])
            color = RIGHT if ribbon.right else WRONG
            patch = PathPatch(path, facecolor=color, edgecolor="none", alpha=0.5)
            self.ribbons_.append(self.ax_.add_patch(patch))
        for node in nodes:
            height = node.bottom - node.top
            color = (RIGHT if node.label == "right" else WRONG) if node.stage == 2 else NEUTRAL
            bar = Rectangle((node.x, node.top), NODE_WIDTH, height, facecolor=color)
            self.nodes_.append(self.ax_.add_patch(bar))
            shift, side = _SIDES[node.stage]
            self.texts_.append(
                self.ax_.text(
                    node.x + shift, (node.top + node.bottom) / 2,
                    f"{plain(node.label)}: {node.count:,}", ha=side, va="center",
                )
            )  # fmt: skip
        left = f"{n_agreed:,} documents on which the members agree are left out" if n_agreed else ""
        self.ax_.set(xlim=(-0.3, 1.2), ylim=(1.02, -0.02), title=left)
        self.ax_.title.set_fontsize("medium")
        self.ax_.set_axis_off()
        return self
