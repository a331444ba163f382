"""Total-variation denoising of a sequence, also known as the fused lasso."""

from __future__ import annotations

from collections import deque


def denoise(values: list[float], weight: float) -> list[float]:
    """Minimize ``sum((z - values) ** 2) / 2 + weight * sum(abs(z[1:] - z[:-1]))``, exactly.

    The dynamic program of N. A. Johnson, "A Dynamic Programming Algorithm for the Fused Lasso
    and L0-Segmentation", 2013, whose time is linear in the length. The least cost of a sequence
    up to here has, as a function of the latest z, a piecewise linear derivative; each step cuts
    it off at plus and minus the weight, which adds a knot at either end and drops those beyond.

    Parameters
    ----------
    values : list of float
        At least one.
    weight : float
        Above 0.

    Returns
    -------
    z : list of float
        Exactly equal where neighbours are fused.
    """
    knots: deque[tuple[float, float, float]] = deque()  # place, change of slope and of intercept
    bounds = []
    edge = 0.0
    for i, value in enumerate(values):
        # After the last word nothing is cut off: its z is where the derivative is 0.
        limit = weight if i + 1 < len(values) else 0.0
        slope, level = 1.0, -edge - value
        while knots and slope * knots[0][0] + level < -limit:
            _, steeper, higher = knots.popleft()
            slope, level = slope + steeper, level + higher
        low = (-limit - level) / slope
        knots.appendleft((low, slope, level + limit))
        slope, level = 1.0, edge - value
        # Only rounding of huge values could pass the knot at `low`, left of which slopes are 0.
        while len(knots) > 1 and slope * knots[-1][0] + level > limit:
            _, steeper, higher = knots.pop()
            slope, level = slope - steeper, level - higher
        high = max(low, (limit - level) / slope)
        knots.append((high, -slope, limit - level))
        bounds.append((low, high))
        edge = weight
    z = [bounds[-1][0]]
    for low, high in reversed(bounds[:-1]):
        z.append(min(max(z[-1], low), high))
    return z[::-1]
