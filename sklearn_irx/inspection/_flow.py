"""Flow of documents through an exchange: who is right before it, and who after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_irx._validation import labels_array
from sklearn_irx.ensemble.result import Exchange
from sklearn_irx.inspection._cases import CASE_LABELS

_GAP = 0.045
NODE_WIDTH = 0.022


@dataclass(frozen=True, eq=False)
class Flow:
    """Documents counted by who was right before, case, and outcome.

    Attributes
    ----------
    counts : ndarray of shape (n_before, n_cases, 2), dtype int
        Documents; the last axis is right and wrong.
    before : list of n_before str
        Who was right before the exchange.
    cases : list of n_cases str
        All cases.
    """

    counts: np.ndarray
    before: list[str]
    cases: list[str]

    @property
    def stages(self) -> list[list[str]]:
        """Labels of the nodes, from left to right."""
        shown = [CASE_LABELS.get(case, case) for case in self.cases]
        return [self.before, shown, ["right", "wrong"]]

    def disputed(self) -> Flow:
        """Return the flow of the documents on which members disagreed."""
        there = [number for number, case in enumerate(self.cases) if case != "agree"]
        counts = self.counts[:, there]
        rows = np.flatnonzero(counts.sum(axis=(1, 2)))
        return Flow(
            counts[rows],
            [self.before[row] for row in rows],
            [self.cases[number] for number in there],
        )


def count_flow(exchange: Exchange, y_true: Any) -> Flow:
    """Count documents by who was right before, case, and outcome.

    Parameters
    ----------
    exchange : Exchange
        As ``exchange`` of an ensemble or a committee returns it.
    y_true : array-like of shape (n_samples,)
        True labels.

    Raises
    ------
    ValueError
        If `y_true` does not have one label for each document.
    """
    truth = labels_array(y_true, "y_true")
    if truth.shape != exchange.case.shape or not len(exchange):
        raise ValueError(
            f"y_true has shape {truth.shape}: give one label for each of the {len(exchange)} "
            "documents, and at least one document."
        )
    group, before = _before(exchange.own_labels == truth)
    numbers = {name: number for number, name in enumerate(exchange.cases)}
    case = np.array([numbers[name] for name in exchange.case.tolist()])
    wrong = (exchange.labels != truth).astype(int)
    counts = np.zeros((len(before), len(numbers), 2), dtype=int)
    np.add.at(counts, (group, case, wrong), 1)
    return Flow(counts, before, list(numbers))


def _before(right: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the group of each document by who is right, and the names of the groups."""
    n_members = len(right)
    if n_members == 2:
        labels = ["both right", "only model 1 right", "only model 2 right", "neither right"]
        return 2 * (~right[0]) + ~right[1], labels
    numbers = range(n_members, -1, -1)
    return n_members - right.sum(axis=0), [f"{n} of {n_members} right" for n in numbers]


@dataclass(frozen=True)
class Node:
    """A bar of the picture: label, number of documents, and position from 0 to 1."""

    label: str
    count: int
    stage: int
    x: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Ribbon:
    """Documents that go from a bar to one of the next stage; tops and bottoms from 0 to 1."""

    count: int
    right: bool
    x_from: float
    x_to: float
    top_from: float
    bottom_from: float
    top_to: float
    bottom_to: float
    tooltip: str


def lay_out(flow: Flow) -> tuple[list[Node], list[Ribbon]]:
    """Place bars and ribbons in a square from 0 to 1, y going down.

    Returns
    -------
    nodes : list of Node
        Those that any document passes.
    ribbons : list of Ribbon
        From left to right; each holds documents that end alike.
    """
    counts = flow.counts
    stage_counts = [counts.sum(axis=(1, 2)), counts.sum(axis=(0, 2)), counts.sum(axis=(0, 1))]
    gaps = max(int((numbers > 0).sum()) - 1 for numbers in stage_counts)
    scale = (1 - _GAP * max(gaps, 0)) / max(1, int(counts.sum()))
    nodes: dict[tuple[int, int], Node] = {}
    for stage, (labels, numbers) in enumerate(zip(flow.stages, stage_counts, strict=True)):
        there = np.flatnonzero(numbers)
        used = numbers.sum() * scale + _GAP * max(len(there) - 1, 0)
        y = (1 - used) / 2
        for number in there:
            height = float(numbers[number]) * scale
            x = stage / 2 * (1 - NODE_WIDTH)
            nodes[stage, int(number)] = Node(
                labels[number], int(numbers[number]), stage, x, y, y + height
            )
            y += height + _GAP
    links = [
        (0, before, case, outcome, int(counts[before, case, outcome]))
        for before, case, outcome in np.argwhere(counts).tolist()
    ]
    of_cases = counts.sum(axis=0)
    links += [
        (1, case, outcome, outcome, int(of_cases[case, outcome]))
        for case, outcome in np.argwhere(of_cases).tolist()
    ]
    ribbons = _ribbons(links, nodes, scale)
    return list(nodes.values()), ribbons


def _ribbons(
    links: list[tuple[int, int, int, int, int]],
    nodes: dict[tuple[int, int], Node],
    scale: float,
) -> list[Ribbon]:
    """Stack the links of each node in the order of what they lead to, and what they come from."""
    tops: dict[tuple[int, ...], float] = {}
    for end in (0, 1):
        filled = {key: node.top for key, node in nodes.items()}
        for link in sorted(links, key=lambda link: (link[2 - end], link[1 + end], link[3])):
            node = (link[0] + end, link[1 + end])
            tops[(*link, end)] = filled[node]
            filled[node] += link[4] * scale
    ribbons = []
    for link in links:
        stage, start, end, outcome, count = link
        source, target = nodes[stage, start], nodes[stage + 1, end]
        top_from, top_to = tops[(*link, 0)], tops[(*link, 1)]
        tooltip = f"{source.label} → {target.label}: {count:,}"
        if stage == 0:
            tooltip += ", right in the end" if outcome == 0 else ", wrong in the end"
        ribbons.append(
            Ribbon(
                count, outcome == 0, source.x + NODE_WIDTH, target.x,
                top_from, top_from + count * scale, top_to, top_to + count * scale, tooltip,
            )
        )  # fmt: skip
    return ribbons
