import sqlite3

import pandas as pd
import pytest

from sklearn_irx.study import Answer, Study


@pytest.fixture
def pair(unlike):
    """Two models that often disagree."""
    return unlike


def created(cli, pair, table, tmp_path, *options):
    path = tmp_path / "study.db"
    result = cli("study", "create", pair, table, "-o", path, "--per-case", 1, *options)
    assert result.exit_code == 0, result.output
    return path, result


def answer_everything(path):
    with Study(path) as study:
        for annotator in study.annotators:
            study.record(
                Answer(annotator.id, page.position, page.truth, 2, 3.0, f"{annotator.id}/{page}")
                for page in study.pages(annotator.id)
            )


def test_a_study_is_made_answered_and_analysed(cli, pair, table, tmp_path):
    path, result = created(
        cli, pair, table, tmp_path, "--annotator", "Ada", "--annotator", "Bo", "--title", "Hotels",
        "--control", "full_text", "--attention-checks", 1, "--practice", 2, "--show", "words",
        "--describe", "noise=Whatever is loud",
    )  # fmt: skip
    assert f"sklearn-irx study serve {path}" in result.stdout
    with Study(path) as study:
        assert [annotator.name for annotator in study.annotators] == ["Ada", "Bo"]
        assert study.settings["title"] == "Hotels"
        assert study.settings["controls"] == ["full_text"]
        assert study.settings["show"] == "words"
        assert study.settings["class_descriptions"] == {"noise": "Whatever is loud"}
        assert [page.phase for page in study.pages(1)[:3]] == ["practice", "practice", "main"]
    links = cli("study", "links", path)
    assert links.stdout.count("http://127.0.0.1:8000/a/") == 2
    answer_everything(path)
    results = tmp_path / "results"
    found = cli("study", "analyse", path, "-o", results, "--resamples", 50)
    assert found.exit_code == 0, found.output
    assert "Table 4" in found.stdout
    assert "0 missing" in found.stdout
    table_4 = pd.read_csv(results / "table.csv")
    assert (table_4["accuracy"] == 1).all()
    assert "<h1>Hotels</h1>" in (results / "analysis.html").read_text(encoding="utf-8")


def test_random_words_are_the_control_unless_none_is_asked_for(cli, pair, table, tmp_path):
    path, _ = created(cli, pair, table, tmp_path)
    with Study(path) as study:
        assert study.settings["controls"] == ["random"]
    path.unlink()
    path, _ = created(cli, pair, table, tmp_path, "--control", "none")
    with Study(path) as study:
        assert study.settings["controls"] == []


def test_cases_with_too_few_documents_are_reported(cli, pair, table, tmp_path):
    path = tmp_path / "study.db"
    result = cli("study", "create", pair, table, "-o", path, "--per-case", 100)
    assert result.exit_code == 0, result.output
    assert "of the 100 documents asked for were found of the case" in result.stderr


def test_the_same_seed_makes_the_same_study(cli, pair, table, tmp_path):
    def items(seed):
        path, _ = created(cli, pair, table, tmp_path, "--seed", seed)
        connection = sqlite3.connect(path)
        rows = connection.execute("SELECT * FROM items").fetchall()
        pages = connection.execute("SELECT * FROM pages").fetchall()
        connection.close()
        path.unlink()
        return rows, pages

    assert items(1) == items(1) != items(2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "{pair}", "missing.csv", "-o", "s.db"], "there is no file missing.csv"),
        (["create", "{pair}", "{table}", "-o", "no/s.db"], "there is no folder no"),
        (["create", "{pair}", "{table}", "-o", "{table}"], "is never written over"),
        (["create", "{pair}", "{table}", "-o", "s.db", "--describe", "noise"], "CLASS=MEANING"),
        (["create", "{pair}", "{table}", "-o", "s.db", "--describe", "spam=x"], "'spam'"),
        (["create", "{pair}", "{table}", "-o", "s.db", "--control", "half"], "controls=['half']"),
        (["create", "{pair}", "{table}", "-o", "s.db", "--show", "all"], "show='all'"),
        (["analyse", "missing.db"], "there is no file missing.db"),
        (["analyse", "{table}"], "is no study"),
    ],
)
def test_wrong_calls_are_explained(cli, pair, table, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = cli("study", *(part.format(pair=pair, table=table) for part in arguments))
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert not (tmp_path / "s.db").exists()


def test_a_study_without_answers_is_not_analysed(cli, pair, table, tmp_path):
    path, _ = created(cli, pair, table, tmp_path)
    result = cli("study", "analyse", path)
    assert result.exit_code == 1
    assert "holds no answers of the main part yet" in result.stderr
