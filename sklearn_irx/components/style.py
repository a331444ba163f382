"""What a rationale looks like: what is selected as a whole, and in how many pieces."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch

from sklearn_irx._compat import Interval, StrOptions
from sklearn_irx.components.base import Component, Registry
from sklearn_irx.nn.sampler import SamplerModule
from sklearn_irx.nn.units import Units
from sklearn_irx.text import (
    Documents,
    SentenceSplitter,
    TokenizedTexts,
    clause_begins,
    segment_begins,
)


class Style(Component):
    """What a rationale looks like: words or sentences, in how many spans, and where these end.

    Parameters
    ----------
    unit : {"word", "sentence"} or callable, default="word"
        What is selected as a whole. "sentence" is ``SentenceSplitter()`` of
        :mod:`sklearn_irx.text`, for English; give ``SentenceSplitter("de")`` for another language.
        A function maps a text to the (start, end) in characters of its segments, in order:
        paragraphs, turns of a dialogue. Lengths and penalties then count units and not words: a
        `rationale_length` of 2 is two sentences, and "auto" a sixth of them, at least one. A unit's
        score is the mean of those of its words. Masks are of words all the same.
    max_spans : int or None, default=None
        Most spans of any rationale. Of all selections with so many spans and as many units as the
        sampler selects, the one with the largest sum of scores is taken, whatever the sampler. A
        span has no gaps: unknown words within it are marked, and the predictor sees nothing of
        them.
    span_length : float or None, default=None
        Mean number of units of a span that is aimed for: stands for a `max_transitions`.
    snap : float, default=0.0
        What an end of a span within a clause costs, in standard deviations of the scores of a
        document. So spans end at punctuation where that changes the sum of scores by less. As many
        words are selected as without. Of words alone: other units end where they end.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Style
    >>> clf = SelectiveRationaleClassifier(style=Style(max_spans=3, snap=1), rationale_length=30)
    >>> clf = SelectiveRationaleClassifier(style="sentences", rationale_length=2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "unit": [StrOptions({"word", "sentence"}), callable],
        "max_spans": [Interval(Integral, 1, None, closed="left"), None],
        "span_length": [Interval(Real, 1, None, closed="left"), None],
        "snap": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        unit: Any = "word",
        *,
        max_spans: int | None = None,
        span_length: float | None = None,
        snap: float = 0.0,
    ) -> None:
        self.unit = unit
        self.max_spans = max_spans
        self.span_length = span_length
        self.snap = snap

    def check(self) -> None:
        """Check the parameters, and raise ValueError if they contradict each other."""
        super().check()
        if self.snap and self.of_segments:
            raise ValueError(
                f"snap={self.snap:g} is for spans of words, and unit={self.unit!r} has ends of its "
                "own: leave one of them out."
            )

    @property
    def of_segments(self) -> bool:
        """Whether a unit is more than a word."""
        return not (isinstance(self.unit, str) and self.unit == "word")

    @property
    def needs_spans(self) -> bool:
        """Whether the places of words in their texts matter."""
        return self.of_segments or self.snap > 0

    def begins(self, texts: TokenizedTexts) -> np.ndarray | None:
        """Return for each word of texts, end to end, whether a segment begins at it.

        Of segments or, for `snap`, of clauses; None if neither matters.
        """
        if self.of_segments:
            named = isinstance(self.unit, str)
            return segment_begins(texts, SentenceSplitter() if named else self.unit)
        return clause_begins(texts) if self.snap else None

    def lengths(self, documents: Documents) -> np.ndarray:
        """Return the number of units of each document."""
        return documents.n_segments if self.of_segments else documents.lengths

    def of_units(self, masks: np.ndarray, documents: Documents) -> np.ndarray:
        """Map masks of words to masks of units, which are marked if one of their words is.

        `masks` are (n_documents, at least the longest document), dtype bool, and those of units
        (n_documents, most units).
        """
        if not self.of_segments:
            return masks
        assert documents.begins is not None
        begins = documents.padded_values(documents.begins, np.arange(len(documents)), False)
        words = np.arange(begins.shape[1]) < documents.lengths[:, None]
        units = Units(torch.from_numpy(words), torch.from_numpy(begins))
        return units.any(torch.from_numpy(masks[:, : begins.shape[1]])).numpy()

    def shape(self, sampler: SamplerModule) -> None:
        """Let a sampler select in this style."""
        sampler.snap = float(self.snap)
        if self.max_spans is not None:
            sampler.max_spans = min(self.max_spans, sampler.max_spans or self.max_spans)
            sampler.selects_unknown = True

    def shaping_params(self) -> dict[str, Any]:
        """Return no parameters: no weight depends on those of a style."""
        return {}


STYLES = Registry(
    "style",
    Style,
    {
        "words": Style(),
        "phrases": Style(span_length=4),
        "passage": Style(max_spans=1),
        "sentences": Style(unit="sentence"),
    },
)
