"""What each epoch of training reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from sklearn_irx._pipelines import final_estimator
from sklearn_irx.inspection._plots._axes import NEUTRAL, RIGHT, WRONG, import_pyplot

_QUANTITIES = {"loss": "loss (nats)", "accuracy": "accuracy", "words": "selected words"}
_PARTS = {"train": (WRONG, "training texts"), "valid": (RIGHT, "texts held out")}


class TrainingHistoryDisplay:
    """Loss, accuracy and selected words, epoch by epoch.

    Use :meth:`from_estimator` or :meth:`from_history` to make one.

    Parameters
    ----------
    history : mapping of str to array of shape (n_epochs,)
        ``history_`` of a classifier.
    name : str or None, default=None
        Title of the figure.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        One for each quantity.
    figure_ : matplotlib Figure
        Their figure.
    lines_ : dict of str to matplotlib Line2D
        The curves, by their names in ``history_``.
    best_lines_ : list of matplotlib Line2D
        A line at the epoch whose weights were kept; none if no epochs were compared.

    Examples
    --------
    >>> from sklearn_irx.inspection import TrainingHistoryDisplay
    >>> history = {"train_loss": [1.0, 0.5], "valid_loss": [1.2, 0.8], "best": [True, True]}
    >>> display = TrainingHistoryDisplay.from_history(history)  # as history_ of a classifier
    >>> sorted(display.lines_)
    ['train_loss', 'valid_loss']
    """

    def __init__(self, history: Mapping[str, Any], *, name: str | None = None) -> None:
        self.history = history
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, name: str | None = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw the training of a fitted classifier.

        Parameters
        ----------
        estimator : fitted SelectiveRationaleClassifier
            Its ``history_`` is drawn. Of a pipeline, that of the estimator at its end.
        name : str, default=None
            Title of the figure.
        ax : sequence of three matplotlib Axes, default=None
            Where to draw loss, accuracy and words; None makes a new figure.
        **kwargs
            For ``Axes.plot``.

        Returns
        -------
        display : TrainingHistoryDisplay

        Raises
        ------
        ValueError
            If `estimator` has no history: it is not fitted, or an ensemble.
        """
        estimator = final_estimator(estimator)
        if not hasattr(estimator, "history_"):
            raise ValueError(
                f"estimator={type(estimator).__name__} has no history_: give a fitted "
                "SelectiveRationaleClassifier, such as a member in estimators_."
            )
        return cls.from_history(estimator.history_, name=name, ax=ax, **kwargs)

    @classmethod
    def from_history(
        cls,
        history: Mapping[str, Any],
        *,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a history as ``history_`` of a classifier has it.

        Parameters
        ----------
        history : mapping of str to array of shape (n_epochs,)
            Columns that are missing, or hold nan alone, are left out.
        name, ax, **kwargs
            As :meth:`from_estimator` takes them.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        return cls(history, name=name).plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : sequence of three matplotlib Axes, default=None
            Where to draw loss, accuracy and words; None makes a new figure.
        name : str, default=None
            Title of the figure. None means the one given before.
        **kwargs
            For ``Axes.plot``.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        self.ax_, self.figure_ = self._axes(ax)
        name = self.name if name is None else name
        self.lines_ = {}
        self.best_lines_ = []
        best = np.flatnonzero(np.asarray(self.history.get("best", [])))
        for axes, (quantity, label) in zip(self.ax_, _QUANTITIES.items(), strict=True):
            for part, (color, part_name) in _PARTS.items():
                values = np.asarray(self.history.get(f"{part}_{quantity}", []), dtype=float)
                if not np.isfinite(values).any():
                    continue
                epochs = np.arange(1, len(values) + 1)
                style = {"color": color, "marker": ".", "label": part_name, **kwargs}
                (self.lines_[f"{part}_{quantity}"],) = axes.plot(epochs, values, **style)
            if best.size:
                # The last that beat all before it is the one that was kept.
                self.best_lines_.append(
                    axes.axvline(best[-1] + 1, color=NEUTRAL, linestyle="--", label="kept")
                )
            axes.set(xlabel="epoch", ylabel=label)
            axes.xaxis.get_major_locator().set_params(integer=True)
        self.ax_[0].legend()
        if name is not None:
            self.figure_.suptitle(name)
        return self

    def _axes(self, ax: Any) -> tuple[np.ndarray, Any]:
        pyplot = import_pyplot(type(self).__name__)
        if ax is None:
            figure, axes = pyplot.subplots(
                1, len(_QUANTITIES), figsize=(11, 3.4), layout="constrained"
            )
            return axes, figure
        if not isinstance(ax, Sequence | np.ndarray) or len(ax) != len(_QUANTITIES):
            raise ValueError(
                f"ax={ax!r}: give three axes, for loss, accuracy and words, or None for a new "
                "figure."
            )
        return np.asarray(ax), ax[0].figure
