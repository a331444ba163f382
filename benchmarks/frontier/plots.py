"""Pictures of the results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.common import save_picture
from benchmarks.frontier.linear import MODELS, RIVALS
from benchmarks.frontier.tables import Results


def draw(found: Sequence[Results], path: Path) -> None:
    """Draw accuracy against the mean length of the rationales.

    Parameters
    ----------
    found : sequence of Results
        One for each corpus and way of selection, of which each gets a panel: a column for each
        corpus, a row for each way of selection.
    path : Path
        An SVG file.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    corpora = list(dict.fromkeys(results.corpus for results in found))
    selections = list(dict.fromkeys(results.selection for results in found))
    n_rows, n_columns = len(selections), len(corpora)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=(6.5 * n_columns, 5 * n_rows + 1), layout="constrained",
        squeeze=False, sharey="col",
    )  # fmt: skip
    drawn = []
    for results in found:
        drawn.append(axes[selections.index(results.selection), corpora.index(results.corpus)])
        _draw_corpus(drawn[-1], results)
    for ax in set(axes.flat) - set(drawn):
        ax.set_axis_off()
    handles, labels = (
        list(chain.from_iterable(of))
        for of in zip(*(ax.get_legend_handles_labels() for ax in drawn), strict=True)
    )
    told = dict(zip(labels, handles, strict=True))  # each once for all panels
    figure.legend(told.values(), told, loc="outside lower center", ncols=3, fontsize=8)
    save_picture(figure, path)
    plt.close(figure)


def _draw_corpus(ax: Any, results: Results) -> None:
    linear = (*MODELS, *RIVALS)
    of_linear = {
        results.title(name, limit): {"color": f"C{number}", "linestyle": line}
        for number, name in enumerate(linear)
        for limit, line in zip(results.fitted_on, ("--", ":"), strict=False)
    }
    for title, whole in results.whole().items():
        ax.axhline(
            whole.accuracy, **of_linear[title], linewidth=0.8, label=f"all words: {title}"
        )  # fmt: skip
    for number, (title, points) in enumerate(results.curves().items(), start=len(linear)):
        style = of_linear.get(title, {"color": f"C{number}", "linestyle": "-"})
        marker = "x" if title in of_linear else "o"
        accuracies, words = zip(*points.values(), strict=True)
        ax.plot(words, accuracies, **style, marker=marker, markersize=4, label=title)
    accuracies, words = zip(*results.paper(), strict=True)
    ax.plot(words, accuracies, "k*", markersize=10, label="Dai et al. (2022), interaction")
    ax.set(title=results.heading, xlabel="mean words of a rationale", ylabel="test accuracy")
