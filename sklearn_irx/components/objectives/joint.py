"""The objective of the paper: both networks minimize one loss."""

from __future__ import annotations

from sklearn_irx.components.objectives.base import Objective


class JointObjective(Objective):
    r"""Cross-entropy of the rationales, minimized by both networks.

    With x the words of a document, y its class, m a mask drawn by the selector s, and f the
    predictor, it is

    .. math:: \min_{s, f} \; E_{x, y} \, E_{m \sim s(x)} [ -\log f(y \mid m \odot x) ]

    plus the penalties of words and transitions. Encoding pays: the predictor learns what it means
    that the selector selected these words, and the selector to tell it so.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022, Eq. 1; T. Lei
    et al., "Rationalizing Neural Predictions", EMNLP 2016.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import JointObjective
    >>> clf = SelectiveRationaleClassifier(objective=None)  # or
    >>> clf = SelectiveRationaleClassifier(objective=JointObjective())
    """
