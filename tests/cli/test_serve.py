"""``sklearn-irx serve``: what it hands on, and what it says of wrong calls."""

import sys

import pytest


@pytest.fixture
def handed(monkeypatch):
    """What the command hands to the function, in place of a server."""
    found = {}

    def serve(model, texts=None, **options):
        found.update(model=model, texts=texts, **options)

    monkeypatch.setattr("sklearn_irx.workbench.serve", serve)
    return found


def test_model_texts_and_options_are_handed_on(cli, unlike, table, reviews, handed):
    options = ["--host", "0.0.0.0", "--port", "0", "--token", "12345678", "--title", "Hotels"]
    result = cli("serve", unlike, "--texts", table, *options)
    assert result.exit_code == 0, result.output
    assert list(handed["texts"]) == list(reviews["text"])
    assert (handed["host"], handed["port"]) == ("0.0.0.0", 0)
    assert (handed["token"], handed["title"]) == ("12345678", "Hotels")
    assert hasattr(handed["model"], "exchange")


def test_a_joblib_file_and_no_texts(cli, single, handed):
    assert cli("serve", single).exit_code == 0
    assert handed["texts"] is None
    assert handed["host"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing"], "there is no file missing"),
        (["{unlike}", "--texts", "missing.csv"], "there is no file missing.csv"),
        (["{unlike}", "--texts", "{table}", "--text", "words"], "words"),
        (["{unlike}", "--token", "short"], "token='short': give 8 to 200 letters"),
        (["{unlike}", "--host", "203.0.113.7"], "cannot listen on 203.0.113.7"),
    ],
)
def test_wrong_calls_are_explained(cli, unlike, table, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = cli("serve", *(part.format(unlike=unlike, table=table) for part in arguments))
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_without_the_extra_one_sentence_says_what_to_install(cli, unlike, monkeypatch):
    for module in list(sys.modules):
        if module.startswith(("uvicorn", "sklearn_irx.workbench._app")):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = cli("serve", unlike)
    assert result.exit_code == 1
    assert 'pip install "sklearn-irx[serve]"' in result.stderr
