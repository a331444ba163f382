"""The devices that torch computes on."""

from __future__ import annotations

import torch


def check_device(device: str) -> str:
    """Return the device that a parameter names, or raise ValueError if it is unavailable."""
    picked = pick_device(device)
    try:
        torch.empty(0, device=picked)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} is unavailable ({str(error).splitlines()[0]}): give 'auto' "
            "or 'cpu'."
        ) from error
    return picked


def pick_device(device: str) -> str:
    """Return the device that ``"auto"`` stands for here: CUDA, else MPS, else the CPU."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def available_device(device: str) -> str:
    """Return the device that a model was trained on, or the CPU if that is unavailable."""
    picked = pick_device(device)
    try:
        torch.empty(1, device=picked).cpu()  # fails for "meta", which has no values
    except Exception:  # its type depends on the device
        return "cpu"
    return picked
