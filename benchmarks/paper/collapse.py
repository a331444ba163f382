"""What the collapse of the published recipe depends on: the trials of ``collapse.toml``."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.common import convolutional
from benchmarks.paper.models import Workshop, history_of, largest_class
from benchmarks.paper.protocol import Member, load_setting, read_toml
from sklearn_irx.text import AlphanumericTokenizer, WordVectors

USUAL = "usual"
"""The factor of the trials in which none is another."""


class Trial(NamedTuple):
    """A model that is trained with another value of one factor; of the usual ones, "" of none.

    A factor is called by the last part of its nested name in ``collapse.toml``.
    """

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
        (_last_part(factor), value)
        for factor, values in read_toml("collapse.toml")["others"].items()
        for value in values
    ]
    return [Trial(factor, value, seed) for seed in seeds for factor, value in points]


def _last_part(name: str) -> str:
    return name.rpartition("__")[2]


def try_out(trial: Trial, shop: Workshop) -> dict[str, Any]:
    """Train a model, and give its row of results."""
    configuration = read_toml("collapse.toml")
    setting = load_setting(configuration["setting"])
    values = {
        name: trial.value if _last_part(name) == trial.factor else value
        for name, value in configuration["usual"].items()
    }
    vectors = WordVectors.load(shop.vectors)
    vectors = WordVectors(vectors.words, values.pop("vector_scale") * vectors.vectors)
    member = Member(setting, configuration["recipe"], 1, trial.seed)
    texts, labels = shop.texts(setting, "train")
    start = time.perf_counter()
    clf = convolutional(
        embeddings=vectors, tokenizer=AlphanumericTokenizer(), n_threads=shop.threads
    )
    clf.set_params(**{**shop.protocol.parameters(member), **values}).fit(texts, labels)
    empty = clf.history_["valid_empty"] >= shop.protocol.collapse["min_empty"]
    return {
        **trial._asdict(), "corpus": setting.corpus, **shop.circumstances,
        "dimensions": vectors.size, "training_texts": len(texts),
        "largest_class": largest_class(labels), **history_of(clf),
        "empty_epochs": int(np.sum(empty)), "seconds": round(time.perf_counter() - start, 1),
    }  # fmt: skip
