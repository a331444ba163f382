"""The sampler that suits what is asked for."""

from __future__ import annotations

from sklearn_irx.components.samplers.base import Sampler
from sklearn_irx.components.samplers.gumbel import Gumbel
from sklearn_irx.components.samplers.hard_kuma import HardKuma
from sklearn_irx.components.samplers.straight_through import StraightThrough
from sklearn_irx.components.samplers.top_k import TopK


class AutoSampler(Sampler):
    """The sampler that suits what is asked for.

    :class:`TopK` where ``rationale_length`` is "auto", with one window for ``style="passage"``.
    :class:`StraightThrough` for a given mean length or a `lambda1`, which let the number of words
    differ between documents. From random weights :class:`Gumbel`, since a word that a hard mask
    leaves out has next to no gradient to come back by, and :class:`HardKuma` where words must be
    left out.

    Examples
    --------
    >>> from sklearn_irx.components.samplers.auto import AutoSampler
    >>> AutoSampler().choose("auto", one_window=False)
    TopK()
    """

    module = TopK.module

    def choose(
        self,
        rationale_length: float | str | None,
        *,
        one_window: bool,
        from_scratch: bool = False,
        exact_zeros: bool = False,
    ) -> Sampler:
        """Return the sampler for a length, of one window or not.

        `from_scratch` says that networks start from random weights, and `exact_zeros` that masks
        must leave words out entirely in training.
        """
        if one_window:
            return TopK(contiguous=True)
        if from_scratch:
            return HardKuma() if exact_zeros else Gumbel()
        return TopK() if rationale_length == "auto" else StraightThrough()
