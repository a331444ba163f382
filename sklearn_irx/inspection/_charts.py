"""Small charts as plain numbers, which the templates draw as SVG: no matplotlib is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_irx.inspection._flow import Flow, Node, Ribbon, lay_out
from sklearn_irx.inspection._plots._length import length_histogram
from sklearn_irx.metrics._calibration import reliability

_MOST_BARS = 30


@dataclass(frozen=True)
class Bar:
    """A bar of a chart; places from 0 to 1, `tooltip` is shown when pointed at."""

    x: float
    width: float
    height: float
    tooltip: str


@dataclass(frozen=True)
class Point:
    """A point of a chart; places from 0 to 1, y going up."""

    x: float
    y: float
    tooltip: str


@dataclass(frozen=True)
class LengthChart:
    """How many documents have rationales of which length."""

    bars: list[Bar]
    ticks: list[tuple[float, str]]
    top: int
    mean: float
    mean_at: float

    @classmethod
    def of(cls, lengths: np.ndarray) -> LengthChart:
        """Make it of the number of selected words of each document."""
        edges, counts = length_histogram(lengths, _MOST_BARS)
        width = int(edges[1])
        end = int(edges[-1])
        bars = [
            Bar(
                start / end,
                width / end,
                count / max(1, counts.max()),
                f"{_range(int(start), width)}: {_documents(int(count))}",
            )
            for start, count in zip(edges[:-1], counts, strict=True)
        ]
        step = max(1, -(-len(counts) // 8)) * width
        # At the middle of a bar of one word, at the start of a wider one.
        shift = 0.5 if width == 1 else 0
        ticks = [((at + shift) / end, str(at)) for at in range(0, end, step)]
        mean = float(np.mean(lengths))
        return cls(bars, ticks, int(counts.max()), mean, (mean + shift) / end)


@dataclass(frozen=True)
class ReliabilityChart:
    """How often documents of like confidence are right."""

    points: list[Point]
    bars: list[Bar]
    ece: float

    @classmethod
    def of(cls, confidence: np.ndarray, right: np.ndarray, n_bins: int) -> ReliabilityChart:
        """Make it of confidence and of whether it was right, document by document."""
        found = reliability(confidence, right, n_bins)
        points, bars = [], []
        for sure, accuracy, count in zip(*found[:3], strict=True):
            tooltip = (
                f"{_documents(int(count))}, {100 * sure:.0f} % sure on average: "
                f"{100 * accuracy:.0f} % right"
            )
            points.append(Point(float(sure), float(accuracy), tooltip))
            bars.append(Bar(float(sure), 0.02, float(count / found.n_documents.sum()), tooltip))
        return cls(points, bars, found.ece)


@dataclass(frozen=True)
class FlowChart:
    """Who was right before an exchange, the case, and who is right after it."""

    nodes: list[Node]
    ribbons: list[Ribbon]
    n_disputed: int
    n_agreed: int

    @classmethod
    def of(cls, flow: Flow) -> FlowChart:
        """Make it of the documents on which members disagree."""
        disputed = flow.disputed()
        n_disputed = int(disputed.counts.sum())
        return cls(*lay_out(disputed), n_disputed, int(flow.counts.sum()) - n_disputed)


def _range(start: int, width: int) -> str:
    if width > 1:
        return f"{start} to {start + width - 1} words"
    return f"{start} word{'' if start == 1 else 's'}"


def _documents(count: Any) -> str:
    return f"{count:,} document{'' if count == 1 else 's'}"
