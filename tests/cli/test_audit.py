"""``sklearn-irx audit``."""

import json

import pytest

from sklearn_irx.inspection import _audit as auditing
from sklearn_irx.inspection._auditing import CHOICE
from tests.cli.sentences import sentence


def test_an_audit_is_printed_and_written(cli, pair, table, tmp_path):
    page, figures = tmp_path / "audit.html", tmp_path / "audit.json"
    result = cli("audit", pair, table, "-o", page, "--max-documents", 80)
    assert result.exit_code == 0, result.output
    assert "Do the words suffice for others?" in result.stdout
    assert "80 of 120 documents were drawn at random." in result.stdout
    assert "Audit of" in page.read_text(encoding="utf-8")
    again = cli("audit", pair, table, "-o", figures, "--max-documents", 80, "--seed", 0)
    assert again.stdout == result.stdout
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert found["n_documents"] == 80
    assert [one["answer"] in result.stdout for one in found["answers"]] == [True] * 7


def test_ctrl_c_shows_what_was_found_out(cli, pair, table, tmp_path, monkeypatch):
    def interrupted(audited):
        raise KeyboardInterrupt

    questions = auditing.questions
    monkeypatch.setattr(
        auditing,
        "questions",
        lambda model: questions(model) | {CHOICE: interrupted},
    )
    result = cli("audit", pair, table, "-o", tmp_path / "a.html")
    assert result.exit_code == 130
    assert "Do the words suffice for others?" in result.stdout
    assert f"Not answered: {CHOICE}" in result.stdout
    assert "not complete" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_a_report_may_hold_an_audit(cli, pair, table, tmp_path):
    result = cli("report", pair, table, "-o", tmp_path / "r.html", "--audit")
    assert result.exit_code == 0, result.output
    assert "Could the opposite have been argued?" in (tmp_path / "r.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["audit", "{table}", "-o", "a.pdf"], "a.pdf: give a name that ends in .html or .json"),
        (["audit", "{table}", "--label", "topic"], "has no column 'topic'"),
        (["audit", "missing.csv"], "there is no file missing.csv"),
        (["report", "{unlabelled}", "-o", "r.html", "--audit"], "--audit needs labels"),
    ],
)
def test_wrong_calls_are_explained(
    cli, pair, reviews, table, tmp_path, monkeypatch, arguments, said
):
    monkeypatch.chdir(tmp_path)
    unlabelled = tmp_path / "unlabelled.csv"
    reviews[["text"]].to_csv(unlabelled, index=False)
    command, *rest = (one.format(table=table, unlabelled=unlabelled) for one in arguments)
    result = cli(command, pair, *rest)
    assert result.exit_code in (1, 2)
    assert said in sentence(result)
