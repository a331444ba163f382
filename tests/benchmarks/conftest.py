"""Invented corpora where the benchmarks look for the real ones."""

import gzip

import numpy as np
import pandas as pd
import pytest

from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import WordTokenizer

N_TRAINING, N_TEST = 800, 400


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    """A folder with two corpora of invented reviews, unlabelled ones, and word vectors."""
    folder = tmp_path_factory.mktemp("data")
    words = set()
    for name, n_classes in (("20newsgroups", 3), ("imdb", 2)):
        texts, y, _ = make_rationale_classification(
            N_TRAINING + N_TEST, n_classes=n_classes, n_words=36, random_state=0
        )
        header = "Subject: rooms\n\n" if name == "20newsgroups" else ""
        pd.DataFrame(
            {
                "split": ["train"] * N_TRAINING + ["test"] * N_TEST,
                "label": [f"class {label}" for label in y],
                "text": [header + text for text in texts],
            }
        ).to_parquet(folder / f"{name}.parquet")
        words.update(word for text in texts for word in WordTokenizer().words(text))
    pd.DataFrame({"text": texts}).to_parquet(folder / "imdb_unsup.parquet")
    rng = np.random.default_rng(0)
    lines = [
        " ".join([word, *(f"{value:.3f}" for value in rng.normal(scale=0.4, size=8))])
        for word in sorted(words)
    ]
    with gzip.open(folder / "vectors.txt.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def arguments(data_folder):
    """Options of a quick run of one setting: a list, without the folder to work in."""
    return [
        "--quick",
        "--settings",
        "20newsgroups-short",
        "--vectors",
        data_folder / "vectors.txt.gz",
    ]
