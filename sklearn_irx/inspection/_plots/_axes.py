"""Where a display draws."""

from __future__ import annotations

from typing import Any

RIGHT, WRONG, NEUTRAL = "#2a6fb0", "#d0662e", "#8a8f98"
"""Colours that people who see no red or green tell apart, too."""


def axes_for(display: Any, ax: Any = None, **options: Any) -> tuple[Any, Any]:
    """Return the axes to draw in, new ones if none are given, and their figure.

    Parameters
    ----------
    display : object
        Who asks.
    ax : matplotlib Axes or None
        What the user gave.
    **options
        For ``matplotlib.pyplot.subplots``.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    pyplot = import_pyplot(type(display).__name__)
    if ax is None:
        figure, ax = pyplot.subplots(**options)
        return ax, figure
    return ax, ax.figure


def import_pyplot(who: str) -> Any:
    """Import ``matplotlib.pyplot``, or say which extra installs it."""
    try:
        import matplotlib.pyplot as pyplot
    except ImportError as error:
        raise ImportError(
            f'{who} draws with matplotlib, which an extra installs: pip install "sklearn-irx[plot]"'
        ) from error
    return pyplot


def plain(text: Any) -> str:
    r"""Return a label to draw literally: matplotlib would read ``$`` as the start of a formula."""
    from sklearn_irx.text.harmless import one_line

    return one_line(text).replace("$", r"\$")
