"""What all models of a run have in common: texts, word vectors, and where models are kept."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from benchmarks.common import replacing, sample
from benchmarks.frontier.plan import Job, Plan
from benchmarks.frontier.tokenizers import TOKENIZERS, split_into_words, vectors_of_stems
from sklearn_irx.text import WordVectors

MADE_BEFORE = "unlabelled"
"""The name of word vectors that take long, and are trained before anything else is done."""


class Labelled(NamedTuple):
    """Whole texts, and their labels."""

    texts: list[str]
    labels: np.ndarray


class Parts(NamedTuple):
    """The texts of a corpus: to train on, to choose with, and to read once."""

    training: Labelled
    validation: Labelled
    test: Labelled


@lru_cache(maxsize=2)
def load_parts(corpus: str, share: float, validation_share: float, seed: int) -> Parts:
    """Give a share of the texts of a corpus; `seed` draws those that validate."""
    train, test = load_split(corpus, share)
    texts, texts_valid, y, y_valid = train_test_split(
        *train, test_size=validation_share, stratify=train.labels, random_state=seed
    )
    return Parts(Labelled(texts, y), Labelled(texts_valid, y_valid), test)


@lru_cache(maxsize=2)
def load_split(corpus: str, share: float) -> tuple[Labelled, Labelled]:
    """Give a share of the whole training texts and of the whole test texts."""
    documents = share if share < 1 else None
    loaded = (sample(corpus, of, documents, max_words=None) for of in ("train", "test"))
    train, test = (Labelled(of.data, of.target) for of in loaded)
    return train, test


def load_unlabelled(corpus: str, share: float) -> list[str]:
    """Give a share of the unlabelled texts that lie beside a corpus."""
    path = Path(os.environ.get("SKLEARN_IRX_DATA", "")) / f"{corpus}_unsup.parquet"
    if not path.is_file():
        raise SystemExit(f"{path} is not there: give other embeddings than {MADE_BEFORE!r}.")
    texts = pd.read_parquet(path, columns=["text"])["text"]
    return texts.sample(frac=share, random_state=0).str.replace("<br />", " ").tolist()


@dataclass(frozen=True)
class Workshop:
    """Where models are made.

    Attributes
    ----------
    plan : Plan
        What is trained.
    vectors : Path
        File of word vectors, those called "glove".
    folder : Path
        Where models are kept.
    threads : int
        That torch computes with.
    """

    plan: Plan
    vectors: Path
    folder: Path
    threads: int

    @property
    def circumstances(self) -> dict[str, Any]:
        """What a row of results says of them."""
        return {"vectors": self.vectors.name, "share_of_texts": self.plan.share_of_texts}

    @property
    def told(self) -> dict[str, Any]:
        """What is written down beside the rows."""
        return {**self.circumstances, "threads": self.threads, "plan": asdict(self.plan)}

    @property
    def own_folder(self) -> Path:
        """Where what depends on these circumstances is kept."""
        return self.folder / self.vectors.name / f"{self.plan.share_of_texts:g}"

    def path(self, member: Job) -> Path:
        """Give the file of a model."""
        corpus, *rest = self.plan.member_key(member)
        return self.own_folder / corpus / f"{', '.join(map(str, rest))}.joblib"

    def parts(self, job: Job) -> Parts:
        """Give the texts of a corpus in one run."""
        share = self.plan.corpora[job.corpus].validation_share
        return load_parts(job.corpus, self.plan.share_of_texts, share, job.seed)

    def parameters(self, member: Job) -> dict[str, Any]:
        """Give the parameters of the classifier."""
        found = self.plan.parameters(member)
        names = found["embeddings"].split("+")
        return {
            **found, "tokenizer": TOKENIZERS[found["tokenizer"]](),
            "embeddings": [self._source(name, member) for name in names],
            "memory": self.own_folder / "memory", "n_threads": self.threads,
        }  # fmt: skip

    def _source(self, name: str, member: Job) -> WordVectors | None:
        if name == "trained":
            return None
        if name == "glove":
            return load_glove(self.vectors, self.plan.parameters(member)["tokenizer"])
        if name == MADE_BEFORE:
            return joblib.load(self._path_of_unlabelled(member))
        raise ValueError(f"embeddings {name!r}: give 'trained', 'glove' or {MADE_BEFORE!r}.")

    def unprepared(self, members: Iterable[Job]) -> list[Job]:
        """Give a member for each file of word vectors that has to be made before training."""
        needing = {
            self._path_of_unlabelled(member): member
            for member in members
            if MADE_BEFORE in self.plan.parameters(member)["embeddings"].split("+")
        }
        return [member for path, member in needing.items() if not path.exists()]

    def prepare(self, member: Job) -> None:
        """Train word vectors on the training texts and the unlabelled texts of a corpus."""
        unlabelled = load_unlabelled(member.corpus, self.plan.share_of_texts)
        tokenizer = TOKENIZERS[self.plan.parameters(member)["tokenizer"]]()
        texts = [*self.parts(member).training.texts, *unlabelled]
        vectors = WordVectors.train(list(split_into_words(tokenizer, texts)), member.seed)
        with replacing(self._path_of_unlabelled(member)) as part:
            joblib.dump(vectors, part)

    def _path_of_unlabelled(self, member: Job) -> Path:
        share = self.plan.corpora[member.corpus].validation_share
        tokenizer = self.plan.parameters(member)["tokenizer"]
        name = f"{MADE_BEFORE} {tokenizer}, {member.seed}, {share:g}.joblib"
        return self.own_folder / member.corpus / name


@lru_cache(maxsize=2)
def load_glove(path: Path, tokenizer: str) -> WordVectors:
    """Give the vectors of a file, of stems if that is what a tokenizer makes of words."""
    vectors = WordVectors.load(path)
    return vectors_of_stems(vectors) if tokenizer == "stems" else vectors
