"""What is to be trained, and how: the configuration file, read."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.common import changed

CONFIGURATION = Path(__file__).parents[1] / "frontier.toml"
SELECTIONS = {
    "class_blind": "class-blind selection",
    "class_conditional": "class-conditional selection",
    "contextual": "selection in context",
    "contextual_conditional": "class-conditional selection in context",
}
"""Tables of the configuration file, the main one first: each is a plan of its own."""


class Job(NamedTuple):
    """A member or an ensemble of members: its corpus, words asked for, run, and name."""

    corpus: str
    asked: float
    seed: int
    name: str


class LinearJob(NamedTuple):
    """A linear model that reads so many words, or all if `asked` is "".

    It is fitted on the first `fitted_on` words of each training text.
    """

    corpus: str
    asked: float | str
    name: str
    fitted_on: int


@dataclass(frozen=True)
class Corpus:
    """What is done with a corpus.

    Attributes
    ----------
    words_read : int
        Of each document.
    lengths : list of float
        Mean words of a rationale that are asked for.
    validation : {"random", "late", "own"}
        Which of the training texts validate. With "own" each member holds out others itself, and
        its linear initialization learns from them in the end.
    validation_share : float
        Of the training texts that validate.
    seeds : list of int
        Of runs. There are several at the main lengths alone, at others the first.
    main_lengths : list of float
        Some of `lengths`.
    logistic_c : float
        The `C` of logistic regression.
    common, members : dict
        Settings of all members, and those of each by its name.
    ensembles : dict of str to dict
        ``members``, names, and ``rule``, one of :data:`sklearn_irx.exchange.RULES` or "auto".
    """

    words_read: int
    lengths: list[float]
    validation: str
    validation_share: float
    seeds: list[int]
    main_lengths: list[float]
    logistic_c: float
    common: dict[str, Any]
    members: dict[str, dict[str, Any]]
    ensembles: dict[str, dict[str, Any]]

    def __post_init__(self) -> None:
        if self.validation == "own" and "auto" in (of["rule"] for of in self.ensembles.values()):
            raise SystemExit(
                "rule = 'auto' needs texts that no member has seen, and with validation = 'own' "
                "there are none: name a rule for each ensemble of the corpus."
            )


@dataclass(frozen=True)
class Plan:
    """What the configuration file says of one of the :data:`SELECTIONS`.

    Attributes
    ----------
    selection : str
        Its name.
    share_of_texts : float
        That are read.
    corpora : dict of str to Corpus
        By name.
    content : dict
        All that the file says, of other selections, too.
    """

    selection: str
    share_of_texts: float
    corpora: dict[str, Corpus]
    content: dict[str, Any]

    @classmethod
    def load(cls, path: Path, selection: str, quick: bool = False) -> Plan:
        """Read it, or the one that is done in no time."""
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
        content = changed(whole, whole[selection])
        changes = content.get("quick", {})
        if quick:
            content = changed(content, changes)
        corpora = {
            name: Corpus(**{
                **own,
                **{
                    of: changed(content[of], own.get(of, {}))
                    for of in ("common", "members", "ensembles")
                },
            })
            for name, own in content["corpora"].items()
        }  # fmt: skip
        return cls(selection, content["share_of_texts"], corpora, whole)

    @property
    def member_names(self) -> list[str]:
        """The names of all members, the single model first."""
        return list(next(iter(self.corpora.values())).members)

    @property
    def ensemble_names(self) -> list[str]:
        """The names of all ensembles."""
        return list(next(iter(self.corpora.values())).ensembles)

    def jobs(self, corpus: str, lengths: Iterable[float], names: Iterable[str]) -> list[Job]:
        """Give members or ensembles of these names, in all runs."""
        of = self.corpora[corpus]
        return [
            Job(corpus, asked, seed, name)
            for asked in lengths
            for seed in (of.seeds if asked in of.main_lengths else of.seeds[:1])
            for name in names
        ]

    def parameters(self, member: Job) -> dict[str, Any]:
        """Give the parameters of the classifier, with names for embeddings and tokenizer."""
        corpus = self.corpora[member.corpus]
        settings = {**corpus.common, **corpus.members[member.name]}
        factor = settings.pop("length_factor")
        if corpus.validation == "own":
            settings["training__validation_fraction"] = corpus.validation_share
        return {
            **settings, "max_length": corpus.words_read, "rationale_length": member.asked,
            "max_rationale_length": factor * member.asked,
            "random_state": 100 * member.seed + settings["random_state"],
        }  # fmt: skip

    def members_of(self, ensemble: Job) -> list[Job]:
        """Give the members of an ensemble."""
        names = self.corpora[ensemble.corpus].ensembles[ensemble.name]["members"]
        return [ensemble._replace(name=name) for name in names]

    def rule_of(self, ensemble: Job) -> str:
        """Give the rule by which an ensemble decides."""
        return self.corpora[ensemble.corpus].ensembles[ensemble.name]["rule"]

    def fitted_on(self, corpus: str) -> list[int]:
        """Give the words of a text that linear models are fitted on: as many as are read, or more.

        The latter are as many as our models learn their vocabulary and linear initialization from.
        """
        of = self.corpora[corpus]
        return list(dict.fromkeys([of.words_read, of.common["training__text_length"]]))

    def member_key(self, member: Job) -> tuple[Any, ...]:
        """Give what tells a member from others in a file of results."""
        of = self.corpora[member.corpus]
        how = [of.validation_share, *([] if of.validation == "random" else [of.validation])]
        return (*member, digest([self.parameters(member), *how]))

    def ensemble_key(self, ensemble: Job) -> tuple[Any, ...]:
        """Give what tells an ensemble from others in a file of results."""
        keys = [self.member_key(member) for member in self.members_of(ensemble)]
        return (*ensemble, digest([keys, self.rule_of(ensemble)]))

    def linear_key(self, job: LinearJob) -> tuple[Any, ...]:
        """Give what tells a linear model from others in a file of results."""
        corpus = self.corpora[job.corpus]
        return (*job, digest([corpus.words_read, corpus.logistic_c]))


def digest(settings: Any) -> str:
    """Give a short name of settings: other settings have another.

    It begins with a letter that no number has, for files of results to keep it as it is.
    """
    text = json.dumps(settings, sort_keys=True)
    return "s" + hashlib.sha256(text.encode()).hexdigest()[:10]
