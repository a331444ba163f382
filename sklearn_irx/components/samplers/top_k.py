"""A fixed number of words in every document."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch.nn.functional import one_hot, pad

from sklearn_irx.components.samplers.base import RelaxedSampler
from sklearn_irx.nn.isolation import generator_for
from sklearn_irx.nn.losses import n_selected, n_transitions
from sklearn_irx.nn.sampler import SamplerModule, Selection, best

_HALVINGS = 30  # of some ten logits, mostly


class TopKModule(SamplerModule):
    """See :class:`TopK`."""

    has_budget = True

    def __init__(self, *, contiguous: bool = False, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.contiguous = contiguous
        self.selects_unknown = contiguous  # a passage has no gaps
        self.max_spans = 1 if contiguous else None

    def sample(  # noqa: D102
        self, scores: torch.Tensor, words: torch.Tensor, temperature: float
    ) -> Selection:
        preference = scores.squeeze(-1)
        k = self.budget(words)
        worth = window_scores(preference, words, k) if self.contiguous else preference
        # Gumbel noise is minus the logarithm of an exponential variable, here never of 0.
        noise = torch.empty_like(worth).exponential_(generator=generator_for(worth.device))
        noisy = worth - noise.clamp_(min=1e-12).log()
        if self.contiguous:
            hard = best_window(noisy, k)
            soft = coverage(torch.softmax(worth / temperature, dim=1), k).to(preference)
        else:
            hard = best(noisy.masked_fill(~words, -torch.inf), k)
            soft = relaxed_top_k(noisy, words, hard, temperature=temperature)
        # The brackets keep zeros and ones exact.
        mask = hard.to(preference) + (soft - soft.detach())
        return Selection(mask, n_selected(mask), n_transitions(mask, words))

    def select(self, scores: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: D102
        preference = scores.squeeze(-1)
        k = self.budget(words)
        if self.contiguous:
            return best_window(window_scores(preference, words, k), k).to(words)
        return best(preference.masked_fill(~words, -torch.inf), k)

    def select_by(  # noqa: D102
        self,
        preference: torch.Tensor,
        words: torch.Tensor,
        n: torch.Tensor,
        begins: torch.Tensor | None = None,
    ) -> torch.Tensor:
        if not self.contiguous or self.snap:
            return super().select_by(preference, words, n, begins)
        return best_window(window_scores(preference, words, n), n).to(words)


class TopK(RelaxedSampler):
    """Select exactly `rationale_length` words: those with the largest scores, or the best window.

    Needs `rationale_length`. In training, Gumbel noise makes the mask a draw: of words, one after
    the other without replacement, or of a window. It is hard forward; backward it has the gradient
    of :func:`relaxed_top_k` at the noisy scores, or of each word's probability of lying in the
    window (:func:`coverage`).

    Parameters
    ----------
    contiguous : bool, default=False
        Whether the words must follow one another. Unknown words among them count.
    temperature : float, default=1.0
        Softness of the relaxation at the first training step.
    temperature_decay : float, default=1e-5
        At step s the temperature is ``temperature * exp(-temperature_decay * s)``.

    References
    ----------
    W. Kool et al., "Stochastic Beams and Where to Find Them", ICML 2019; S. M. Xie and S. Ermon,
    "Reparameterizable Subset Sampling via Continuous Relaxations", IJCAI 2019; S. Jain et al.,
    "Learning to Faithfully Rationalize by Construction", ACL 2020 (contiguous rationales).

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import TopK
    >>> SelectiveRationaleClassifier(sampler=TopK(contiguous=True), rationale_length=10)
    SelectiveRationaleClassifier(rationale_length=10, sampler=TopK(contiguous=True))
    """

    module = TopKModule
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RelaxedSampler._parameter_constraints,
        "contiguous": ["boolean"],
    }

    def __init__(
        self,
        contiguous: bool = False,
        temperature: float = 1.0,
        temperature_decay: float = 1e-5,
    ) -> None:
        super().__init__(temperature, temperature_decay)
        self.contiguous = contiguous


def relaxed_top_k(
    scores: torch.Tensor, words: torch.Tensor, top: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Return ``sigmoid((scores - tau) / temperature)``, its sum that of `top` in each document.

    `top` marks the largest scores. Of all masks with that sum, this one maximizes scores plus
    entropy (B. Amos et al., "The Limited Multi-Label Projection Layer", 2019).
    """
    with torch.no_grad():
        least = scores.masked_fill(~top, torch.inf).amin(dim=1, keepdim=True).nan_to_num()
        # Beyond these limits the sigmoid is 0 or 1; within, tau has a finite range.
        logits = ((scores - least) / temperature).clamp(-1e4, 1e4)
        # There the excess or the deficit of a single word outweighs all others.
        margin = math.log(max(words.shape[1], 2))
        following = logits.masked_fill(top | ~words, -1e4).amax(dim=1, keepdim=True)
        low, high = following.clamp(max=0) - margin, torch.full_like(least, margin)
        # The excess of the others minus the deficit of the top words: small numbers stay exact.
        sign = words.to(scores) - 2 * top.to(scores)
        for _ in range(_HALVINGS):
            tau = (low + high) / 2
            above = (sign * torch.sigmoid(sign * (logits - tau))).sum(dim=1, keepdim=True) > 0
            low, high = torch.where(above, tau, low), torch.where(above, high, tau)
        # Where all words are selected, tau is minus infinity.
        logits = (logits - tau).masked_fill((top == words).all(dim=1, keepdim=True), torch.inf)
        value = torch.sigmoid(logits) * words
        slope = value * torch.sigmoid(-logits) / temperature
        share = slope / slope.sum(dim=1, keepdim=True).clamp(min=torch.finfo(slope.dtype).tiny)
    # By the implicit function theorem, tau changes like the mean of the scores weighted by slope.
    change = scores - scores.detach()  # 0, with a gradient
    return value + slope * (change - (share * change).sum(dim=1, keepdim=True))


def window_scores(scores: torch.Tensor, words: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
    """Sum the scores of each window of k words: (batch, length + 1), -inf where none fits."""
    # On the CPU: single precision loses too much in long sums, and not every device has double.
    sums = pad(scores.masked_fill(~words, 0).cpu().double().cumsum(dim=1), (1, 0))
    ends = torch.arange(sums.shape[1]) + k.cpu().unsqueeze(1)
    worth = sums.gather(1, ends.clamp(max=words.shape[1])) - sums
    return worth.masked_fill(ends > words.sum(dim=1, keepdim=True).cpu(), -torch.inf)


def coverage(starts: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
    """Map the probabilities of windows, by first word, to each word's of lying in the window."""
    sums = pad(starts.cumsum(dim=1), (1, 0))[:, :-1]
    positions = torch.arange(1, starts.shape[1])
    return sums[:, 1:] - sums.gather(1, (positions - k.cpu().unsqueeze(1)).clamp(min=0))


def best_window(worth: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
    """Select the k words of the best window of each document, the first of equal ones."""
    return coverage(one_hot(worth.argmax(dim=1), worth.shape[1]), k)
