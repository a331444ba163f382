"""Warnings of this package, to be filtered by their class."""

from __future__ import annotations


class SelectionWarning(UserWarning):
    """The rationales of a trained model are not as asked, or a parameter had no effect.

    ``fit`` warns once, with all complaints and a remedy for each.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_irx.exceptions import SelectionWarning
    >>> warnings.filterwarnings("ignore", category=SelectionWarning)  # doctest: +SKIP
    """


class RejectionWarning(UserWarning):
    """No text will be answered, because the risk asked for is not shown to be kept.

    ``fit`` of :class:`~sklearn_irx.RejectOption` warns of it.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_irx.exceptions import RejectionWarning
    >>> warnings.filterwarnings("error", category=RejectionWarning)  # doctest: +SKIP
    """
