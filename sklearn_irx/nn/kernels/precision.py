"""The floating-point type of matrix products."""

from __future__ import annotations

from functools import cache

import torch

PRECISIONS = ("auto", "float32", "bfloat16")


def product_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of the factors of matrix products; sums have 32 bits.

    ``"auto"`` is bfloat16 on a CPU or a CUDA device that multiplies such numbers in hardware.
    """
    if precision == "auto":
        return torch.bfloat16 if _has_bfloat16(device.type) else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


@cache
def _has_bfloat16(device_type: str) -> bool:
    if device_type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device_type != "cpu":
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
