"""No encoder: words, and pairs of neighbours, have weights and no features."""

from __future__ import annotations

from sklearn_irx.components.encoders.base import Encoder


class NoEncoder(Encoder):
    """No features of words in context: only the linear path and its selection prior are trained.

    A word, or a pair of neighbours, has the same weight wherever it stands. There are no word
    vectors, so training takes seconds, and out-of-vocabulary words are unknown. Needs a linear
    initialization.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import NoEncoder
    >>> clf = SelectiveRationaleClassifier(encoder=None)  # or
    >>> clf = SelectiveRationaleClassifier(encoder=NoEncoder())
    """

    needs_vectors = False
