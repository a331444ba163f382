import io
import json
import re
import shutil
import subprocess
import sys

import joblib
import pandas as pd
import pytest

from sklearn_irx import load
from sklearn_irx.exchange import CASES
from tests.cli.sentences import sentence


def test_a_damaged_folder_is_explained_in_a_sentence(cli, pair, table, tmp_path):
    shutil.copytree(pair, tmp_path / "model")
    next((tmp_path / "model").glob("weights-*")).write_bytes(b"")
    for path, said in ((tmp_path / "model", "has 0 bytes"), (tmp_path, "has no model.json")):
        result = cli("predict", path, table)
        assert (result.exit_code, said in sentence(result)) == (1, True)


def test_a_committee_is_shown_with_all_its_members(cli, committee, table, reviews, tmp_path):
    model, texts = load(committee), list(reviews["text"])
    assert (model.interact(texts)["case"] != "agree").any(), "this test sees nothing"
    result = cli("predict", committee, table, "-o", tmp_path / "o.csv")
    assert result.exit_code == 0, result.output
    found = pd.read_csv(tmp_path / "o.csv", keep_default_na=False)
    assert found["label_pred"].tolist() == model.predict(texts).tolist()
    assert set(found["case"]) <= {"agree", "consensus", "confidence"}
    chosen = model.interact(texts)["chosen"]
    for row, name in zip(found.itertuples(), chosen, strict=True):
        assert (
            row.case_text
            == {
                "agree": "All models predict the same label.",
                "consensus": f"The words of {name} give the highest mean probability to one label.",
                "confidence": f"The exchange was undecided; {name} was most confident.",
            }[row.case]
        )
    page = tmp_path / "page.html"
    result = cli("explain", committee, table, "-n", 120, "--label", "label", "-o", page)
    assert result.exit_code == 0, result.output
    right = model.score(texts, reviews["label"].to_numpy())
    assert result.stdout.count("· right") == round(120 * right)
    html = page.read_text(encoding="utf-8")
    assert "<b></" not in html
    for text in ("bayes alone", "&lt;b&gt; alone", "all, interacting", "short", "2 of 2"):
        assert text in html
    assert html.count('<span class="badge kept">') == (found["case"] != "agree").sum()


def test_predict_prints_csv_with_the_columns_it_was_given(cli, pair, table, reviews):
    result = cli("predict", pair, table)
    assert result.exit_code == 0, result.stderr
    found = pd.read_csv(io.StringIO(result.stdout), keep_default_na=False)
    columns = ["label_pred", "confidence", "rationale", "case", "case_text"]
    assert list(found.columns) == ["text", "label", *columns]
    assert found["text"].tolist() == reviews["text"].tolist()
    assert set(found["label_pred"]) <= set(reviews["label"])
    assert found["confidence"].between(0, 1).all()
    assert set(found["case"]) <= set(CASES)
    for text, shown in zip(found["text"], found["rationale"], strict=True):
        pieces = [piece.strip() for piece in shown.split("…")]
        assert any(pieces)
        assert all(piece in text for piece in pieces)


