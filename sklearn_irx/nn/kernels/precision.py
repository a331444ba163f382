"""The floating-point type of matrix products."""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F  # noqa: N812

_ROUND = 128  # rows
_ROUND_FEW = 16  # of a short document, for which 128 rows would be mostly zeros

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


def rounded_up(rows: torch.Tensor) -> torch.Tensor:
    """Pad with zeros to a multiple of 128 rows, or of 16 below that.

    Torch may prepare a product anew for each number of rows, and keeps in memory what it prepared.
    """
    return F.pad(rows, (0, 0, 0, -len(rows) % (_ROUND if len(rows) > _ROUND else _ROUND_FEW)))


def product(rows: torch.Tensor, weight: torch.Tensor, precision: str) -> torch.Tensor:
    """Return ``rows @ weight.T``, of rows that differ in number from batch to batch.

    Factors have the type of :func:`product_type`; the result has that of `rows`.
    """
    dtype = product_type(precision, rows.device)
    products = F.linear(rounded_up(rows.to(dtype)), weight.to(dtype))
    return products[: len(rows)].to(rows.dtype)
