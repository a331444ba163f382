"""What all models of a run have in common: texts, word vectors, and where models are kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from benchmarks.common import made_once, minilm_path, sample
from benchmarks.frontier.plan import Job, Plan
from benchmarks.frontier.teacher import taught
from benchmarks.frontier.tokenizers import TOKENIZERS, split_into_words, vectors_of_stems
from sklearn_irx.components import Transformer
from sklearn_irx.text import WordVectors

UNLABELLED = "unlabelled"
"""The name of word vectors that are trained on unlabelled texts, too."""
NO_VECTORS = {"none": lambda: None, "minilm": lambda: Transformer(minilm_path())}
"""Encoders that read no word vectors, by their names."""


class Labelled(NamedTuple):
    """Whole texts, and their labels."""

    texts: list[str]
    labels: np.ndarray


class Parts(NamedTuple):
    """The texts of a corpus: to train on, to choose with if they are set apart, to read once."""

    training: Labelled
    validation: Labelled | None
    test: Labelled


@lru_cache(maxsize=2)
def load_parts(
    corpus: str, share: float, validation: str, validation_share: float, seed: int
) -> Parts:
    """Give a share of the texts of a corpus.

    With `validation` "random", `seed` draws those that validate. With "late" they are the last of
    each class by the numbers of the files, in which reviews of a film stand together. With "own"
    none are set apart.
    """
    train, test = load_split(corpus, share)
    if validation == "own":
        return Parts(train, None, test)
    if validation == "random":
        texts, texts_valid, y, y_valid = train_test_split(
            *train, test_size=validation_share, stratify=train.labels, random_state=seed
        )
        return Parts(Labelled(texts, y), Labelled(texts_valid, y_valid), test)
    late = are_late(train.labels, validation_share)
    training, validating = (
        Labelled([train.texts[row] for row in rows], train.labels[rows])
        for rows in (np.flatnonzero(~late), np.flatnonzero(late))
    )
    return Parts(training, validating, test)


def are_late(labels: np.ndarray, share: float) -> np.ndarray:
    """Mark a share of each class: the highest numbers of texts in the order of "0", "1", "10"."""
    late = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        in_order = sorted(range(len(rows)), key=str)
        late[rows] = np.array(in_order) >= round((1 - share) * len(rows))
    return late


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
        raise SystemExit(f"{path} is not there: give other embeddings than {UNLABELLED!r}.")
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
        return {**self.circumstances, "threads": self.threads, "plan": self.plan.content}

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
        of = self.plan.corpora[job.corpus]
        return load_parts(
            job.corpus, self.plan.share_of_texts, of.validation, of.validation_share, job.seed
        )

    def training(self, member: Job) -> Labelled:
        """Give what a member learns from: with a teacher, also unlabelled texts it is sure of."""
        training = self.parts(member).training
        confidence = self.plan.parameters(member).get("teacher_confidence")
        if not confidence:
            return training
        more: Labelled = joblib.load(self._path_of_taught(member))
        return Labelled([*training.texts, *more.texts], np.append(training.labels, more.labels))

    def parameters(self, member: Job) -> dict[str, Any]:
        """Give the parameters of the classifier."""
        found = self.plan.parameters(member)
        found.pop("teacher_confidence", None)  # says what is learned from
        found["embeddings"] = [self._source(name, member) for name in self._vectors_of(member)]
        if found.get("encoder") in NO_VECTORS:
            encoder = NO_VECTORS[found["encoder"]]()
            found |= {"encoder": encoder, "embeddings": None}
            if encoder is not None:  # it is trained for hours
                found["training__checkpoint_dir"] = self.own_folder / "checkpoints"
        return {
            **found, "tokenizer": TOKENIZERS[found["tokenizer"]](),
            "memory": self.own_folder / "memory", "n_threads": self.threads,
        }  # fmt: skip

    def _vectors_of(self, member: Job) -> list[str]:
        """Give the names of the word vectors that a member reads."""
        found = self.plan.parameters(member)
        return [] if found.get("encoder") in NO_VECTORS else found["embeddings"].split("+")

    def _source(self, name: str, member: Job) -> WordVectors | None:
        if name == "trained":
            return None
        if name == "glove":
            return load_glove(self.vectors, self.plan.parameters(member)["tokenizer"])
        if name == UNLABELLED:
            return joblib.load(self._path_of_vectors(member))
        raise ValueError(f"embeddings {name!r}: give 'trained', 'glove' or {UNLABELLED!r}.")

    def unprepared(self, members: Iterable[Job]) -> list[Job]:
        """Give members so that all is made for all of them if it is made for these."""
        missing: dict[Path, Job] = {}
        for member in members:
            for path in self._made_before(member):
                if not path.exists():
                    missing.setdefault(path, member)
        return list(dict.fromkeys(missing.values()))

    def prepare(self, member: Job) -> None:
        """Make what has to be there before a member is trained, and what others may share."""
        for path, make in self._made_before(member).items():
            made_once(path, make)

    def _made_before(self, member: Job) -> dict[Path, Callable[[], Any]]:
        found = self.plan.parameters(member)
        made: dict[Path, Callable[[], Any]] = {}
        if UNLABELLED in self._vectors_of(member):
            made[self._path_of_vectors(member)] = lambda: self._vectors(member)
        if found.get("teacher_confidence"):
            made[self._path_of_taught(member)] = lambda: self._taught(member)
        return made

    def _vectors(self, member: Job) -> WordVectors:
        """Train word vectors on the training texts and the unlabelled texts of a corpus."""
        unlabelled = load_unlabelled(member.corpus, self.plan.share_of_texts)
        tokenizer = TOKENIZERS[self.plan.parameters(member)["tokenizer"]]()
        texts = [*self.parts(member).training.texts, *unlabelled]
        return WordVectors.train(list(split_into_words(tokenizer, texts)), member.seed)

    def _taught(self, member: Job) -> Labelled:
        """Let a teacher label the unlabelled texts of a corpus."""
        unlabelled = load_unlabelled(member.corpus, self.plan.share_of_texts)
        confidence = self.plan.parameters(member)["teacher_confidence"]
        return Labelled(*taught(*self.parts(member).training, unlabelled, confidence))

    def _path_of_vectors(self, member: Job) -> Path:
        tokenizer = self.plan.parameters(member)["tokenizer"]
        return self._path_of(member, f"{UNLABELLED} {tokenizer}")

    def _path_of_taught(self, member: Job) -> Path:
        return self._path_of(member, f"taught {self.plan.parameters(member)['teacher_confidence']}")

    def _path_of(self, member: Job, what: str) -> Path:
        of = self.plan.corpora[member.corpus]
        name = f"{what}, {member.seed}, {of.validation}, {of.validation_share:g}.joblib"
        return self.own_folder / member.corpus / name


@lru_cache(maxsize=2)
def load_glove(path: Path, tokenizer: str) -> WordVectors:
    """Give the vectors of a file, of stems if that is what a tokenizer makes of words."""
    vectors = WordVectors.load(path)
    return vectors_of_stems(vectors) if tokenizer == "stems" else vectors
