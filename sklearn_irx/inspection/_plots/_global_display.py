"""Which words a model relies on: bars, by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from sklearn_irx.inspection._plots._axes import NEUTRAL, RIGHT, axes_for, plain
from sklearn_irx.metrics import global_rationales
from sklearn_irx.metrics._input import check_at_least

_INCHES_A_ROW = 0.24


class GlobalRationalesDisplay:
    """The words that a model relies on, with how often they are shown and how often they decide.

    Use :meth:`from_estimator` or :meth:`from_table` to make one.

    Parameters
    ----------
    table : dict of ndarrays
        As :func:`~sklearn_irx.metrics.global_rationales` or
        :func:`~sklearn_irx.metrics.find_shortcuts` returns it.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    shown_, decisive_ : matplotlib BarContainer
        The bars: documents in which a word is shown, and in which another class is predicted
        without it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.inspection import GlobalRationalesDisplay
    >>> table = {"word": np.array(["ants", "sirens"]), "label": np.array(["hygiene", "noise"]),
    ...          "shown": np.array([9, 5]), "decisive": np.array([4, 0])}
    >>> display = GlobalRationalesDisplay.from_table(table)
    >>> [int(bar.get_width()) for bar in display.shown_]
    [9, 5]
    """

    def __init__(self, table: Mapping[str, np.ndarray]) -> None:
        self.table = table

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        unit: str = "word",
        min_shown: int = 2,
        n_words: int = 8,
        labels: Sequence[Any] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a fitted estimator relies on.

        Parameters
        ----------
        estimator, X, unit, min_shown
            As :func:`~sklearn_irx.metrics.global_rationales` takes them.
        n_words, labels, ax, **kwargs
            As :meth:`plot` takes them.

        Returns
        -------
        display : GlobalRationalesDisplay
        """
        table = global_rationales(estimator, X, unit=unit, min_shown=min_shown)
        return cls.from_table(table, n_words=n_words, labels=labels, ax=ax, **kwargs)

    @classmethod
    def from_table(cls, table: Mapping[str, np.ndarray], **options: Any) -> Self:
        """Draw a table.

        Parameters
        ----------
        table : dict of ndarrays
            With the columns ``word``, ``label``, ``shown`` and ``decisive``.
        **options
            As :meth:`plot` takes them.

        Returns
        -------
        display : GlobalRationalesDisplay
        """
        return cls(table).plot(**options)

    def plot(
        self,
        ax: Any = None,
        *,
        n_words: int = 8,
        labels: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure, as high as the words need.
        n_words : int, default=8
            Words of each class at most: the first of the table.
        labels : sequence of labels, default=None
            The classes to draw. None means all.
        **kwargs
            For ``Axes.barh``.

        Returns
        -------
        display : GlobalRationalesDisplay

        Raises
        ------
        ValueError
            If `labels` holds one that the table does not, or `n_words` is below 1.
        """
        check_at_least(1, "n_words", n_words)
        known = np.unique(self.table["label"]).tolist()
        chosen = known if labels is None else list(labels)
        for label in chosen:
            if label not in known:
                raise ValueError(
                    f"labels holds {label!r}, of which the table has no words: give some of "
                    f"{known}."
                )
        rows = [np.flatnonzero(self.table["label"] == label)[:n_words] for label in chosen]
        # Above the words of each class there is room for its name.
        ends = np.cumsum([len(own) + 1 for own in rows])
        tops = ends - [len(own) + 1 for own in rows]
        places = np.concatenate(
            [top + 1 + np.arange(len(own)) for top, own in zip(tops, rows, strict=True)] or [[]]
        )
        order = np.concatenate([np.empty(0, dtype=int), *rows])
        height = 1.2 + _INCHES_A_ROW * max(1, int(ends[-1]) if len(ends) else 1)
        self.ax_, self.figure_ = axes_for(self, ax, figsize=(6.4, height), layout="constrained")
        for top, label in zip(tops, chosen, strict=True):
            self.ax_.text(
                0.01, top, plain(label), weight="bold", va="center",
                transform=self.ax_.get_yaxis_transform(),
            )  # fmt: skip
        style = {"height": 0.8, **kwargs}
        shown, decisive = self.table["shown"][order], self.table["decisive"][order]
        light = {"color": NEUTRAL, "alpha": 0.45, "label": "shown", **style}
        self.shown_ = self.ax_.barh(places, shown, **light)
        dark = {"color": RIGHT, "label": "decisive", **style}
        self.decisive_ = self.ax_.barh(places, decisive, **dark)
        self.ax_.set_yticks(places, [plain(word) for word in self.table["word"][order]])
        self.ax_.set_ylim(float(ends[-1]) if len(ends) else 1.0, -1.0)
        self.ax_.set(xlabel="documents")
        self.ax_.tick_params(axis="y", length=0)
        self.ax_.legend(loc="lower right")
        return self
