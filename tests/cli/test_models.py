import io
import json
import shutil
import subprocess
import sys

import joblib
import pandas as pd
import pytest

from sklearn_irx import load
from sklearn_irx.cli.errors import CommandError
from sklearn_irx.exchange import CASES


def sentence(result):
    """The one line on stderr that says what is wrong."""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert "Traceback" not in result.output
    return lines[0]


def stopped(*args, **kwargs):
    raise KeyboardInterrupt


def test_fit_reports_what_the_models_do_on_held_out_documents(cli, quick, table, tmp_path):
    result = cli("fit", table, "-o", tmp_path / "m.joblib", "--test-size", "0.25", *quick)
    assert result.exit_code == 0
    assert "On 30 documents held out" in result.stdout
    for text in ("model 1", "model 2", "both, interacting", "accuracy", "convinced_2"):
        assert text in result.stdout


def test_fit_can_train_one_model_and_test_it_on_another_table(cli, quick, table, tmp_path):
    path = tmp_path / "m.joblib"
    result = cli("fit", table, "-o", path, "--single", "--test", table, *quick)
    assert result.exit_code == 0
    assert "On 120 documents held out" in result.stdout
    assert "convinced_2" not in result.stdout
    assert not hasattr(joblib.load(path), "interact")


def test_options_reach_both_models(cli, quick, table, tmp_path):
    path = tmp_path / "m.joblib"
    options = ["--lambda1", "0.25", "--lambda2", "0.125", "--seed", "5"]
    options += ["--rationale-length", "0.5"]
    assert cli("fit", table, "-o", path, "--test-size", 0, *options, *quick).exit_code == 0
    first, second = (member.get_params() for member in joblib.load(path).estimators_)
    for parameters in (first, second):
        assert parameters["lambda1"] == 0.25
        assert parameters["rationale_length"] == 0.5
        assert parameters["lambda2"] == 0.125
        assert parameters["max_length"] == 40
        assert parameters["verbose"] == 0
    assert first["random_state"] == 5
    assert first != second


def test_what_is_not_as_asked_is_noted_plainly(cli, quick, table, tmp_path):
    options = ["--single", "--test-size", 0, "--rationale-length", 5, *quick]
    result = cli("fit", table, "-o", tmp_path / "one", *options)
    assert result.exit_code == 0
    assert "Note: " not in result.output
    result = cli("fit", table, "-o", tmp_path / "two", *options, "--lambda1", "0.5")
    assert result.exit_code == 0
    assert "Note: lambda1=0.5 has no effect with rationale_length=5" in result.stdout
    assert "Warning" not in result.output
    result = cli("report", tmp_path / "two", empty_of_words(tmp_path), "-o", tmp_path / "r.html")
    assert "Note: no word is selected in 3 of 3 texts" in result.stdout


def empty_of_words(folder):
    """Write a table of texts without a word that any model knows."""
    path = folder / "strange.csv"
    path.write_text("text\n" + "zyxw vutsr\n" * 3)
    return path


def test_a_training_that_was_cut_off_goes_on(cli, quick, table, tmp_path):
    options = [*quick, "--seed", "3", "--test-size", 0, "--checkpoints", tmp_path / "states"]
    assert cli("fit", table, "-o", tmp_path / "one.joblib", *options).exit_code == 0
    states = list((tmp_path / "states").iterdir())
    assert len(states) == 2  # of two models
    before = [path.stat().st_mtime_ns for path in states]
    assert cli("fit", table, "-o", tmp_path / "two.joblib", *options).exit_code == 0
    assert [path.stat().st_mtime_ns for path in states] == before  # nothing was left to train
    one, two = (joblib.load(tmp_path / f"{name}.joblib") for name in ("one", "two"))
    texts = ["Sirens all night.", "Ants in the bed."]
    assert (one.predict_proba(texts) == two.predict_proba(texts)).all()
    assert one.est1.training.checkpoint_dir is None


def test_fit_replaces_a_model_only_if_told_to(cli, quick, table, tmp_path, monkeypatch):
    path = tmp_path / "m.joblib"
    path.write_text("precious")
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_irx.cli.training.train", pytest.fail)  # refused before training
        result = cli("fit", table, "-o", path)
    assert result.exit_code == 2
    assert sentence(result).endswith("m.joblib exists; --force replaces it.")
    assert path.read_text() == "precious"
    assert cli("fit", table, "-o", path, "--force", "--single", *quick).exit_code == 0
    assert joblib.load(path).predict(["Sirens."]).shape == (1,)


def test_fit_writes_a_folder_whose_card_tells_the_accuracy(cli, quick, table, tmp_path):
    path = tmp_path / "model"
    result = cli("fit", table, "-o", path, "--single", *quick)
    assert result.exit_code == 0
    assert f"Saved {path}" in result.stdout
    accuracy = float(
        next(line for line in result.stdout.splitlines() if "model" in line[:9])[9:].split()[0]
    )
    card = (path / "README.md").read_text(encoding="utf-8")
    told = float(card.split("On test texts")[1].split("| accuracy |")[1].split("|")[0])
    assert told == pytest.approx(accuracy, abs=5e-4)