def test_predict_shows_words_as_the_text_has_them_and_says_how_models_agreed(
    cli, unlike, reviews, tmp_path
):
    texts = [text.upper() for text in reviews["text"]]
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "t.csv", index=False)
    result = cli("predict", unlike, tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert result.exit_code == 0, result.output
    found = pd.read_csv(tmp_path / "o.csv", keep_default_na=False)
    assert found["case"].nunique() > 1, "this test sees nothing"
    for text, rationale, row in zip(
        texts, load(unlike).explain(texts), found.itertuples(), strict=True
    ):
        cut = [text[start:end] for start, end in rationale.selected_spans]
        assert row.rationale.strip("… ") == " … ".join(cut)
        assert (
            row.case_text
            == {
                "agree": "Both models predict the same label.",
                "convinced_1": "Model 2’s words convinced model 1, and not the other way round.",
                "convinced_2": "Model 1’s words convinced model 2, and not the other way round.",
                "confidence_1": "The exchange was undecided; model 1 was more confident.",
                "confidence_2": "The exchange was undecided; model 2 was more confident.",
            }[row.case]
        )


def test_predict_says_what_the_saved_model_says(cli, pair, table, reviews, tmp_path):
    assert cli("predict", pair, table, "-o", tmp_path / "o.parquet").exit_code == 0
    found = pd.read_parquet(tmp_path / "o.parquet")
    assert found["label_pred"].tolist() == load(pair).predict(list(reviews["text"])).tolist()


def test_predict_keeps_labels_in_their_type_and_has_no_case_for_one_model(
    cli, single, table, tmp_path
):
    assert cli("predict", single, table, "-o", tmp_path / "o.jsonl").exit_code == 0
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert {row["label_pred"] for row in rows} <= {0, 1}
    assert "case" not in rows[0]


def test_predict_needs_no_label_and_takes_empty_texts(cli, pair, tmp_path):
    (tmp_path / "t.jsonl").write_text('{"body": "", "n": 1}\n{"body": "Loud sirens.", "n": 2}\n')
    result = cli("predict", pair, tmp_path / "t.jsonl", "--text", "body")
    assert result.exit_code == 0
    found = pd.read_csv(io.StringIO(result.stdout), keep_default_na=False)
    assert found["rationale"][0] == "(no word selected)"
    assert found["n"].tolist() == [1, 2]


def test_a_column_that_exists_is_not_overwritten(cli, pair, tmp_path):
    (tmp_path / "t.csv").write_text("text,confidence\nSirens.,high\n")
    result = cli("predict", pair, tmp_path / "t.csv")
    assert result.exit_code == 2
    assert "has a column 'confidence' already; --prefix" in sentence(result)
    result = cli("predict", pair, tmp_path / "t.csv", "--prefix", "irx_")
    found = pd.read_csv(io.StringIO(result.stdout))
    assert found["confidence"].tolist() == ["high"]
    assert "irx_confidence" in found


def test_predict_does_not_write_over_what_it_reads(cli, pair, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text\nSirens.\n")
    result = cli("predict", pair, path, "-o", tmp_path / "." / "t.csv")
    assert result.exit_code == 2
    assert path.read_text() == "text\nSirens.\n"


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_wrong_input_is_explained_in_a_sentence(cli, pair, table, tmp_path, command):
    result = cli(command, pair, tmp_path / "missing.csv")
    assert (result.exit_code, "there is no file" in sentence(result)) == (2, True)
    result = cli(command, pair, table, "--text", "body")
    assert (result.exit_code, "'text', 'label'" in sentence(result)) == (2, True)
    result = cli(command, tmp_path / "missing.joblib", table)
    assert (result.exit_code, "there is no file" in sentence(result)) == (2, True)
    result = cli(command, table, table)
    assert (result.exit_code, "not a model that can be loaded" in sentence(result)) == (1, True)
    joblib.dump({"a": 1}, tmp_path / "d.joblib")
    result = cli(command, tmp_path / "d.joblib", table)
    assert (result.exit_code, "holds a dict" in sentence(result)) == (1, True)


def test_explain_shows_the_first_texts_and_judges_them(cli, pair, table, reviews):
    result = cli("explain", pair, table, "-n", 3, "--label", "label")
    assert result.exit_code == 0
    assert result.stdout.count("words · ") == 3
    assert result.stdout.count("· right") + result.stdout.count("· wrong, true label") == 3
    shown = result.stdout.replace("[", "").replace("]", "")
    assert all(text in shown for text in reviews["text"][:3])
    assert reviews["text"][3] not in shown


@pytest.mark.parametrize("target", [[], ["--target", "all"]])
def test_explain_shows_long_texts_whole_if_asked(cli, single, table, tmp_path, monkeypatch, target):
    monkeypatch.setattr("sklearn_irx.classifier.context.SHORT", 20)  # the model reads 40 words
    page = tmp_path / "page.html"
    result = cli("explain", single, table, "-o", page, *target)
    assert result.stdout.count(" words …)") > 0
    n_folds = page.read_text(encoding="utf-8").count('<details class="fold">')
    assert n_folds == result.stdout.count(" words …)")
    result = cli("explain", single, table, "-o", page, "--whole", *target)
    assert result.exit_code == 0
    assert " words …)" not in result.stdout
    assert "<details" not in page.read_text(encoding="utf-8")


def test_explain_without_labels_judges_nothing(cli, single, table):
    result = cli("explain", single, table, "-n", 1)
    assert "right" not in result.stdout.splitlines()[0]
    assert "wrong" not in result.stdout.splitlines()[0]


def test_labels_in_csv_are_compared_with_the_numbers_a_model_knows(cli, single, reviews, tmp_path):
    numbers = (reviews["label"] == "noise").astype(int)
    reviews.assign(label=numbers).to_csv(tmp_path / "t.csv", index=False)
    result = cli("explain", single, tmp_path / "t.csv", "-n", 120, "--label", "label")
    right = joblib.load(single).score(list(reviews["text"]), numbers)
    assert result.stdout.count("· right") == round(right * 120)


def test_explain_writes_a_page_that_escapes_what_it_shows(cli, pair, tmp_path):
    (tmp_path / "t.csv").write_text("text,label\n<script>sirens()</script>,<script>x</script>\n")
    page = tmp_path / "page.html"
    result = cli("explain", pair, tmp_path / "t.csv", "--label", "label", "-o", page)
    assert result.exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;x&lt;/script&gt;" in html
    assert list(tmp_path.glob(".*")) == []


def test_explain_shows_the_words_for_each_class(cli, single, table, reviews, tmp_path):
    page = tmp_path / "page.html"
    result = cli("explain", single, table, "-n", 5, "--target", "all", "-o", page)
    assert result.exit_code == 0, result.output
    classwise = joblib.load(single).explain(list(reviews["text"][:5]), target="all")
    assert re.findall("^For (.*)$", result.stdout, re.MULTILINE) == [
        str(one.target) for document in classwise for one in document
    ]
    assert classwise.summary() in result.stdout
    assert result.stdout.count("chosen to support 0; the model's own rationale was not") == 5
    assert page.read_text(encoding="utf-8").count('<div class="side">') == 10
    # A label is taken as the model knows it: here 1 and not "1".
    result = cli("explain", single, table, "-n", 5, "--target", "1")
    assert re.findall("^For (.*)$", result.stdout, re.MULTILINE) == ["1"] * 5


def test_explain_shows_both_sides(cli, single, table, reviews, tmp_path):
    page = tmp_path / "page.html"
    result = cli("explain", single, table, "-n", 5, "--against", "-o", page)
    assert result.exit_code == 0, result.output
    found = joblib.load(single)._sides(list(reviews["text"][:5]))
    for side, rationales in {
        "For [": [one.supporting for one in found],
        "Against, for {": [one.opposing for one in found],
    }.items():
        lines = [line for line in result.stdout.splitlines() if line.startswith(side)]
        assert [line[len(side)] for line in lines] == [str(one.target) for one in rationales]
    assert page.read_text(encoding="utf-8").count('<div class="sides">') == 5
    result = cli("explain", single, table, "-n", 5, "--against", "--target", "1")
    rivals = re.findall("^Against, for {(.)}", result.stdout, re.MULTILINE)
    assert rivals == [str(one.opposing.target) for one in found]  # of two classes, the other
    result = cli("explain", single, table, "--against", "--target", "all")
    assert result.exit_code == 1
    assert "target='all' does not name one class" in sentence(result)


def test_a_target_that_cannot_be_is_refused_in_a_sentence(cli, single, pair, table):
    result = cli("explain", single, table, "--target", "2")
    assert result.exit_code == 2
    assert "target='2' is no class of this model: give 'all'," in sentence(result)
    for asked in (["--target", "all"], ["--against"]):
        result = cli("explain", pair, table, *asked)
        assert result.exit_code == 2
        assert "ask one of its members" in sentence(result)


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_help_warns_of_models_from_strangers(cli, command):
    assert "open only those you trust" in " ".join(cli(command, "--help").stdout.split())


def test_a_model_trained_in_one_process_predicts_in_another(quick, table, tmp_path):
    def run(*arguments):
        program = "from sklearn_irx.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=True,
        )

    model, output = tmp_path / "m.joblib", tmp_path / "o.csv"
    run("fit", table, "-o", model, *quick)
    run("predict", model, table, "-o", output)
    assert len(pd.read_csv(output)) == 120


def test_a_model_that_abstains_goes_through_every_command(cli, quick, table, reviews, tmp_path):
    model = tmp_path / "careful"
    result = cli("fit", table, "-o", model, "--pair", "--coverage", 0.6, *quick)
    assert result.exit_code == 0, result.output
    option = load(model)
    assert (option.coverage, option.coverage_) == (0.6, pytest.approx(0.6, abs=0.1))
    said = re.search(r"\n(\d+) are answered .*, and (\d+) of these are right", result.stdout)
    n, right = map(int, said.groups())
    assert right <= n <= 24
    for form in ("csv", "parquet"):
        out = tmp_path / f"answers.{form}"
        result = cli("predict", model, table, "-o", out)
        assert result.exit_code == 0, result.output
        found = pd.read_csv(out) if form == "csv" else pd.read_parquet(out)
        assert found["abstained"].tolist() == (~option.accepts(list(reviews["text"]))).tolist()
        assert found["label_pred"].tolist() == option.estimator_.predict(reviews["text"]).tolist()
    for command in (
        ("explain", model, table, "-n", 5, "--label", "label"),
        ("score", model, table, "-o", tmp_path / "scored", "--jobs", 1),
        ("report", model, table, "-o", tmp_path / "report.html"),
    ):
        result = cli(*command)
        assert result.exit_code == 0, result.output
    assert "abstained" in next((tmp_path / "scored").glob("part-*")).read_text().splitlines()[0]


def test_one_abstains_for_a_coverage_or_a_risk(cli, quick, table, tmp_path, monkeypatch):
    result = cli("fit", table, "-o", tmp_path / "m", "--coverage", 0.6, "--risk", 0.1, *quick)
    assert result.exit_code == 2
    assert "--coverage 0.6 and --risk 0.1: give one of them" in sentence(result)
    monkeypatch.setitem(sys.modules, "mapie", None)
    result = cli("fit", table, "-o", tmp_path / "m", "--risk", 0.1, *quick)
    assert (result.exit_code, "Training" in result.stdout) == (1, False)
    assert 'pip install "sklearn-irx[reject]"' in sentence(result)


def test_a_risk_that_cannot_be_kept_is_told(cli, quick, table, tmp_path):
    pytest.importorskip("mapie", reason="mapie is not installed")
    result = cli("fit", table, "-o", tmp_path / "m", "--risk", 0.01, *quick)
    assert result.exit_code == 0, result.output
    assert "so no text will be answered" in result.stdout
    assert "0 are answered (0.0%)" in result.stdout
