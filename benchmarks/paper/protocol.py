"""What is trained, and on what: the configuration files, read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.common import changed

FOLDER = Path(__file__).parent
SETTINGS = sorted(path.stem for path in (FOLDER / "settings").glob("*.toml"))


@dataclass(frozen=True)
class Setting:
    """A corpus and the penalties of a rationale.

    Attributes
    ----------
    name : str
        That of its file; in the sweep, made of it and of the sparsity penalty.
    corpus : str
        As :func:`sklearn_irx.datasets.load_corpus` calls it.
    max_length : int
        Words of a document that are read.
    lambda1, lambda2 : float
        Sparsity and contiguity penalty.
    paper : mapping of str to str
        The paper's results, as printed; means may be followed by least and most.
    """

    name: str
    corpus: str
    max_length: int
    lambda1: float
    lambda2: float
    paper: Mapping[str, str] = field(default_factory=dict, compare=False)

    def printed(self, name: str) -> float:
        """Give a figure of the paper, without least and most."""
        return float(self.paper[name].split()[0])


@dataclass(frozen=True)
class Member:
    """A model, to be trained or trained: number 1 or 2 of its pair."""

    setting: Setting
    recipe: str
    number: int
    seed: int

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What tells it from others in a file of results."""
        return (self.setting.name, self.recipe, self.number, self.seed)

    @property
    def corpus(self) -> str:
        """The corpus it learns."""
        return self.setting.corpus


@dataclass(frozen=True)
class Pair:
    """Two models that exchange their rationales. Their seed and corpus are the same."""

    one: Member
    two: Member

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What tells it from others in a file of results."""
        one, two = self.one, self.two
        return (one.setting.name, one.recipe, two.setting.name, two.recipe, one.seed)

    @property
    def corpus(self) -> str:
        """The corpus both learned."""
        return self.one.setting.corpus


@dataclass(frozen=True)
class Protocol:
    """What the settings have in common; see ``protocol.toml``."""

    seeds: list[int]
    hidden_sizes: list[int]
    max_difference: float
    share_of_texts: float
    model: dict[str, Any]
    recipes: dict[str, dict[str, int]]
    collapse: dict[str, float]

    @classmethod
    def load(cls, quick: bool = False) -> Protocol:
        """Read it, or the one that is done in no time."""
        content = read_toml("protocol.toml")
        changes = content.pop("quick")
        return cls(**(changed(content, changes) if quick else content))

    def parameters(self, member: Member) -> dict[str, Any]:
        """Give the parameters of the classifier."""
        setting = member.setting
        return {
            **self.model, **self.recipes[member.recipe], "initialization": None,
            "predictor__hidden_size": self.hidden_sizes[member.number - 1],
            "max_length": setting.max_length, "lambda1": setting.lambda1,
            "lambda2": setting.lambda2, "random_state": member.seed,
        }  # fmt: skip

    def collapsed(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a model has collapsed, from its row of results."""
        gain = row["valid_accuracy"] - row["largest_class"]
        return bool(
            row["valid_empty"] >= self.collapse["min_empty"] or gain <= self.collapse["max_gain"]
        )


def read_toml(name: str) -> dict[str, Any]:
    """Read a configuration file of this folder."""
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def load_setting(name: str) -> Setting:
    """Read the file of a setting."""
    return Setting(name, **read_toml(f"settings/{name}.toml"))


def sweep_settings(name: str) -> list[Setting]:
    """Give settings that are like another but for the sparsity penalty, lowest first."""
    base = load_setting(name)
    return [
        Setting(f"{name}, {lambda1:g}", base.corpus, base.max_length, lambda1, 0.0)
        for lambda1 in read_toml("sweep.toml")["lambda1"][name]
    ]


def pairs_of(settings: Iterable[Setting], recipes: Iterable[str], seed: int) -> list[Pair]:
    """Give the pairs of each setting: both models by one recipe, and by two different ones."""
    return [
        Pair(Member(setting, first, 1, seed), Member(setting, second, 2, seed))
        for setting, (first, second) in product(settings, product(recipes, repeat=2))
    ]


def sweep_pairs(settings: list[Setting], recipe: str, seed: int) -> list[Pair]:
    """Give a pair for each penalty, and model 1 of the lowest penalty with every model 2."""
    ones, twos = (
        [Member(setting, recipe, number, seed) for setting in settings] for number in (1, 2)
    )
    return [Pair(*both) for both in zip(ones, twos, strict=True)] + [
        Pair(ones[0], two) for two in twos[1:]
    ]
