"""What the collapse of the published recipe depends on: the trials of ``collapse.toml``."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.paper.models import Workshop, history_of, largest_class
from benchmarks.paper.protocol import Member, load_setting, read_toml
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.text import WordVectors

USUAL = "usual"
"""The factor of the trials in which none is another."""


class Trial(NamedTuple):
    """A model that is trained with another value of one factor; of the usual ones, "" of none."""

    factor: str
    value: float | str
    seed: int

    @property
    def corpus(self) -> str:
        """The corpus it learns."""
        return load_setting(read_toml("collapse.toml")["setting"]).corpus


def make_trials(seeds: Iterable[int]) -> list[Trial]:
    """Give all trials, the seed changing last."""
    points = [(USUAL, "")] + [
        (factor, value)
        for factor, values in read_toml("collapse.toml")["others"].items()
        for value in values
    ]
    return [Trial(factor, value, seed) for seed in seeds for factor, value in points]


def try_out(trial: Trial, shop: Workshop) -> dict[str, Any]:
    """Train a model, and give its row of results."""
    configuration = read_toml("collapse.toml")
    setting = load_setting(configuration["setting"])
    values = dict(configuration["usual"])
    if trial.factor != USUAL:
        values[trial.factor] = trial.value
    vectors = WordVectors.load(shop.vectors)
    vectors = WordVectors(vectors.words, values.pop("vector_scale") * vectors.vectors)
    member = Member(setting, configuration["recipe"], 1, trial.seed)
    texts, labels = shop.texts(setting, "train")
    start = time.perf_counter()
    clf = SelectiveRationaleClassifier(
        **{**shop.protocol.parameters(member), **values}, embeddings=vectors, n_threads=shop.threads
    ).fit(texts, labels)
    empty = clf.history_["valid_empty"] >= shop.protocol.collapse["min_empty"]
    return {
        **trial._asdict(), "corpus": setting.corpus, **shop.circumstances,
        "dimensions": vectors.size, "training_texts": len(texts),
        "largest_class": largest_class(labels), **history_of(clf),
        "empty_epochs": int(np.sum(empty)), "seconds": round(time.perf_counter() - start, 1),
    }  # fmt: skip
