"""What runs have in common: texts, word vectors, and a linear model to be judged by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from benchmarks.common import made_once, tfidf_and_lr
from benchmarks.frontier.plan import digest
from benchmarks.remedies.plan import Job, Plan
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.classifier.fitting import check_input
from sklearn_irx.components import OBJECTIVES, Component
from sklearn_irx.datasets import (
    load_corpus,
    load_rationale_corpus,
    make_rationale_classification,
)
from sklearn_irx.text import AlphanumericTokenizer, WhitespaceTokenizer, WordTokenizer, WordVectors

TOKENIZERS: dict[str, Callable[[], Any]] = {
    "alphanumeric": AlphanumericTokenizer, "whitespace": WhitespaceTokenizer,
    "words": WordTokenizer,
}  # fmt: skip
"""Tokenizers by the names that the configuration file has for them."""
_TWO_TEXTS = ["a clean bed", "a loud road"], ["first", "second"]


class Texts(NamedTuple):
    """Texts to learn from and texts to test on.

    Attributes
    ----------
    training, test : (list of str, ndarray)
        Texts and labels.
    marks : ndarray of shape (n_test, n_words), dtype bool, or None
        The words of the test texts that are the reason for the label, where they are known.
    """

    training: tuple[list[str], np.ndarray]
    test: tuple[list[str], np.ndarray]
    marks: np.ndarray | None


@lru_cache(maxsize=8)
def load_texts(
    corpus: str, words_read: int, *, train: int = 0, test: int = 0, **generated: Any
) -> Texts:
    """Load a corpus.

    Parameters
    ----------
    corpus : {"20newsgroups", "imdb", "movies", "generated"}
        Film reviews of ERASER are "movies"; "generated" are
        :func:`~sklearn_irx.datasets.make_rationale_classification`.
    words_read : int
        Words of a text; the rest is cut off, but not of generated texts.
    train, test : int, default=0
        Texts that are drawn from those of the published split, always the same; 0 is all of them.
        Of generated texts, how many are made.
    **generated
        How texts are generated.
    """
    if corpus == "generated":
        texts, y, marks = make_rationale_classification(train + test, **generated)
        return Texts((texts[:train], y[:train]), (texts[train:], y[train:]), marks[train:])
    if corpus == "movies":
        learned = load_rationale_corpus("movies", "train", max_words=words_read)
        tested = load_rationale_corpus("movies", "val", max_words=words_read)
        rows = drawn(len(tested.texts), test)
        return Texts(
            _some(learned.texts, learned.labels, train),
            _some(tested.texts, tested.labels, test),
            tested.masks[rows],
        )
    parts = (
        _some(loaded.data, loaded.target, n)
        for subset, n in (("train", train), ("test", test))
        for loaded in [load_corpus(corpus, subset=subset, max_words=words_read)]
    )
    return Texts(*parts, marks=None)


def drawn(n_texts: int, n: int) -> np.ndarray:
    """Draw `n` rows, always the same, in their order: files are sorted by label."""
    if not 0 < n < n_texts:
        return np.arange(n_texts)
    return np.sort(np.random.RandomState(0).permutation(n_texts)[:n])


def _some(texts: Sequence[str], labels: np.ndarray, n: int) -> tuple[list[str], np.ndarray]:
    rows = drawn(len(texts), n)
    return [texts[row] for row in rows], labels[rows]


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
        Where what several runs need is kept.
    """

    plan: Plan
    vectors: Path
    folder: Path

    @property
    def circumstances(self) -> dict[str, Any]:
        """Nothing: a row of results has a name for all that it depends on."""
        return {}

    @property
    def told(self) -> dict[str, Any]:
        """What is written down beside the rows."""
        return {"vectors": self.vectors.name, "plan": self.plan.content}

    def texts(self, corpus: str) -> Texts:
        """Give the texts of a corpus."""
        of = self.plan.corpora[corpus]
        return load_texts(corpus, of["words_read"], **of.get("texts", {}))

    def configuration(self, job: Job) -> dict[str, Any]:
        """Give all parameters of the classifier, defaults and those of its parts, too.

        They are plain values, as JSON has them: a part is the name of its class, and tokenizer and
        embeddings have the names of the configuration file.
        """
        clf = SelectiveRationaleClassifier().set_params(**self.plan.parameters(job))
        found = {
            name: type(value).__name__ if isinstance(value, Component) else value
            for name, value in clf.get_params().items()
        }
        return json.loads(json.dumps(found))

    def data(self, job: Job) -> dict[str, Any]:
        """Give the digests of what a model learns from and is tested on."""
        of = self.plan.corpora[job.corpus]
        found = digests_of(job.corpus, of["words_read"], **of.get("texts", {}))
        pretrained = self.plan.parameters(job).get("embeddings") == "glove"
        return {**found, "vectors": digest_of_file(self.vectors) if pretrained else None}

    def identity(self, job: Job) -> str:
        """Give the name of a run: that of its configuration and of its data."""
        return digest([self.configuration(job), self.data(job)])

    def classifier(self, job: Job) -> SelectiveRationaleClassifier:
        """Give the classifier of a run, unfitted."""
        clf = SelectiveRationaleClassifier().set_params(**self.plan.parameters(job))
        if clf.tokenizer is not None:
            clf.set_params(tokenizer=TOKENIZERS[clf.tokenizer]())
        if clf.embeddings == "glove":
            clf.set_params(embeddings=load_vectors(self.vectors))
        elif clf.embeddings == "trained":
            clf.set_params(embeddings=None)
        return clf.set_params(memory=self.folder / "memory")

    def full_text(self, corpus: str) -> float:
        """Give how often a linear model that reads all words is right on the test texts.

        It is logistic regression on TF-IDF of words and pairs that two training texts have.
        """
        of = self.plan.corpora[corpus]
        texts = self.texts(corpus)
        name = digest(digests_of(corpus, of["words_read"], **of.get("texts", {})))
        model = tfidf_and_lr().set_params(tfidfvectorizer__min_df=2)
        return made_once(
            self.folder / f"{corpus}, {name}.joblib",
            lambda: float(model.fit(*texts.training).score(*texts.test)),
        )


