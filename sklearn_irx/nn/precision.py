"""In how many bits matrix products are computed."""

from __future__ import annotations

from functools import cache

import torch

PRECISIONS = ("auto", "float32", "bfloat16")


def product_type(precision: str, device: torch.device) -> torch.dtype:
    """Give the type of the factors of matrix products; sums have 32 bits always.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16"}
        "auto" is bfloat16 on a CPU that multiplies such numbers in hardware.
    device : torch.device
        Where the products are computed.
    """
    if precision == "auto":
        return torch.bfloat16 if device.type == "cpu" and _has_bfloat16() else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


@cache
def _has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
