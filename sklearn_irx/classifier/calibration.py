"""Temperature scaling of class probabilities."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

CALIBRATIONS = ("temperature",)

_LOWEST, _HIGHEST = 0.1, 10.0


def fit_temperature(probabilities: np.ndarray, y: np.ndarray) -> float:
    """Find the temperature at which probabilities have the least log loss.

    Log loss is convex in :math:`1/T`, so there is one minimum.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_classes)
        Of documents that nothing was trained on.
    y : ndarray of shape (n_samples,), dtype int
        Their class numbers.

    Returns
    -------
    temperature : float
        Between 0.1 and 10; 1 if every document is predicted right, since log loss would then only
        favour the highest confidence.

    References
    ----------
    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, Section 4.2.
    """
    if (probabilities.argmax(axis=1) == y).all():
        return 1.0
    logits = _logits(probabilities)

    def log_loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float((logsumexp(scaled, axis=1) - scaled[np.arange(len(y)), y]).mean())

    found = minimize_scalar(log_loss, bounds=(np.log(_LOWEST), np.log(_HIGHEST)))
    return float(np.exp(found.x)) if found.fun < log_loss(0.0) else 1.0


def at_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    r"""Scale probabilities by a temperature: :math:`p_c^{1/T} / \sum_k p_k^{1/T}`.

    A temperature above 1 makes them more even, below 1 more extreme; their order stays. The last
    dimension is that of the classes.
    """
    if temperature == 1:
        return probabilities
    return softmax(_logits(probabilities) / temperature, axis=-1)


def _logits(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, np.finfo(float).tiny))
