"""What is computed from parameters, and needs computing once at inference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch


class Remembered:
    """A tensor that is computed from parameters, and kept until one of them changes.

    It is kept in torch's inference mode alone, where it needs no gradient, and on no copy: neither
    in a pickle nor in a deep copy. Threads may share it.
    """

    def __init__(self) -> None:
        self._kept: tuple[Any, torch.Tensor] | None = None

    def __call__(
        self,
        parameters: Sequence[torch.Tensor],
        compute: Callable[[], torch.Tensor],
        *settings: Any,
    ) -> torch.Tensor:
        """Return what `compute` makes of parameters and settings."""
        if not torch.is_inference_mode_enabled() or any(p.is_inference() for p in parameters):
            return compute()  # whether a tensor made in inference mode has changed is not known
        state = (*settings, *((p.data_ptr(), p._version) for p in parameters))
        kept = self._kept
        if kept is None or kept[0] != state:
            self._kept = kept = (state, compute())
        return kept[1]

    def forget(self) -> None:
        """Compute anew the next time: torch's fused optimizers change parameters unseen."""
        self._kept = None

    def __reduce__(self) -> tuple[type[Remembered], tuple[()]]:
        return Remembered, ()
