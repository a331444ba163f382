"""Sparse structured rationales: a budget, and a score for neighbours."""

from __future__ import annotations

from bisect import bisect_left
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch

from sklearn_irx._compat import Interval
from sklearn_irx.components.samplers.base import RelaxedSampler
from sklearn_irx.nn.kernels.total_variation import denoise
from sklearn_irx.nn.losses import n_selected, n_transitions
from sklearn_irx.nn.sampler import SamplerModule, Selection


class SparseMapModule(SamplerModule):
    """See :class:`SparseMap`."""

    has_budget = True

    def __init__(self, *, neighbour_score: float = 0.1, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.neighbour_score = neighbour_score

    def sample(  # noqa: D102
        self, scores: torch.Tensor, words: torch.Tensor, temperature: float
    ) -> Selection:
        scaled = scores.squeeze(-1) / temperature
        solution = np.zeros(words.shape)
        groups = np.zeros(words.shape, dtype=np.int64)
        is_bound = np.zeros(len(words), dtype=bool)
        budgets = self.budget(words).tolist()
        rows = scaled.detach().cpu().double().numpy()
        for i, (row, is_word) in enumerate(zip(rows, words.cpu().numpy(), strict=True)):
            n = is_word.sum()
            solution[i, :n], groups[i, :n], is_bound[i] = lp_sparsemap(
                row[:n], self.neighbour_score / temperature, budgets[i]
            )
        mask = torch.from_numpy(solution).to(scaled)
        # Near this solution, the mask is a linear map of the scores: applied to a difference of 0,
        # the map adds its gradient and no value.
        free = ((mask > 0) & (mask < 1)).to(mask.dtype)
        where = torch.from_numpy(groups).to(mask.device)
        change = (scaled - scaled.detach()) * free
        sums = torch.zeros_like(mask).scatter_add(1, where, change)
        counts = torch.zeros_like(mask).scatter_add(1, where, free).clamp(min=1)
        fused = (sums / counts).gather(1, where) * free
        common = fused.sum(dim=1) / free.sum(dim=1).clamp(min=1)
        common = common * torch.from_numpy(is_bound).to(mask.device)
        mask = mask + fused - common.unsqueeze(1) * free
        return Selection(mask, n_selected(mask), n_transitions(mask, words))

    def select(self, scores: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        budgets = self.budget(words)
        preference = scores.squeeze(-1).masked_fill(~words, -torch.inf)
        # In double precision, which not every device has, equal sets remain equal.
        mask = best_set(preference.cpu().double(), self.neighbour_score, budgets.cpu())
        return mask.to(words.device)


class SparseMap(RelaxedSampler):
    """A deterministic mask with exact zeros that prefers neighbouring words.

    Needs `rationale_length`: the limit of the words in a set. The value of a set is the sum of its
    scores, plus `neighbour_score` for each two selected neighbours. In training the mask is the
    LP-SparseMAP solution for these factors, at inference the set of the largest value. Where scores
    are negative, either may have fewer words than the limit, or none.

    Parameters
    ----------
    neighbour_score : float, default=0.1
        Added for two selected neighbours, in units of the scores, at least 0.
    temperature : float, default=1.0
        Softness of the relaxation at the first training step.
    temperature_decay : float, default=1e-5
        At step s the temperature is ``temperature * exp(-temperature_decay * s)``.

    Notes
    -----
    SPECTRA solves LP-SparseMAP by iterations for any factors. These factors have a closed form, see
    :func:`lp_sparsemap`. It is computed on the CPU, document by document.

    References
    ----------
    N. M. Guerreiro and A. F. T. Martins, "SPECTRA: Sparse Structured Text Rationalization",
    EMNLP 2021; V. Niculae and A. F. T. Martins, "LP-SparseMAP: Differentiable Relaxed
    Optimization for Sparse Structured Prediction", ICML 2020.

    Examples
    --------
    >>> from sklearn_irx.components import SparseMap
    >>> SparseMap(neighbour_score=0.5)
    SparseMap(neighbour_score=0.5)
    """

    module = SparseMapModule
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RelaxedSampler._parameter_constraints,
        "neighbour_score": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        neighbour_score: float = 0.1,
        temperature: float = 1.0,
        temperature_decay: float = 1e-5,
    ) -> None:
        super().__init__(temperature, temperature_decay)
        self.neighbour_score = neighbour_score


def lp_sparsemap(
    scores: np.ndarray, neighbour_score: float, budget: int
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Solve LP-SparseMAP for one document.

    Maximize ``scores @ z + neighbour_score * sum(min(z[i], z[i + 1])) - z @ z / 2`` over z in
    [0, 1] with ``sum(z) <= budget``. As ``min(a, b) = (a + b - |a - b|) / 2``, this is the proximal
    map of the total variation; limits on the values of z and a penalty on their sum may be applied
    after it (Friedman et al., "Pathwise coordinate optimization", 2007).

    Returns z (n_words,), for each word the number of its run of words of one value (n_words,), and
    whether the budget is reached, so that its penalty is above 0.
    """
    half, n = neighbour_score / 2, len(scores)
    values, group = scores, np.arange(n)
    if half and n:
        raised = np.full(n, neighbour_score)
        raised[0] -= half
        raised[-1] -= half
        values = np.array(denoise((scores + raised).tolist(), half))
        group = np.append(0, np.cumsum(np.diff(values) != 0))

    # The penalty tau is at most the smallest of the `budget` largest values and, if above 0, at
    # most 1 below. Relative to it, tau keeps its digits next to huge values.
    pivot = max(0.0, np.sort(values)[-budget]) if budget < n else 0.0
    values = values - pivot

    def total(tau: float) -> float:
        return float((values - tau).clip(0, 1).sum())

    # The total is linear in tau between these knots.
    least = max(-pivot, -1.0)
    knots = np.concatenate([values, values - 1])
    knots = np.concatenate([[least], np.sort(knots[(knots > least) & (knots <= 0)])])
    # With this key, nan scores result in a mask of nan, not in an IndexError.
    last = bisect_left(knots, True, key=lambda tau: not total(tau) > budget)
    tau = knots[last]
    if last:
        before, after = total(knots[last - 1]), total(tau)
        tau -= (budget - after) / (before - after) * (tau - knots[last - 1])
    return (values - tau).clip(0, 1), group, bool(tau > -pivot)


def best_set(scores: torch.Tensor, neighbour_score: float, budgets: torch.Tensor) -> torch.Tensor:
    """Select the set of words with the largest value in each document, by Viterbi.

    Of equal sets the one with fewer words is taken, then the one whose last words are earlier.
    `scores` (batch, length) are minus infinity past the end of a document, `budgets` are (batch,).
    """
    counts = torch.arange(int(budgets.max()) + 1)
    # The best value for each number of selected words, without and with the latest word.
    off = scores.new_full((len(scores), len(counts)), -torch.inf)
    off[:, 0] = 0
    on = torch.full_like(off, -torch.inf)
    followed = []
    for score in scores.T:
        joined = on + neighbour_score
        followed.append((on > off, (joined > off).roll(1, dims=1)))
        longer = (torch.maximum(joined, off) + score.unsqueeze(1)).roll(1, dims=1)
        longer[:, 0] = -torch.inf
        off, on = torch.maximum(on, off), longer
    worth = torch.maximum(on, off).masked_fill(counts > budgets.unsqueeze(1), -torch.inf)
    count = worth.argmax(dim=1, keepdim=True)
    selected = (on > off).gather(1, count)
    mask = torch.zeros_like(scores, dtype=torch.bool)
    for i in reversed(range(scores.shape[1])):
        mask[:, i] = selected.squeeze(1)
        if_off, if_on = followed[i]
        count, selected = (
            count - selected.long(),
            torch.where(selected, if_on.gather(1, count), if_off.gather(1, count)),
        )
    return mask
