import re

import pytest
from sklearn.utils import Bunch

from sklearn_irx.cli import demo
from sklearn_irx.cli.demo import SETTINGS, Setting


@pytest.fixture
def small(monkeypatch):
    """Makes the demonstration a matter of seconds."""
    monkeypatch.delenv("SKLEARN_IRX_DATA", raising=False)
    monkeypatch.setitem(demo.SYNTHETIC, "n_samples", 150)
    for name in SETTINGS:
        monkeypatch.setitem(SETTINGS, name, Setting({"max_length": 40, "training__max_epochs": 1}))


def test_the_demonstration_prints_tables_and_examples_and_writes_a_page(cli, small, tmp_path):
    page = tmp_path / "demo.html"
    result = cli("demo", "-o", page, "--show", 2, "--threads", 1)
    assert result.exit_code == 0, result.output
    for text in ("both, interacting", "token F1", "agree"):
        assert text in result.stdout
    assert result.stdout.count(" words · ") == 2
    assert str(page) in result.stdout
    html = page.read_text(encoding="utf-8")
    assert html.count("<article") == 30  # all that there are to test on
    assert "<table" in html
    assert "<mark>" in html


@pytest.fixture
def newsgroups(small, reviews, monkeypatch):
    """A corpus of a hundred texts in the place of 20 Newsgroups."""
    texts, y = list(reviews["text"]), reviews["label"].to_numpy()
    parts = {"train": slice(0, 80), "test": slice(80, None)}

    def load_corpus(name, subset):
        assert name == "20newsgroups"
        return Bunch(data=texts[parts[subset]], target=y[parts[subset]])

    monkeypatch.setattr("sklearn_irx.datasets.load_corpus", load_corpus)


@pytest.fixture
def trained(monkeypatch):
    """Stands for training, and tells what would be trained: the parameters of both members."""
    from sklearn_irx.cli import training

    members = []

    def train(texts, y, parameters, console):
        members.extend(parameters)
        raise demo.CommandError("That will do.")

    monkeypatch.setattr(training, "train", train)
    return members


def test_the_second_model_may_read_words_in_context(cli, newsgroups, transformer, tmp_path):
    page = tmp_path / "demo.html"
    given = ["--data", "20newsgroups", "--encoder", transformer]
    result = cli("demo", *given, "-o", page, "--show", 1, "--threads", 1)
    assert result.exit_code == 0, result.output
    assert f"Model 2 reads words in context, by the transformer {transformer}" in result.stdout
    assert "both, interacting" in result.stdout
    assert page.exists()


def test_only_the_second_model_has_the_transformer(cli, newsgroups, trained, transformer, tmp_path):
    cli("demo", "--data", "20newsgroups", "--encoder", transformer, "-o", tmp_path / "demo.html")
    first, second = trained
    assert "encoder" not in first
    assert second["encoder__model"] == transformer
    assert second["objective"] == "distillation"


@pytest.mark.parametrize(
    ("data", "option", "has_package", "found"),
    [
        ("20newsgroups", [], True, True),
        ("20newsgroups", ["--encoder", "none"], True, False),
        ("20newsgroups", [], False, False),
        ("synthetic", [], True, False),
    ],
)
def test_a_transformer_at_hand_is_found_where_it_is_asked_for(
    cli, newsgroups, trained, transformer, tmp_path, monkeypatch, data, option, has_package, found
):
    if has_package:
        package = tmp_path / "made_model"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "model").symlink_to(transformer)
        monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(demo, "_MODEL", "made_model")
    result = cli("demo", "--data", data, *option, "-o", tmp_path / "demo.html")
    assert [member.get("encoder") for member in trained] == [None, "transformer" if found else None]
    how = 'pip install "sklearn-irx[transformers]" made-model'
    assert (how in result.stdout) == (data == "20newsgroups" and not has_package)


@pytest.mark.long
def test_models_of_different_kinds_exchange_rationales(cli, transformer, tmp_path, monkeypatch):
    """The demonstration as it stands, but for its size."""
    monkeypatch.setitem(demo.SYNTHETIC, "n_samples", 600)
    page = tmp_path / "demo.html"
    result = cli("demo", "--encoder", transformer, "-o", page, "--show", 0, "--threads", 1)
    assert result.exit_code == 0, result.output
    rows = re.findall(r"^ +(Model 1|Model 2|both, interacting) +(0\.\d+)", result.stdout, re.M)
    found = {name: float(value) for name, value in rows}
    assert len(found) == 3, result.stdout
    assert min(found.values()) > 0.5  # of eight classes
    assert found["both, interacting"] >= min(found["Model 1"], found["Model 2"])
    assert "<mark>" in page.read_text(encoding="utf-8")


def test_a_table_can_be_the_corpus(cli, small, table, tmp_path):
    page = tmp_path / "demo.html"
    result = cli("demo", "--data", table, "-o", page, "--show", 0, "--threads", 1)
    assert result.exit_code == 0, result.output
    assert "Training model 1 of 2 on 96 documents" in result.stdout
    assert "token F1" not in result.stdout
    assert "24 of 24 test documents" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nonsense"], "neither synthetic, 20newsgroups, imdb nor a table"),
        (["--data", "file"], "neither synthetic, 20newsgroups, imdb nor a table"),
        (["--data", "missing.csv"], "there is no file missing.csv"),
        (["--encoder", "cnn"], "--encoder cnn is no transformer: give its folder"),
        (["--encoder", "./missing"], "model='./missing' of encoder cannot be read"),
        (["-o", "missing/demo.html"], "there is no folder missing"),
        (["--vectors", "missing.txt"], "there is no file missing.txt of word vectors"),
    ],
)
def test_a_wrong_call_is_explained_before_training(cli, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = cli("demo", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_that_is_not_there_is_explained(cli, monkeypatch, tmp_path):
    def missing(*args, **kwargs):
        raise OSError("The corpus is not on this machine.")

    monkeypatch.setattr("sklearn_irx.datasets.load_corpus", missing)
    result = cli("demo", "--data", "imdb", "-o", tmp_path / "demo.html")
    assert (result.exit_code, result.stderr) == (1, "Error: The corpus is not on this machine.\n")


def test_members_differ_and_what_the_user_gives_goes_first():
    setting = Setting(
        {"lambda1": 0.1, "max_length": 9},
        ({"predictor__hidden_size": 3}, {"predictor__hidden_size": 4}),
    )
    first, second = setting.parameters(7, lambda1=0.5, lambda2=None)
    assert first == {
        "random_state": 7,
        "lambda1": 0.5,
        "max_length": 9,
        "predictor__hidden_size": 3,
    }
    assert second == {
        "random_state": 8,
        "lambda1": 0.5,
        "max_length": 9,
        "predictor__hidden_size": 4,
    }
