"""Text classifiers that show the words they used, and can show no others."""

from sklearn_irx._rationale import Rationale

__version__ = "0.1.0"
__all__ = ["Rationale"]
