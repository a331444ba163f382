"""``sklearn-irx compare``, as a user calls it."""

import joblib

import sklearn_irx
from sklearn_irx.inspection import compare_models
from tests.cli.sentences import sentence


def test_two_models_are_compared_on_a_table(cli, pair, table, reviews, tmp_path):
    both, page = sklearn_irx.load(pair), tmp_path / "page.html"
    sklearn_irx.save(both.estimators_[1], tmp_path / "member")
    arguments = ("compare", pair, tmp_path / "member", table, "--label", "label", "-o", page)
    result = cli(*arguments)
    assert result.exit_code == 0, result.output
    found = compare_models(both, both.estimators_[1], list(reviews["text"]), reviews["label"])
    said = " ".join(result.stdout.split())
    for row in found.tables[1].rows:
        assert " ".join(row) in said
    assert "member" in page.read_text(encoding="utf-8")


def test_models_of_one_name_are_called_by_their_paths(cli, single, table, tmp_path):
    other = tmp_path / single.name
    joblib.dump(joblib.load(single), other)
    result = cli("compare", single, other, table)
    assert result.exit_code == 0, result.output


def test_what_cannot_be_compared_is_said_in_a_sentence(cli, pair, single, table, tmp_path):
    result = cli("compare", single, tmp_path / "none.joblib", table)
    assert result.exit_code == 2
    assert "none.joblib" in sentence(result)
    result = cli("compare", single, single, table)
    assert result.exit_code == 1
    assert "give two different names" in sentence(result)
    result = cli("compare", pair, single, table)
    assert result.exit_code == 1
    assert "no class in common" in sentence(result)
