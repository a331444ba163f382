"""What is known of one document: data alone, for all renderers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn_irx.classifier.classwise import ClasswiseRationales
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.classifier.sides import BothSides
from sklearn_irx.ensemble.cases import explanation_of
from sklearn_irx.ensemble.result import CrossPrediction
from sklearn_irx.inspection._pieces import MISSING, is_wrong


@dataclass(frozen=True, eq=False)
class DocumentRecord:
    """One document: its rationale, the predictions of members, and the words for classes."""

    name: str
    rationale: Rationale
    y_true: Any = MISSING
    members: Mapping[str, Rationale] = field(default_factory=dict)
    chosen: str | None = None
    cross_predictions: Mapping[tuple[str, str], CrossPrediction] = field(default_factory=dict)
    classwise: ClasswiseRationales | None = None
    sides: BothSides | None = None

    @property
    def judged(self) -> bool:
        """Whether the true label is known, and the words were not chosen for a given class."""
        return self.y_true is not MISSING and self.rationale.target is None

    @property
    def wrong(self) -> bool:
        """Whether the true label is known, and another than the predicted one."""
        return is_wrong(self.rationale, self.y_true)

    @property
    def disputed(self) -> bool:
        """Whether members predicted different labels."""
        return bool(self.members) and self.rationale.case != "agree"

    @property
    def explanation(self) -> str:
        """How an ensemble came to its prediction, in a sentence; empty for a single model."""
        of_pair = not self.members or set(self.members) == {"Model 1", "Model 2"}
        return explanation_of(self.rationale.case, self.chosen, of_pair=of_pair)
