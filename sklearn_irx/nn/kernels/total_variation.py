"""Total-variation denoising of a sequence, also known as the fused lasso."""

from __future__ import annotations

from collections import deque


def denoise(values: list[float], weight: float) -> list[float]:
    """Minimize ``sum((z - values) ** 2) / 2 + weight * sum(abs(z[1:] - z[:-1]))``, exactly.

    The dynamic program of N. A. Johnson, "A Dynamic Programming Algorithm for the Fused Lasso and
    L0-Segmentation", 2013, in time linear in the length. The minimum over the values so far, as a
    function of the latest z, has a piecewise linear derivative. Each step clips the derivative to
    plus and minus `weight`: this adds a knot at either end, and drops the knots beyond.

    Returns z, exactly equal where neighbours are fused. Needs at least one value and a weight above
    0.
    """
    knots: deque[tuple[float, float, float]] = deque()  # position, change of slope and of intercept
    bounds = []
    edge = 0.0
    for i, value in enumerate(values):
        # After the last value nothing is clipped: its z is where the derivative is 0.
        limit = weight if i + 1 < len(values) else 0.0
        slope, level = 1.0, -edge - value
        while knots and slope * knots[0][0] + level < -limit:
            _, steeper, higher = knots.popleft()
            slope, level = slope + steeper, level + higher
        low = (-limit - level) / slope
        knots.appendleft((low, slope, level + limit))
        slope, level = 1.0, edge - value
        # Left of the knot at `low`, slopes are 0; huge values could pass it by rounding.
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
