"""By which signal, and from which score on, documents are answered: for a coverage or a risk."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np

from sklearn_irx._validation import hold_out
from sklearn_irx.ensemble.risk_coverage import area_under_risk_coverage

CHOICE_FRACTION = 0.25
"""Share of the calibration texts that choose what is tested for a risk on the others."""

N_CANDIDATES = 50
"""Thresholds that are tested for a risk: they answer 2 %, 4 %, … of the texts that chose them."""


class Calibration(NamedTuple):
    """The signal and threshold chosen, and coverage and risk on the texts they were tested on.

    `areas` are those under the risk–coverage curves of the signals there were to choose from.
    """

    signal: str
    threshold: float
    coverage: float
    risk: float
    areas: dict[str, float]


def calibrate(
    signals: dict[str, np.ndarray],
    right: np.ndarray,
    y: np.ndarray,
    *,
    signal: str,
    coverage: float | None,
    risk: float | None,
    confidence_level: float,
    random_state: np.random.RandomState,
) -> Calibration:
    """Choose a signal and a threshold on calibration texts, as ``RejectOption`` describes it.

    `signals` and `right` are how sure a model is of each text, and whether its prediction is right;
    `y` are labels, of which each has its share in what is drawn. The threshold is infinite if none
    is shown to keep the `risk`.
    """
    testing = choosing = np.arange(len(right))
    if risk is not None:
        testing, choosing = drawn(y, CHOICE_FRACTION, random_state)
    names = list(signals) if signal == "auto" else [signal]
    areas = {
        name: area_under_risk_coverage(right[choosing], signals[name][choosing])
        for name in names
        if len(choosing)
    }
    # Of no texts to choose on, it is the first, and nothing can be shown of it.
    signal = min(areas, key=areas.__getitem__, default=names[0])
    scores = signals[signal]
    threshold: float | None = None
    if coverage is not None:
        threshold = threshold_for_coverage(scores, coverage)
    elif risk is not None and len(choosing):
        threshold = threshold_for_risk(
            scores[choosing], right[choosing], scores[testing], right[testing],
            risk=risk, confidence_level=confidence_level,
        )  # fmt: skip
    if threshold is None:
        return Calibration(signal, np.inf, 0.0, np.nan, areas)
    answered = scores[testing] >= threshold
    errors = ~right[testing][answered]
    return Calibration(signal, threshold, float(answered.mean()), float(errors.mean()), areas)


def drawn(
    y: np.ndarray, fraction: float, random_state: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows by chance, so that the second part is a share of each label."""
    return hold_out(np.unique(y, return_inverse=True)[1], fraction, random_state)


def threshold_for_coverage(scores: np.ndarray, coverage: float) -> float:
    """Return the highest threshold at which at least this share of documents is answered."""
    n_answered = math.ceil(round(coverage * len(scores), 9))  # 0.07 * 100 is a little more than 7
    if n_answered == len(scores):
        return 0.0
    return float(np.sort(scores)[-n_answered])


def threshold_for_risk(
    scores: np.ndarray,
    right: np.ndarray,
    scores_tested: np.ndarray,
    right_tested: np.ndarray,
    *,
    risk: float,
    confidence_level: float,
) -> float | None:
    """Return the threshold that answers most documents and keeps a risk, or None if none does.

    Learn Then Test: candidates, and which is tested first, come from `scores` and `right`, and the
    tests are made on `scores_tested` and `right_tested`, other documents. The first is the one most
    surely good; from there on lower ones are tested, which answer more and more, until the risk of
    one is not shown to be kept. So the order knows nothing of the documents tested, and no test has
    to be corrected for the number of tests.
    """
    risk_control = import_risk_control()
    # With fewer answered, even none of them wrong would prove nothing.
    least = math.log1p(-confidence_level) / math.log1p(-risk)
    shares = np.arange(1, N_CANDIDATES + 1) / N_CANDIDATES
    candidates = np.unique(np.quantile(scores, 1 - shares, method="higher"))[::-1]
    answered = scores[:, None] >= candidates
    n_answered = answered.sum(axis=0)
    possible = n_answered * (len(scores_tested) / len(scores)) >= least
    if not possible.any():
        return None
    n_errors = (answered & ~right[:, None]).sum(axis=0)
    surely = (risk - n_errors / n_answered) * np.sqrt(n_answered)
    first = np.where(possible, surely, -np.inf).argmax()
    controller = risk_control.BinaryClassificationController(
        predict_function=lambda signal: np.column_stack([1 - signal, signal]),
        risk="precision",
        target_level=float(1 - risk),
        confidence_level=confidence_level,
        list_predict_params=candidates[first:].copy(),
        fwer_method=_in_order(),
    )
    with warnings.catch_warnings():
        # Of signals and thresholds that are of no use: that none is, the caller says.
        warnings.simplefilter("ignore", UserWarning)
        controller.calibrate(scores_tested, right_tested)
    return controller.best_predict_param


def import_risk_control() -> Any:
    """Return the module of MAPIE that controls risks, or raise ImportError that names the extra."""
    try:
        from mapie import risk_control
    except ImportError as error:
        raise ImportError(
            "risk is guaranteed by MAPIE, which an extra installs: pip install "
            '"sklearn-irx[reject]"; coverage needs none.'
        ) from error
    return risk_control


def _in_order() -> Any:
    """Return a procedure that tests in the order given, each at the full level, until one fails.

    MAPIE's "fixed_sequence" would begin at one end of all candidates, chosen by the documents that
    are tested.
    """
    from mapie.risk_control import FWERProcedure

    class InOrder(FWERProcedure):
        def _init_state(self, n_lambdas: int, delta: float) -> None:
            self.next, self.levels = 0, np.full(n_lambdas, delta)

        def _select_next_hypothesis(self, p_values: np.ndarray) -> int | None:
            return self.next if self.next < len(p_values) else None

        def _local_significance_levels(self) -> np.ndarray:
            return self.levels

        def _update_on_reject(self, hypothesis_index: int) -> None:
            self.next = hypothesis_index + 1

    return InOrder()