def test_fit_replaces_a_folder_only_if_it_holds_a_model(
    cli, quick, pair, table, tmp_path, monkeypatch
):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("precious")
    shutil.copytree(pair, tmp_path / "model")
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_irx.cli.training.train", pytest.fail)  # refused before training
        for name, force, said in (
            ("mine", ["--force"], "is not empty and holds no model"),
            ("mine/a.txt", ["--force"], "is a file, and a model is a folder"),
            ("model", [], "holds a model: --force replaces it"),
        ):
            result = cli("fit", table, "-o", tmp_path / name, *force)
            assert (result.exit_code, said in sentence(result)) == (2, True)
    arguments = ["-o", tmp_path / "model", "--force", "--single", "--test-size", 0, *quick]
    assert cli("fit", table, *arguments).exit_code == 0
    assert not hasattr(load(tmp_path / "model"), "interact")


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


def test_fit_checks_the_folder_before_training(cli, table, tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_irx.cli.training.train", pytest.fail)
    result = cli("fit", table, "-o", tmp_path / "missing" / "m.joblib")
    assert result.exit_code == 2
    assert "there is no folder" in sentence(result)


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("sklearn_irx.cli.training.train", "m"),
        ("joblib.dump", "m.joblib"),
        ("sklearn_irx.io._files.os.rename", "m"),
    ],
)
def test_an_interrupted_fit_leaves_no_file(cli, quick, table, tmp_path, monkeypatch, where, name):
    monkeypatch.setattr(where, stopped)
    result = cli("fit", table, "-o", tmp_path / name, "--single", *quick)
    assert result.exit_code == 130
    # Before it stands the progress bar, if training had begun.
    assert result.stderr.strip().splitlines()[-1] == "Error: interrupted."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,\nb,x\n", "no label in column 'label' in row 1"),
        ("text,label\n", "holds no rows"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_explained(cli, tmp_path, content, message):
    (tmp_path / "t.csv").write_text(content)
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "m.joblib")
    assert result.exit_code == 1
    assert message in sentence(result)


@pytest.mark.parametrize(
    ("labels", "said", "n_tested"),
    [
        (["x", "y"] * 20 + ["typo"], "1 label has a single document ('typo'): it is trained", 8),
        (["x", "y"] * 20 + [*"abcdefg"], "('a', 'b', 'c', 'd', 'e' and 2 more): they are", 8),
        (["a", "b", "c"], "no label has two documents, so none is held out", 0),
        (["a", "b", "c", "d", "e", "f"] * 2, "too few documents to test every label", 1),
        (["x", "x", "y"], "1 label has a single document ('y')", 1),
    ],
)  # fmt: skip
def test_rare_labels_are_trained_on_and_the_user_is_told(
    labels, said, n_tested, cli, tmp_path, monkeypatch
):
    rows = {f"text number {number}": label for number, label in enumerate(labels)}
    pd.Series(rows, name="label").rename_axis("text").to_csv(tmp_path / "t.csv")
    seen = {}

    def train(texts, y, members, console):
        seen.update(zip(texts, y.tolist(), strict=True))
        raise CommandError("enough")

    monkeypatch.setattr("sklearn_irx.cli.training.train", train)
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "m.joblib")
    note, *_, error = result.stderr.strip().splitlines()
    assert error == "Error: enough"
    assert note.startswith("Note: ")
    assert said in result.stderr
    assert set(seen.values()) == set(labels)
    assert len(seen) == len(labels) - n_tested
    assert seen.items() <= rows.items()


def test_a_table_with_a_rare_label_is_learned_to_the_end(cli, quick, reviews, tmp_path):
    reviews.assign(label=[*reviews["label"][:-1], "typo"]).to_csv(tmp_path / "t.csv")
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "model", "--single", *quick)
    assert result.exit_code == 0, result.output
    assert "typo" in load(tmp_path / "model").classes_
    assert "On 24 documents held out" in result.stdout


def test_what_the_estimator_refuses_is_said_in_a_sentence(cli, quick, tmp_path):
    (tmp_path / "t.csv").write_text("text,label\n" + "same,x\n" * 20)
    result = cli("fit", tmp_path / "t.csv", "-o", tmp_path / "m.joblib", *quick)
    assert result.exit_code == 1
    assert "class" in sentence(result)


def test_missing_word_vectors_are_noticed_before_training(cli, table, tmp_path):
    result = cli("fit", table, "-o", tmp_path / "m.joblib", "--vectors", tmp_path / "v.txt.gz")
    assert result.exit_code == 2
    assert "of word vectors" in sentence(result)


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
    run("fit", table, "-o", model, "--single", *quick)
    run("predict", model, table, "-o", output)
    assert len(pd.read_csv(output)) == 120
