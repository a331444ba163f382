"""What is to be trained, and how: the configuration file, read."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.common import changed

CONFIGURATION = Path(__file__).parents[1] / "remedies.toml"
BASELINE = "plain"
"""The method that all others are compared with."""
TABLES = ("methods", "samplers", "encoders")
AXES = (*TABLES, "seeds")
"""What a grid has beside the corpora; a corpus may have some of each only."""


class Job(NamedTuple):
    """A model to be trained, by names of the configuration file."""

    corpus: str
    method: str
    sampler: str
    encoder: str
    seed: int


@dataclass(frozen=True)
class Plan:
    """What the configuration file says.

    Attributes
    ----------
    content : dict
        Its tables and values.
    """

    content: dict[str, Any]

    @classmethod
    def load(cls, path: Path = CONFIGURATION, quick: bool = False) -> Plan:
        """Read it, or the one that is done in no time.

        Raises
        ------
        SystemExit
            If a grid has no method to compare with, or a name that has no table.
        """
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        changes = content.pop("quick", {})
        plan = cls(changed(content, changes) if quick else content)
        for corpus in plan.corpora:
            for axis in TABLES:
                unknown = [name for name in plan.of(corpus, axis) if name not in content[axis]]
                if unknown:
                    raise SystemExit(
                        f"{axis} of {corpus} in {path.name} has {unknown}: give some of "
                        f"{', '.join(content[axis])}, or a table for it."
                    )
            if BASELINE not in plan.of(corpus, "methods"):
                raise SystemExit(
                    f"methods of {corpus} in {path.name} has no {BASELINE!r}, which all others are "
                    "compared with: add it."
                )
        return plan

    @property
    def corpora(self) -> dict[str, dict[str, Any]]:
        """The tables of the corpora, by name."""
        return self.content["corpora"]

    def of(self, corpus: str, axis: str) -> list[Any]:
        """Give the names or numbers on an axis of the grid of a corpus."""
        return list(self.corpora[corpus].get(axis, self.content[axis]))

    def names(self, axis: str) -> list[Any]:
        """Give the names or numbers on an axis of any grid."""
        return list(
            dict.fromkeys(name for corpus in self.corpora for name in self.of(corpus, axis))
        )

    def jobs(self, chosen: Mapping[str, Collection[Any] | None] | None = None) -> list[Job]:
        """Give all models of the grids, or those chosen on some axes.

        They go seed by seed, so that a run that was stopped has whole grids of the first seeds.
        """
        chosen = chosen or {}

        def some(axis: str, names: list[Any]) -> list[Any]:
            wanted = chosen.get(axis)
            return names if wanted is None else [name for name in names if name in wanted]

        jobs = [
            Job(corpus, method, sampler, encoder, seed)
            for corpus in some("corpora", list(self.corpora))
            for encoder in some("encoders", self.of(corpus, "encoders"))
            for sampler in some("samplers", self.of(corpus, "samplers"))
            for method in some("methods", self.of(corpus, "methods"))
            for seed in some("seeds", self.of(corpus, "seeds"))
        ]
        return sorted(jobs, key=lambda job: job.seed)

    def parameters(self, job: Job) -> dict[str, Any]:
        """Give the parameters of the classifier, with names for embeddings and tokenizer."""
        content, corpus = self.content, self.corpora[job.corpus]
        parameters = {
            **content["common"], **corpus.get("common", {}), **content["encoders"][job.encoder],
            **content["samplers"][job.sampler], **content["methods"][job.method],
            "max_length": corpus["words_read"], "random_state": job.seed,
        }  # fmt: skip
        return {name: None if value == "none" else value for name, value in parameters.items()}
