"""Prices of words and borders: fixed, or found in training for a length the user asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from sklearn_irx.nn.lengths import is_share, n_allowed
from sklearn_irx.nn.losses import n_borders
from sklearn_irx.nn.sampler import IndependentSampler

_MEMORY = 0.9  # of the moving average of the error, a batch
_RATE = 0.02  # nats a step and unit of relative error, summed up
_DAMPING = 0.2  # nats a unit of relative error, at once
_HALVINGS = 40  # of the range of preferences, to find a threshold
_ROUGH_HALVINGS = 12  # the same where the best pieces are sought each time, which is slower
_DOUBLINGS = 8  # of the cost of a border, at most, until it is high enough
TOLERANCE = 0.05  # relative, within which a limit is kept


class FixedPrice:
    """So many nats of cross-entropy for each word or border.

    Parameters
    ----------
    price : float
        Of one word or border.
    free : float or None
        So many of each document cost nothing (Jain et al., 2020); below 1, a share of its words.
    """

    target: float | None = None

    def __init__(self, price: float, free: float | None = None) -> None:
        self.price = price
        self.free = free

    def cost(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Give the mean cost of `n` (batch,) units a document, in nats."""
        if self.free is not None:
            n = (n - n_allowed(self.free, words)).clamp(min=0)
        return scale * self.price * _weighed(n, weight).mean()

    def update(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,
    ) -> None:
        """Do nothing: the price is fixed."""

    def excess(self, n: float) -> float:  # noqa: ARG002
        """Give 0: there is no limit."""
        return 0.0


