"""The sampler that suits what is asked for."""

from __future__ import annotations

from sklearn_irx.components.samplers.base import Sampler
from sklearn_irx.components.samplers.straight_through import StraightThrough
from sklearn_irx.components.samplers.top_k import TopK


class AutoSampler(Sampler):
    """The sampler that suits what is asked for.

    :class:`TopK` where ``rationale_length`` is "auto", with one window for ``style="passage"``.
    :class:`StraightThrough` for a given mean length or a `lambda1`, which let the number of words
    differ between documents.

    Examples
    --------
    >>> from sklearn_irx.components.samplers.auto import AutoSampler
    >>> AutoSampler().choose("auto", one_window=False)
    TopK()
    """

    module = TopK.module

    def choose(self, rationale_length: float | str | None, *, one_window: bool) -> Sampler:
        """Return the sampler for a length, of one window or not."""
        if one_window:
            return TopK(contiguous=True)
        return TopK() if rationale_length == "auto" else StraightThrough()