def refusal(clf: SelectiveRationaleClassifier) -> str | None:
    """Give the reason why the objective of a classifier refuses its networks, or None.

    Raises
    ------
    ValueError
        If a parameter is wrong, whatever the objective, or one of the objective's own.
    """
    OBJECTIVES.find(clf.objective).check()
    try:
        check_input(clf, *_TWO_TEXTS)
    except ValueError as error:
        check_input(clone(clf).set_params(objective=None), *_TWO_TEXTS)
        return str(error)
    return None


@lru_cache(maxsize=8)
def digests_of(corpus: str, words_read: int, **options: Any) -> dict[str, Any]:
    """Give numbers of texts, and the SHA-256 of texts, labels and marks, of each part."""
    texts = load_texts(corpus, words_read, **options)
    marks = None if texts.marks is None else texts.marks.tolist()
    return {
        "training_texts": len(texts.training[0]),
        "training": digest_of_texts(*texts.training),
        "test_texts": len(texts.test[0]),
        "test": digest_of_texts(*texts.test, marks),
    }


def digest_of_texts(texts: list[str], labels: np.ndarray, marks: Any = None) -> str:
    """Give the SHA-256 of texts, their labels, and what is marked in them, in their order."""
    content = json.dumps([texts, labels.tolist(), marks])
    return hashlib.sha256(content.encode()).hexdigest()


@lru_cache(maxsize=2)
def digest_of_file(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=1)
def load_vectors(path: Path) -> WordVectors:
    """Read the word vectors of a file."""
    return WordVectors.load(path)