class Multiplier:
    """A Lagrange multiplier: it rises while there is too much of something, and falls else.

    The cost is in units of what is asked for, so the multiplier is in nats whatever the unit. It
    follows a moving average of the error, summed up and (as damping, which keeps it from swinging)
    as it is. It never goes past what is at stake, the cross-entropy of guessing, nor below 0:
    a reward for words, beside a price of borders, ends in the selection of all words for good.

    Parameters
    ----------
    target : float
        Mean over documents; below 1, a share of their words.
    most : float
        Bound of the multiplier, in nats.

    References
    ----------
    J. Platt and A. Barr, "Constrained differential optimization", NIPS 1987.
    A. Stooke et al., "Responsive safety in reinforcement learning by PID Lagrangian methods",
    ICML 2020.
    """

    def __init__(self, target: float, most: float) -> None:
        self.target = target
        self.most = most
        self.sum = 0.0
        self.error = 0.0

    @property
    def value(self) -> float:
        """The multiplier, in nats for as much as is asked for."""
        return min(self.most, max(0.0, self.sum + _DAMPING * self.error))

    @property
    def price(self) -> float:
        """The multiplier, in nats for a word or border (or, of a share, for a whole document)."""
        return self.value / self.target

    def cost(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,  # noqa: ARG002
        weight: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Give the mean cost of `n` (batch,) units a document, in nats."""
        return self.price * self._mean(n, words, weight)

    def update(
        self,
        n: torch.Tensor,
        words: torch.Tensor,
        scale: float,
        weight: torch.Tensor | None = None,
    ) -> None:
        """Look at a batch of training. With a `scale` below 1 the target is so much longer."""
        error = float(self._mean(n.detach(), words, weight)) * scale / self.target - 1.0
        error = max(-1.0, min(1.0, error))
        self.error = _MEMORY * self.error + (1 - _MEMORY) * error
        self.sum = min(self.most, max(0.0, self.sum + _RATE * self.error))

    def excess(self, n: float) -> float:
        """Give how far a mean of `n` is above the target, relative to it."""
        return n / self.target - 1.0

    def _mean(
        self, n: torch.Tensor, words: torch.Tensor, weight: torch.Tensor | None
    ) -> torch.Tensor:
        if not is_share(self.target):
            return _weighed(n, weight).mean()
        n_words = words.sum(dim=1)
        shares = _weighed(n / n_words.clamp(min=1), weight)
        return shares.sum() / (n_words > 0).sum().clamp(min=1)


def _weighed(n: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Count each document by its weight, which is 1 in the mean over all documents."""
    return n if weight is None else weight * n


@torch.inference_mode()
def fit_selection(
    module: Any,
    batches: Iterable[tuple[dict[str, torch.Tensor], torch.Tensor | None]],
    rationale_length: float | None,
    max_transitions: float | None,
) -> None:
    """Move a sampler's threshold and cost of borders so that rationales of documents are as asked.

    Samples of the right mean length in training do not make the likelier half of the words just
    as many: this is what remains to be done. The larger the cost of borders, the fewer there are.

    Parameters
    ----------
    module : Rationalizer
        With a sampler that draws each word for itself.
    batches : iterable of (dict, Tensor of shape (batch,) or None)
        What :meth:`Rationalizer.scores` takes, and how much each document counts.
    rationale_length : float or None
        Mean over documents; below 1, a share of their words. None leaves the threshold alone.
    max_transitions : float or None
        Mean over documents, not to be exceeded.
    """
    sampler: IndependentSampler = module.sampler
    module.eval()
    scored = [(*module.scores(**batch), weight) for batch, weight in batches]
    preferences = torch.cat([sampler.preference(scores)[known] for scores, _, known, _ in scored])
    if not len(preferences) or not preferences.isfinite().all():
        return
    low, high = float(preferences.min()), float(preferences.max())

    def measured() -> tuple[float, float]:
        """Mean length, as it was asked for, and borders."""
        lengths, borders, weights = [], [], []
        for scores, words, known, weight in scored:
            # On the CPU, as not every device has double precision.
            mask, words = (sampler.select(scores, words) & known).cpu(), words.cpu()
            n_words = words.sum(dim=1)
            length = mask.sum(dim=1)
            weight = torch.ones(len(words)) if weight is None else weight.cpu()
            if rationale_length is not None and is_share(rationale_length):
                length = length / n_words.clamp(min=1)
                weight = weight * (n_words > 0)
            lengths.append(length.double())
            borders.append(n_borders(mask.double(), words))
            weights.append(weight.double())
        weight = torch.cat(weights)
        weight /= weight.sum().clamp(min=1e-12)
        return float(weight @ torch.cat(lengths)), float(weight @ torch.cat(borders))

    def fit_threshold(n_halvings: int) -> None:
        if rationale_length is None:
            return
        enough, too_high = low - 1.0, high
        for _ in range(n_halvings):
            middle = (enough + too_high) / 2
            sampler.threshold.fill_(middle)
            if measured()[0] < rationale_length:
                too_high = middle
            else:
                enough = middle
        sampler.threshold.fill_(enough)

    sampler.border_cost.fill_(0.0)
    fit_threshold(_HALVINGS)
    if rationale_length is not None:
        # Half-way to the best word left out, so that rounding decides on no word.
        last = preferences[preferences > sampler.threshold].min()
        left = preferences[preferences < last]
        sampler.threshold.copy_((last + left.max()) / 2 if len(left) else last - 1.0)
    if max_transitions is None or measured()[1] <= max_transitions:
        return
    # The larger the cost, the longer a piece has to be that gains more than its two borders cost.
    too_little, enough = 0.0, max(high - low, 1.0)
    for _ in range(_DOUBLINGS):
        sampler.border_cost.fill_(enough)
        fit_threshold(_ROUGH_HALVINGS)
        if measured()[1] <= max_transitions:
            break
        too_little, enough = enough, 2 * enough
    for _ in range(_ROUGH_HALVINGS):
        middle = (too_little + enough) / 2
        sampler.border_cost.fill_(middle)
        fit_threshold(_ROUGH_HALVINGS)
        if measured()[1] > max_transitions:
            too_little = middle
        else:
            enough = middle
    sampler.border_cost.fill_(enough)
    fit_threshold(_ROUGH_HALVINGS)
