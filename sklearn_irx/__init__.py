"""Text classifiers that show the words they used, and can show no others."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sklearn_irx._version import __version__ as __version__

if TYPE_CHECKING:
    from sklearn_irx.classifier.classwise import ClasswiseDocuments, ClasswiseRationales
    from sklearn_irx.classifier.estimator import SelectiveRationaleClassifier
    from sklearn_irx.classifier.rationale import Rationale, Rationales
    from sklearn_irx.ensemble.committee import InteractiveCommittee
    from sklearn_irx.ensemble.extractor import RationaleExtractor
    from sklearn_irx.ensemble.pair import InteractiveEnsemble
    from sklearn_irx.ensemble.rejection import RejectOption
    from sklearn_irx.ensemble.result import Exchange, explain
    from sklearn_irx.io import load, save
    from sklearn_irx.workbench import serve

__all__ = [
    "ClasswiseDocuments",
    "ClasswiseRationales",
    "Exchange",
    "InteractiveCommittee",
    "InteractiveEnsemble",
    "Rationale",
    "RationaleExtractor",
    "Rationales",
    "RejectOption",
    "SelectiveRationaleClassifier",
    "explain",
    "load",
    "save",
    "serve",
]

_ROOMS = {
    "ClasswiseDocuments": "classifier.classwise",
    "ClasswiseRationales": "classifier.classwise",
    "Exchange": "ensemble.result",
    "InteractiveCommittee": "ensemble.committee",
    "InteractiveEnsemble": "ensemble.pair",
    "Rationale": "classifier.rationale",
    "RationaleExtractor": "ensemble.extractor",
    "Rationales": "classifier.rationale",
    "RejectOption": "ensemble.rejection",
    "SelectiveRationaleClassifier": "classifier.estimator",
    "explain": "ensemble.result",
    "load": "io",
    "save": "io",
    "serve": "workbench",
}


def __getattr__(name: str) -> Any:
    # Importing torch takes seconds: parts that do without, such as the help of the command, can.
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
