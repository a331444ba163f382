import pytest

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
