import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sklearn_irx import (
    InteractiveCommittee,
    InteractiveEnsemble,
    SelectiveRationaleClassifier,
    save,
)
from sklearn_irx.cli.app import app
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import WordVectors
from tests.transformers_made import make_transformer

_QUICK = ["--max-epochs", "2", "--max-length", "40", "--threads", "1"]


@pytest.fixture(scope="session")
def quick():
    """Options that make training take a moment."""
    return list(_QUICK)


@pytest.fixture(scope="session")
def cli():
    """Runs a command as a user would, and gives its exit code and what it printed."""
    runner = CliRunner(env={"COLUMNS": "120", "TERM": "dumb"})
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def reviews():
    texts, y, _ = make_rationale_classification(
        120, n_words=30, n_cues=2, difficulty=0.0, random_state=0
    )
    return pd.DataFrame({"text": texts, "label": y})


@pytest.fixture(scope="session")
def table(reviews, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "reviews.csv"
    reviews.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def transformer(tmp_path_factory):
    """The folder of a tiny pretrained transformer."""
    return make_transformer(tmp_path_factory.mktemp("transformer"))


@pytest.fixture(scope="session")
def pair(cli, quick, table, tmp_path_factory):
    """Two models that interact, trained and saved by the command in a folder."""
    path = tmp_path_factory.mktemp("models") / "pair"
    result = cli("fit", table, "-o", path, "--pair", *quick)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="session")
def learned(reviews):
    """Makes a tiny model that learned from the first reviews."""
    texts, y = list(reviews["text"]), reviews["label"].to_numpy()
    small = {
        "lambda1": 0.01, "encoder": "cnn", "initialization": "naive_bayes", "max_length": 40,
        "training__max_epochs": 1, "encoder__n_filters": 4, "n_threads": 1,
    }  # fmt: skip
    small["embeddings"] = WordVectors(["sirens", "ants"], np.eye(2))
    return lambda n, seed: (
        SelectiveRationaleClassifier().set_params(**small, random_state=seed).fit(texts[:n], y[:n])
    )


@pytest.fixture(scope="session")
def unlike(learned, reviews, tmp_path_factory):
    """Two models of few texts, which often disagree."""
    both = InteractiveEnsemble(learned(12, seed=12), learned(20, seed=20))
    path = tmp_path_factory.mktemp("models") / "unlike"
    save(both.fit(list(reviews["text"]), reviews["label"]), path)
    return path


@pytest.fixture(scope="session")
def committee(learned, reviews, tmp_path_factory):
    """Three models that interact, one of an odd name."""
    members = [
        (name, learned(n, seed))
        for name, seed, n in (("bayes", 0, 60), ("<b>", 1, 20), ("short", 2, 12))
    ]
    path = tmp_path_factory.mktemp("models") / "committee"
    save(InteractiveCommittee(members, rule="consensus").fit(list(reviews["text"])), path)
    return path


@pytest.fixture(scope="session")
def single(cli, quick, reviews, tmp_path_factory):
    """One model in a joblib file, its labels the numbers 0 and 1."""
    folder = tmp_path_factory.mktemp("models")
    numbered = reviews.assign(label=(reviews["label"] == "noise").astype(int))
    numbered.to_parquet(folder / "numbered.parquet")
    path = folder / "single.joblib"
    result = cli("fit", folder / "numbered.parquet", "-o", path, "--test-size", 0, *quick)
    assert result.exit_code == 0, result.output
    return path
