"""Corpora as both sides read them: the same words, vectors, labels and splits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from benchmarks.common import load_vectors, replacing
from benchmarks.peers.shared import PARTS, UNKNOWN_WORD, Part, Prepared
from sklearn_irx.datasets import (
    load_corpus,
    load_rationale_corpus,
    make_rationale_classification,
)
from sklearn_irx.text import (
    Vocabulary,
    WhitespaceTokenizer,
    WordTokenizer,
    WordVectors,
    embedding_matrix,
)

VALIDATION_SHARE = 0.1
GENERATED = {"n_classes": 4, "n_words": 100}
GENERATED_TEST = 1000


class Setting(NamedTuple):
    """What is the same on both sides for a corpus, unless the command line says otherwise.

    `max_words` are read of a text, `documents` are drawn of the training texts (None takes all),
    `asked` is the share of words to be selected.
    """

    max_words: int
    documents: int | None
    asked: float
    epochs: int
    batch_size: int


SETTINGS = {
    "generated": Setting(max_words=130, documents=2000, asked=0.07, epochs=20, batch_size=32),
    "20newsgroups": Setting(max_words=80, documents=None, asked=0.14, epochs=20, batch_size=128),
    "imdb": Setting(max_words=200, documents=5000, asked=0.1, epochs=20, batch_size=64),
    "movies": Setting(max_words=300, documents=None, asked=0.2, epochs=20, batch_size=16),
}


class Texts(NamedTuple):
    """Words of texts, their labels, and masks of their known rationales, if there are any."""

    documents: list[list[str]]
    labels: np.ndarray
    masks: np.ndarray | None = None


def load(corpus: str, documents: int | None) -> tuple[Texts, Texts]:
    """Give training texts, so many of them if a number is given, and test texts.

    Of ERASER's movies, the validation split is tested on. Whole texts.
    """
    if corpus == "generated":
        n = documents or 2000
        texts, y, masks = make_rationale_classification(
            n + GENERATED_TEST, random_state=0, **GENERATED
        )
        words = list(map(WordTokenizer().words, texts))
        return Texts(words[:n], y[:n]), Texts(words[n:], y[n:], masks[n:])
    if corpus == "movies":
        train, test = (
            Texts(list(map(WhitespaceTokenizer().words, texts)), y, masks)
            for texts, y, masks in (
                load_rationale_corpus("movies", name) for name in ("train", "val")
            )
        )
    else:
        train, test = (
            Texts(list(map(WordTokenizer().words, found.data)), found.target)
            for found in (load_corpus(corpus, subset=name) for name in ("train", "test"))
        )
    rows = np.arange(len(train.labels))
    if documents is not None and documents < len(rows):
        rows, _ = train_test_split(
            rows, train_size=documents, stratify=train.labels, random_state=0
        )
    return Texts([train.documents[row] for row in rows], train.labels[rows]), test


def prepare(corpus: str, documents: int | None, max_words: int) -> Prepared:
    """Cut texts, hold some out, and number the words.

    Words of training texts have ids, and others that have a vector of GloVe. Those of generated
    texts are trained on them, so that nothing has to be downloaded.
    """
    train, test = load(corpus, documents)
    kept, held_out = train_test_split(
        np.arange(len(train.labels)), test_size=VALIDATION_SHARE, stratify=train.labels,
        random_state=0,
    )  # fmt: skip
    texts = {
        name: [words[:max_words] for words in documents]
        for name, documents in (
            ("train", [train.documents[row] for row in kept]),
            ("valid", [train.documents[row] for row in held_out]),
            ("test", test.documents),
        )
    }
    labels = {"train": train.labels[kept], "valid": train.labels[held_out], "test": test.labels}
    vectors = WordVectors.train(texts["train"], 0) if corpus == "generated" else load_vectors()
    classes = np.unique(train.labels)
    masks = {} if test.masks is None else {"test": test.masks[:, :max_words]}
    return numbered(texts, {name: np.searchsorted(classes, labels[name]) for name in PARTS},
                    masks, vectors)  # fmt: skip


def numbered(
    texts: dict[str, list[list[str]]],
    y: dict[str, np.ndarray],
    masks: dict[str, np.ndarray],
    vectors: WordVectors,
) -> Prepared:
    """Number the words of texts, and look up their vectors."""
    learned = Vocabulary.from_documents(texts["train"])
    others = [word for name in ("valid", "test") for word in found_in(texts[name])]
    unseen = [word for word in dict.fromkeys(others) if word not in learned and word in vectors]
    vocabulary = Vocabulary([*learned.words, *unseen])
    if UNKNOWN_WORD in vocabulary:
        raise ValueError(
            f"{UNKNOWN_WORD!r} is a word of the texts: give UNKNOWN_WORD another name."
        )
    return Prepared(
        vocabulary.words,
        embedding_matrix([vectors], vocabulary),
        int(max(map(np.max, y.values()))) + 1,
        {name: part(texts[name], y[name], masks.get(name), vocabulary) for name in PARTS},
    )


def found_in(documents: Iterable[Sequence[str]]) -> Iterable[str]:
    """Give the words of all documents, one after the other."""
    return (word for words in documents for word in words)


def part(
    documents: list[list[str]], y: np.ndarray, masks: np.ndarray | None, vocabulary: Vocabulary
) -> Part:
    """Give the texts of a part as ids."""
    lengths = np.array(list(map(len, documents)))
    known = np.zeros(0, dtype=bool)
    if masks is not None:
        known = masks[np.arange(masks.shape[1]) < lengths[:, None]]
    return Part(vocabulary.lookup(list(found_in(documents))), lengths, y, known)


def prepared_once(work: Path, corpus: str, documents: int | None, max_words: int) -> Path:
    """Give the file of a corpus, which is made if there is none."""
    path = work / "data" / f"{corpus}-{documents or 'all'}-{max_words}.npz"
    if not path.exists():
        made: Any = prepare(corpus, documents, max_words)
        with replacing(path) as new:
            made.save(new)
    return path
