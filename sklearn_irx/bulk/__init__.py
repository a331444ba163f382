"""Scoring tables of any size: streamed in, written in parts, and continued where it was cut off."""

from sklearn_irx.bulk._progress import Progress
from sklearn_irx.bulk._score import score

__all__ = ["Progress", "score"]
