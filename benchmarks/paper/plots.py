"""Pictures of the results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import save_picture
from benchmarks.paper.protocol import Protocol
from benchmarks.paper.tables import alike


def draw(pairs: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw gain and agreement against length, and gain against the difference of two models.

    Parameters
    ----------
    pairs : sequence of rows
        As in :class:`~benchmarks.paper.tables.Results`.
    path : Path
        An SVG file.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    panels = (
        ("share", "gain", True), ("share", "agreement", True), ("difference", "gain", False),
    )  # fmt: skip
    labels = {
        "share": "share of the text kept", "difference": "difference in accuracy",
        "gain": "gain over the better model", "agreement": "agreement",
    }  # fmt: skip
    for ax, (x, y, like_models) in zip(axes, panels, strict=True):
        for number, corpus in enumerate(sorted({row["corpus"] for row in pairs})):
            for recipe, marker in zip(Protocol.load().recipes, "x.", strict=True):
                of = [
                    row
                    for row in pairs
                    if row["corpus"] == corpus
                    and row["recipe"] == recipe
                    and (alike(row) or not like_models)
                ]
                ax.plot(
                    [row[x] for row in of], [row[y] for row in of], marker, color=f"C{number}",
                    label=f"{corpus}, {recipe}",
                )  # fmt: skip
        ax.set(xlabel=labels[x], ylabel=labels[y])
        if like_models:
            ax.set_xscale("symlog", linthresh=0.01)
        if y == "gain":
            ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axes[0].legend(fontsize=8)
    save_picture(figure, path)
    plt.close(figure)
